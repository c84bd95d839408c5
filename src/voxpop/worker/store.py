"""Statements on the slots of daily jobs."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import WorkspaceId


class JobProgress(Struct, frozen=True):
    """How far a job is in a workspace: `last_day` has a slot already; `behind` while one is not done."""

    workspace_id: WorkspaceId
    time_zone: str
    create_time: datetime
    last_day: date | None
    behind: bool


class Slot(Struct, frozen=True):
    day: date


class Runs(Struct, frozen=True):
    """The latest day a job was done for, when it was last done, and the oldest day that waits or is under way."""

    done_day: date | None
    done_at: datetime | None
    open_day: date | None


STANDINGS = Query(
    "SELECT workspace_id, time_zone, create_time, last_day, behind FROM list_job_progress($1)", JobProgress
)

NEW_SLOTS = Query(
    """
    INSERT INTO job_slot (workspace_id, job, day) SELECT $1, $2, day FROM unnest($3::date[]) AS new (day)
    ORDER BY day ON CONFLICT DO NOTHING
    """,
    NoRows,
)

# The oldest or none: while another worker has it, later days wait.
OLDEST_SLOT = Query(
    """
    SELECT day FROM job_slot
    WHERE workspace_id = $1 AND job = $2 AND done_at IS NULL
        AND day = (SELECT min(day) FROM job_slot WHERE workspace_id = $1 AND job = $2 AND done_at IS NULL)
    FOR UPDATE SKIP LOCKED
    """,
    Slot,
)

DONE_SLOT = Query("UPDATE job_slot SET done_at = $4 WHERE workspace_id = $1 AND job = $2 AND day = $3", NoRows)

RUNS = Query(
    """
    SELECT max(day) FILTER (WHERE done_at IS NOT NULL) AS done_day, max(done_at) AS done_at,
           min(day) FILTER (WHERE done_at IS NULL) AS open_day
    FROM job_slot WHERE workspace_id = $1 AND job = $2
    """,
    Runs,
)


async def list_standings(tx: Tx, job: str) -> list[JobProgress]:
    """Of every workspace."""
    return await STANDINGS.all(tx, job)


async def insert_slots(tx: Tx, workspace: WorkspaceId, job: str, days: Sequence[date]) -> None:
    """Those that another worker has made already are passed over."""
    await NEW_SLOTS.run(tx, workspace, job, days)


async def take_slot(tx: Tx, workspace: WorkspaceId, job: str) -> date | None:
    """The oldest day that is not done, locked until the transaction ends; None where there is none to be had."""
    slot = await OLDEST_SLOT.find(tx, workspace, job)
    return slot.day if slot else None


async def set_slot_done(tx: Tx, workspace: WorkspaceId, job: str, day: date, now: datetime) -> None:
    await DONE_SLOT.run(tx, workspace, job, day, now)


async def get_runs(tx: Tx, workspace: WorkspaceId, job: str) -> Runs:
    """None in every field where the job has no slot yet."""
    return await RUNS.one(tx, workspace, job)
