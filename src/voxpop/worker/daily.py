"""Job scheduling: daily jobs run once per workspace and local day.

The slot of a day is locked in the transaction of the effect.

Missed days are made up, oldest first. A failed job keeps its day, and later days wait for it. The jobs are in `jobs`.
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
from voxpop.worker.schedule import due_days, due_times, to_instant
from voxpop.worker.store import JobProgress, JobRuns

log = get_logger(__name__)


class Job(Struct, frozen=True):
    """A job that runs at a local time of each day. `run` gets the day of its slot.

    If it returns True there is more to do: its effect is committed, and the slot stays open for another transaction.
    Such a job must be idempotent, because any worker may continue it.
    """

    name: str
    at: time
    run: Callable[[Tx, WorkspaceId, date], Awaitable[bool | None]]


class JobStatus(Struct, frozen=True):
    """The state of a job in a workspace, and the instant at which its next run is or was due."""

    workspace: WorkspaceId
    job: Job
    runs: JobRuns
    due_at: datetime


async def run_due(database: Database, now: datetime, jobs: Sequence[Job]) -> None:
    """Runs the jobs that are due. A failed job is logged and tried again at the next call; the others continue."""
    for job in jobs:
        async with database.system_transaction() as tx:
            workspaces = await store.list_job_progress(tx, job.name)
        for progress in workspaces:
            try:
                await _catch_up(database, job, progress, now)
            except CONNECTION_ERRORS:
                raise
            except Exception:  # outermost: a failure in one workspace must not stop the others
                log.exception("job.failed", job=job.name, workspace=str(progress.workspace_id))


async def list_job_status(database: Database, jobs: Sequence[Job]) -> list[JobStatus]:
    """The state of each job in every workspace."""
    statuses = []
    for job in jobs:
        async with database.system_transaction() as tx:
            workspaces = await store.list_job_progress(tx, job.name)
        for progress in workspaces:
            async with database.transaction(progress.workspace_id) as tx:
                runs = await store.get_job_runs(tx, progress.workspace_id, job.name)
            statuses.append(JobStatus(progress.workspace_id, job, runs, _due_at(job, progress, runs)))
    return statuses


def _due_at(job: Job, progress: JobProgress, runs: JobRuns) -> datetime:
    zone = ZoneInfo(progress.time_zone)
    if runs.open_day:
        return to_instant(runs.open_day, job.at, zone)
    _, moment = next(due_times(job.at, zone, progress.create_time, progress.last_day))
    return moment


async def _catch_up(database: Database, job: Job, progress: JobProgress, now: datetime) -> None:
    workspace = progress.workspace_id
    days = list(due_days(job.at, ZoneInfo(progress.time_zone), progress.create_time, progress.last_day, now))
    if days:
        async with database.transaction(workspace) as tx:
            await store.insert_slots(tx, workspace, job.name, days)
    if days or progress.is_behind:
        while await _run_oldest(database, job, workspace, now):
            continue


async def _run_oldest(database: Database, job: Job, workspace: WorkspaceId, now: datetime) -> bool:
    """Runs the job for its oldest open day. False if there is none, or another worker runs it."""
    async with database.transaction(workspace) as tx:
        day = await store.lock_oldest_slot(tx, workspace, job.name)
        if day is None:
            return False
        more = await job.run(tx, workspace, day)
        if not more:
            await store.set_slot_done(tx, workspace, job.name, day, now)
    if not more:
        log.info("job.done", job=job.name, workspace=str(workspace), day=str(day))
    return True
