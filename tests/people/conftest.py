"""Fixtures of the tests of people."""

from collections.abc import AsyncIterator

import pytest
from tests.people.kit import House

from voxpop.db.pool import Database


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    made = await House(database).furnish()
    yield made
    for browser in made.browsers:
        await browser.aclose()
