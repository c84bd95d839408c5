"""What commands begin with: the settings, and the database they name, up to date. Closes again what it opened."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import structlog
from cyclopts import Parameter

from voxpop import logs
from voxpop.config import loading
from voxpop.config.loading import Value
from voxpop.config.settings import Settings
from voxpop.db.embedded.supervisor import Supervisor, running
from voxpop.db.migrate import migrate
from voxpop.db.pool import Database
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace

Data = Annotated[Path | None, Parameter(help="The data directory of the embedded database (VOXPOP_DATA_DIR).")]
WorkspaceName = Annotated[str, Parameter(help="The name of a workspace; `voxpop workspace list` shows them.")]
Result = TypeVar("Result")


def is_name(_type: object, value: str) -> None:
    """A check of an option: what keys and workspaces may be called."""
    if not value.strip() or len(value) > 200 or not value.isprintable():
        raise ValueError("It must have 1 to 200 characters, all of them printable.")


class Source(NamedTuple):
    """Where the database is, and for an embedded one who looks after it."""

    dsn: str
    supervisor: Supervisor | None


def load(data: Path | None, **flags: Value | None) -> Settings:
    """The settings, flags first, which the logs follow from here on; ConfigError names all that is wrong."""
    given = {"data_dir": data, **flags}
    settings = loading.load(overrides={name: value for name, value in given.items() if value is not None})
    logs.configure(settings.log_level, settings.log_format)
    return settings


def say(line: str) -> None:
    """A line for people who wait; on stderr, as stdout is for results."""
    structlog.get_logger("voxpop").info(line)


@contextmanager
def source(settings: Settings) -> Iterator[Source]:
    """The external database, or the embedded one, which is started unless another process runs it."""
    if settings.database_url:
        yield Source(settings.database_url, None)
        return
    with running(settings.data_dir, binaries=settings.postgres_bin, progress=say) as supervisor:
        yield Source(supervisor.server.dsn, supervisor)


@asynccontextmanager
async def connected(settings: Settings, dsn: str) -> AsyncIterator[Database]:
    """A pool on the database, whose schema is brought up to date first."""
    await migrate(settings.migrate_url or dsn, say)
    database = await Database.open(dsn, size=settings.pool_size, direct=settings.migrate_url)
    try:
        yield database
    finally:
        await database.close()


def on_database(settings: Settings, action: Callable[[Database], Awaitable[Result]]) -> Result:
    """Does one thing on the database and leaves it as it was: running or not."""

    async def act(dsn: str) -> Result:
        async with connected(settings, dsn) as database:
            return await action(database)

    with source(settings) as found:
        return asyncio.run(act(found.dsn))


async def workspace_named(database: Database, name: str) -> Workspace:
    """The workspace; the default one is made where there is none yet, as before the first start."""
    await workspaces.ensure_workspace(database)
    return await workspaces.get_workspace_by_name(database, name)
