"""Events from Kafka: a batch is one transaction, its offsets come after. What an event does is `campaigns.intake`'s."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import prometheus_client
from msgspec import Struct
from structlog import get_logger

from voxpop.campaigns import event_ingest
from voxpop.campaigns.event_ingest import InvalidEvent
from voxpop.campaigns.models import DeadLetter, Event
from voxpop.config.settings import Settings
from voxpop.db.errors import ITEM_ERRORS
from voxpop.db.pool import Database, switch_workspace
from voxpop.errors import NotFound
from voxpop.kafka.consumer import BrokerError, KafkaConsumer, Record
from voxpop.types import WorkspaceId, utcnow, uuid7
from voxpop.workspaces import service as workspaces

EVENTS = prometheus_client.Counter("voxpop_kafka_events", "Events from Kafka, by what became of them", ["fate"])
BATCH_SECONDS = prometheus_client.Histogram("voxpop_kafka_batch_seconds", "From the arrival of a batch to its commit")
LARGEST_DEAD = 2**16  # bytes of a message that is kept
LONGEST_REASON = 500
FIRST_PAUSE = timedelta(milliseconds=100)
LONGEST_PAUSE = timedelta(seconds=10)
RESTART_PAUSE = timedelta(seconds=5)

log = get_logger(__name__)


async def consume(database: Database, settings: Settings) -> None:
    """Takes events until cancelled; returns at once where no broker is set."""
    if settings.kafka_bootstrap is None:
        return
    taker = EventHandler(database, settings.kafka_workspace)
    while True:
        try:
            await KafkaConsumer(settings, settings.kafka_topic_customer_events, taker.handle_batch).run()
        except BrokerError as error:
            log.error("The consumer can't go on and starts anew", reason=str(error))
        except Exception:  # an edge: what ends the consumer must not end those who answer
            log.exception("The consumer has failed and starts anew")
        await asyncio.sleep(RESTART_PAUSE.total_seconds())


class EventHandler:
    """Takes batches; `home` is the name of the workspace of messages that name none."""

    def __init__(self, database: Database, home: str) -> None:
        self._database = database
        self._home = home

    async def handle_batch(self, batch: Sequence[Record]) -> None:
        """Returns once everything is committed, however long the database is away: nothing is lost or passed over."""
        with BATCH_SECONDS.time():
            await self._settle(batch)

    async def _settle(self, batch: Sequence[Record], refusal: str | None = None) -> None:
        """`refusal`: why the database does not take the only message of the batch, which is to be buried."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._take_once(batch, refusal)
            except Exception as fault:  # an edge: whatever it was, the batch is not given up
                if isinstance(fault, ITEM_ERRORS) and refusal is None:
                    return await self._split(batch, f"the database refuses it: {fault}")
                log.warning("A batch of events has to wait", size=len(batch), reason=str(fault) or repr(fault))
            await asyncio.sleep(pause.total_seconds())
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _split(self, batch: Sequence[Record], refusal: str) -> None:
        """One message's data is at fault: the batch is halved until that message stands alone."""
        if len(batch) == 1:
            return await self._settle(batch, refusal)
        middle = len(batch) // 2
        await self._settle(batch[:middle])
        await self._settle(batch[middle:])

    async def _take_once(self, batch: Sequence[Record], refusal: str | None) -> None:
        now = utcnow()
        fates: Counter[str] = Counter()
        async with self._database.transaction(None) as tx:
            known = {workspace.name: workspace.id for workspace in await workspaces.list_workspaces(tx)}
            # In the order of the ids, as the locks of each stay until the commit.
            shares = self._divide(batch, known, refusal, now)
            for workspace, share in sorted(shares.items()):
                await switch_workspace(tx, workspace)
                outcomes = await event_ingest.ingest(tx, workspace, share.events, now)
                await event_ingest.store_dead_letters(tx, workspace, share.dead, now)
                fates.update(outcome.fate for outcome in outcomes)
                fates.update(unknown=share.unknown_count, dead=len(share.dead))
        for fate, count in fates.items():
            EVENTS.labels(fate).inc(count)
        if dead := [one for share in shares.values() for one in share.dead]:
            first = f"{dead[0].topic} {dead[0].partition} {dead[0].offset}: {dead[0].reason}"
            log.warning("Messages that can't be used are kept", count=len(dead), first=first)

    def _divide(
        self, batch: Sequence[Record], known: Mapping[str, WorkspaceId], refusal: str | None, now: datetime
    ) -> dict[WorkspaceId, "_Share"]:
        shares: dict[WorkspaceId, _Share] = defaultdict(_Share)
        for record in batch:
            name = self._home if record.workspace is None else record.workspace
            workspace = known.get(name) or known.get(self._home)
            if workspace is None:
                raise NotFound(f"There is no workspace '{self._home}' for events that name none")
            unusable = refusal or (None if name in known else f"there is no workspace {name!r}")
            shares[workspace].add(record, unusable, now)
        return shares


class _Share(Struct):
    """What one workspace gets of a batch."""

    events: list[Event] = []
    dead: list[DeadLetter] = []
    unknown_count: int = 0

    def add(self, record: Record, unusable: str | None, now: datetime) -> None:
        try:
            if unusable:
                raise InvalidEvent(unusable)
            event = event_ingest.read_event(record.value, now)
        except InvalidEvent as reason:
            self.dead.append(_dead(record, str(reason), now))
        else:
            if event is None:
                self.unknown_count += 1
            else:
                self.events.append(event)


def _dead(record: Record, reason: str, now: datetime) -> DeadLetter:
    fitting = reason.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:LONGEST_REASON]
    message = record.value[:LARGEST_DEAD]
    return DeadLetter(
        uuid7(), record.topic, record.partition, record.offset, fitting, message, now, named_workspace=record.workspace
    )
