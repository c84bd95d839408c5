"""Fixtures of the tests of accounts."""

from collections.abc import AsyncIterator

import pytest
from tests.support.sites import Site, closing

from voxpop.db.pool import Database


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    """The app over two workspaces, `default` and `acme`."""
    async with closing(await Site(database).set_up()) as site:
        yield site
