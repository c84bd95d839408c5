"""A site with hosted surveys, and a real mail server that receives their emails."""

from collections.abc import AsyncIterator

import pytest
from tests.support.hosted import HostedSite
from tests.support.mail_server import MailServer, mail_server

from voxpop.db.pool import Database


@pytest.fixture
async def site(database: Database) -> AsyncIterator[HostedSite]:
    site = await HostedSite(database).set_up()
    yield site
    for browser in site.browsers:
        await browser.aclose()


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running
