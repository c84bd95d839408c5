"""The daily jobs, done once per workspace and local day, whoever works: the slot is locked in the job's transaction.

Days that were missed are made up, oldest first; a job that fails keeps its day, and later days wait behind it.
Which jobs there are is `jobs`'s.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from msgspec import Struct
from structlog import get_logger

from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.db.pool import Database, Tx
from voxpop.types import WorkspaceId
from voxpop.worker import store
from voxpop.worker.schedule import due_days, due_times, instant_of
from voxpop.worker.store import JobProgress, Runs

log = get_logger(__name__)


class Job(Struct, frozen=True):
    """What is done at a local time of each day; `work` gets the day of its slot.

    Where it returns True there is more: what was done is committed, and the slot stays open for another transaction.
    Such work must be idempotent, since any worker may go on with it.
    """

    name: str
    at: time
    work: Callable[[Tx, WorkspaceId, date], Awaitable[bool | None]]


class JobStatus(Struct, frozen=True):
    """How a job stands in a workspace, and since or from when it is due."""

    workspace: WorkspaceId
    job: Job
    runs: Runs
    due: datetime


async def run_due(database: Database, now: datetime, jobs: Sequence[Job]) -> None:
    """Does what is due. A job that fails is logged and left for the next time; the others go on."""
    for job in jobs:
        async with database.transaction(None) as tx:
            standings = await store.list_standings(tx, job.name)
        for standing in standings:
            try:
                await _catch_up(database, job, standing, now)
            except CONNECTION_ERRORS:
                raise
            except Exception:  # an edge: one workspace's trouble is not another's
                log.exception("A job failed", job=job.name, workspace=str(standing.workspace_id))


async def list_job_status(database: Database, jobs: Sequence[Job]) -> list[JobStatus]:
    """How each job stands in every workspace."""
    outlooks = []
    for job in jobs:
        async with database.transaction(None) as tx:
            standings = await store.list_standings(tx, job.name)
        for standing in standings:
            async with database.transaction(standing.workspace_id) as tx:
                runs = await store.get_runs(tx, standing.workspace_id, job.name)
            outlooks.append(JobStatus(standing.workspace_id, job, runs, _due(job, standing, runs)))
    return outlooks


def _due(job: Job, standing: JobProgress, runs: Runs) -> datetime:
    zone = ZoneInfo(standing.time_zone)
    if runs.open_day:
        return instant_of(runs.open_day, job.at, zone)
    _, moment = next(due_times(job.at, zone, standing.create_time, standing.last_day))
    return moment


async def _catch_up(database: Database, job: Job, standing: JobProgress, now: datetime) -> None:
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
        more = await job.work(tx, workspace, day)
        if not more:
            await store.set_slot_done(tx, workspace, job.name, day, now)
    if not more:
        log.info("A job is done", job=job.name, workspace=str(workspace), day=str(day))
    return True
