"""The metrics of a service in Prometheus' text format: those of this process, or the sums of all its processes."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prometheus_client import Gauge, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from voxpop.db.pool import Database

POOL_CONNECTIONS = Gauge("voxpop_pool_connections", "Database connections of this process", ["state"])
PEER_TIMEOUT = 2.0  # seconds; a process that is starting or ending has no metrics
# Sums of these say nothing. All other metrics of several processes are added.
MAXIMA = {"python_info", "process_max_fds"}
MINIMA = {"process_start_time_seconds"}


class ServiceMetrics:
    """`directory` is private to the processes that serve one address. Each has a socket in it, named after its number.

    Without it there is one process.
    """

    def __init__(self, database: Database, directory: Path | None = None, number: int = 0) -> None:
        self._database, self._directory, self._number = database, directory, number

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Inside the block the other processes can read the metrics of this one."""
        if self._directory is None:
            yield
            return
        path = self._directory / f"{self._number}.sock"
        path.unlink(missing_ok=True)  # of a process that was killed
        server = await asyncio.start_unix_server(self._answer, path)
        try:
            yield
        finally:
            server.close()

    async def text(self) -> bytes:
        """The metrics of the service."""
        own = self._own_text()
        if self._directory is None:
            return own
        peers = [path for path in self._directory.glob("*.sock") if path.stem != str(self._number)]
        others = await asyncio.gather(*map(_read, peers))
        return add_up([own, *filter(None, others)])

    async def _answer(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._own_text())
        writer.close()

    def _own_text(self) -> bytes:
        POOL_CONNECTIONS.labels("idle").set(self._database.idle)
        POOL_CONNECTIONS.labels("busy").set(self._database.size - self._database.idle)
        return generate_latest()


async def _read(path: Path) -> bytes | None:
    try:
        async with asyncio.timeout(PEER_TIMEOUT):
            reader, writer = await asyncio.open_unix_connection(path)
            text = await reader.read()
            writer.close()
            return text
    except OSError:  # includes the timeout
        return None


def add_up(texts: Iterable[bytes]) -> bytes:
    """The metrics of several processes as those of one."""
    sums: dict[str, Metric] = {}
    for text in texts:
        for metric in text_string_to_metric_families(text.decode()):
            known = sums.get(metric.name)
            if known is None:
                sums[metric.name] = metric
            else:
                _add(known, metric)
    return generate_latest(_Collected(sums.values()))


def _add(known: Metric, metric: Metric) -> None:
    values: dict[tuple[Any, ...], Any] = {
        (sample.name, *sorted(sample.labels.items())): sample for sample in known.samples
    }
    for sample in metric.samples:
        key = (sample.name, *sorted(sample.labels.items()))
        old = values.get(key)
        values[key] = sample if old is None else old._replace(value=_joined(sample.name, old.value, sample.value))
    known.samples = list(values.values())


def _joined(name: str, one: float, other: float) -> float:
    if name in MAXIMA:
        return max(one, other)
    if name in MINIMA or name.endswith("_created"):
        return min(one, other)
    return one + other


class _Collected:
    """A registry of metrics that are collected already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics
