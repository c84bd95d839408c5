"""`voxpop serve`: starts the database, the worker and the HTTP server, and stops them in reverse order."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Annotated

import msgspec
import uvloop
from cyclopts import Parameter

from voxpop.accounts import sign_in
from voxpop.commands.demo import load_demo
from voxpop.commands.output import write_line
from voxpop.commands.session import (
    Data,
    DatabaseServer,
    database_server,
    load_settings,
    log_progress,
    migrated_database,
)
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.types import utcnow
from voxpop.worker import loop
from voxpop.workspaces import service as workspaces

Host = Annotated[str | None, Parameter(help="The address to listen on (VOXPOP_HOST, 127.0.0.1).")]
Port = Annotated[int | None, Parameter(help="The port to listen on; 0 chooses a free one (VOXPOP_PORT, 8000).")]
Demo = Annotated[
    bool, Parameter(negative="", show_default=False, help="Load demo data into an empty default workspace first.")
]
NoWorker = Annotated[bool, Parameter(negative="", show_default=False, help="Leave the daily jobs to `voxpop worker`.")]

SERVE = """Start Voxpop: the API, the pages and the worker, until it is stopped.

The first start creates the database and prints an API key, which cannot be
shown again. On Ctrl-C requests in progress are completed first; a second
Ctrl-C cancels them.

For example:

    voxpop serve
    voxpop serve --demo --port 9000
    voxpop serve --host 0.0.0.0 --data /srv/voxpop
    VOXPOP_DATABASE_URL=postgresql://voxpop@db/voxpop voxpop serve
"""


def serve(
    *, host: Host = None, port: Port = None, demo: Demo = False, no_worker: NoWorker = False, data: Data = None
) -> None:
    """Serves until a signal stops the process."""
    from voxpop.server import bind

    settings = load_settings(data, host=host, port=port)
    sockets = bind(settings.host, settings.port)
    settings = msgspec.structs.replace(settings, port=sockets[0].getsockname()[1])
    with database_server(settings) as server, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, server, sockets, demo=demo, worker=not no_worker))


async def _run(
    settings: Settings, server: DatabaseServer, sockets: Sequence[socket.socket], *, demo: bool, worker: bool
) -> None:
    async with migrated_database(settings, server.dsn) as database:
        await _set_up(database, settings)
        if demo:
            await _load_demo(database)
        await _serve(settings, server, database, sockets, worker=worker)


async def _set_up(database: Database, settings: Settings) -> None:
    """On the first start writes the API key and the owner's sign-in link."""
    if key := await workspaces.first_start(database, utcnow()):
        write_line(f"Your API key with all scopes. It cannot be shown again:\n\n    {key}\n")
    if link := await sign_in.create_first_owner_link(database, settings.public_url, utcnow()):
        write_line(f"Sign in as the owner. The link works once and expires in 7 days:\n\n    {link}\n")


async def _load_demo(database: Database) -> None:
    """Loads the demo data into the workspace with the default slug, whatever its name is."""
    async with database.transaction(None) as tx:
        rows = await workspaces.list_workspaces(tx)
    for workspace in rows:
        if workspace.slug == workspaces.DEFAULT:
            await load_demo(database, workspace)


async def _serve(
    settings: Settings, server: DatabaseServer, database: Database, sockets: Sequence[socket.socket], *, worker: bool
) -> None:
    from voxpop.app import create_app
    from voxpop.server import HttpServer, quiet_garbage_collector

    def ready() -> None:
        quiet_garbage_collector()
        _announce(settings)

    http_server = HttpServer(create_app(database, settings), settings, ready)
    async with asyncio.TaskGroup() as tasks:
        background = [tasks.create_task(loop.run_worker(database, settings))] if worker else []
        if server.supervisor:
            background.append(tasks.create_task(server.supervisor.watch()))
        await http_server.serve(list(sockets))
        log_progress("Stopped listening; closing the database")
        for task in background:
            task.cancel()


def _announce(settings: Settings) -> None:
    listening = f" (listening on {settings.host}, port {settings.port})" if settings.base_url else ""
    write_line(f"Voxpop is ready at {settings.public_url}{listening}")
