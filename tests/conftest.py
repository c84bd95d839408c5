"""Fixtures of all tests: a PostgreSQL server, clones of a migrated database, and clients of two workspaces."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import settings
from tests.support.clients import Client
from tests.support.databases import FAST_SETTINGS, Databases, at, run_sql
from tests.support.directories import temporary_directory
from tests.support.factories import Factory
from tests.support.inbox import Browser, InboxSite
from tests.support.order import spread
from tests.support.sites import closing

from voxpop.config.loading import load
from voxpop.db.embedded.supervisor import running
from voxpop.db.migrate import migrate
from voxpop.db.notify import ChangeNotifier
from voxpop.db.pool import Database

# An example may be slow on a busy machine; that is no failure.
settings.register_profile("voxpop", deadline=None)
settings.load_profile("voxpop")

# A line of the client for each request says nothing about the product.
logging.getLogger("httpx").setLevel(logging.WARNING)

TEMPLATE = f"voxpop_template_{os.getpid()}"


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    """The address of a server: VOXPOP_TEST_DATABASE_URL, or an embedded server of this session."""
    if url := os.environ.get("VOXPOP_TEST_DATABASE_URL"):
        yield url
        return
    with temporary_directory() as folder, running(folder / "data") as supervisor:
        asyncio.run(run_sql(supervisor.server.dsn, *FAST_SETTINGS))
        yield supervisor.server.dsn


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary directory for the data of a server."""
    with temporary_directory() as directory:
        yield directory


@pytest.fixture(scope="session")
def template(server_dsn: str) -> Iterator[str]:
    """The name of a migrated, empty database."""
    asyncio.run(run_sql(server_dsn, f"CREATE DATABASE {TEMPLATE} TEMPLATE template0"))
    asyncio.run(migrate(at(server_dsn, TEMPLATE)))
    yield TEMPLATE
    asyncio.run(run_sql(server_dsn, f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)"))


@pytest.fixture(scope="session")
def databases(server_dsn: str, template: str) -> Iterator[Databases]:
    made = Databases(server_dsn, template)
    yield made
    made.close()


@pytest.fixture
def live_db(databases: Databases) -> Iterator[str]:
    """The address of a migrated, empty database."""
    with databases.lend() as dsn:
        yield dsn


@pytest.fixture
async def database(live_db: str) -> AsyncIterator[Database]:
    """A pool of the product on the test's database."""
    pool = await Database.open(live_db, size=8)
    yield pool
    await pool.close()


class OwnerConnection(asyncpg.Connection):
    """A test changes rows behind the product's back; the application then forgets the identities it remembers."""

    notifier: ChangeNotifier

    async def execute(self, query: str, *arguments: Any, **options: Any) -> str:
        status = await super().execute(query, *arguments, **options)
        self.notifier.forget_identities()
        return str(status)


@pytest.fixture
async def owner(live_db: str, database: Database) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """A connection that bypasses row level security, to read every table or to change the time of rows."""
    connection = await asyncpg.connect(live_db, connection_class=OwnerConnection)
    connection.notifier = database.notifier
    yield connection
    await connection.close()


@pytest.fixture
async def make(database: Database, tmp_path: Path) -> AsyncIterator[Factory]:
    factory = Factory(database, load(env={}, directory=tmp_path))
    yield factory
    await factory.close()


@pytest.fixture
async def client(make: Factory) -> Client:
    """A client with all scopes in a workspace."""
    return await make.client(await make.workspace("ours"))


@pytest.fixture
async def other_client(make: Factory) -> Client:
    """A client with all scopes in another workspace of the same database."""
    return await make.client(await make.workspace("theirs"))


@pytest.fixture
async def inbox(database: Database) -> AsyncIterator[InboxSite]:
    """Pages of two workspaces with members and customers."""
    async with closing(await InboxSite(database).set_up()) as made:
        yield made


@pytest.fixture
def member(inbox: InboxSite) -> Browser:
    """The browser of the workspace's owner."""
    return inbox.owner_browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that use a database or a broker, for the second run on another database server.

    With several workers it puts the slow tests first.
    """
    for item in items:
        if "server_dsn" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
        if "session_broker" in getattr(item, "fixturenames", ()):
            item.add_marker("kafka")
    if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
        items[:] = spread(items, int(workers))
