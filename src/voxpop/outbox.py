"""Messages that must leave: written in the transaction that makes them true, sent later by who holds a lease.

A message may leave twice, never not at all, and in the order it was written where the writer held the lock of its key.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import WorkspaceId


class Kind(StrEnum):
    """Where a message goes; the word in the table."""

    DAILY_METRICS = "daily-metrics"
    FEEDBACK = "feedback"
    MAIL = "mail"


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


class DueMail(Struct, frozen=True):
    """A mail that may leave now."""

    workspace_id: WorkspaceId
    id: int
    body: str
    create_time: datetime
    attempt_count: int


class MailRow(Struct, frozen=True):
    """A mail as a list shows it: waiting, unless it was sent or given up."""

    id: int
    body: str
    create_time: datetime
    sent_at: datetime | None
    failed_at: datetime | None
    failure: str | None


class MailOutcome(Struct, frozen=True):
    """What became of an attempt: sent, given up, or to be made again at `retry_at`."""

    sent_at: datetime | None = None
    failed_at: datetime | None = None
    retry_at: datetime | None = None
    failure: str | None = None


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
    NoRows,
)
LEASE = Query("SELECT take_lease($1, $2, $3) AS answer", Answer)
DROPPED_LEASE = Query("SELECT drop_lease($1, $2) IS NULL AS answer", Answer)
UNSENT = Query("SELECT workspace_id, id, kind, key, body FROM unsent_messages($1::text[], $2)", Unsent)
MARKED = Query("SELECT mark_sent($1::bigint[], $2) IS NULL AS answer", Answer)
PRUNED = Query("SELECT prune_outbox($1, $2, $3) AS gone", Gone)
DUE_MAIL = Query("SELECT workspace_id, id, body, create_time, attempt_count FROM due_mail($1, $2)", DueMail)
SETTLED_MAIL = Query("SELECT settle_mail($1, $2, $3, $4, $5, $6) IS NULL AS answer", Answer)
MAIL = Query(
    """
    SELECT id, body, create_time, sent_at, failed_at, failure FROM outbox
    WHERE workspace_id = $1 AND kind = 'mail' ORDER BY id DESC LIMIT $2
    """,
    MailRow,
)


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


async def list_mail(tx: Tx, workspace: WorkspaceId, most: int) -> list[MailRow]:
    """A workspace's mail, the newest first."""
    return await MAIL.all(tx, workspace, most)


async def list_due_mail(tx: Tx, now: datetime, most: int) -> list[DueMail]:
    """The oldest that may leave now, of all workspaces."""
    return await DUE_MAIL.all(tx, now, most)


async def settle_mail(tx: Tx, mail: int, outcome: MailOutcome, body: str) -> None:
    """`body` is what is kept of it."""
    outcome_columns = (outcome.sent_at, outcome.failed_at, outcome.retry_at, outcome.failure)
    await SETTLED_MAIL.one(tx, mail, *outcome_columns, body)
