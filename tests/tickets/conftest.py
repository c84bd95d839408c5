"""Fixtures of the tests of tickets."""

from collections.abc import AsyncIterator

import pytest
from tests.support.inbox import InboxSite

from voxpop.db.pool import Database


@pytest.fixture
async def inbox(database: Database) -> AsyncIterator[InboxSite]:
    made = await InboxSite(database).set_up()
    yield made
    for browser in made.browsers:
        await browser.aclose()
