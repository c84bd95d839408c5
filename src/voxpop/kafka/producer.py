"""An idempotent Kafka producer in its own thread."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from voxpop.config.settings import Settings
from voxpop.kafka.client import client_config, log, log_error
from voxpop.kafka.messages import OutgoingMessage

DELIVERY_TIMEOUT = 5.0
BATCH_TIMEOUT = 8.0  # seconds for a batch; less than what remains of the relay's lease


class KafkaProducer:
    """Sends batches. After a failure the client is discarded with its queue, so that no message is sent late."""

    def __init__(self, settings: Settings) -> None:
        self._config = {
            **client_config(settings),
            "enable.idempotence": True,
            "partitioner": "murmur2_random",  # chooses the same partitions as the Java client
            "error_cb": log_error,
        }
        self._thread = ThreadPoolExecutor(1, "kafka-producer")
        self._stopping = threading.Event()
        self._producer: Producer | None = None

    async def send(self, messages: Sequence[OutgoingMessage]) -> list[str | None]:
        """The result of each message: None once the broker has acknowledged it, otherwise the error.

        Of messages with one key, none is delivered after one that failed. Returns early without progress.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._send, messages)

    async def close(self) -> None:
        self._stopping.set()
        await asyncio.to_thread(self._thread.shutdown)

    def _send(self, messages: Sequence[OutgoingMessage]) -> list[str | None]:
        results: list[str | None] = ["it was not acknowledged in time"] * len(messages)

        def on_delivery(index: int, error: KafkaError | None, _: Message) -> None:
            results[index] = error.str() if error else None

        index = 0
        try:
            self._producer = self._producer or Producer(self._config, logger=log)
            for index, (topic, key, value, headers) in enumerate(messages):
                self._producer.produce(topic, value, key, headers={**headers}, on_delivery=partial(on_delivery, index))
        except (KafkaException, BufferError) as error:
            results[index] = str(error)  # later messages are not sent, to keep the order
        if self._producer:
            self._wait(self._producer)
            if any(results):
                self._producer.purge()
                self._producer.flush(1)
                self._producer = None
        return results

    def _wait(self, producer: Producer) -> None:
        """Waits until all messages are acknowledged, there is no progress, or the lease could run out."""
        left, deadline, end = len(producer), monotonic() + DELIVERY_TIMEOUT, monotonic() + BATCH_TIMEOUT
        while left and monotonic() < deadline and not self._stopping.is_set():
            producer.poll(0.1)
            if len(producer) < left:
                deadline = min(end, monotonic() + DELIVERY_TIMEOUT)
            left = len(producer)
