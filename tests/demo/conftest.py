"""A database with part of the demo, loaded once; the tests only read it."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest
from tests.support.clients import Client
from tests.support.databases import at, run_sql
from tests.support.factories import Factory

from voxpop import demo
from voxpop.config.loading import load
from voxpop.db.pool import Database
from voxpop.surveys import new_workspaces
from voxpop.workspaces import service as workspaces

SCALE = 0.5  # of the demo; enough for the differences between agents
WORKSPACE = "shop window"
NAME = f"voxpop_demo_{os.getpid()}"


class LoadedDemo(NamedTuple):
    """The database, and the progress that was reported while it was loaded."""

    dsn: str
    shares: list[float]


async def load_demo(dsn: str) -> LoadedDemo:
    shares: list[float] = []
    pool = await Database.open(dsn)
    workspace = await new_workspaces.open_workspace(pool, WORKSPACE)
    assert await demo.load(pool, workspace, lambda _, share: shares.append(share), SCALE)
    await pool.close()
    return LoadedDemo(dsn, shares)


@pytest.fixture(scope="session")
def loaded(server_dsn: str, template: str) -> Iterator[LoadedDemo]:
    asyncio.run(run_sql(server_dsn, f"CREATE DATABASE {NAME} TEMPLATE {template} STRATEGY wal_log"))
    yield asyncio.run(load_demo(at(server_dsn, NAME)))
    asyncio.run(run_sql(server_dsn, f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"))


@pytest.fixture
async def demo_db(loaded: LoadedDemo) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """A connection to the loaded database without row level security."""
    connection = await asyncpg.connect(loaded.dsn)
    yield connection
    await connection.close()


@pytest.fixture
async def demo_client(loaded: LoadedDemo, tmp_path: Path) -> AsyncIterator[Client]:
    """A client of the API in the workspace with the demo."""
    pool = await Database.open(loaded.dsn)
    make = Factory(pool, load(env={}, directory=tmp_path))
    workspace = await workspaces.get_workspace_by_name(pool, WORKSPACE)
    client = await make.client(workspace.id)
    yield client
    await client.aclose()
    await pool.close()
