"""`voxpop status`."""

import asyncio
from importlib.metadata import version
from urllib.parse import urlsplit

from voxpop.commands.output import show
from voxpop.commands.session import Data, Source, load, source
from voxpop.config.settings import Settings
from voxpop.db.migrate import list_pending
from voxpop.db.pool import Database
from voxpop.workspaces import service as workspaces


def status(*, data: Data = None) -> None:
    """Show the version, the database, and whether its schema is up to date. Changes nothing.

    Like this:

        voxpop status
        voxpop status --data /srv/voxpop
    """
    settings = load(data)
    _line("Version", version("voxpop"))
    if not settings.database_url and not (settings.data_dir / "postgres").exists():
        _line("Data directory", f"{settings.data_dir}, empty; `voxpop serve` makes the database")
        return
    with source(settings) as found:
        _show_server(settings, found)
        asyncio.run(_show_content(settings, found.dsn))


def _show_server(settings: Settings, found: Source) -> None:
    if found.supervisor is None:
        _line("Database", f"PostgreSQL at {_place(found.dsn)}")
        return
    server = found.supervisor.status()
    state = "not running" if server.owned else f"running, process {server.pid}, port {server.port} on 127.0.0.1"
    _line("Database", f"embedded PostgreSQL {server.version}, {state}")
    _line("Data directory", str(settings.data_dir))


async def _show_content(settings: Settings, dsn: str) -> None:
    missing = await list_pending(settings.migrate_url or dsn)
    names = ", ".join(f"{migration.number:04d} {migration.name}" for migration in missing)
    _line("Schema", f"{len(missing)} to apply: {names}" if missing else "up to date")
    if missing:
        return
    database = await Database.open(dsn, size=1, direct=settings.migrate_url)
    try:
        async with database.transaction(None) as tx:
            _line("Workspaces", ", ".join(one.name for one in await workspaces.list_workspaces(tx)) or "none yet")
    finally:
        await database.close()


def _place(dsn: str) -> str:
    """Hosts and database of an address, without user and password."""
    parts = urlsplit(dsn)
    return parts.netloc.rpartition("@")[2] + parts.path


def _line(name: str, value: str) -> None:
    show(f"{name + ':':<16}{value}")
