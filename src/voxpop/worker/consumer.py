"""Events from Kafka: a batch is one transaction, and its offsets are committed afterwards.

The effect of an event belongs to `campaigns.event_ingest`.
"""

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import prometheus_client
from msgspec import Struct
from structlog import get_logger

from voxpop.backoff import Backoff
from voxpop.campaigns import dead_letters, event_ingest
from voxpop.campaigns.event_ingest import InvalidEvent
from voxpop.campaigns.models import DeadLetter, Event
from voxpop.config.settings import Settings
from voxpop.db.errors import ITEM_ERRORS
from voxpop.db.pool import Database, switch_workspace
from voxpop.errors import NotFound
from voxpop.kafka.messages import Record
from voxpop.logs import log_failure
from voxpop.types import WorkspaceId, utcnow, uuid7
from voxpop.workspaces import service as workspaces

EVENTS = prometheus_client.Counter("voxpop_kafka_events", "Events from Kafka, by outcome", ["outcome"])
BATCH_SECONDS = prometheus_client.Histogram("voxpop_kafka_batch_seconds", "From the arrival of a batch to its commit")
# Members of the consumer group in a process. While one waits for the database, another one reads and parses.
CONSUMERS = 2
MAX_DEAD_LETTER = 2**16  # bytes of a message that are stored
MAX_REASON = 500  # characters
BACKOFF = Backoff(first=timedelta(milliseconds=100), longest=timedelta(seconds=10))
RESTART_PAUSE = timedelta(seconds=5)

log = get_logger(__name__)


async def consume(database: Database, settings: Settings) -> None:
    """Consumes events until cancelled; returns at once if no broker is set."""
    if settings.kafka_bootstrap is None:
        return
    handler = EventHandler(database, settings.kafka_workspace)
    async with asyncio.TaskGroup() as group:
        for _ in range(CONSUMERS):
            group.create_task(_consume(handler, settings))


async def _consume(handler: "EventHandler", settings: Settings) -> None:
    from voxpop.kafka.consumer import BrokerError, KafkaConsumer  # not without a broker, because the client takes 3 MB

    while True:
        try:
            await KafkaConsumer(settings, settings.kafka_topic_customer_events, handler.handle_batch).run()
        except BrokerError as error:
            log_failure("consumer", partial(log.error, "consumer.restart", reason=str(error)))
        except Exception:  # outermost: a failed consumer must not end the process
            log.exception("consumer.failed")
        await asyncio.sleep(RESTART_PAUSE.total_seconds())


class EventHandler:
    """Stores batches of events. `default_workspace` is the name of the workspace for messages that name none."""

    def __init__(self, database: Database, default_workspace: str) -> None:
        self._database = database
        self._default_workspace = default_workspace

    async def handle_batch(self, batch: Sequence[Record]) -> None:
        """Returns once everything is committed, and retries while the database is unreachable: no event is lost."""
        with BATCH_SECONDS.time():
            await self._handle(batch)

    async def _handle(self, batch: Sequence[Record], rejection: str | None = None) -> None:
        """Retries with exponential backoff. `rejection`: why the database rejects the only message of the batch."""
        for failures in itertools.count(1):
            try:
                return await self._store(batch, rejection)
            except Exception as error:  # outermost: the batch is retried, whatever the error
                if isinstance(error, ITEM_ERRORS) and rejection is None:
                    return await self._split(batch, f"the database rejects it: {error}")
                line = partial(log.warning, "events.batch_retry", size=len(batch), reason=str(error) or repr(error))
                log_failure("events", line)
            await asyncio.sleep(BACKOFF.pause(failures).total_seconds())

    async def _split(self, batch: Sequence[Record], rejection: str) -> None:
        """Halves the batch until the message with the invalid data is alone and becomes a dead letter."""
        if len(batch) == 1:
            return await self._handle(batch, rejection)
        middle = len(batch) // 2
        await self._handle(batch[:middle])
        await self._handle(batch[middle:])

    async def _store(self, batch: Sequence[Record], rejection: str | None) -> None:
        now = utcnow()
        outcomes: Counter[str] = Counter()
        async with self._database.system_transaction() as tx:
            known = {workspace.name: workspace.id for workspace in await workspaces.list_workspaces(tx)}
        parts = self._divide(batch, known, rejection, now)
        async with self._database.transaction(None) as tx:
            # Sorted by workspace: the locks of each stay until the commit, so one order prevents deadlocks.
            for workspace, part in sorted(parts.items()):
                await switch_workspace(tx, workspace)
                results = await event_ingest.ingest(tx, workspace, part.events, now)
                await dead_letters.store_dead_letters(tx, workspace, part.dead_letters, now)
                outcomes.update(result.outcome for result in results)
                outcomes.update(unknown=part.unknown_count, dead=len(part.dead_letters))
        for outcome, count in outcomes.items():
            EVENTS.labels(outcome).inc(count)
        _log_dead_letters([letter for part in parts.values() for letter in part.dead_letters])

    def _divide(
        self, batch: Sequence[Record], known: Mapping[str, WorkspaceId], rejection: str | None, now: datetime
    ) -> dict[WorkspaceId, "_WorkspaceBatch"]:
        parts: dict[WorkspaceId, _WorkspaceBatch] = defaultdict(_WorkspaceBatch)
        for record in batch:
            name = self._default_workspace if record.workspace is None else record.workspace
            workspace = known.get(name) or known.get(self._default_workspace)
            if workspace is None:
                raise NotFound(f"There is no workspace '{self._default_workspace}' for events that name none")
            reason = rejection or (None if name in known else f"there is no workspace {name!r}")
            parts[workspace].add(record, reason, now)
        return parts


class _WorkspaceBatch(Struct):
    """The part of a batch that belongs to one workspace."""

    events: list[Event] = []
    dead_letters: list[DeadLetter] = []
    unknown_count: int = 0

    def add(self, record: Record, rejection: str | None, now: datetime) -> None:
        try:
            if rejection:
                raise InvalidEvent(rejection)
            event = event_ingest.parse_message(record.value, now)
        except InvalidEvent as reason:
            self.dead_letters.append(_dead_letter(record, str(reason), now))
        else:
            if event is None:
                self.unknown_count += 1
            else:
                self.events.append(event)


def _dead_letter(record: Record, reason: str, now: datetime) -> DeadLetter:
    return DeadLetter(
        id=uuid7(),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        reason=reason.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:MAX_REASON],
        message=record.value[:MAX_DEAD_LETTER],
        create_time=now,
        named_workspace=record.workspace,
    )


def _log_dead_letters(letters: Sequence[DeadLetter]) -> None:
    if letters:
        first = letters[0]
        position = f"{first.topic} {first.partition} {first.offset}"
        log.warning("events.dead_letters_stored", count=len(letters), first=position, reason=first.reason)
