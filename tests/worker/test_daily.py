"""Daily jobs: each day runs once, missed days run later, and failed jobs are retried."""

import asyncio
from datetime import date, time, timedelta

import asyncpg
import pytest
from tests.support.factories import Factory

from voxpop.db.pool import Database, Tx
from voxpop.types import WorkspaceId, utcnow
from voxpop.worker import daily
from voxpop.worker.daily import Job
from voxpop.worker.schedule import DAY

Done = list[tuple[WorkspaceId, date]]
SLOTS = "SELECT workspace_id, day, done_at IS NOT NULL AS done FROM job_slot WHERE job = $1 ORDER BY day"


class Recorder:
    """A job that records its calls; each of the first calls raises one of `faults`."""

    def __init__(self, *faults: Exception) -> None:
        self.done: Done = []
        self.faults = list(faults)
        self.job = Job("note", time(3), self.work)

    async def work(self, tx: Tx, workspace: WorkspaceId, day: date) -> None:
        if self.faults:
            raise self.faults.pop()
        await asyncio.sleep(0.01)
        assert await tx.fetchval("SELECT count(*) FROM workspace") == 1  # row level security shows one workspace
        self.done.append((workspace, day))

    def days(self, workspace: WorkspaceId) -> list[date]:
        return [day for owner, day in self.done if owner == workspace]


@pytest.fixture
async def ours(make: Factory) -> WorkspaceId:
    return await make.workspace("ours")


@pytest.fixture
async def theirs(make: Factory) -> WorkspaceId:
    return await make.workspace("theirs")


async def test_missed_days_run_once_oldest_first(database: Database, ours: WorkspaceId, theirs: WorkspaceId) -> None:
    recorder, now = Recorder(), utcnow() + 5 * DAY
    await daily.run_due(database, now, [recorder.job])
    for workspace in (ours, theirs):
        days = recorder.days(workspace)
        assert len(days) == 5
        assert days == [days[0] + index * DAY for index in range(5)]
    await daily.run_due(database, now, [recorder.job])
    assert len(recorder.done) == 10
    await daily.run_due(database, now + DAY, [recorder.job])
    assert len(recorder.done) == 12


async def test_concurrent_workers_run_each_day_once(database: Database, ours: WorkspaceId, theirs: WorkspaceId) -> None:
    recorder, now = Recorder(), utcnow() + 9 * DAY
    await asyncio.gather(*(daily.run_due(database, now, [recorder.job]) for _ in range(6)))
    await daily.run_due(database, now, [recorder.job])
    assert len(recorder.done) == len(set(recorder.done)) == 18
    for workspace in (ours, theirs):
        assert recorder.days(workspace) == sorted(recorder.days(workspace))


async def test_a_failed_job_is_retried_and_does_not_block_other_jobs(
    database: Database, owner: "asyncpg.Connection[asyncpg.Record]", ours: WorkspaceId, theirs: WorkspaceId
) -> None:
    recorder, now = Recorder(RuntimeError("broken")), utcnow() + 2 * DAY
    await daily.run_due(database, now, [recorder.job])
    assert recorder.days(ours) == []
    assert len(recorder.days(theirs)) == 2
    open_slots = [row for row in await owner.fetch(SLOTS, "note") if not row["done"]]
    assert [row["workspace_id"] for row in open_slots] == [ours, ours]
    await daily.run_due(database, now, [recorder.job])
    assert recorder.days(ours) == recorder.days(theirs)


async def test_an_interrupted_job_runs_again(database: Database, ours: WorkspaceId) -> None:
    reached, recorder, now = asyncio.Event(), Recorder(), utcnow() + DAY

    async def endless(tx: Tx, workspace: WorkspaceId, day: date) -> None:
        reached.set()
        await tx.fetchval("SELECT pg_sleep(60)")

    cut = asyncio.create_task(daily.run_due(database, now, [Job("note", time(3), endless)]))
    await reached.wait()
    await daily.run_due(database, now, [recorder.job])
    assert recorder.done == []  # another worker holds the lock
    cut.cancel()
    await asyncio.wait([cut])
    await daily.run_due(database, now, [recorder.job])
    assert len(recorder.days(ours)) == 1


async def test_days_are_in_the_workspace_time_zone(database: Database, ours: WorkspaceId) -> None:
    async with database.transaction(ours) as tx:
        await tx.execute("UPDATE workspace SET time_zone = 'Pacific/Kiritimati'")  # 14 hours ahead
    recorder, now = Recorder(), utcnow() + DAY
    await daily.run_due(database, now, [recorder.job])
    (day,) = recorder.days(ours)
    assert day == (now + timedelta(hours=14 - 3)).date()
