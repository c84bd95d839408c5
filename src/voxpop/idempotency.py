"""Idempotency keys: a request that a caller repeats with the same key runs once and gets the same response.

The key is stored in the transaction of the effect, first in the lock order. So a crash leaves both or neither.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query, arrays_of
from voxpop.errors import Conflict, Invalid
from voxpop.types import MAX_IDEMPOTENCY_KEY, WorkspaceId

TTL = timedelta(days=3)

Response = TypeVar("Response", bound=Struct)


class IdempotencyKeyReused(Conflict):
    """The key was sent before, with another request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key was used before, with another request."


class IdempotentRequest(Struct, frozen=True):
    """A request that may be repeated. Without a key it runs each time.

    `owner`: whose keys are apart from all others; empty for the programs of the workspace, which share theirs.
    """

    key: str | None
    operation: str
    body: Struct
    owner: str = ""


class NewKey(Struct, frozen=True):
    """A key with the hash of its request."""

    key: str
    request_hash: bytes


class StoredKey(Struct, frozen=True):
    """A key with the response to its first request; None until that is set in the same transaction."""

    key: str
    request_hash: bytes
    response: str | None

    def response_to(self, repeated: NewKey) -> str:
        """Raises IdempotencyKeyReused if it is another request."""
        if self.request_hash != repeated.request_hash or self.response is None:
            raise IdempotencyKeyReused
        return self.response


class InsertedKey(Struct, frozen=True):
    key: str


class KeyResponse(Struct, frozen=True):
    key: str
    response: str


# Waits while another request with a key is in progress, until it commits or rolls back. Replaces expired keys.
NEW_KEYS = Query(
    """
    INSERT INTO idempotency_key AS known (workspace_id, key, request_hash, create_time)
    SELECT :workspace, key, request_hash, :now
    FROM unnest(:key::text[], :request_hash::bytea[]) AS new (key, request_hash) ORDER BY key COLLATE "C"
    ON CONFLICT (workspace_id, key) DO UPDATE
        SET request_hash = excluded.request_hash, response = NULL, create_time = excluded.create_time
        WHERE known.create_time < :expired_before
    RETURNING known.key
    """,
    InsertedKey,
    NewKey,
)

STORED_KEYS = Query(
    """
    SELECT key, request_hash, response FROM idempotency_key
    WHERE workspace_id = :workspace AND key = ANY (:keys::text[])
    """,
    StoredKey,
)

RESPONSES = Query(
    """
    UPDATE idempotency_key known SET response = new.response
    FROM unnest(:key::text[], :response::text[]) AS new (key, response)
    WHERE known.workspace_id = :workspace AND known.key = new.key
    """,
    NoRows,
    KeyResponse,
)

FAILED_KEYS = Query("DELETE FROM idempotency_key WHERE workspace_id = :workspace AND key = ANY (:keys::text[])", NoRows)

PRUNED_KEYS = Query(
    """
    WITH old AS MATERIALIZED (
        SELECT workspace_id, key FROM idempotency_key WHERE create_time < :before LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    DELETE FROM idempotency_key k USING old WHERE k.workspace_id = old.workspace_id AND k.key = old.key
    """,
    NoRows,
    system=True,
)


async def insert_keys(tx: Tx, workspace: WorkspaceId, keys: Sequence[NewKey], now: datetime) -> set[str]:
    """Returns the new ones, and locks the others until the transaction ends."""
    inserted = await NEW_KEYS.all(tx, workspace=workspace, now=now, expired_before=now - TTL, **arrays_of(keys))
    return {one.key for one in inserted}


async def list_stored(tx: Tx, workspace: WorkspaceId, keys: Sequence[str]) -> dict[str, StoredKey]:
    return {stored.key: stored for stored in await STORED_KEYS.all(tx, workspace=workspace, keys=keys)}


async def set_responses(tx: Tx, workspace: WorkspaceId, responses: Sequence[KeyResponse]) -> None:
    await RESPONSES.run(tx, workspace=workspace, **arrays_of(responses))


async def delete_keys(tx: Tx, workspace: WorkspaceId, keys: Sequence[str]) -> None:
    await FAILED_KEYS.run(tx, workspace=workspace, keys=keys)


async def prune(tx: Tx, now: datetime, limit: int) -> int:
    """Deletes expired keys of all workspaces. Returns their number, `limit` at most."""
    return await PRUNED_KEYS.run(tx, before=now - TTL, limit=limit)


async def run_once(
    tx: Tx,
    workspace: WorkspaceId,
    request: IdempotentRequest,
    work: Callable[[], Awaitable[Response]],
    response_type: type[Response],
    now: datetime,
) -> Response:
    """Runs `work`, or returns the stored response to the same request. Raises IdempotencyKeyReused for another one."""
    if request.key is None:
        return await work()

    async def encoded_work() -> str:
        return encode(await work())

    return msgspec.json.decode(
        await run_key_once(tx, workspace, new_key(request), encoded_work, now), type=response_type
    )


async def run_key_once(
    tx: Tx, workspace: WorkspaceId, key: NewKey, work: Callable[[], Awaitable[str]], now: datetime
) -> str:
    """Runs `work` and stores its response, or returns the stored one. Raises IdempotencyKeyReused as `run_once`."""
    if await insert_keys(tx, workspace, [key], now):
        response = await work()
        await set_responses(tx, workspace, [KeyResponse(key.key, response)])
        return response
    stored = await list_stored(tx, workspace, [key.key])
    return stored[key.key].response_to(key)


def new_key(request: IdempotentRequest) -> NewKey:
    """The key of a request that has one. Raises Invalid if its length does not fit."""
    key = request.key or ""
    if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY:
        raise Invalid.of("header", "idempotency-key", f"must have from 1 to {MAX_IDEMPOTENCY_KEY} characters")
    if request.owner:
        key = hashlib.sha256(f"{request.owner}\0{key}".encode()).hexdigest()
    return NewKey(key, hashlib.sha256(request.operation.encode() + b"\0" + msgspec.json.encode(request.body)).digest())


def encode(response: Struct) -> str:
    return msgspec.json.encode(response).decode()
