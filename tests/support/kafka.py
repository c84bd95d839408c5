"""Topics of one test, messages sent to them and read from them, and processes that use them."""

import itertools
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from tests.support.kafka_broker import Broker

from voxpop.config.loading import Value, load
from voxpop.config.settings import Settings
from voxpop.kafka.messages import WORKSPACE_HEADER

PROCESS = Path(__file__).with_name("kafka_process.py")
PARTITIONS = 4
ASKED = "SELECT coalesce(sum(opened), 0)::int FROM survey_count WHERE grain = 'day' AND series_kind = 'campaign'"
Headers: TypeAlias = dict[str, str | bytes | None]


def event(context: object, **fields: object) -> bytes:
    """An event that triggers the campaign of `home`; a field that is None is left out."""
    sent = {
        "event_type": "ORDER_COMPLETED",
        "guid": f"guid-{context}",
        "context_type": "ORDER",
        "context_id": str(context),
    }
    return json.dumps({name: value for name, value in {**sent, **fields}.items() if value is not None}).encode()


class Kafka:
    """Topics and a group of one test, and the settings that name them."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.broker = broker
        own = uuid.uuid4().hex[:8]
        self.events, self.feedback, self.metrics = (f"{name}-{own}" for name in ("events", "feedback", "metrics"))
        for topic in (self.events, self.feedback, self.metrics):
            broker.make_topic(topic, PARTITIONS)
        self.overrides: dict[str, Value] = {
            "kafka_bootstrap": broker.address,
            "kafka_group_id": f"group-{own}",
            "kafka_topic_customer_events": self.events,
            "kafka_topic_feedback": self.feedback,
            "kafka_topic_daily_metrics": self.metrics,
        }
        self._folder = folder
        self._producer = self._open()
        self._numbers = itertools.count()
        self._waiting: dict[int, tuple[bytes | None, Headers, int]] = {}

    def settings(self, **changed: Value) -> Settings:
        return load(env={}, directory=self._folder, overrides={**self.overrides, **changed})

    def send(self, *values: bytes | None, workspace: str | bytes | None = None, partition: int = -1) -> None:
        """Sends messages and returns once the broker has them."""
        self.post(*values, workspace=workspace, partition=partition)
        self.flush()

    def flush(self) -> None:
        """Waits for delivery. A producer that lost the broker is replaced, and its messages are sent again."""
        self._producer.flush(20)
        if self._waiting:
            self._producer.purge()
            self._producer = self._open()
            for number, (value, headers, partition) in list(self._waiting.items()):
                self._produce(number, value, headers, partition)
            assert self._producer.flush(60) == 0

    def _open(self) -> Producer:
        return Producer({"bootstrap.servers": self.broker.address, "message.timeout.ms": 120_000, "log_level": 0})

    def post(self, *values: bytes | None, workspace: str | bytes | None = None, partition: int = -1) -> None:
        """Queues messages and returns at once; they are sent when the broker is reachable."""
        headers: Headers = {} if workspace is None else {WORKSPACE_HEADER: workspace}
        for value in values:
            number = next(self._numbers)
            self._waiting[number] = (value, headers, partition)
            self._produce(number, value, headers, partition)

    def _produce(self, number: int, value: bytes | None, headers: Headers, partition: int) -> None:
        def note(error: KafkaError | None, _: Message) -> None:
            if error is None:
                self._waiting.pop(number, None)

        self._producer.produce(self.events, value, partition=partition, headers=headers, on_delivery=note)
        self._producer.poll(0)

    def committed(self) -> int:
        """The sum of the group's committed offsets; 0 while the broker does not respond."""
        reader = Consumer({"bootstrap.servers": self.broker.address, "group.id": self.overrides["kafka_group_id"]})
        places = [TopicPartition(self.events, number) for number in range(PARTITIONS)]
        try:
            return sum(max(place.offset, 0) for place in reader.committed(places, 10))
        except KafkaException:
            return 0
        finally:
            reader.close()

    def members(self) -> list[int]:
        """The number of partitions of each member of the group; empty before the group exists."""
        client = AdminClient({"bootstrap.servers": self.broker.address, "log_level": 0})
        group = str(self.overrides["kafka_group_id"])
        try:
            described = client.describe_consumer_groups([group], request_timeout=10)[group].result(11)
        except KafkaException:
            return []
        return sorted(len(member.assignment.topic_partitions) for member in described.members)

    def read(self, topic: str, count: int, *, more_seconds: float = 0) -> list[Message]:
        """Reads so many messages with another consumer, and the messages of some seconds after them."""
        reader = Consumer({"bootstrap.servers": self.broker.address, "group.id": uuid.uuid4().hex, "log_level": 0})
        reader.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        found: list[Message] = []
        deadline = monotonic() + 30
        while len(found) < count and monotonic() < deadline:
            found += [one for one in reader.consume(1000, 0.2) if not one.error()]
        found += [one for one in reader.consume(1000, more_seconds) if not one.error()] if more_seconds else []
        reader.close()
        return found

    @contextmanager
    def process(self, work: str, dsn: str, log: Path | None = None) -> Iterator["subprocess.Popen[bytes]"]:
        """A process that consumes or relays; it is killed at the end."""
        given = {f"VOXPOP_{name.upper()}": str(value) for name, value in self.overrides.items()}
        with (log or Path(os.devnull)).open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, str(PROCESS), work],
                env={**os.environ, **given, "VOXPOP_DATABASE_URL": dsn},
                cwd=self._folder,
                stderr=output,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def headers_of(message: Message) -> Mapping[str, str]:
    headers = dict(message.headers() or ()).items()
    return {name: value.decode() for name, value in headers if isinstance(value, bytes)}
