"""Messages that must leave: written in the transaction that makes them true, sent later by the relay with the lease.

A message may leave twice, never not at all, and in the order it was written where the writer held the lock of its key.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Nothing, Query
from voxpop.types import WorkspaceId


class Kind(StrEnum):
    """Where a message goes; the word in the table."""

    DAILY_METRICS = "daily-metrics"
    FEEDBACK = "feedback"


class Message(Struct, frozen=True):
    """One message: what is sent is `body`, JSON; messages of one key keep their order."""

    kind: Kind
    key: str
    body: str


class Unsent(Struct, frozen=True):
    workspace_id: WorkspaceId
    id: int
    kind: str
    key: str
    body: str


class Answer(Struct):
    answer: bool


class Gone(Struct):
    gone: int


NEW_MESSAGES = Query(
    """
    INSERT INTO outbox (workspace_id, kind, key, body, create_time)
    SELECT $1, kind, key, body, $5 FROM unnest($2::text[], $3::text[], $4::text[])
        WITH ORDINALITY AS new (kind, key, body, place) ORDER BY place
    """,
    Nothing,
)
LEASE = Query("SELECT take_lease($1, $2, $3) AS answer", Answer)
DROPPED_LEASE = Query("SELECT drop_lease($1, $2) IS NULL AS answer", Answer)
UNSENT = Query("SELECT workspace_id, id, kind, key, body FROM unsent_messages($1::text[], $2)", Unsent)
MARKED = Query("SELECT mark_sent($1::bigint[], $2) IS NULL AS answer", Answer)
PRUNED = Query("SELECT prune_outbox($1, $2, $3) AS gone", Gone)


async def record(tx: Tx, workspace: WorkspaceId, messages: Sequence[Message], now: datetime) -> None:
    """To be called before the counts, while the rows that the messages speak of are locked."""
    if messages:
        columns = zip(*((message.kind, message.key, message.body) for message in messages), strict=True)
        await NEW_MESSAGES.run(tx, workspace, *columns, now)


async def take_lease(tx: Tx, name: str, holder: UUID, seconds: int) -> bool:
    """True when the lease is the holder's from now on for so many seconds."""
    return (await LEASE.one(tx, name, holder, seconds)).answer


async def drop_lease(tx: Tx, name: str, holder: UUID) -> None:
    await DROPPED_LEASE.one(tx, name, holder)


async def list_unsent(tx: Tx, kinds: Sequence[Kind], most: int) -> list[Unsent]:
    """The oldest that have not left, in the order they were written, of all workspaces."""
    return await UNSENT.all(tx, kinds, most)


async def mark_sent(tx: Tx, messages: Sequence[int], now: datetime) -> None:
    await MARKED.one(tx, messages, now)


async def prune(tx: Tx, sent_before: datetime, unsent_before: datetime | None, most: int) -> int:
    """Takes away what left before a moment, and what never left and is older than the other: how many, up to `most`."""
    return (await PRUNED.one(tx, sent_before, unsent_before, most)).gone
