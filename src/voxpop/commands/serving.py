"""Serving HTTP until a signal: the same in `voxpop serve` and in each of its worker processes."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from voxpop.commands.session import log_progress
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.web.service_metrics import ServiceMetrics


async def serve_http(
    settings: Settings,
    database: Database,
    metrics: ServiceMetrics,
    sockets: Sequence[socket.socket],
    ready: Callable[[], None],
    background: Sequence[Coroutine[Any, Any, None]],
    until: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serves, with tasks in the background, until a signal or the end of `until`."""
    from voxpop.app import create_app
    from voxpop.server import HttpServer, quiet_garbage_collector

    def is_ready() -> None:
        quiet_garbage_collector()
        ready()

    server = HttpServer(create_app(database, settings, metrics), settings, is_ready)

    async def stop() -> None:
        if until:
            await until()
            server.should_exit = True

    async with asyncio.TaskGroup() as tasks, metrics.shared():
        running = [tasks.create_task(each) for each in (*background, stop())]
        await server.serve(list(sockets))
        log_progress("Stopped listening; closing the database")
        for task in running:
            task.cancel()
