"""`voxpop serve`: opens the database, says the address, and stops things in the reverse order."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
import uvloop
from cyclopts import Parameter

from voxpop.accounts import sign_in
from voxpop.commands.demo import load_demo
from voxpop.commands.output import show
from voxpop.commands.session import Data, Source, connected, load, say, source
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.types import utcnow
from voxpop.worker import loop
from voxpop.workspaces import service as workspaces

Host = Annotated[str | None, Parameter(help="The address to listen on (VOXPOP_HOST, 127.0.0.1).")]
Port = Annotated[int | None, Parameter(help="The port to listen on; 0 takes a free one (VOXPOP_PORT, 8000).")]
Demo = Annotated[
    bool, Parameter(negative="", show_default=False, help="Fill an empty default workspace with made-up data first.")
]
NoWorker = Annotated[bool, Parameter(negative="", show_default=False, help="Leave the daily jobs to `voxpop worker`.")]


def serve(
    *, host: Host = None, port: Port = None, demo: Demo = False, no_worker: NoWorker = False, data: Data = None
) -> None:
    """Start Voxpop: the API, its pages and the daily jobs, until told to stop.

    The first start makes the database and prints an API key, this once. When
    it is told to stop, requests in flight are answered; a second Ctrl-C ends
    them as well.

        voxpop serve
        voxpop serve --demo --port 9000
        voxpop serve --host 0.0.0.0 --data /srv/voxpop
        VOXPOP_DATABASE_URL=postgresql://voxpop@db/voxpop voxpop serve
    """
    from voxpop.server import bind

    settings = load(data, host=host, port=port)
    sockets = bind(settings.host, settings.port)
    settings = msgspec.structs.replace(settings, port=sockets[0].getsockname()[1])
    with source(settings) as found, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, found, sockets, demo=demo, worker=not no_worker))


async def _serve(
    settings: Settings, found: Source, sockets: Sequence[socket.socket], *, demo: bool, worker: bool
) -> None:
    async with connected(settings, found.dsn) as database:
        await _first_start(database, settings)
        if demo:
            await _fill(database)
        await _answer(settings, found, database, sockets, worker=worker)


async def _first_start(database: Database, settings: Settings) -> None:
    if key := await workspaces.first_start(database, utcnow()):
        show(f"Your API key, with all scopes; it is shown this once:\n\n    {key}\n")
    if link := await sign_in.create_first_owner_link(database, settings.public_url, utcnow()):
        show(f"Sign in as the owner; the link works once, for seven days:\n\n    {link}\n")


async def _fill(database: Database) -> None:
    """Where somebody has renamed the default workspace there is nothing to fill."""
    async with database.transaction(None) as tx:
        known = await workspaces.list_workspaces(tx)
    for workspace in known:
        if workspace.name == workspaces.DEFAULT:
            await load_demo(database, workspace)


async def _answer(
    settings: Settings, found: Source, database: Database, sockets: Sequence[socket.socket], *, worker: bool
) -> None:
    from voxpop.app import create_app
    from voxpop.server import HttpServer

    server = HttpServer(create_app(database, settings), settings, _ready(settings))
    async with asyncio.TaskGroup() as tasks:
        beside = [tasks.create_task(loop.run_worker(database, settings))] if worker else []
        if found.supervisor:
            beside.append(tasks.create_task(found.supervisor.watch()))
        await server.serve(list(sockets))
        say("Stopped listening; closing the database")
        for task in beside:
            task.cancel()


def _ready(settings: Settings) -> Callable[[], None]:
    where = f" (listening on {settings.host}, port {settings.port})" if settings.base_url else ""
    return lambda: show(f"Voxpop is ready at {settings.public_url}{where}")
