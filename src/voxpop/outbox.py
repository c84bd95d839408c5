"""The outbox: messages written in the transaction of the change they report, and sent later by the lease holder.

Delivery is at least once. Messages of one key keep their order if the writer holds a lock for that key.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import WorkspaceId


class Kind(StrEnum):
    """The destination of a message, as the table stores it."""

    DAILY_METRICS = "daily-metrics"
    FEEDBACK = "feedback"
    MAIL = "mail"


class Message(Struct, frozen=True):
    """A message to send. `body` is JSON, and messages with the same key keep their order."""

    kind: Kind
    key: str
    body: str


class UnsentMessage(Struct, frozen=True):
    """A message that the relay has to send."""

    workspace_id: WorkspaceId
    id: int
    kind: str
    key: str
    body: str


class DueMail(Struct, frozen=True):
    """An email that may be sent now."""

    workspace_id: WorkspaceId
    id: int
    body: str
    create_time: datetime
    attempt_count: int


class MailRow(Struct, frozen=True):
    """An email in a list. It is pending while it has neither `sent_at` nor `failed_at`."""

    id: int
    body: str
    create_time: datetime
    sent_at: datetime | None
    failed_at: datetime | None
    retry_at: datetime | None
    attempted_at: datetime | None
    failure: str | None


class MailOutcome(Struct, frozen=True):
    """The result of an attempt: sent, failed for good, or to be retried at `retry_at`."""

    sent_at: datetime | None = None
    failed_at: datetime | None = None
    retry_at: datetime | None = None
    failure: str | None = None


class LeaseGrant(Struct):
    """Whether the holder has the lease."""

    granted: bool


class Completed(Struct):
    """The row of a call to a database function without a result."""

    done: bool


class PrunedCount(Struct):
    """The number of deleted messages."""

    count: int


NEW_MESSAGES = Query(
    """
    INSERT INTO outbox (workspace_id, kind, key, body, create_time)
    SELECT :workspace, kind, key, body, :now FROM unnest(:kinds::text[], :keys::text[], :bodies::text[])
        WITH ORDINALITY AS new (kind, key, body, ordinal) ORDER BY ordinal
    """,
    NoRows,
)
LEASE = Query("SELECT take_lease(:name, :holder, :seconds) AS granted", LeaseGrant)
RELEASED_LEASE = Query("SELECT drop_lease(:name, :holder) IS NULL AS done", Completed)
UNSENT_MESSAGES = Query(
    "SELECT workspace_id, id, kind, key, body FROM unsent_messages(:kinds::text[], :limit)", UnsentMessage
)
SENT_MESSAGES = Query("SELECT mark_sent(:messages::bigint[], :now) IS NULL AS done", Completed)
PRUNED_MESSAGES = Query("SELECT prune_outbox(:sent_before, :unsent_before, :limit) AS count", PrunedCount)
DUE_MAIL = Query("SELECT workspace_id, id, body, create_time, attempt_count FROM due_mail(:now, :limit)", DueMail)
MAIL_OUTCOME = Query(
    "SELECT settle_mail(:mail, :sent_at, :failed_at, :retry_at, :failure, :body) IS NULL AS done",
    Completed,
    MailOutcome,
)
_MAIL = "SELECT id, body, create_time, sent_at, failed_at, retry_at, attempted_at, failure FROM outbox"
MAIL_OF_WORKSPACE = Query(
    f"{_MAIL} WHERE workspace_id = :workspace AND kind = 'mail' ORDER BY id DESC LIMIT :limit", MailRow
)
LAST_ATTEMPTED_MAIL = Query(
    f"""
    {_MAIL} WHERE workspace_id = :workspace AND kind = 'mail' AND attempted_at IS NOT NULL
    ORDER BY attempted_at DESC LIMIT 1
    """,
    MailRow,
)


_is_discarding: ContextVar[bool] = ContextVar("is_discarding", default=False)


@contextmanager
def discard_messages() -> Iterator[None]:
    """Makes `record` write nothing, in this block of this task. For demo data, which must not be sent."""
    token = _is_discarding.set(True)
    try:
        yield
    finally:
        _is_discarding.reset(token)


async def record(tx: Tx, workspace: WorkspaceId, messages: Sequence[Message], now: datetime) -> None:
    """Writes messages. Call it before the counts, while the rows that the messages report are locked."""
    if messages and not _is_discarding.get():
        kinds, keys, bodies = zip(*((message.kind, message.key, message.body) for message in messages), strict=True)
        await NEW_MESSAGES.run(tx, workspace=workspace, kinds=kinds, keys=keys, bodies=bodies, now=now)


async def take_lease(tx: Tx, name: str, holder: UUID, seconds: int) -> bool:
    """Takes or renews a lease. Returns whether the holder has it for that time."""
    return (await LEASE.one(tx, name=name, holder=holder, seconds=seconds)).granted


async def release_lease(tx: Tx, name: str, holder: UUID) -> None:
    await RELEASED_LEASE.one(tx, name=name, holder=holder)


async def list_unsent(tx: Tx, kinds: Sequence[Kind], limit: int) -> list[UnsentMessage]:
    """The oldest unsent messages of all workspaces, in the order of writing."""
    return await UNSENT_MESSAGES.all(tx, kinds=kinds, limit=limit)


async def mark_sent(tx: Tx, messages: Sequence[int], now: datetime) -> None:
    await SENT_MESSAGES.one(tx, messages=messages, now=now)


async def prune(tx: Tx, sent_before: datetime, unsent_before: datetime | None, limit: int) -> int:
    """Deletes old sent messages, and unsent ones if a time is given. Returns their number, `limit` at most."""
    return (await PRUNED_MESSAGES.one(tx, sent_before=sent_before, unsent_before=unsent_before, limit=limit)).count


async def list_mail(tx: Tx, workspace: WorkspaceId, limit: int) -> list[MailRow]:
    """The emails of a workspace, newest first."""
    return await MAIL_OF_WORKSPACE.all(tx, workspace=workspace, limit=limit)


async def find_last_attempt(tx: Tx, workspace: WorkspaceId) -> MailRow | None:
    """The email of a workspace that was tried last, sent or not."""
    return await LAST_ATTEMPTED_MAIL.find(tx, workspace=workspace)


async def list_due_mail(tx: Tx, now: datetime, limit: int) -> list[DueMail]:
    """The oldest emails of all workspaces that may be sent now."""
    return await DUE_MAIL.all(tx, now=now, limit=limit)


async def set_mail_outcome(tx: Tx, mail: int, outcome: MailOutcome, body: str) -> None:
    """Stores the result of an attempt. `body` replaces that of the message."""
    await MAIL_OUTCOME.one(tx, outcome, mail=mail, body=body)
