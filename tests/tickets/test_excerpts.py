"""The excerpts of a search: which text of a ticket they show, and which of its words they mark."""

import time
from typing import Any

import pytest
from tests.support.clients import Client, expect_ok
from tests.support.factories import Factory
from tests.support.inbox import InboxSite
from tests.support.tickets import TICKETS, Requester, TicketFactory

from voxpop import excerpts

FILLER = "nothing to see in these words of the text " * 30


@pytest.fixture
def tickets(make: Factory, client: Client) -> TicketFactory:
    return TicketFactory(make, client.workspace)


async def find(client: Client, query: str) -> list[tuple[str, str]]:
    """The source of each hit's excerpt, and its text with the marked words in brackets."""
    found = []
    for ticket in expect_ok(await client.get(TICKETS, params={"q": query}))["data"]:
        parts = ticket["excerpt"]["parts"]
        text = "".join(f"[{part['text']}]" if part["matched"] else part["text"] for part in parts)
        found.append((ticket["excerpt"]["source"], text))
    return found


async def reply(client: Client, body: str, **fields: Any) -> None:
    expect_ok(await client.post(f"{TICKETS}/TK-1/replies", json={"body": body, **fields}), 201)


@pytest.mark.parametrize(
    ("query", "source", "text"),
    [
        ("café", "subject", "Das [Café], order_12 & co"),
        ("12 ord", "subject", "Das Café, [order]_[12] & co"),
        ("вход", "description", "Не [входа] и не [вход]: по_[входу]"),
        ("еще", "reply", "Мы ждём [ещё] немного"),
        ("STRASSE cafe", "note", "[Cafe\u0301] in der [Straße]!"),
        ("ann", "requester", "[Ann] Lee"),
        ("lee example", "requester", "Ann [Lee]"),
        ("tk", "ref", "[TK]-1"),
        ("running", "reply", "It [runs], one is [running] and they [run]"),
    ],
)
async def test_the_text_with_the_most_words_is_shown(
    client: Client, tickets: TicketFactory, query: str, source: str, text: str
) -> None:
    requester = Requester("Ann Lee", "ann@example.com")
    await tickets.open("Das Café, order_12 & co", description="Не входа и не\n\n\tвход: по_входу", requester=requester)
    await reply(client, "Мы ждём ещё немного")
    await reply(client, "Cafe\u0301 in der Straße!", internal=True)
    await reply(client, "It runs, one is running and they run")
    assert await find(client, query) == [(source, text)]


async def test_a_long_text_is_cut_around_its_matches(client: Client, tickets: TicketFactory) -> None:
    await tickets.open("One", description=f"{FILLER}the red {FILLER} a red and a blue box {FILLER}")
    ((source, text),) = await find(client, "blue red")
    assert source == "description"
    assert text.startswith("…")
    assert text.endswith("…")
    assert " a [red] and a [blue] box nothing to see" in text
    assert len(text) <= excerpts.LENGTH + 8


async def test_a_text_without_spaces_is_cut(client: Client, tickets: TicketFactory) -> None:
    await tickets.open("One", description=f"{'密码，' * 200}重置，{'密码，' * 200}")
    ((_, text),) = await find(client, "重置")
    assert "，[重置]，密码" in text
    assert len(text) <= excerpts.LENGTH + 6


async def test_an_excerpt_of_a_long_conversation_is_in_the_part_that_matches(
    client: Client, tickets: TicketFactory
) -> None:
    await tickets.open("One", description=FILLER * 20)
    for number in range(4):
        await reply(client, f"{FILLER * 20} zebra{number} end")
    for number in range(4):
        ((source, text),) = await find(client, f"zebra{number}")
        assert (source, f"of the text [zebra{number}] end" in text) == ("reply", True)


async def test_a_list_without_a_search_has_no_excerpts(client: Client, tickets: TicketFactory) -> None:
    await tickets.open("One")
    (ticket,) = expect_ok(await client.get(TICKETS))["data"]
    assert ticket["excerpt"] is None


async def test_the_inbox_marks_matches_and_escapes_texts(inbox: InboxSite) -> None:
    await inbox.open("A <b>bold</b> café")
    await inbox.agent.submit("/inbox/TK-1/reply", kind="note", body="The\n<script>alert('x')</script> rows stop")
    page = (await inbox.agent.get("/inbox?text=cafe")).text
    assert "A &lt;b&gt;bold&lt;/b&gt; <mark>café</mark>" in page
    assert 'class="excerpt"' not in page
    page = (await inbox.agent.get("/inbox?text=alert+row")).text
    assert (
        '<use href="#lock"/></svg> The &lt;script&gt;<mark>alert</mark>(&#39;x&#39;)&lt;/script&gt; '
        "<mark>rows</mark> stop</p>" in page
    )
    assert "<mark>" not in (await inbox.agent.get("/inbox")).text


async def test_a_text_full_of_matches_takes_no_longer_than_its_words(client: Client, tickets: TicketFactory) -> None:
    await tickets.open("One", description="a b " * 12_000)
    began = time.process_time()
    ((_, text),) = await find(client, "a b")
    assert time.process_time() - began < 0.5
    assert text.startswith("[a] [b] [a]")
