"""Full-text search over HTTP: which words find a ticket, texts of any length, and the rebuild of the index."""

import re
from typing import Any
from urllib.parse import urlencode

import asyncpg
import pytest
from tests.support.clients import Client, error_code
from tests.support.factories import Factory
from tests.support.inbox import InboxSite
from tests.support.tickets import TICKETS, TicketFactory, refs

from voxpop import search_text
from voxpop.db.pool import Database
from voxpop.tickets import search_index
from voxpop.tickets.lists import service as lists
from voxpop.tickets.lists import store as list_store
from voxpop.tickets.lists.filters import TicketFilter

# Four texts of 49,000 characters with different words: 5,400 of nine characters, and 16,000 of Chinese letters.
LONG_TEXTS = [" ".join(f"{kind}{number:05d}" for number in range(number, 6100 + number)) for kind, number in
              (("ab", 0), ("cd", 0), ("слово", 50_000))]  # fmt: skip
LONG_TEXTS = [text[:49_000].rpartition(" ")[0] for text in LONG_TEXTS]
LONG_TEXTS.append(" ".join(chr(0x4E00 + number) + chr(0x4E00 + number % 97) for number in range(16_300)))


async def reply(client: Client, ref: str, body: str) -> None:
    answer = await client.post(f"{TICKETS}/{ref}/replies", json={"body": body})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("Where is order_456/457?", ["456", "order", "457", "order_456", "ORDER-457"]),
        ("le Café de l’été, façade", ["cafe", "café", "CAFE\u0301", "ete", "facade", "fac"]),
        ("Łódź, Ørsted, señor", ["lodz", "łódź", "orsted", "Senor", "señor"]),
        ("cafe de Zurich", ["café", "Zürich", "CAFÉ zǘrich"]),
        ("ещё ёлка во́йте", ["еще", "ещё", "ЁЛКА", "елка", "войте"]),
        ("мой чай", ["мои\u0306 чаи\u0306", "МОЙ"]),
        ("user.name@host.example <b>bold</b>", ["name", "host", "bold", "user name"]),
        ("नमस्ते हिन्दी", ["हिन्दी", "नमस्ते"]),
        ("שָׁלוֹם كِتَابٌ", ["שלום", "كتاب"]),
    ],
)
async def test_search_ignores_accents_and_splits_at_punctuation(
    client: Client, tickets: TicketFactory, text: str, queries: list[str]
) -> None:
    await tickets.open("Another")
    await tickets.open("One", description=text)
    await tickets.open("Two")
    await reply(client, "TK-3", text)
    assert [(query, await refs(client, q=query)) for query in queries] == [
        (query, ["TK-3", "TK-2"]) for query in queries
    ]


async def test_short_i_is_a_letter_of_its_own(client: Client, tickets: TicketFactory) -> None:
    await tickets.open("война, йод")
    await tickets.open("воина, иод")
    for query, found in {"война": "TK-1", "воина": "TK-2", "йод": "TK-1", "иод": "TK-2"}.items():
        assert (query, await refs(client, q=query)) == (query, [found])


async def test_all_words_of_a_query_are_searched(client: Client, tickets: TicketFactory) -> None:
    words = [f"w{number}" for number in range(search_text.MAX_QUERY_WORDS)]
    await tickets.open("One", description=" ".join(words))
    for left_out in (8, 15, len(words) - 1):
        await tickets.open("Two", description=" ".join(words[:left_out] + words[left_out + 1 :]))
    assert len(words) >= 16
    assert await refs(client, q=" ".join(words)) == ["TK-1"]


@pytest.mark.parametrize("path", [TICKETS, f"{TICKETS}.csv"])
async def test_the_api_names_the_parameter_and_the_words_that_are_too_many(client: Client, path: str) -> None:
    words = [f"ö{number}" for number in range(search_text.MAX_QUERY_WORDS)]
    assert (await client.get(path, params={"q": " ".join(words)})).status_code == 200
    answer = await client.get(path, params={"q": " ".join([*words, words[0], "Straße", "last"])})
    assert error_code(answer) == (400, "VALIDATION_ERROR")
    (detail,) = answer.json()["details"]
    assert (detail["field"], detail["message"].rpartition(" too many are ")[2]) == ("q", "Straße, last")


async def test_the_list_names_the_words_that_a_search_leaves_out(inbox: InboxSite) -> None:
    words = [f"ö{number}" for number in range(search_text.MAX_QUERY_WORDS)]
    await inbox.open(" ".join(words))
    await inbox.open(" ".join(words[1:]))
    query = urlencode({"text": " ".join([*words, "<Straße>", "last"])})
    page = (await inbox.agent.get(f"/inbox?{query}")).text
    assert f'at most {search_text.MAX_QUERY_WORDS} different words. Left out: <b dir="auto">Straße, last</b>' in page
    assert re.findall(r'<tr id="(TK-\d+)"', page) == ["TK-1"]
    link = re.search(r'href="(/api/v1/tickets\.csv\?[^"]+)"', page)
    assert link is not None
    answer = await inbox.agent.get(link[1].replace("&amp;", "&"))
    assert (answer.status_code, answer.text.count("\r\n")) == (200, 2)
    assert "Left out" not in (await inbox.agent.get("/inbox?text=one")).text


@pytest.mark.parametrize("max_hits", [list_store.MAX_SORTED_HITS, 1])
async def test_every_word_of_long_texts_is_found(
    client: Client, tickets: TicketFactory, monkeypatch: pytest.MonkeyPatch, max_hits: int
) -> None:
    """With one hit at most, the list is read in its order, and each ticket is tested."""
    await tickets.open("One", description=LONG_TEXTS[0])
    await tickets.open("Two", description="ab00001")
    for text in LONG_TEXTS[1:]:
        await reply(client, "TK-1", text)
    await reply(client, "TK-1", "the end")
    monkeypatch.setattr(list_store, "MAX_SORTED_HITS", max_hits)
    for text in LONG_TEXTS:
        words = text.split()
        for word in (words[0], words[2001], words[-1]):
            assert (word, "TK-1" in await refs(client, q=word)) == (word, True)
    across = f"{LONG_TEXTS[0].split()[-1]} {LONG_TEXTS[1].split()[-1]} {LONG_TEXTS[3].split()[-1]} end"
    assert await refs(client, q=across) == ["TK-1"]
    assert await refs(client, q=f"{across} absent") == []
    if max_hits > 1:
        async with tickets.database.transaction(client.workspace) as tx:
            assert await lists.count_tickets(tx, client.workspace, TicketFilter(text=across)) == 1


async def test_a_ticket_that_matches_in_several_parts_is_listed_once(client: Client, tickets: TicketFactory) -> None:
    await tickets.open("One", description=f"red {LONG_TEXTS[0][:40_000]}")
    for text in LONG_TEXTS[1:3]:
        await reply(client, "TK-1", f"red {text[:40_000]}")
    await tickets.open("red")
    assert sorted(await refs(client, q="red")) == ["TK-1", "TK-2"]


async def make_outdated(owner: "asyncpg.Connection[Any]") -> None:
    """As earlier versions stored the index: one part, which knows nothing of folding."""
    await owner.execute("DELETE FROM ticket_search WHERE part > 0")
    await owner.execute("UPDATE ticket_message SET search_part = 0")
    words = "array_to_tsvector(ARRAY[right(workspace_id::text, 4) || 'order_456'])"
    await owner.execute(f"UPDATE ticket_search SET is_outdated = true, size = 50000, words = {words}")


async def rebuild(database: Database, client: Client) -> None:
    more = True
    while more:
        async with database.transaction(client.workspace) as tx:
            more = await search_index.rebuild_outdated(tx, client.workspace)


async def test_a_job_rebuilds_what_an_earlier_version_stored(
    client: Client,
    other_client: Client,
    tickets: TicketFactory,
    make: Factory,
    owner: "asyncpg.Connection[Any]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(3):
        await tickets.open("One", description="order_456")
    await TicketFactory(make, other_client.workspace).open("One", description="order_456")
    for text in LONG_TEXTS:
        await reply(client, "TK-2", f"{text[:40_000]} Café")
    columns = "ticket_id, part, size, words::text, is_outdated, status, updated_at"
    index = f"SELECT {columns} FROM ticket_search WHERE workspace_id = '{client.workspace}' ORDER BY ticket_id, part"
    parts = "SELECT id, search_part FROM ticket_message ORDER BY id"
    before = [await owner.fetch(index), await owner.fetch(parts)]
    await make_outdated(owner)
    await reply(client, "TK-3", "resumé 789")
    assert (await refs(client, q="456"), await refs(client, q="resume")) == ([], ["TK-3"])
    monkeypatch.setattr(search_index, "CHUNK_SIZE", 2)
    monkeypatch.setattr(search_index, "MESSAGES_AT_ONCE", 2)
    await rebuild(make.database, client)
    assert sorted(await refs(client, q="456")) == ["TK-1", "TK-2", "TK-3"]
    assert await refs(client, q="456 789") == ["TK-3"]
    assert await refs(other_client, q="456") == []
    await owner.execute("DELETE FROM ticket_message WHERE body = 'resumé 789'")
    await rebuild_all(make.database, other_client)
    assert await refs(other_client, q="456") == ["TK-1"]
    await rebuild_all(make.database, client)
    await owner.execute("UPDATE ticket_search SET updated_at = t.updated_at FROM ticket t WHERE t.id = ticket_id")
    assert [len(await owner.fetch(index)), await owner.fetch(parts)] == [len(before[0]), before[1]]
    after = await owner.fetch(index)
    assert [tuple(row)[:5] for row in after] == [tuple(row)[:5] for row in before[0]]


async def rebuild_all(database: Database, client: Client) -> None:
    """As the command does."""
    after = search_index.FIRST_ID
    while True:
        async with database.transaction(client.workspace) as tx:
            tickets = await search_index.rebuild_next(tx, client.workspace, after)
        if not tickets:
            return
        after = tickets[-1]
