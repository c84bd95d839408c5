"""The loop of the worker continues when the database fails."""

import asyncio
from datetime import timedelta

from structlog.testing import capture_logs
from tests.support.factories import Factory

from voxpop.config.loading import load
from voxpop.db.pool import Database
from voxpop.types import utcnow
from voxpop.worker import daily, loop
from voxpop.worker.jobs import daily_jobs

JOBS = daily_jobs(load(env={}))
SLOT = "SELECT count(*) FROM job_slot WHERE done_at IS NOT NULL"


async def test_the_loop_continues_after_the_database_was_unreachable(live_db: str) -> None:
    database = await Database.open(live_db, size=1)
    await database.close()
    with capture_logs() as logs:
        working = asyncio.create_task(loop.run_jobs(database, JOBS, timedelta(milliseconds=1)))
        await asyncio.sleep(0.1)
        assert not working.done()
        working.cancel()
        await asyncio.wait([working])
    assert len(logs) > 1
    assert {line["log_level"] for line in logs} == {"warning"}


async def test_daily_jobs_run_and_are_logged(database: Database, make: Factory) -> None:
    workspace = await make.workspace("ours")
    with capture_logs() as logs:
        await daily.run_due(database, utcnow() + timedelta(days=1), JOBS)
    assert {line["job"] for line in logs} == {job.name for job in JOBS}
    async with database.transaction(workspace) as tx:
        assert await tx.fetchval(SLOT) == len(JOBS)
