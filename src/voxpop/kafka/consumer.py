"""A member of the consumer group in a thread of its own, which hands batches to the loop."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from prometheus_client import Gauge

from voxpop.config.settings import Settings
from voxpop.kafka.client import WORKSPACE, client_config, log, note_error

MOST_IN_A_BATCH = 1000
READ_SECONDS = 0.5  # how long a stop may go unnoticed while nothing arrives
PAUSE_AFTER = 0.5  # how long a batch may take before its partitions are paused: that throws away what is fetched
REVOKE_TIMEOUT = 5.0  # how long a batch may hold up partitions that must be given back
LEAVE_SECONDS = 20.0
STATISTICS_SECONDS = 5.0
# A client that hears from a starting broker that there are no brokers forgets the one it knows, and waits for ever.
BROKER_TIMEOUT = 30.0

LAG = Gauge("voxpop_kafka_lag", "Messages of a partition that are not taken yet", ["topic", "partition"])


class BrokerError(Exception):
    """The client can't go on; a new one may."""


class Record(NamedTuple):
    """A message that arrived, and the workspace its header names."""

    topic: str
    partition: int
    offset: int
    value: bytes
    workspace: str | None


class KafkaConsumer:
    """A member of the consumer group. `take` gets one batch at a time, in the loop, and returns once it is committed.

    Only then are the batch's offsets. A batch that takes long does not cost the membership: the thread goes on
    asking, with the partitions paused.
    """

    def __init__(self, settings: Settings, topic: str, take: Callable[[Sequence[Record]], Awaitable[None]]) -> None:
        self._config = {
            **client_config(settings),
            "group.id": settings.kafka_group_id,
            "group.protocol": settings.kafka_group_protocol,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "queued.max.messages.kbytes": 16_384,
            "statistics.interval.ms": int(STATISTICS_SECONDS * 1000),
            "stats_cb": self._on_statistics,
            "error_cb": note_error,
        }
        if settings.kafka_group_protocol == "classic":
            self._config["partition.assignment.strategy"] = "cooperative-sticky"
        self._topic = topic
        self._take = take
        self._stopping = threading.Event()
        self._batch: list[Record] = []
        self._taking: Future[None] = Future()
        self._over = threading.Event()
        self._paused = False
        self._early: list[Message] = []  # what came although it should not have: errors
        self._heard_at = monotonic()

    async def run(self) -> None:
        """Until cancelled, which gives the partitions back; BrokerError when the client can't go on."""
        self._loop = asyncio.get_running_loop()
        work = asyncio.ensure_future(asyncio.to_thread(self._consume))
        try:
            await asyncio.shield(work)
        except KafkaException as error:
            raise BrokerError(str(error)) from error
        finally:
            self._stopping.set()
            with suppress(KafkaException, BrokerError, TimeoutError):
                await asyncio.wait_for(asyncio.shield(work), LEAVE_SECONDS)

    def _consume(self) -> None:
        consumer = Consumer(self._config, logger=log)
        try:
            consumer.subscribe([self._topic], self._on_assign, self._on_revoke, self._on_lost)
            while not self._stopping.is_set():
                if monotonic() - self._heard_at > BROKER_TIMEOUT:
                    raise BrokerError("no broker answers")
                self._batch = _records(self._read(consumer))
                if self._batch:
                    self._start()
                    self._finish(consumer)
        finally:
            consumer.close()  # gives back what is assigned, and with it the batch in hand
            if self._batch:
                self._cancel()
            LAG.clear()

    def _read(self, consumer: Consumer) -> list[Message]:
        """What is there; waits for the first message only."""
        early, self._early = self._early, []
        # Compared with None, as a message without a value is false.
        if not early and (first := consumer.poll(READ_SECONDS)) is not None:
            early = [first]
        return [*early, *consumer.consume(MOST_IN_A_BATCH - len(early), 0)] if early else []

    def _start(self) -> None:
        """Hands the batch to the loop."""
        self._over = over = threading.Event()

        async def take(batch: Sequence[Record]) -> None:
            try:
                await self._take(batch)
            finally:
                over.set()

        self._taking = asyncio.run_coroutine_threadsafe(take(self._batch), self._loop)

    def _finish(self, consumer: Consumer) -> None:
        """Waits for the batch in hand, which rebalances may cut down or take away meanwhile."""
        while self._batch and not self._stopping.is_set():
            if self._is_taken(PAUSE_AFTER):
                self._commit(consumer, asynchronous=True)
                continue
            if not self._paused:
                consumer.pause(consumer.assignment())
                self._paused = True
            if (message := consumer.poll(0)) is not None:
                self._early.append(message)
        if self._paused:
            consumer.resume(consumer.assignment())
            self._paused = False

    def _is_taken(self, seconds: float) -> bool:
        """Whether the batch is committed within so many seconds; raises what it raised."""
        if not wait([self._taking], seconds).done:
            return False
        self._taking.result()
        return True

    def _commit(self, consumer: Consumer, *, asynchronous: bool) -> None:
        """A failure does no harm: what comes again finds itself in the database."""
        last = {(record.topic, record.partition): record.offset + 1 for record in self._batch}
        self._batch = []
        with suppress(KafkaException):
            consumer.store_offsets(offsets=[TopicPartition(*place, offset=offset) for place, offset in last.items()])
        with suppress(KafkaException):
            if asynchronous:
                consumer.commit(asynchronous=True)
            else:
                consumer.commit(asynchronous=False)

    def _on_statistics(self, text: str) -> None:
        statistics = msgspec.json.decode(text)
        _show_lag(statistics["topics"])
        if any(broker["state"] == "UP" for broker in statistics["brokers"].values()):
            self._heard_at = monotonic()

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_assign(partitions)
        if self._paused:
            consumer.pause(partitions)

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """The batch in hand is finished if that is soon done, else it goes on without what goes to another."""
        if self._batch and self._is_taken(REVOKE_TIMEOUT):
            self._commit(consumer, asynchronous=False)
        self._drop(partitions)
        consumer.incremental_unassign(partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Others have them already."""
        self._drop(partitions)
        consumer.incremental_unassign(partitions)

    def _drop(self, partitions: Iterable[TopicPartition]) -> None:
        gone = {(partition.topic, partition.partition) for partition in partitions}
        kept = [record for record in self._batch if (record.topic, record.partition) not in gone]
        if len(kept) == len(self._batch):
            return
        self._cancel()
        self._batch = kept
        if kept:
            self._start()

    def _cancel(self) -> None:
        if self._taking.cancel():
            self._over.wait(REVOKE_TIMEOUT)


def _records(messages: Iterable[Message]) -> list[Record]:
    return [_record(message) for message in messages if not _is_error(message.error())]


def _record(message: Message) -> Record:
    headers: dict[str, str | bytes | None] = dict(message.headers() or ())
    return Record(
        str(message.topic()),
        message.partition() or 0,
        message.offset() or 0,
        message.value() or b"",
        _text(headers[WORKSPACE]) if WORKSPACE in headers else None,
    )


def _text(value: str | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""


def _is_error(error: KafkaError | None) -> bool:
    if error is None:
        return False
    if error.fatal():
        raise KafkaException(error)
    log.warning("The broker says: %s", error.str())
    return True


def _show_lag(topics: dict[str, Any]) -> None:
    LAG.clear()
    for name, topic in topics.items():
        for partition, state in topic["partitions"].items():
            if state["consumer_lag"] >= 0:
                LAG.labels(name, partition).set(state["consumer_lag"])
