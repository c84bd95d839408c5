"""Live updates of the inbox: the tickets that a stream names, and its end with the session."""

from collections.abc import AsyncIterator
from datetime import timedelta
from unittest.mock import AsyncMock

import pytest
from litestar.response import ServerSentEventMessage
from tests.support.inbox import HOUR, InboxSite
from tests.support.served import serving

from voxpop.auth.streams import changes
from voxpop.config.loading import load
from voxpop.db.change_feed import ChangeFeed
from voxpop.tickets.inbox.live_updates import describe_tickets
from voxpop.tickets.inbox.store import list_changed_tickets
from voxpop.types import utcnow


@pytest.fixture
async def stream(inbox: InboxSite) -> AsyncIterator[AsyncIterator[ServerSentEventMessage]]:
    feed = ChangeFeed(inbox.database, list_changed_tickets, describe_tickets)
    messages = changes(feed, inbox.workspace_id(), utcnow(), AsyncMock(return_value=True))
    assert (await anext(messages)).event == "quiet"
    yield messages
    await messages.aclose()


async def test_a_stream_names_the_changed_tickets(
    inbox: InboxSite, stream: AsyncIterator[ServerSentEventMessage]
) -> None:
    await inbox.open(now=utcnow() - HOUR)
    await inbox.open(now=utcnow())
    told = await anext(stream)
    assert (told.event, told.data) == ("tickets", "TK-2")
    await inbox.agent.submit("/inbox/bulk", ref=["TK-1", "TK-2"], do="resolve")
    again = await anext(stream)
    assert (again.event, set(str(again.data).split())) == ("tickets", {"TK-1", "TK-2"})


async def test_a_stream_finds_a_change_that_was_committed_late(
    inbox: InboxSite, stream: AsyncIterator[ServerSentEventMessage]
) -> None:
    await inbox.open(now=utcnow() - timedelta(seconds=20))
    assert (await anext(stream)).data == "TK-1"


async def test_a_stream_of_the_inbox_ends_with_its_session(inbox: InboxSite) -> None:
    cookies = {cookie.name: str(cookie.value) for cookie in inbox.agent.cookies.jar}
    async with (
        serving(inbox.app, load(env={})) as server,
        server.stream("GET", "/inbox/changes", cookies=cookies) as answer,
    ):
        assert answer.status_code == 200
        lines = answer.aiter_lines()
        assert await anext(lines)
        await inbox.agent.submit("/logout")
        assert "event: tickets" not in [line async for line in lines]
