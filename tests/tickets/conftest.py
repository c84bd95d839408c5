"""Fixtures of the tests of tickets."""

from collections.abc import AsyncIterator

import pytest
from tests.tickets.office import Office

from voxpop.db.pool import Database


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    made = await Office(database).furnish()
    yield made
    for browser in made.browsers:
        await browser.aclose()
