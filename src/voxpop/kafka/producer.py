"""A producer in a thread of its own, which the loop waits for."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from voxpop.config.settings import Settings
from voxpop.kafka.client import client_config, log, note_error

DELIVERY_SECONDS = 5.0
MOST_SECONDS = 8.0  # of sending a batch; with what the relay has used up of its lease, less than that lease


class Outgoing(NamedTuple):
    """A message to send; those of one key keep their order."""

    topic: str
    key: str
    value: str
    headers: dict[str, str]


class KafkaProducer:
    """An idempotent producer. One that has failed is thrown away with what it holds, so that nothing leaves late."""

    def __init__(self, settings: Settings) -> None:
        self._config = {
            **client_config(settings),
            "enable.idempotence": True,
            "partitioner": "murmur2_random",  # the partitions that Java's producers choose
            "error_cb": note_error,
        }
        self._thread = ThreadPoolExecutor(1, "kafka-producer")
        self._stopping = threading.Event()
        self._producer: Producer | None = None

    async def send(self, messages: Sequence[Outgoing]) -> list[str | None]:
        """For each message None when the broker has it, else why not.

        Of one key, none arrives after one that did not. Gives up when nothing has arrived for some seconds.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._send, messages)

    async def close(self) -> None:
        self._stopping.set()
        await asyncio.to_thread(self._thread.shutdown)

    def _send(self, messages: Sequence[Outgoing]) -> list[str | None]:
        outcomes: list[str | None] = ["it did not arrive in time"] * len(messages)

        def note(place: int, error: KafkaError | None, _: Message) -> None:
            outcomes[place] = error.str() if error else None

        place = 0
        try:
            self._producer = self._producer or Producer(self._config, logger=log)
            for place, (topic, key, value, headers) in enumerate(messages):
                self._producer.produce(topic, value, key, headers={**headers}, on_delivery=partial(note, place))
        except (KafkaException, BufferError) as error:
            outcomes[place] = str(error)  # what comes after it is not tried: order
        if self._producer:
            self._wait(self._producer)
            if any(outcomes):
                self._producer.purge()
                self._producer.flush(1)
                self._producer = None
        return outcomes

    def _wait(self, producer: Producer) -> None:
        """Until everything has arrived, nothing has for some seconds, or it takes longer than the lease allows."""
        left, deadline, end = len(producer), monotonic() + DELIVERY_SECONDS, monotonic() + MOST_SECONDS
        while left and monotonic() < deadline and not self._stopping.is_set():
            producer.poll(0.1)
            if len(producer) < left:
                deadline = min(end, monotonic() + DELIVERY_SECONDS)
            left = len(producer)
