"""Live updates of the inbox: the tickets that a stream names, its end, and where it resumes."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.inbox import HOUR, InboxSite

from voxpop.tickets.inbox.live_updates import changes, parse_since
from voxpop.types import utcnow

NOW = datetime(2026, 11, 21, 16, 41, tzinfo=UTC)


async def test_a_stream_names_the_changed_tickets(inbox: InboxSite) -> None:
    await inbox.open(now=utcnow() - HOUR)
    stream = changes(inbox.database, inbox.workspace_id(), utcnow(), lifetime=20, poll=0.01)
    quiet = await anext(stream)
    assert (quiet.event, quiet.data) == ("quiet", "")
    await inbox.open(now=utcnow())
    told = await anext(stream)
    assert (told.event, told.data) == ("tickets", "TK-2")
    await inbox.agent.submit("/inbox/bulk", ref=["TK-1", "TK-2"], do="resolve")
    again = await anext(stream)
    assert (again.event, set(str(again.data).split())) == ("tickets", {"TK-1", "TK-2"})
    await stream.aclose()


async def test_a_stream_finds_a_change_that_was_committed_late(inbox: InboxSite) -> None:
    stream = changes(inbox.database, inbox.workspace_id(), utcnow(), lifetime=20, poll=0.01)
    await anext(stream)
    await inbox.open(now=utcnow() - timedelta(seconds=20))
    assert (await anext(stream)).data == "TK-1"
    await stream.aclose()


async def test_a_stream_ends_after_its_lifetime(inbox: InboxSite) -> None:
    stream = changes(inbox.database, inbox.workspace_id(), utcnow(), lifetime=0.05, poll=0.01)
    assert len([message async for message in stream]) == 1


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (None, NOW),
        ("nonsense", NOW),
        ("2026-11-21T16:40:00", NOW),
        ("2026-11-21T16:40:00+00:00", NOW - timedelta(minutes=1)),
        ("2031-01-01T00:00:00+00:00", NOW),
        ("1999-01-01T00:00:00+00:00", NOW - timedelta(minutes=15)),
    ],
)
def test_where_a_stream_resumes(text: str | None, moment: datetime) -> None:
    assert parse_since(text, NOW) == moment
