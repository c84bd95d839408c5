"""Two workspaces' ways in, and a second process before the same database."""

from collections.abc import AsyncIterator

import pytest
from tests.conftest import Client, Make
from tests.support.campaigns import Door

from voxpop.config.loading import load
from voxpop.db.pool import Database


@pytest.fixture
def door(client: Client) -> Door:
    return Door(client)


@pytest.fixture
def theirs(neighbour: Client) -> Door:
    return Door(neighbour)


@pytest.fixture
async def other_process(door: Door, live_db: str) -> AsyncIterator[Door]:
    """The same caller at an app with gates and a pool of its own."""
    database = await Database.open(live_db, size=4)
    client = Make(database, load(env={})).anonymous(headers=dict(door.client.headers))
    yield Door(client)
    await client.aclose()
    await database.close()
