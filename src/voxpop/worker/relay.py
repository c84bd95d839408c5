"""The outbox relay: one process at a time holds a lease and sends unsent messages. Old rows are purged every hour."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

from msgspec import Struct
from prometheus_client import Counter
from structlog import get_logger

from voxpop import idempotency, outbox
from voxpop.backoff import Backoff
from voxpop.campaigns import dead_letters
from voxpop.config.settings import Settings
from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.db.pool import Begin, Database, Tx
from voxpop.kafka.messages import WORKSPACE_HEADER, OutgoingMessage
from voxpop.logs import log_failure
from voxpop.outbox import Kind, UnsentMessage
from voxpop.types import WorkspaceId, utcnow, uuid7
from voxpop.workspaces import service as workspaces

SENT = Counter("voxpop_outbox_sent", "Outbox messages that the broker has acknowledged", ["kind"])
FAILED = Counter("voxpop_outbox_failures", "Failed attempts to send an outbox message", ["kind"])

VERSION = "1"  # of the bodies, which may gain fields within a version
MAX_BATCH_SIZE = 1000
NOW, IDLE = timedelta(0), timedelta(milliseconds=200)
LEASE_NAME = "relay"
# Longer than a failing batch takes; otherwise another relay would start while this one still sends.
LEASE = timedelta(seconds=15)
RENEW = timedelta(seconds=5)
BACKOFF = Backoff(first=timedelta(seconds=1), longest=timedelta(seconds=30))
PURGE_INTERVAL = timedelta(hours=1)
PURGE_CHUNK = 20_000  # rows in one transaction

log = get_logger(__name__)


async def relay(database: Database, settings: Settings) -> None:
    """Runs until cancelled. Without a broker it sends nothing, but it still purges old rows."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_purge_hourly(database, settings))
        if settings.kafka_bootstrap is not None:
            tasks.create_task(Relay(database, settings).run())


async def purge(database: Database, settings: Settings, now: datetime) -> None:
    """Deletes old messages, idempotency keys and dead letters. Unsent messages are deleted only if no broker is set."""
    sent_before = now - timedelta(days=settings.outbox_keep_days)
    unsent_before = None if settings.kafka_bootstrap else now - timedelta(days=settings.outbox_unsent_days)
    await _in_chunks(database.system_transaction, lambda tx: outbox.prune(tx, sent_before, unsent_before, PURGE_CHUNK))
    await _in_chunks(database.system_transaction, lambda tx: idempotency.prune(tx, now, PURGE_CHUNK))
    async with database.system_transaction() as tx:
        all_workspaces = await workspaces.list_workspaces(tx)
    before = now - timedelta(days=settings.dead_letter_days)
    for workspace in all_workspaces:
        prune = partial(dead_letters.prune_dead_letters, workspace=workspace.id, before=before, limit=PURGE_CHUNK)
        await _in_chunks(partial(database.transaction, workspace.id), prune)


async def _in_chunks(begin: Begin, purge_chunk: Callable[[Tx], Awaitable[int]]) -> None:
    """Runs each chunk in a transaction of its own, until one is not full."""
    while True:
        async with begin() as tx:
            if await purge_chunk(tx) < PURGE_CHUNK:
                return


async def _purge_hourly(database: Database, settings: Settings) -> None:
    while True:
        try:
            await purge(database, settings, utcnow())
        except Exception:  # outermost: the next hour tries again
            log.exception("outbox.purge_failed")
        await asyncio.sleep(PURGE_INTERVAL.total_seconds())


class Relay:
    """Sends while it holds the lease. A kind of message that fails is retried with exponential backoff."""

    def __init__(self, database: Database, settings: Settings) -> None:
        from voxpop.kafka.producer import KafkaProducer  # not without a broker, because the client takes 3 MB

        self._database = database
        self._producer = KafkaProducer(settings)
        self._topics = {
            Kind.DAILY_METRICS: settings.kafka_topic_daily_metrics,
            Kind.FEEDBACK: settings.kafka_topic_feedback,
        }
        self._holder = uuid7()
        self._is_leader = False
        self._renew_at = 0.0
        self._failures = {kind: FailureCount() for kind in self._topics}

    async def run(self) -> None:
        """Runs until cancelled, then releases the lease."""
        try:
            while True:
                pause = await self._send_batch()
                await asyncio.sleep(pause.total_seconds())
        finally:
            await self._producer.close()
            with suppress(*CONNECTION_ERRORS):
                async with self._database.system_transaction() as tx:
                    await outbox.release_lease(tx, LEASE_NAME, self._holder)

    async def _send_batch(self) -> timedelta:
        """Sends a batch of unsent messages; returns the pause before the next one."""
        try:
            async with self._database.system_transaction() as tx:
                if not await self._renew_lease(tx):
                    return RENEW
                rows = await outbox.list_unsent(tx, self._due_kinds(), MAX_BATCH_SIZE)
                names = {each.id: each.name for each in await workspaces.list_workspaces(tx)} if rows else {}
            if rows:
                await self._send(rows, names)
        except Exception as error:  # outermost: unsent messages stay unsent and are retried
            log_failure("relay", partial(log.warning, "outbox.send_failed", reason=str(error) or repr(error)))
            return RENEW
        return NOW if len(rows) == MAX_BATCH_SIZE else IDLE

    async def _renew_lease(self, tx: Tx) -> bool:
        if monotonic() >= self._renew_at:
            self._is_leader = await outbox.take_lease(tx, LEASE_NAME, self._holder, int(LEASE.total_seconds()))
            self._renew_at = monotonic() + RENEW.total_seconds()
        return self._is_leader

    def _due_kinds(self) -> list[Kind]:
        return [kind for kind, failures in self._failures.items() if monotonic() >= failures.retry_at]

    async def _send(self, rows: Sequence[UnsentMessage], names: Mapping[WorkspaceId, str]) -> None:
        errors = await self._producer.send([self._outgoing(row, names) for row in rows])
        sent = [row.id for row, error in zip(rows, errors, strict=True) if error is None]
        async with self._database.system_transaction() as tx:
            await outbox.mark_sent(tx, sent, utcnow())
        for kind in self._failures:
            self._note_results(kind, [error for row, error in zip(rows, errors, strict=True) if row.kind == kind])

    def _note_results(self, kind: Kind, results: Sequence[str | None]) -> None:
        """`results`: for each message of the kind the error, or None if it was sent."""
        failures = [error for error in results if error is not None]
        SENT.labels(kind).inc(len(results) - len(failures))
        FAILED.labels(kind).inc(len(failures))
        if failures:
            self._failures[kind].add()
            log.warning("outbox.backoff", kind=kind, count=len(failures), reason=failures[0])
        elif results:
            self._failures[kind].reset()

    def _outgoing(self, row: UnsentMessage, names: Mapping[WorkspaceId, str]) -> OutgoingMessage:
        workspace = names.get(row.workspace_id, str(row.workspace_id))
        headers = {"voxpop-id": str(row.id), "voxpop-version": VERSION, WORKSPACE_HEADER: workspace}
        return OutgoingMessage(self._topics[Kind(row.kind)], row.key, row.body, headers)


class FailureCount(Struct):
    """The failures in a row of a kind of message, and the time of its next attempt."""

    count: int = 0
    retry_at: float = 0.0

    def add(self) -> None:
        self.count += 1
        self.retry_at = monotonic() + BACKOFF.pause(self.count).total_seconds()

    def reset(self) -> None:
        self.count = 0
