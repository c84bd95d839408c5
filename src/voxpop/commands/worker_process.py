"""One of several processes that serve one address; `worker_processes` starts it."""

import asyncio
import sys

import uvloop

from voxpop import logs
from voxpop.commands.output import write_line
from voxpop.commands.serving import serve_http
from voxpop.commands.worker_processes import READY, WorkerStart
from voxpop.db.pool import Database
from voxpop.server import bind, raise_open_file_limit
from voxpop.web.service_metrics import ServiceMetrics
from voxpop.worker import loop


def main() -> None:
    start = WorkerStart.of(sys.stdin.buffer.readline())
    logs.configure(start.settings.log_level, start.settings.log_format)
    raise_open_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(start))


async def _run(start: WorkerStart) -> None:
    settings = start.settings
    database = await Database.open(start.dsn, size=settings.pool_size, direct=settings.migrate_url)
    metrics = ServiceMetrics(database, start.metrics_directory, start.number)
    sockets = bind(settings.host, settings.port, is_shared=True)
    background = [loop.run_worker(database, settings)] if start.has_background_work else []
    try:
        await serve_http(settings, database, metrics, sockets, _report, background, _parent_ends)
    finally:
        await database.close()


def _report() -> None:
    write_line(READY.decode().strip())


async def _parent_ends() -> None:
    """The standard input ends with the parent, however that ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


if __name__ == "__main__":
    main()
