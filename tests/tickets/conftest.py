"""Fixtures of the tests of tickets: the portal, the inbox, and tickets of a client's workspace."""

from collections.abc import AsyncIterator

import pytest
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.portal import PortalSite
from tests.support.sites import closing
from tests.support.tickets import TicketFactory

from voxpop.db.pool import Database


@pytest.fixture
def tickets(make: Factory, client: Client) -> TicketFactory:
    """Tickets of the client's workspace."""
    return TicketFactory(make, client.workspace)


@pytest.fixture
async def portal(database: Database) -> AsyncIterator[PortalSite]:
    async with closing(await PortalSite(database).set_up()) as made:
        yield made
