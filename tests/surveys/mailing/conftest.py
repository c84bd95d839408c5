"""A real mail server that receives the emails of surveys."""

from collections.abc import AsyncIterator

import pytest
from tests.support.mail_server import MailServer, mail_server


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running
