"""Idempotency keys: a request that a caller repeats with the same key runs once and gets the same response."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.errors import Conflict, FieldError, Invalid
from voxpop.types import WorkspaceId

TTL = timedelta(days=3)
MAX_KEY_LENGTH = 255

Response = TypeVar("Response", bound=Struct)


class IdempotencyKeyReused(Conflict):
    """The key was sent before, with another request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key was used before, with another request."


class IdempotentRequest(Struct, frozen=True):
    """A request that may be repeated. Without a key it runs each time."""

    key: str | None
    operation: str
    body: Struct

    def digest(self) -> bytes:
        return hashlib.sha256(self.operation.encode() + b"\0" + msgspec.json.encode(self.body)).digest()


class StoredResponse(Struct):
    """The response to the first request with a key; None until it is set in the same transaction."""

    request_hash: bytes
    response: str | None


# Waits while another request with the key is in progress, until it commits or rolls back.
NEW_KEY = Query(
    """
    INSERT INTO idempotency_key (workspace_id, key, request_hash, create_time)
    VALUES (:workspace, :key, :request_hash, :now)
    ON CONFLICT (workspace_id, key) DO NOTHING
    """,
    NoRows,
)

RESPONSE_OF_KEY = Query(
    "SELECT request_hash, answer AS response FROM idempotency_key WHERE workspace_id = :workspace AND key = :key",
    StoredResponse,
)

RESPONSE = Query("UPDATE idempotency_key SET answer = :response WHERE workspace_id = :workspace AND key = :key", NoRows)

EXPIRED_KEYS = Query(
    """
    DELETE FROM idempotency_key WHERE workspace_id = :workspace AND key IN (
        SELECT key FROM idempotency_key WHERE workspace_id = :workspace AND create_time < :before
        ORDER BY create_time LIMIT 100 FOR UPDATE SKIP LOCKED)
    """,
    NoRows,
)


async def insert_key(tx: Tx, workspace: WorkspaceId, key: str, request_hash: bytes, now: datetime) -> bool:
    """Returns False if the key exists."""
    return await NEW_KEY.run(tx, workspace=workspace, key=key, request_hash=request_hash, now=now) == 1


async def find_response(tx: Tx, workspace: WorkspaceId, key: str) -> StoredResponse | None:
    return await RESPONSE_OF_KEY.find(tx, workspace=workspace, key=key)


async def set_response(tx: Tx, workspace: WorkspaceId, key: str, response: str) -> None:
    await RESPONSE.run(tx, workspace=workspace, key=key, response=response)


async def delete_expired_keys(tx: Tx, workspace: WorkspaceId, before: datetime) -> None:
    """Deletes a hundred of them at most, without waiting for another transaction that does the same."""
    await EXPIRED_KEYS.run(tx, workspace=workspace, before=before)


async def run_once(
    tx: Tx,
    workspace: WorkspaceId,
    request: IdempotentRequest,
    work: Callable[[], Awaitable[Response]],
    response_type: type[Response],
    now: datetime,
) -> Response:
    """Runs `work`, or returns the stored response to the same request. Raises IdempotencyKeyReused for another one.

    The key is stored in the transaction of the work, so that a crash leaves both or neither.
    """
    key = request.key
    if key is None:
        return await work()
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        reason = f"must have from 1 to {MAX_KEY_LENGTH} characters"
        raise Invalid(f"header/idempotency-key {reason}", details=[FieldError("idempotency-key", reason)])
    await delete_expired_keys(tx, workspace, now - TTL)
    if await insert_key(tx, workspace, key, request.digest(), now):
        result = await work()
        await set_response(tx, workspace, key, msgspec.json.encode(result).decode())
        return result
    stored = await find_response(tx, workspace, key)
    if stored is None or stored.request_hash != request.digest() or stored.response is None:
        raise IdempotencyKeyReused
    return msgspec.json.decode(stored.response, type=response_type)
