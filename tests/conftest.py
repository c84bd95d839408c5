"""What every test stands on: a real PostgreSQL, a migrated template that is cloned, two workspaces, the app's door."""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from tests.support.app import app_for
from tests.support.databases import Databases, at, run_sql

from voxpop.config.loading import load
from voxpop.config.settings import Settings
from voxpop.db.embedded.supervisor import running
from voxpop.db.migrate import migrate
from voxpop.db.pool import Database
from voxpop.types import Scope, WorkspaceId, utcnow
from voxpop.workspaces import service as workspaces

TEMPLATE = f"voxpop_template_{os.getpid()}"
MEMORY = Path("/dev/shm")  # noqa: S108 - where there is one, with room: a clone is made in 20 ms there, and in 80 on a disk
ROOM = 4 * 2**30  # bytes; all workers together use a third
# What a session's own server is spared: nobody needs these databases after a crash. Tests of crashes have their own.
HASTE = (
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "ALTER SYSTEM SET autovacuum = off",
    "ALTER SYSTEM SET max_wal_size = '128MB'",
    "SELECT pg_reload_conf()",
)


def cheap_place() -> Path | None:
    """A directory in memory for a server's files; None for that of other temporary files."""
    with contextlib.suppress(OSError):
        if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
            return MEMORY
    return None


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    """A server's address: VOXPOP_TEST_DATABASE_URL, else an embedded one of this session's own."""
    if url := os.environ.get("VOXPOP_TEST_DATABASE_URL"):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="voxpop-test-", dir=cheap_place()) as folder:
        Path(folder).chmod(0o755)
        with running(Path(folder) / "data") as supervisor:
            asyncio.run(run_sql(supervisor.server.dsn, *HASTE))
            yield supervisor.server.dsn


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
    """The address of a migrated, empty database; for real processes, and under everything else."""
    with databases.lend() as dsn:
        yield dsn


@pytest.fixture
async def database(live_db: str) -> AsyncIterator[Database]:
    """The product's own pool on the clone."""
    pool = await Database.open(live_db, size=8)
    yield pool
    await pool.close()


@pytest.fixture
async def owner(live_db: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """A connection past row level security, to look behind the door or to set time back."""
    connection = await asyncpg.connect(live_db)
    yield connection
    await connection.close()


class Client(httpx.AsyncClient):
    """A caller with a key; `workspace` is the key's."""

    workspace: WorkspaceId


class Make:
    """Makes what tests need, through the product's own services."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.app = app_for(database, settings)
        self.clients: list[Client] = []

    async def workspace(self, name: str) -> WorkspaceId:
        return (await workspaces.open_workspace(self.database, name)).id

    async def key(self, workspace: WorkspaceId, *scopes: Scope) -> str:
        async with self.database.transaction(workspace) as tx:
            return await workspaces.create_api_key(tx, workspace, scopes or Scope, "test", utcnow())

    async def client(self, workspace: WorkspaceId, *scopes: Scope) -> Client:
        """A caller of the app with a new key; all scopes unless some are named."""
        key = await self.key(workspace, *scopes)
        client = self.anonymous()
        client.headers["authorization"] = f"Bearer {key}"
        client.workspace = workspace
        return client

    def anonymous(self, **options: Any) -> Client:
        client = Client(transport=httpx.ASGITransport(app=self.app), base_url="http://voxpop.test", **options)
        self.clients.append(client)
        return client


@pytest.fixture
async def make(database: Database, tmp_path: Path) -> AsyncIterator[Make]:
    maker = Make(database, load(env={}, directory=tmp_path))
    yield maker
    for client in maker.clients:
        await client.aclose()


@pytest.fixture
async def client(make: Make) -> Client:
    """A caller with all scopes in a workspace of its own."""
    return await make.client(await make.workspace("ours"))


@pytest.fixture
async def neighbour(make: Make) -> Client:
    """A caller with all scopes in another workspace of the same database."""
    return await make.client(await make.workspace("theirs"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever stands on a database or a broker is marked so, for the second run on another database server."""
    for item in items:
        if "server_dsn" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
        if "session_broker" in getattr(item, "fixturenames", ()):
            item.add_marker("kafka")
