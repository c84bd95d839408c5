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


NEW_MESSAGES = Query(
    """
    INSERT INTO outbox (workspace_id, kind, key, body, create_time)
    SELECT :workspace, kind, key, body, :now FROM unnest(:kinds::text[], :keys::text[], :bodies::text[])
        WITH ORDINALITY AS new (kind, key, body, ordinal) ORDER BY ordinal
    """,
    NoRows,
)
# Leases and the queue belong to all workspaces. The time is that of the database, because holders compare with it.
LEASE = Query(
    """
    INSERT INTO lease AS l (name, holder, expires_at)
    VALUES (:name, :holder, clock_timestamp() + make_interval(secs => :seconds::integer))
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
        WHERE l.holder = excluded.holder OR l.expires_at < clock_timestamp()
    """,
    NoRows,
    system=True,
)
RELEASED_LEASE = Query("DELETE FROM lease WHERE name = :name AND holder = :holder", NoRows, system=True)
UNSENT_MESSAGES = Query(
    """
    SELECT workspace_id, id, kind, key, body FROM outbox
    WHERE sent_at IS NULL AND kind = ANY (:kinds::text[]) ORDER BY id LIMIT :limit
    """,
    UnsentMessage,
    system=True,
)
SENT_MESSAGES = Query(
    "UPDATE outbox SET sent_at = :now WHERE id = ANY (:messages::bigint[]) AND sent_at IS NULL", NoRows, system=True
)
PRUNED_MESSAGES = Query(
    """
    WITH old AS MATERIALIZED (
        SELECT workspace_id, id FROM outbox
        WHERE sent_at < :sent_before OR (sent_at IS NULL AND create_time < :unsent_before)
            OR (kind = 'mail' AND create_time < coalesce(:unsent_before, :sent_before))
        LIMIT :limit
    )
    DELETE FROM outbox o USING old WHERE o.workspace_id = old.workspace_id AND o.id = old.id
    """,
    NoRows,
    system=True,
)
PRUNED_FAILED_MAIL = Query("DELETE FROM outbox WHERE kind = 'mail' AND failed_at < :before", NoRows, system=True)
DUE_MAIL = Query(
    """
    SELECT workspace_id, id, body, create_time, attempt_count FROM outbox
    WHERE kind = 'mail' AND sent_at IS NULL AND failed_at IS NULL AND (retry_at IS NULL OR retry_at <= :now)
    ORDER BY id LIMIT :limit
    """,
    DueMail,
    system=True,
)
MAIL_OUTCOME = Query(
    """
    UPDATE outbox SET sent_at = :sent_at, failed_at = :failed_at, retry_at = :retry_at, failure = :failure,
        body = :body, attempt_count = attempt_count + 1, attempted_at = coalesce(:sent_at, :failed_at, now())
    WHERE workspace_id = :workspace AND id = :mail AND kind = 'mail' AND sent_at IS NULL
    """,
    NoRows,
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
    return await LEASE.run(tx, name=name, holder=holder, seconds=seconds) == 1


async def release_lease(tx: Tx, name: str, holder: UUID) -> None:
    await RELEASED_LEASE.run(tx, name=name, holder=holder)


async def list_unsent(tx: Tx, kinds: Sequence[Kind], limit: int) -> list[UnsentMessage]:
    """The oldest unsent messages of all workspaces, in the order of writing."""
    return await UNSENT_MESSAGES.all(tx, kinds=kinds, limit=limit)


async def mark_sent(tx: Tx, messages: Sequence[int], now: datetime) -> None:
    await SENT_MESSAGES.run(tx, messages=messages, now=now)


async def prune(tx: Tx, sent_before: datetime, unsent_before: datetime | None, limit: int) -> int:
    """Deletes old sent messages, and unsent ones if a time is given. Returns their number, `limit` at most."""
    return await PRUNED_MESSAGES.run(tx, sent_before=sent_before, unsent_before=unsent_before, limit=limit)


async def prune_failed_mail(tx: Tx, before: datetime) -> None:
    """Deletes emails of all workspaces that failed for good before that time."""
    await PRUNED_FAILED_MAIL.run(tx, before=before)


async def list_mail(tx: Tx, workspace: WorkspaceId, limit: int) -> list[MailRow]:
    """The emails of a workspace, newest first."""
    return await MAIL_OF_WORKSPACE.all(tx, workspace=workspace, limit=limit)


async def find_last_attempt(tx: Tx, workspace: WorkspaceId) -> MailRow | None:
    """The email of a workspace that was tried last, sent or not."""
    return await LAST_ATTEMPTED_MAIL.find(tx, workspace=workspace)


async def list_due_mail(tx: Tx, now: datetime, limit: int) -> list[DueMail]:
    """The oldest emails of all workspaces that may be sent now."""
    return await DUE_MAIL.all(tx, now=now, limit=limit)


async def set_mail_outcome(tx: Tx, workspace: WorkspaceId, mail: int, outcome: MailOutcome, body: str) -> None:
    """Stores the result of an attempt. `body` replaces that of the message."""
    await MAIL_OUTCOME.run(tx, outcome, workspace=workspace, mail=mail, body=body)
