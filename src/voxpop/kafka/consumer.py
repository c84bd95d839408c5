"""A Kafka consumer in its own thread, which hands batches to the event loop."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from time import monotonic
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from prometheus_client import Gauge

from voxpop.config.settings import Settings
from voxpop.kafka.client import client_config, events, log, log_error
from voxpop.kafka.messages import WORKSPACE_HEADER, Record

MAX_BATCH_SIZE = 1000
POLL_TIMEOUT = 0.5  # seconds; a stop is noticed after this time at most
PAUSE_AFTER = 0.5  # seconds of a batch until its partitions are paused; pausing discards fetched messages
REVOKE_TIMEOUT = 5.0  # seconds that a batch may delay the revocation of its partitions
CLOSE_TIMEOUT = 20.0
STATISTICS_INTERVAL = 5.0
# Seconds without a broker until the client is replaced. A client that gets an empty list of brokers from a broker
# that is starting forgets the one it knows, and would wait forever.
BROKER_TIMEOUT = 30.0

LAG = Gauge("voxpop_kafka_lag", "Messages of a partition that are not consumed yet", ["topic", "partition"])


class BrokerError(Exception):
    """The client cannot continue; a new client may."""


class KafkaConsumer:
    """A member of the consumer group. `handle_batch` runs in the event loop and returns after the commit.

    The offsets of a batch are committed afterwards. During a long batch the thread continues to poll with paused
    partitions, so that the consumer stays in the group.
    """

    def __init__(
        self, settings: Settings, topic: str, handle_batch: Callable[[Sequence[Record]], Awaitable[None]]
    ) -> None:
        self._config = {
            **client_config(settings),
            "group.id": settings.kafka_group_id,
            "group.protocol": settings.kafka_group_protocol,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "queued.max.messages.kbytes": 8_192,
            "statistics.interval.ms": int(STATISTICS_INTERVAL * 1000),
            "stats_cb": self._on_statistics,
            "error_cb": log_error,
        }
        if settings.kafka_group_protocol == "classic":
            self._config["partition.assignment.strategy"] = "cooperative-sticky"
        self._topic = topic
        self._handle_batch = handle_batch
        self._stopping = threading.Event()
        self._batch: list[Record] = []
        self._handling: Future[None] = Future()
        self._handled = threading.Event()
        self._paused = False
        self._pending: list[Message] = []  # messages that arrived while the partitions were paused
        self._last_contact = monotonic()
        self._lag: Mapping[tuple[str, str], int] = {}  # by topic and partition

    async def run(self) -> None:
        """Consumes until cancelled, then leaves the group. BrokerError if the client cannot continue."""
        self._loop = asyncio.get_running_loop()
        work = asyncio.ensure_future(asyncio.to_thread(self._consume))
        try:
            await asyncio.shield(work)
        except KafkaException as error:
            raise BrokerError(str(error)) from error
        finally:
            self._stopping.set()
            with suppress(KafkaException, BrokerError, TimeoutError):
                await asyncio.wait_for(asyncio.shield(work), CLOSE_TIMEOUT)

    def _consume(self) -> None:
        consumer = Consumer(self._config, logger=log)
        try:
            consumer.subscribe([self._topic], self._on_assign, self._on_revoke, self._on_lost)
            while not self._stopping.is_set():
                if monotonic() - self._last_contact > BROKER_TIMEOUT:
                    raise BrokerError("no broker is reachable")
                self._batch = _records(self._poll(consumer))
                if self._batch:
                    self._hand_over()
                    self._wait_for_batch(consumer)
        finally:
            consumer.close()  # revokes the partitions, which finishes or drops the current batch
            if self._batch:
                self._cancel()
            self._set_lag({})

    def _poll(self, consumer: Consumer) -> list[Message]:
        """The available messages; waits for the first one only."""
        pending, self._pending = self._pending, []
        # Compared with None, because a message without a value is false.
        if not pending and (first := consumer.poll(POLL_TIMEOUT)) is not None:
            pending = [first]
        return [*pending, *consumer.consume(MAX_BATCH_SIZE - len(pending), 0)] if pending else []

    def _hand_over(self) -> None:
        """Passes the batch to the event loop."""
        self._handled = handled = threading.Event()

        async def handle(batch: Sequence[Record]) -> None:
            try:
                await self._handle_batch(batch)
            finally:
                handled.set()

        self._handling = asyncio.run_coroutine_threadsafe(handle(self._batch), self._loop)

    def _wait_for_batch(self, consumer: Consumer) -> None:
        """Waits for the current batch, which a rebalance may shorten or drop meanwhile."""
        while self._batch and not self._stopping.is_set():
            if self._is_handled(PAUSE_AFTER):
                self._commit(consumer, asynchronous=True)
                continue
            if not self._paused:
                consumer.pause(consumer.assignment())
                self._paused = True
            if (message := consumer.poll(0)) is not None:
                self._pending.append(message)
        if self._paused:
            consumer.resume(consumer.assignment())
            self._paused = False

    def _is_handled(self, seconds: float) -> bool:
        """Whether the batch is handled within this time; raises its error."""
        if not wait([self._handling], seconds).done:
            return False
        self._handling.result()
        return True

    def _commit(self, consumer: Consumer, *, asynchronous: bool) -> None:
        """A failure is harmless: messages that are delivered again are duplicates, which unique indexes ignore."""
        last = {(record.topic, record.partition): record.offset + 1 for record in self._batch}
        self._batch = []
        with suppress(KafkaException):
            consumer.store_offsets(offsets=[TopicPartition(*key, offset=offset) for key, offset in last.items()])
        with suppress(KafkaException):
            if asynchronous:
                consumer.commit(asynchronous=True)
            else:
                consumer.commit(asynchronous=False)

    def _on_statistics(self, text: str) -> None:
        statistics = msgspec.json.decode(text)
        self._set_lag(_lag_by_partition(statistics["topics"]))
        if any(broker["state"] == "UP" for broker in statistics["brokers"].values()):
            self._last_contact = monotonic()

    def _set_lag(self, lag: Mapping[tuple[str, str], int]) -> None:
        """Replaces this member's values. Another member of this process may have removed them."""
        for labels in self._lag.keys() - lag.keys():
            with suppress(KeyError):
                LAG.remove(*labels)
        for labels, messages in lag.items():
            LAG.labels(*labels).set(messages)
        self._lag = lag

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_assign(partitions)
        if self._paused:
            consumer.pause(partitions)

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Finishes the current batch if that is quick; otherwise the batch continues without the revoked partitions."""
        if self._batch and self._is_handled(REVOKE_TIMEOUT):
            self._commit(consumer, asynchronous=False)
        self._drop_partitions(partitions)
        consumer.incremental_unassign(partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Drops the partitions without a commit, because other members own them already."""
        self._drop_partitions(partitions)
        consumer.incremental_unassign(partitions)

    def _drop_partitions(self, partitions: Iterable[TopicPartition]) -> None:
        dropped = {(partition.topic, partition.partition) for partition in partitions}
        kept = [record for record in self._batch if (record.topic, record.partition) not in dropped]
        if len(kept) == len(self._batch):
            return
        self._cancel()
        self._batch = kept
        if kept:
            self._hand_over()

    def _cancel(self) -> None:
        if self._handling.cancel():
            self._handled.wait(REVOKE_TIMEOUT)


def _records(messages: Iterable[Message]) -> list[Record]:
    return [_record(message) for message in messages if not _is_error(message.error())]


def _record(message: Message) -> Record:
    headers: dict[str, str | bytes | None] = dict(message.headers() or ())
    return Record(
        str(message.topic()),
        message.partition() or 0,
        message.offset() or 0,
        message.value() or b"",
        _text(headers[WORKSPACE_HEADER]) if WORKSPACE_HEADER in headers else None,
    )


def _text(value: str | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""


def _is_error(error: KafkaError | None) -> bool:
    if error is None:
        return False
    if error.fatal():
        raise KafkaException(error)
    events.warning("kafka.poll_failed", reason=error.str())
    return True


def _lag_by_partition(topics: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """From the client's statistics, by topic and partition, without partitions of other members."""
    return {
        (name, partition): state["consumer_lag"]
        for name, topic in topics.items()
        for partition, state in topic["partitions"].items()
        if state["consumer_lag"] >= 0
    }
