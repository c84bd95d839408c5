"""`voxpop status`."""

import asyncio
from importlib.metadata import version
from urllib.parse import urlsplit

from voxpop.commands.output import write_line
from voxpop.commands.session import Data, DatabaseServer, database_server, load_settings
from voxpop.config.settings import Settings
from voxpop.db.migrate import list_missing_privileges, list_pending
from voxpop.db.pool import Database
from voxpop.errors import OperatorError
from voxpop.workspaces import service as workspaces

STATUS = """Show the version, the database server, the state of the schema and the privileges of the roles.

Changes nothing.

For example:

    voxpop status
    voxpop status --data /srv/voxpop
"""


def status(*, data: Data = None) -> None:
    """Writes the version, the server, the schema and the workspaces."""
    settings = load_settings(data)
    _write("Version", version("voxpop"))
    if not settings.database_url and not (settings.data_dir / "postgres").exists():
        _write("Data directory", f"{settings.data_dir}, empty; `voxpop serve` creates the database")
        return
    with database_server(settings) as server:
        _write_server(settings, server)
        asyncio.run(_write_content(settings, server))


def _write_server(settings: Settings, server: DatabaseServer) -> None:
    if server.supervisor is None:
        _write("Database", f"PostgreSQL at {_without_credentials(server.dsn)}")
        return
    embedded = server.supervisor.status()
    state = "not running" if embedded.owned else f"running, process {embedded.pid}, port {embedded.port} on 127.0.0.1"
    _write("Database", f"embedded PostgreSQL {embedded.version}, {state}")
    _write("Data directory", str(settings.data_dir))


async def _write_content(settings: Settings, server: DatabaseServer) -> None:
    pending = await list_pending(server.owner_dsn)
    names = ", ".join(f"{migration.number:04d} {migration.name}" for migration in pending)
    _write("Schema", f"{len(pending)} to apply: {names}" if pending else "up to date")
    if pending:
        return
    if missing := await list_missing_privileges(server.owner_dsn):
        _write("Privileges", f"{len(missing)} missing: {', '.join(missing)}")
        raise OperatorError("The roles of the database lack privileges. `voxpop migrate` grants them")
    _write("Privileges", "complete")
    database = await Database.open(server.owner_dsn, size=1)
    try:
        async with database.system_transaction() as tx:
            rows = await workspaces.list_workspaces(tx)
        _write("Workspaces", ", ".join(workspace.name for workspace in rows) or "none yet")
    finally:
        await database.close()


def _without_credentials(dsn: str) -> str:
    parts = urlsplit(dsn)
    return parts.netloc.rpartition("@")[2] + parts.path


def _write(name: str, value: str) -> None:
    write_line(f"{name + ':':<16}{value}")
