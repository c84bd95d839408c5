"""Statements on job slots: one row per workspace, job and local day."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import WorkspaceId


class JobProgress(Struct, frozen=True):
    """Progress of a job in a workspace: the last day with a slot, and whether a slot is still open."""

    workspace_id: WorkspaceId
    time_zone: str
    create_time: datetime
    last_day: date | None
    is_behind: bool


class Slot(Struct, frozen=True):
    day: date


class JobRuns(Struct, frozen=True):
    """The latest completed day of a job, when it was completed, and the oldest open day."""

    done_day: date | None
    done_at: datetime | None
    open_day: date | None


JOB_PROGRESS = Query(
    """
    SELECT w.id AS workspace_id, w.time_zone, w.create_time,
        (SELECT max(s.day) FROM job_slot s WHERE s.workspace_id = w.id AND s.job = :job) AS last_day,
        EXISTS (SELECT FROM job_slot s WHERE s.workspace_id = w.id AND s.job = :job AND s.done_at IS NULL) AS is_behind
    FROM workspace w ORDER BY w.create_time, w.id
    """,
    JobProgress,
    system=True,
)

NEW_SLOTS = Query(
    """
    INSERT INTO job_slot (workspace_id, job, day) SELECT :workspace, :job, day FROM unnest(:days::date[]) AS new (day)
    ORDER BY day ON CONFLICT DO NOTHING
    """,
    NoRows,
)

# The oldest open day only: while another worker holds it, later days wait.
OLDEST_SLOT = Query(
    """
    SELECT day FROM job_slot
    WHERE workspace_id = :workspace AND job = :job AND done_at IS NULL
        AND day = (SELECT min(day) FROM job_slot
                   WHERE workspace_id = :workspace AND job = :job AND done_at IS NULL)
    FOR UPDATE SKIP LOCKED
    """,
    Slot,
)

DONE_SLOT = Query(
    "UPDATE job_slot SET done_at = :now WHERE workspace_id = :workspace AND job = :job AND day = :day", NoRows
)

RUNS = Query(
    """
    SELECT max(day) FILTER (WHERE done_at IS NOT NULL) AS done_day, max(done_at) AS done_at,
           min(day) FILTER (WHERE done_at IS NULL) AS open_day
    FROM job_slot WHERE workspace_id = :workspace AND job = :job
    """,
    JobRuns,
)


async def list_job_progress(tx: Tx, job: str) -> list[JobProgress]:
    """The progress in every workspace."""
    return await JOB_PROGRESS.all(tx, job=job)


async def insert_slots(tx: Tx, workspace: WorkspaceId, job: str, days: Sequence[date]) -> None:
    """Slots that another worker has inserted already are ignored."""
    await NEW_SLOTS.run(tx, workspace=workspace, job=job, days=days)


async def lock_oldest_slot(tx: Tx, workspace: WorkspaceId, job: str) -> date | None:
    """The oldest open day, locked until the transaction ends; None if there is none or another worker holds it."""
    slot = await OLDEST_SLOT.find(tx, workspace=workspace, job=job)
    return slot.day if slot else None


async def set_slot_done(tx: Tx, workspace: WorkspaceId, job: str, day: date, now: datetime) -> None:
    await DONE_SLOT.run(tx, workspace=workspace, job=job, day=day, now=now)


async def get_job_runs(tx: Tx, workspace: WorkspaceId, job: str) -> JobRuns:
    """Every field is None if the job has no slot yet."""
    return await RUNS.one(tx, workspace=workspace, job=job)
