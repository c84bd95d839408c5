"""The daily jobs, done once per workspace and local day, whoever works: the slot is locked in the job's transaction.

Days that were missed are made up, oldest first; a job that fails keeps its day, and later days wait behind it.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from msgspec import Struct
from structlog import get_logger

from voxpop.db.pool import OUT_OF_REACH, Database, Tx
from voxpop.features import recount as features
from voxpop.metrics import service as metrics
from voxpop.types import WorkspaceId
from voxpop.worker import store
from voxpop.worker.schedule import DAY, due_days
from voxpop.worker.store import Standing

REPORTED = 20  # of what was wrong, in the log

log = get_logger(__name__)


class Job(Struct, frozen=True):
    """What is done at a local time of each day; `work` gets the day of its slot."""

    name: str
    at: time
    work: Callable[[Tx, WorkspaceId, date], Awaitable[None]]


async def recount_scores(tx: Tx, workspace: WorkspaceId, day: date) -> None:
    """Mends what is kept as counts and sums by what was really given: all of the month that yesterday lies in."""
    drift = await metrics.find_drift(tx, workspace, (day - DAY).replace(day=1))
    sums = await features.mend_sums(tx, workspace)
    if drift:
        await metrics.mend(tx, workspace, drift)
    for what, wrong in (("sums of uses", sums), ("score counts", drift)):
        if wrong:
            first = list(map(str, wrong[:REPORTED]))
            log.warning(
                f"Some {what} were wrong and are mended", workspace=str(workspace), count=len(wrong), added=first
            )


JOBS = (Job("recount-scores", time(3), recount_scores),)


async def run_due(database: Database, now: datetime, jobs: Sequence[Job] = JOBS) -> None:
    """Does what is due. A job that fails is logged and left for the next time; the others go on."""
    for job in jobs:
        async with database.transaction(None) as tx:
            standings = await store.list_standings(tx, job.name)
        for standing in standings:
            try:
                await _catch_up(database, job, standing, now)
            except OUT_OF_REACH:
                raise
            except Exception:  # an edge: one workspace's trouble is not another's
                log.exception("A job failed", job=job.name, workspace=str(standing.workspace_id))


async def _catch_up(database: Database, job: Job, standing: Standing, now: datetime) -> None:
    workspace = standing.workspace_id
    days = list(due_days(job.at, ZoneInfo(standing.time_zone), standing.create_time, standing.last_day, now))
    if days:
        async with database.transaction(workspace) as tx:
            await store.insert_slots(tx, workspace, job.name, days)
    if days or standing.behind:
        while await _do_oldest(database, job, workspace, now):
            continue


async def _do_oldest(database: Database, job: Job, workspace: WorkspaceId, now: datetime) -> bool:
    """False when there is nothing left, or another worker is at it."""
    async with database.transaction(workspace) as tx:
        day = await store.take_slot(tx, workspace, job.name)
        if day is None:
            return False
        await job.work(tx, workspace, day)
        await store.set_slot_done(tx, workspace, job.name, day, now)
    log.info("A job is done", job=job.name, workspace=str(workspace), day=str(day))
    return True
