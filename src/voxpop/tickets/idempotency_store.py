"""Statements on requests that may be repeated."""

from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Nothing, Query
from voxpop.types import WorkspaceId


class Answered(Struct):
    request_hash: bytes
    answer: str | None


# Waits for another request with the key that is under way: for its commit, or for its end without an effect.
TAKEN_KEY = Query(
    """
    INSERT INTO idempotency_key (workspace_id, key, request_hash, create_time) VALUES ($1, $2, $3, $4)
    ON CONFLICT (workspace_id, key) DO NOTHING
    """,
    Nothing,
)

ANSWER_OF_KEY = Query("SELECT request_hash, answer FROM idempotency_key WHERE workspace_id = $1 AND key = $2", Answered)

ANSWERED_KEY = Query("UPDATE idempotency_key SET answer = $3 WHERE workspace_id = $1 AND key = $2", Nothing)

OLD_KEYS_GONE = Query(
    """
    DELETE FROM idempotency_key WHERE workspace_id = $1 AND key IN (
        SELECT key FROM idempotency_key WHERE workspace_id = $1 AND create_time < $2
        ORDER BY create_time LIMIT 100 FOR UPDATE SKIP LOCKED)
    """,
    Nothing,
)


async def take_key(tx: Tx, workspace: WorkspaceId, key: str, request_hash: bytes, now: datetime) -> bool:
    """False where the key has been used."""
    return await TAKEN_KEY.run(tx, workspace, key, request_hash, now) == 1


async def find_answer(tx: Tx, workspace: WorkspaceId, key: str) -> Answered | None:
    return await ANSWER_OF_KEY.find(tx, workspace, key)


async def set_answer(tx: Tx, workspace: WorkspaceId, key: str, answer: str) -> None:
    await ANSWERED_KEY.run(tx, workspace, key, answer)


async def delete_old_keys(tx: Tx, workspace: WorkspaceId, before: datetime) -> None:
    """Some of them, never waiting for another who does the same."""
    await OLD_KEYS_GONE.run(tx, workspace, before)
