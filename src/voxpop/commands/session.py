"""The resources that commands share: the settings, the database server and a migrated database, closed at the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import structlog
from cyclopts import Parameter
from msgspec import Struct

from voxpop import logs
from voxpop.config import loading
from voxpop.config.loading import Value
from voxpop.config.settings import Settings
from voxpop.db.embedded.supervisor import Supervisor, running
from voxpop.db.migrate import migrate
from voxpop.db.pool import Database
from voxpop.surveys import new_workspaces
from voxpop.text import is_visible, one_line
from voxpop.types import MAX_NAME
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace

Data = Annotated[Path | None, Parameter(help="The data directory of the embedded database (VOXPOP_DATA_DIR).")]
WorkspaceName = Annotated[str, Parameter(help="The name of a workspace; see `voxpop workspace list`.")]
Result = TypeVar("Result")
LISTENERS, OTHER_CONNECTIONS = 1, 50  # connections besides the pool: of each process, and of commands and the server


def check_name(_type: object, value: str) -> None:
    """Validates an option that names a key or a workspace."""
    if not is_visible(value) or len(value) > MAX_NAME or value != one_line(value):
        raise ValueError(f"It must be one line of 1 to {MAX_NAME} characters, of which one can be seen.")


class DatabaseServer(Struct, frozen=True):
    """The address of the database for the pool, and that for its owner, who migrates it.

    `supervisor` and `login_password` are set for the embedded server. There the login is made with the migrations.
    """

    dsn: str
    owner_dsn: str
    supervisor: Supervisor | None = None
    login_password: str | None = None


def load_settings(data: Path | None, **flags: Value | None) -> Settings:
    """Loads the settings, with flags first, and configures logging. Raises ConfigError with all errors."""
    overrides = {"data_dir": data, **flags}
    settings = loading.load(overrides={name: value for name, value in overrides.items() if value is not None})
    logs.configure(settings.log_level, settings.log_format)
    return settings


def log_progress(line: str) -> None:
    """Logs a line for a user who waits. It goes to stderr, because stdout is for results."""
    structlog.get_logger("voxpop").info(line)


@contextmanager
def database_server(
    settings: Settings, *, processes: int = 1, meanwhile: Callable[[], None] | None = None
) -> Iterator[DatabaseServer]:
    """The external server, or the embedded one, which starts unless another process runs it.

    An embedded server takes as many connections as this number of processes needs. `meanwhile` is called while it
    starts.
    """
    if settings.database_url:
        yield DatabaseServer(settings.database_url, settings.migrate_url or settings.database_url)
        return
    connections = processes * (settings.pool_size + LISTENERS) + OTHER_CONNECTIONS
    with running(
        settings.data_dir,
        binaries=settings.postgres_bin,
        progress=log_progress,
        connections=connections,
        meanwhile=meanwhile,
    ) as supervisor:
        server = supervisor.server
        yield DatabaseServer(server.login_dsn, server.dsn, supervisor, server.login_password)


@asynccontextmanager
async def migrated_database(settings: Settings, server: DatabaseServer) -> AsyncIterator[Database]:
    """A pool on the database, after its schema is migrated."""
    await migrate(server.owner_dsn, log_progress, login_password=server.login_password)
    database = await Database.open(server.dsn, size=settings.pool_size, direct=settings.migrate_url)
    try:
        yield database
    finally:
        await database.close()


def run_on_database(settings: Settings, action: Callable[[Database], Awaitable[Result]]) -> Result:
    """Runs an action on the database. A server that was not running stops afterwards."""

    async def run(server: DatabaseServer) -> Result:
        async with migrated_database(settings, server) as database:
            return await action(database)

    with database_server(settings) as server:
        return asyncio.run(run(server))


async def get_or_create_workspace(database: Database, name: str) -> Workspace:
    """The workspace. The default one is created if there is none yet."""
    await new_workspaces.ensure_workspace(database)
    return await workspaces.get_workspace_by_name(database, name)
