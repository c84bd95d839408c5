"""Requests that a caller may repeat under a key of his: done once, answered alike each time."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.errors import Conflict, FieldError, Invalid
from voxpop.types import WorkspaceId

KEPT = timedelta(days=3)
LONGEST = 255  # characters of a key

Answer = TypeVar("Answer", bound=msgspec.Struct)


class IdempotencyKeyReused(Conflict):
    """The key was sent before, with another request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key was used before, with another request."


class Answered(msgspec.Struct):
    request_hash: bytes
    answer: str | None


# Waits for another request with the key that is under way: for its commit, or for its end without an effect.
TAKEN_KEY = Query(
    """
    INSERT INTO idempotency_key (workspace_id, key, request_hash, create_time) VALUES ($1, $2, $3, $4)
    ON CONFLICT (workspace_id, key) DO NOTHING
    """,
    NoRows,
)

ANSWER_OF_KEY = Query("SELECT request_hash, answer FROM idempotency_key WHERE workspace_id = $1 AND key = $2", Answered)

ANSWERED_KEY = Query("UPDATE idempotency_key SET answer = $3 WHERE workspace_id = $1 AND key = $2", NoRows)

OLD_KEYS_GONE = Query(
    """
    DELETE FROM idempotency_key WHERE workspace_id = $1 AND key IN (
        SELECT key FROM idempotency_key WHERE workspace_id = $1 AND create_time < $2
        ORDER BY create_time LIMIT 100 FOR UPDATE SKIP LOCKED)
    """,
    NoRows,
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


async def once(
    tx: Tx,
    workspace: WorkspaceId,
    request: tuple[str | None, str, msgspec.Struct],
    work: Callable[[], Awaitable[Answer]],
    answer: type[Answer],
    now: datetime,
) -> Answer:
    """`request`: the key, if any, the operation and its body. Raises IdempotencyKeyReused.

    The key is kept in the transaction of the work, so that a crash leaves both or neither.
    """
    key, operation, body = request
    if key is None:
        return await work()
    if not 1 <= len(key) <= LONGEST:
        reason = f"must have from 1 to {LONGEST} characters"
        raise Invalid(f"header/idempotency-key {reason}", details=[FieldError("idempotency-key", reason)])
    digest = hashlib.sha256(operation.encode() + b"\0" + msgspec.json.encode(body)).digest()
    await delete_old_keys(tx, workspace, now - KEPT)
    if await take_key(tx, workspace, key, digest, now):
        result = await work()
        await set_answer(tx, workspace, key, msgspec.json.encode(result).decode())
        return result
    known = await find_answer(tx, workspace, key)
    if known is None or known.request_hash != digest or known.answer is None:
        raise IdempotencyKeyReused
    return msgspec.json.decode(known.answer, type=answer)
