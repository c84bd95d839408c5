"""`voxpop serve`: starts the database, the worker and the HTTP server, and stops them in reverse order."""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated

import msgspec
import uvloop
from cyclopts import Parameter
from msgspec import Struct

from voxpop.accounts import sign_in
from voxpop.commands.demo import load_demo
from voxpop.commands.output import write_line
from voxpop.commands.serving import serve_http
from voxpop.commands.session import (
    Data,
    DatabaseServer,
    database_server,
    load_settings,
    log_progress,
    migrated_database,
)
from voxpop.commands.worker_processes import WorkerProcesses, WorkerStart
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.surveys import new_workspaces
from voxpop.types import utcnow
from voxpop.web.service_metrics import ServiceMetrics
from voxpop.widget import demo_shop
from voxpop.worker import loop
from voxpop.workspaces import service as workspaces

Host = Annotated[str | None, Parameter(help="The address to listen on (VOXPOP_HOST, 127.0.0.1).")]
Port = Annotated[int | None, Parameter(help="The port to listen on; 0 chooses a free one (VOXPOP_PORT, 8000).")]
Demo = Annotated[
    bool,
    Parameter(
        negative="",
        show_default=False,
        help="Load demo data into an empty default workspace first, and let every visitor look at them (VOXPOP_DEMO).",
    ),
]
NoWorker = Annotated[bool, Parameter(negative="", show_default=False, help="Leave the daily jobs to `voxpop worker`.")]

AUTO, MAX_WORKERS = "auto", 64


def _check_workers(_type: object, value: str) -> None:
    if value != AUTO and not (value.isascii() and value.isdigit() and 1 <= int(value) <= MAX_WORKERS):
        raise ValueError(f"It must be a number from 1 to {MAX_WORKERS}, or '{AUTO}'.")


Workers = Annotated[
    str,
    Parameter(
        validator=_check_workers,
        help=f"The number of processes that serve requests, 1 to {MAX_WORKERS}, or '{AUTO}' for one on each core.",
    ),
]


class Serving(Struct, frozen=True):
    """What `serve` runs. One of the processes has the background work: daily jobs, outgoing email and Kafka."""

    settings: Settings
    server: DatabaseServer
    sockets: Sequence[socket.socket]
    processes: int
    has_background_work: bool


SERVE = """Start Voxpop: the API, the pages and the worker, until it is stopped.

The first start creates the database and prints an API key, which cannot be
shown again. On Ctrl-C requests in progress are completed first; a second
Ctrl-C cancels them.

For example:

    voxpop serve
    voxpop serve --demo --port 9000
    voxpop serve --workers auto
    voxpop serve --host 0.0.0.0 --data /srv/voxpop
    VOXPOP_DATABASE_URL=postgresql://voxpop@db/voxpop voxpop serve
"""


def serve(
    *,
    host: Host = None,
    port: Port = None,
    workers: Workers = "1",
    demo: Demo = False,
    no_worker: NoWorker = False,
    data: Data = None,
) -> None:
    """Serves until a signal stops the process."""
    from voxpop.server import bind, raise_open_file_limit

    settings = load_settings(data, host=host, port=port, demo=demo or None)
    count = _count(workers)
    raise_open_file_limit()
    sockets = bind(settings.host, settings.port)
    settings = msgspec.structs.replace(settings, port=sockets[0].getsockname()[1])
    with (
        database_server(settings, processes=count, meanwhile=_import_application) as server,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_run(Serving(settings, server, sockets, count, not no_worker)))


def _import_application() -> None:
    """Takes as long as the database needs to start."""
    import_module("voxpop.app")


def _count(workers: str) -> int:
    if workers != AUTO:
        return int(workers)
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(cores, MAX_WORKERS)


async def _run(serving: Serving) -> None:
    async with migrated_database(serving.settings, serving.server) as database:
        await _set_up(database, serving.settings)
        if serving.settings.demo:
            await _load_demo(database, serving.settings.public_url)
        if serving.processes == 1:
            await _serve(serving, database)
    if serving.processes > 1:
        await _serve_in_processes(serving)


async def _set_up(database: Database, settings: Settings) -> None:
    """On the first start writes the API key and the owner's sign-in link."""
    if key := await new_workspaces.first_start(database, utcnow()):
        write_line(f"Your API key with all scopes. It cannot be shown again:\n\n    {key}\n")
    if link := await sign_in.create_first_owner_link(database, settings.public_url, utcnow()):
        write_line(f"Sign in as the owner. The link works once and expires in 7 days:\n\n    {link}\n")


async def _load_demo(database: Database, public_url: str) -> None:
    """Loads the demo data into the workspace with the default slug, whatever its name is, and opens the demo shop."""
    async with database.system_transaction() as tx:
        rows = await workspaces.list_workspaces(tx)
    for workspace in rows:
        if workspace.slug == workspaces.DEFAULT:
            await load_demo(database, workspace)
            await demo_shop.prepare(database, workspace.id, public_url)


async def _serve(serving: Serving, database: Database) -> None:
    background = [loop.run_worker(database, serving.settings)] if serving.has_background_work else []
    if serving.server.supervisor:
        background.append(serving.server.supervisor.watch())
    metrics = ServiceMetrics(database)
    await serve_http(
        serving.settings, database, metrics, serving.sockets, partial(_announce, serving.settings), background
    )


async def _serve_in_processes(serving: Serving) -> None:
    """Watches the database and the processes that serve. They share the port, which stays bound here."""
    from voxpop.server import bind

    settings = serving.settings
    for each in serving.sockets:
        each.close()
    reserved = bind(settings.host, settings.port, is_shared=True)
    with tempfile.TemporaryDirectory(prefix="voxpop-") as directory:
        starts = [
            WorkerStart(
                settings, serving.server.dsn, number, Path(directory), serving.has_background_work and number == 0
            )
            for number in range(serving.processes)
        ]
        async with asyncio.TaskGroup() as tasks:
            watch = serving.server.supervisor and tasks.create_task(serving.server.supervisor.watch())
            await WorkerProcesses(starts, partial(_announce, settings)).run()
            log_progress("Stopped listening; closing the database")
            if watch:
                watch.cancel()
    for each in reserved:
        each.close()


def _announce(settings: Settings) -> None:
    listening = f" (listening on {settings.host}, port {settings.port})" if settings.base_url else ""
    write_line(f"Voxpop is ready at {settings.public_url}{listening}")
