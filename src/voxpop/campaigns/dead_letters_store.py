"""Statements on dead letters: messages that cannot be used, with the reason."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from voxpop.campaigns.models import DeadLetter
from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import WorkspaceId

_DEAD_LETTER = 'id, topic, "partition", "offset", reason, message, create_time, replayed_at, named_workspace'

NEW_DEAD_LETTERS = Query(
    """
    INSERT INTO dead_letter (workspace_id, id, topic, "partition", "offset", reason, message, named_workspace,
                             create_time)
    SELECT :workspace, id, topic, number, position, reason, message, named_workspace, :now
    FROM unnest(:ids::uuid[], :topics::text[], :partitions::int[], :offsets::bigint[], :reasons::text[],
                :messages::bytea[], :named_workspaces::text[])
        AS new (id, topic, number, position, reason, message, named_workspace)
    ORDER BY topic, number, position
    ON CONFLICT (workspace_id, topic, "partition", "offset") DO NOTHING
    """,
    NoRows,
)

DEAD_LETTERS_BEFORE = Query(
    f"""
    SELECT {_DEAD_LETTER} FROM dead_letter WHERE workspace_id = :workspace AND (create_time, id) < (:before, :before_id)
    ORDER BY create_time DESC, id DESC LIMIT :limit
    """,
    DeadLetter,
)

LOCKED_DEAD_LETTER = Query(
    f"SELECT {_DEAD_LETTER} FROM dead_letter WHERE workspace_id = :workspace AND id = :dead_letter FOR UPDATE",
    DeadLetter,
)

REPLAYED = Query(
    "UPDATE dead_letter SET replayed_at = :now WHERE workspace_id = :workspace AND id = :dead_letter", NoRows
)

PRUNED = Query(
    """
    DELETE FROM dead_letter WHERE workspace_id = :workspace AND id = ANY (ARRAY(
        SELECT id FROM dead_letter WHERE workspace_id = :workspace AND create_time < :before LIMIT :limit))
    """,
    NoRows,
)


async def insert_dead_letters(tx: Tx, workspace: WorkspaceId, letters: Sequence[DeadLetter], now: datetime) -> None:
    """A message is identified by topic, partition and offset; one that is stored already is ignored."""
    await NEW_DEAD_LETTERS.run(
        tx,
        workspace=workspace,
        ids=[letter.id for letter in letters],
        topics=[letter.topic for letter in letters],
        partitions=[letter.partition for letter in letters],
        offsets=[letter.offset for letter in letters],
        reasons=[letter.reason for letter in letters],
        messages=[letter.message for letter in letters],
        named_workspaces=[letter.named_workspace for letter in letters],
        now=now,
    )


async def list_dead_letters(tx: Tx, workspace: WorkspaceId, before: Position, limit: int) -> list[DeadLetter]:
    """Newest first."""
    return await DEAD_LETTERS_BEFORE.all(tx, workspace=workspace, before=before.at, before_id=before.id, limit=limit)


async def lock_dead_letter(tx: Tx, workspace: WorkspaceId, dead_letter: UUID) -> DeadLetter | None:
    return await LOCKED_DEAD_LETTER.find(tx, workspace=workspace, dead_letter=dead_letter)


async def set_replayed(tx: Tx, workspace: WorkspaceId, dead_letter: UUID, now: datetime) -> None:
    await REPLAYED.run(tx, workspace=workspace, dead_letter=dead_letter, now=now)


async def delete_dead_letters(tx: Tx, workspace: WorkspaceId, before: datetime, limit: int) -> int:
    """The number of deleted rows, at most `limit`."""
    return await PRUNED.run(tx, workspace=workspace, before=before, limit=limit)
