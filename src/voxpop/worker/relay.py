"""The way out of the outbox: one relay at a time sends what is unsent. Sweeps away what is old, broker or none."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

from msgspec import Struct
from prometheus_client import Counter
from structlog import get_logger

from voxpop import outbox
from voxpop.campaigns import events
from voxpop.config.settings import Settings
from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.db.pool import Database, Tx
from voxpop.kafka.client import WORKSPACE
from voxpop.kafka.producer import KafkaProducer, Outgoing
from voxpop.outbox import Kind, Unsent
from voxpop.types import WorkspaceId, utcnow, uuid7
from voxpop.workspaces import service as workspaces

SENT = Counter("voxpop_outbox_sent", "Messages of the outbox that the broker has", ["kind"])
FAILED = Counter("voxpop_outbox_failures", "Attempts to send a message that failed", ["kind"])

VERSION = "1"  # of the bodies, which may gain fields within a version
MOST_IN_A_BATCH = 1000
NOW, IDLE = timedelta(0), timedelta(milliseconds=200)
LEASE_NAME = "relay"
# Longer than a batch may take to fail, else another relay would begin while this one still sends.
LEASE = timedelta(seconds=15)
RENEW = timedelta(seconds=5)
INITIAL_BACKOFF = timedelta(seconds=1)
MAX_BACKOFF = timedelta(seconds=30)
SWEEP = timedelta(hours=1)
SWEPT_AT_ONCE = 20_000

log = get_logger(__name__)


async def relay(database: Database, settings: Settings) -> None:
    """Until cancelled. Where no broker is set nothing leaves, and what is old is swept away all the same."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_sweep_by_the_hour(database, settings))
        if settings.kafka_bootstrap is not None:
            tasks.create_task(Relay(database, settings).run())


async def purge(database: Database, settings: Settings, now: datetime) -> None:
    """Takes away messages and dead events that have been kept long enough; an unsent one only where none can leave."""
    keep = timedelta(days=settings.outbox_keep_days)
    unsent = timedelta(days=settings.outbox_unsent_days) if settings.kafka_bootstrap is None else None
    old = now - keep, None if unsent is None else now - unsent
    await _in_chunks(database, None, lambda tx: outbox.prune(tx, *old, SWEPT_AT_ONCE))
    async with database.transaction(None) as tx:
        known = await workspaces.list_workspaces(tx)
    before = now - timedelta(days=settings.dead_event_days)
    for workspace in known:
        forget = partial(events.prune_dead_letters, workspace=workspace.id, before=before, most=SWEPT_AT_ONCE)
        await _in_chunks(database, workspace.id, forget)


async def _in_chunks(
    database: Database, workspace: WorkspaceId | None, sweep_some: Callable[[Tx], Awaitable[int]]
) -> None:
    """Each in a transaction of its own, until one finds less than a chunk."""
    while True:
        async with database.transaction(workspace) as tx:
            if await sweep_some(tx) < SWEPT_AT_ONCE:
                return


async def _sweep_by_the_hour(database: Database, settings: Settings) -> None:
    while True:
        try:
            await purge(database, settings, utcnow())
        except Exception:  # an edge: the next hour does it
            log.exception("Old messages could not be swept away")
        await asyncio.sleep(SWEEP.total_seconds())


class Relay:
    """Sends while it holds the lease. What could not leave is tried again after a rest, each kind for itself."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._sender = KafkaProducer(settings)
        self._topics = {
            Kind.DAILY_METRICS: settings.kafka_topic_daily_metrics,
            Kind.FEEDBACK: settings.kafka_topic_feedback,
        }
        self._holder = uuid7()
        self._leads = False
        self._renew_at = 0.0
        self._rests = {kind: Backoff() for kind in self._topics}

    async def run(self) -> None:
        """Until cancelled, which lets go of the lease."""
        try:
            while True:
                pause = await self._turn()
                await asyncio.sleep(pause.total_seconds())
        finally:
            await self._sender.close()
            with suppress(*CONNECTION_ERRORS):
                async with self._database.transaction(None) as tx:
                    await outbox.drop_lease(tx, LEASE_NAME, self._holder)

    async def _turn(self) -> timedelta:
        """Sends what is unsent; how long to wait for the next turn."""
        try:
            async with self._database.transaction(None) as tx:
                if not await self._is_leading(tx):
                    return RENEW
                rows = await outbox.list_unsent(tx, self._awake(), MOST_IN_A_BATCH)
                names = {each.id: each.name for each in await workspaces.list_workspaces(tx)} if rows else {}
            if rows:
                await self._send(rows, names)
        except Exception as fault:  # an edge: whatever it was, nothing is marked that has not left
            log.warning("The outbox has to wait", reason=str(fault) or repr(fault))
            return RENEW
        return NOW if len(rows) == MOST_IN_A_BATCH else IDLE

    async def _is_leading(self, tx: Tx) -> bool:
        if monotonic() >= self._renew_at:
            self._leads = await outbox.take_lease(tx, LEASE_NAME, self._holder, int(LEASE.total_seconds()))
            self._renew_at = monotonic() + RENEW.total_seconds()
        return self._leads

    def _awake(self) -> list[Kind]:
        return [kind for kind, rest in self._rests.items() if monotonic() >= rest.until]

    async def _send(self, rows: Sequence[Unsent], names: Mapping[WorkspaceId, str]) -> None:
        faults = await self._sender.send([self._outgoing(row, names) for row in rows])
        sent = [row.id for row, fault in zip(rows, faults, strict=True) if fault is None]
        async with self._database.transaction(None) as tx:
            await outbox.mark_sent(tx, sent, utcnow())
        for kind, rest in self._rests.items():
            mine = [fault for row, fault in zip(rows, faults, strict=True) if row.kind == kind]
            failed = [fault for fault in mine if fault is not None]
            SENT.labels(kind).inc(len(mine) - len(failed))
            FAILED.labels(kind).inc(len(failed))
            if failed:
                rest.begin()
                log.warning("Messages have to wait", kind=kind, count=len(failed), reason=failed[0])
            elif mine:
                rest.end()

    def _outgoing(self, row: Unsent, names: Mapping[WorkspaceId, str]) -> Outgoing:
        named = names.get(row.workspace_id, str(row.workspace_id))
        headers = {"voxpop-id": str(row.id), "voxpop-version": VERSION, WORKSPACE: named}
        return Outgoing(self._topics[Kind(row.kind)], row.key, row.body, headers)


class Backoff(Struct):
    """When a kind is tried again, and how long its next rest is."""

    until: float = 0.0
    length: timedelta = INITIAL_BACKOFF

    def begin(self) -> None:
        self.until = monotonic() + self.length.total_seconds()
        self.length = min(2 * self.length, MAX_BACKOFF)

    def end(self) -> None:
        self.length = INITIAL_BACKOFF
