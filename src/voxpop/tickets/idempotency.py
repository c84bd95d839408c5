"""Requests that a caller may repeat under a key of his: done once, answered alike each time."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from voxpop.db.pool import Tx
from voxpop.errors import Fault, Invalid, KeyReused
from voxpop.tickets import idempotency_store as store
from voxpop.types import WorkspaceId

KEPT = timedelta(days=3)
LONGEST = 255  # characters of a key

Answer = TypeVar("Answer", bound=msgspec.Struct)


async def once(
    tx: Tx,
    workspace: WorkspaceId,
    request: tuple[str | None, str, msgspec.Struct],
    work: Callable[[], Awaitable[Answer]],
    answer: type[Answer],
    now: datetime,
) -> Answer:
    """`request`: the key, if any, what is done, and its body. KeyReused where the key came with another request.

    The key is kept in the transaction of the work, so that a crash leaves both or neither.
    """
    key, operation, body = request
    if key is None:
        return await work()
    if not 1 <= len(key) <= LONGEST:
        reason = f"must have from 1 to {LONGEST} characters"
        raise Invalid(f"header/idempotency-key {reason}", details=[Fault("idempotency-key", reason)])
    digest = hashlib.sha256(operation.encode() + b"\0" + msgspec.json.encode(body)).digest()
    await store.delete_old_keys(tx, workspace, now - KEPT)
    if await store.take_key(tx, workspace, key, digest, now):
        result = await work()
        await store.set_answer(tx, workspace, key, msgspec.json.encode(result).decode())
        return result
    known = await store.find_answer(tx, workspace, key)
    if known is None or known.request_hash != digest or known.answer is None:
        raise KeyReused
    return msgspec.json.decode(known.answer, type=answer)
