"""A site with hosted surveys."""

from collections.abc import AsyncIterator

import pytest
from tests.support.hosted import HostedSite

from voxpop.db.pool import Database


@pytest.fixture
async def site(database: Database) -> AsyncIterator[HostedSite]:
    site = await HostedSite(database).set_up()
    yield site
    for browser in site.browsers:
        await browser.aclose()
