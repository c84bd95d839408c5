"""Fixtures of the tests of accounts."""

from collections.abc import AsyncIterator

import pytest
from tests.support.sites import Site

from voxpop.db.pool import Database


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    """The app over two workspaces, `default` and `acme`."""
    site = await Site(database).set_up()
    yield site
    for browser in site.browsers:
        await browser.aclose()
