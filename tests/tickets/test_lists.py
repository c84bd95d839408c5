"""Ticket lists over HTTP: filters, sorts, pagination and full-text search."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.tickets import NOW, TICKETS, Priority, Status, TicketFactory, member, refs

from voxpop import search_text
from voxpop.search_text import SearchTerms
from voxpop.tickets.inbox import store as inbox_store
from voxpop.tickets.inbox.store import BuiltInCounts
from voxpop.tickets.lists import service as lists
from voxpop.tickets.lists import store as list_store
from voxpop.tickets.lists.filters import Criteria, Rating, TicketFilter
from voxpop.tickets.lists.models import Sort
from voxpop.tickets.models import Requester
from voxpop.types import AccountId

HOUR = timedelta(hours=1)


async def test_a_list_is_newest_first_and_its_pages_have_every_ticket_once(
    client: Client, tickets: TicketFactory
) -> None:
    for hour in (3, 1, 2, 2, 2, 5, 4):  # three with the same time, on two pages
        await tickets.open(now=NOW + hour * HOUR)
    by_time = await refs(client)
    assert by_time[:2] == ["TK-6", "TK-7"]
    assert by_time[-1] == "TK-2"
    assert sorted(by_time) == [f"TK-{n}" for n in range(1, 8)]
    assert await refs(client, direction="asc") == by_time[::-1]
    assert await refs(client, sort="created", direction="asc") == by_time[::-1]


async def test_several_statuses_are_merged_by_time(client: Client, tickets: TicketFactory) -> None:
    for hour in range(6):
        await tickets.open(now=NOW + hour * HOUR)
    await tickets.set_status(Status.IN_PROGRESS, "TK-2", "TK-5", now=NOW + 7 * HOUR)
    await tickets.set_status(Status.CLOSED, "TK-3", now=NOW + 8 * HOUR)
    assert await refs(client, status="Open") == ["TK-6", "TK-4", "TK-1"]
    assert (await refs(client, status="unresolved", sort="created")) == ["TK-6", "TK-5", "TK-4", "TK-2", "TK-1"]
    assert await refs(client, status=["Closed", "In progress"], sort="created") == ["TK-5", "TK-3", "TK-2"]


async def test_equal_priorities_are_sorted_by_the_latest_update(client: Client, tickets: TicketFactory) -> None:  # T28
    for hour, priority in enumerate((Priority.LOW, Priority.URGENT, Priority.HIGH, Priority.URGENT, Priority.MEDIUM)):
        await tickets.open(now=NOW + hour * HOUR, priority=priority)
    assert await refs(client, sort="priority") == ["TK-4", "TK-2", "TK-3", "TK-5", "TK-1"]
    assert await refs(client, sort="priority", direction="asc") == ["TK-1", "TK-5", "TK-3", "TK-4", "TK-2"]
    assert await refs(client, priority="Urgent") == ["TK-4", "TK-2"]
    assert await refs(client, priority="Urgent", sort="priority", direction="asc") == ["TK-4", "TK-2"]


async def test_unrated_tickets_come_last_in_both_directions(client: Client, tickets: TicketFactory) -> None:  # T14
    await tickets.open(now=NOW + 9 * HOUR)
    for hour, stars in enumerate((2, 5, 5, 1), 1):
        await tickets.rated(stars, now=NOW + hour * HOUR)
    await tickets.open(now=NOW + 8 * HOUR)
    assert await refs(client, sort="rating") == ["TK-4", "TK-3", "TK-2", "TK-5", "TK-1", "TK-6"]
    assert await refs(client, sort="rating", direction="asc") == ["TK-5", "TK-2", "TK-4", "TK-3", "TK-1", "TK-6"]


@pytest.mark.parametrize(
    ("rating", "expected"),
    [("rated", [1, 2, 3, 4, 5]), ("1-2", [1, 2]), ("3", [3]), ("4-5", [4, 5]), ("unrated", [None])],
)
async def test_a_list_is_filtered_by_a_group_of_ratings(
    client: Client, tickets: TicketFactory, rating: str, expected: list[int | None]
) -> None:  # T14
    for stars in (1, 2, 3, 4, 5):
        await tickets.rated(stars)
    await tickets.open()
    page = (await client.get(TICKETS, params={"rating": rating})).json()
    assert sorted((row["csat_rating"] for row in page["data"]), key=str) == expected
    assert len(await refs(client, rating=rating, sort="rating")) == len(expected)


async def test_a_list_is_filtered_by_assignee_id_email_or_none(
    client: Client, tickets: TicketFactory, owner: "asyncpg.Connection[Any]"
) -> None:  # T14
    bob = await member(owner, client.workspace, "bob")
    await tickets.open(assignee_id=bob)
    await tickets.open()
    rated = await tickets.rated(4, assignee_id=bob)
    assert await refs(client, assignee=str(bob), sort="rating") == [rated.ref, "TK-1"]
    assert await refs(client, assignee="BOB@example.com", sort="created") == [rated.ref, "TK-1"]
    assert await refs(client, assignee="none") == ["TK-2"]
    row = (await client.get(TICKETS, params={"assignee": "bob@example.com"})).json()["data"][0]
    assert row["assignee"] == {"id": str(bob), "name": "bob"}
    answer = await client.get(TICKETS, params={"assignee": "unknown@example.com"})
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "assignee")


async def test_a_tag_matches_in_any_case_and_with_every_other_filter(client: Client, tickets: TicketFactory) -> None:
    await tickets.open("one", tags=("Billing", "Export"))
    await tickets.open("two", tags=("billing",), priority=Priority.HIGH)
    await tickets.open("three", tags=("export",))
    await tickets.set_status(Status.RESOLVED, "TK-1")
    await tickets.rate("TK-1", 1)
    assert await refs(client, tag="BILLING", sort="created") == ["TK-2", "TK-1"]
    assert await refs(client, tag="billing", sort="rating") == ["TK-1", "TK-2"]
    assert await refs(client, tag="billing", sort="priority") == ["TK-2", "TK-1"]
    assert await refs(client, tag="billing", status="Resolved") == ["TK-1"]
    assert await refs(client, tag="billing", rating="unrated") == ["TK-2"]
    assert await refs(client, tag="billing", q="two") == ["TK-2"]
    assert await refs(client, tag="billing", requester="ann@example.com", priority="High") == ["TK-2"]
    assert await refs(client, tag="unknown") == []


async def test_a_list_is_filtered_by_requester_and_time_of_update(client: Client, tickets: TicketFactory) -> None:
    await tickets.open(now=NOW)
    await tickets.open(now=NOW + HOUR, requester=Requester("Eve", "Eve@example.com"))
    await tickets.open(now=NOW + 2 * HOUR)
    assert await refs(client, requester="ANN@example.COM") == ["TK-3", "TK-1"]
    assert await refs(client, updated_since="2026-11-24T13:00:00Z") == ["TK-3", "TK-2"]
    assert await refs(client, updated_since="2026-11-25") == []


async def test_search_finds_words_of_two_languages_and_a_last_prefix(client: Client, tickets: TicketFactory) -> None:
    await tickets.open("Пароль не принимается", description="Ещё раз: «ПАРОЛЬ»")
    await tickets.open("Password refused", description="The Straße is long")
    assert await refs(client, q="пАро") == ["TK-1"]
    assert await refs(client, q="еще принимается") == ["TK-1"]
    assert await refs(client, q="REFUSE pass") == ["TK-2"]
    assert await refs(client, q="pass refused") == []  # only the last word matches as a prefix
    assert await refs(client, q="strasse") == ["TK-2"]
    assert await refs(client, q="assword") == []
    assert await refs(client, q="tk-2") == ["TK-2"]
    assert await refs(client, q="'%:* & ! <->") == []


@pytest.mark.parametrize(
    ("written", "asked", "other"),
    [
        ("The export stops", "exports stopped", "experts stand"),
        ("Our companies", "company", "our compass"),
        ("One company", "companies", "a compass"),
        ("Не работает экспорт", "экспорта", "эксперт"),
        ("После входа пусто", "вход", "выход"),
        ("Вход не открывается", "входа", "выхода"),
        ("Отчёты пропали", "отчёт", "счёт"),
        ("A passing cloud", "passing", "a password"),
        ("Two companies pay", "company two pays", "two companies play"),
        ("Два отчёта пусты", "отчёт пустой", "отчёт полон"),
    ],
)
async def test_search_finds_other_forms_of_a_word(
    client: Client, tickets: TicketFactory, written: str, asked: str, other: str
) -> None:
    await tickets.open(written)
    await tickets.open(other)
    assert await refs(client, q=asked) == ["TK-1"]


@pytest.mark.parametrize(
    ("asked", "stems", "query"),
    [
        ([], {}, None),
        (["in"], {}, "'cafein'"),
        (["the", "dogs"], {"dogs": "dog"}, "'cafethe' & ('cafedog' | 'cafedogs':*)"),
        (["its", "dog"], {"dog": "dog"}, "'cafeits' & 'cafedog':*"),
        (["dogs", "of"], {"dogs": "dog"}, "'cafedog' & 'cafeof'"),
    ],
)
def test_a_tsquery_has_stems_and_the_last_word_as_a_prefix(
    asked: list[str], stems: dict[str, str], query: str | None
) -> None:
    assert search_text.build_tsquery("cafe", SearchTerms.of(asked, stems)) == query


@pytest.mark.parametrize("query", ["Larsson", "ida lars", "ida.l@nord.example", "IDA.L", "nord", "help ida"])
async def test_search_finds_the_requester_by_name_and_email(client: Client, tickets: TicketFactory, query: str) -> None:
    await tickets.open()
    await tickets.open(requester=Requester("Ida Larsson", "Ida.L@nord.example"))
    await tickets.open()
    assert await refs(client, q=query) == ["TK-2"]


async def test_search_finds_words_of_replies_and_notes(client: Client, tickets: TicketFactory) -> None:
    await tickets.open("One")
    await tickets.open("Two")
    await client.post(f"{TICKETS}/TK-1/replies", json={"body": "Please restart the modem"})
    await client.post(f"{TICKETS}/TK-2/replies", json={"body": "модем сгорел", "internal": True})
    assert await refs(client, q="restart") == ["TK-1"]
    assert await refs(client, q="модем") == ["TK-2"]


@pytest.mark.parametrize("length", [22, 30])
async def test_a_text_with_more_words_than_the_index_holds_is_stored(
    client: Client, tickets: TicketFactory, length: int
) -> None:
    """Four bytes per letter, and a stem for each word: more than a tsvector can hold."""

    def text(part: int) -> str:
        numbers = range(part * 3000, part * 3000 + 49_000 // (length + 3))
        return " ".join(f"a{chr(0x20000 + number) * length}s" for number in numbers)

    await tickets.open("One", description=text(0))
    for part in range(1, 4):
        answer = await client.post(f"{TICKETS}/TK-1/replies", json={"body": text(part)})
        assert answer.status_code == 201
    assert await refs(client, q=f"a{chr(0x20000) * length}") == ["TK-1"]


@pytest.mark.parametrize("sort", ["updated", "created", "priority", "rating"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_many_hits_come_in_the_same_order_as_few(
    client: Client, tickets: TicketFactory, monkeypatch: pytest.MonkeyPatch, sort: str, direction: str
) -> None:
    for hour in range(4):
        await tickets.open("red", now=NOW + hour * HOUR, priority=Priority.LOW if hour % 2 else Priority.HIGH)
        await tickets.open("blue", now=NOW + hour * HOUR)
        await tickets.rated(1 + hour, description="red", now=NOW + hour * HOUR)
    query = {"q": "red", "sort": sort, "direction": direction}
    few = await refs(client, **query)
    assert len(few) == 8
    monkeypatch.setattr(list_store, "MAX_SORTED_HITS", 2)
    assert await refs(client, **query) == few
    assert await refs(client, **query, status=["Open", "Resolved"]) == few
    assert await refs(client, **query, status="Resolved") == [ref for ref in few if int(ref[3:]) % 3 == 0]


async def test_a_common_prefix_still_narrows_a_search(
    client: Client, tickets: TicketFactory, owner: "asyncpg.Connection[Any]"
) -> None:
    many = " ".join(f"payments{number}" for number in range(120))  # PostgreSQL estimates prefixes from this many words
    for text in ("a refund", "a paid refund", "refunds paying", *[many] * 20):
        await tickets.open("One", description=text)
    await owner.execute("ANALYZE ticket_search")
    assert await refs(client, q="refund pay") == ["TK-3"]
    assert await refs(client, q="refunded pai") == ["TK-2"]


async def test_search_finds_hits_at_the_far_end_of_the_list(
    client: Client, tickets: TicketFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in range(9):
        await tickets.open("red" if hour < 4 else "blue", now=NOW + hour * HOUR)
    monkeypatch.setattr(list_store, "MAX_SORTED_HITS", 2)
    monkeypatch.setattr(list_store, "SCAN_LIMITS", (3, 5))
    assert await refs(client, q="red") == ["TK-4", "TK-3", "TK-2", "TK-1"]


async def test_a_list_has_no_tickets_of_another_workspace(
    client: Client, tickets: TicketFactory, other_client: Client, make: Factory
) -> None:  # T26
    await tickets.open("shared words")
    await TicketFactory(make, other_client.workspace).open("shared words")
    await TicketFactory(make, other_client.workspace).open("shared words")
    assert await refs(client, q="shared") == ["TK-1"]
    assert await refs(client) == ["TK-1"]
    assert len(await refs(other_client)) == 2


async def test_the_search_function_refuses_another_workspace(
    client: Client, other_client: Client, make: Factory
) -> None:
    """The function checks the workspace itself, because it bypasses the policies."""
    criteria = Criteria.of(
        TicketFilter(),
        None,
        search_text.build_tsquery(search_text.workspace_prefix(other_client.workspace), SearchTerms(("shared",), None)),
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with make.database.transaction(client.workspace) as tx:
            await list_store.find_hits(tx, other_client.workspace, criteria, Sort(), None, 10, 10)


async def test_a_count_stops_at_its_limit(
    client: Client, tickets: TicketFactory, owner: "asyncpg.Connection[Any]"
) -> None:
    await tickets.open("red")
    await tickets.rated(1)
    await owner.execute(
        "INSERT INTO ticket (workspace_id, id, ref, subject, description, requester_name, requester_email, "
        "requester_email_folded, priority_rank, last_reply_at, create_time, updated_at) "
        "SELECT $1, gen_random_uuid(), 'X-' || n, 's', 'd', 'n', 'e', 'e', 2, now(), now(), now() "
        "FROM generate_series(1, 1200) n",
        client.workspace,
    )
    async with tickets.database.transaction(client.workspace) as tx:
        filters = [TicketFilter(), TicketFilter(text="red"), TicketFilter(rating=Rating.LOW), TicketFilter(tag="no")]
        assert [await lists.count_tickets(tx, client.workspace, one) for one in filters] == [1000, 1, 1, 0]
        counts = await inbox_store.count_built_in_views(tx, client.workspace, AccountId(uuid4()), 1000)
        assert counts == BuiltInCounts(unresolved=1000, mine=0, unassigned=1000, low_ratings=1)


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "Y3JlYXRlZC4xLjEuMQ", "ÿ" * 9])
async def test_an_invalid_cursor_gives_the_first_page(client: Client, tickets: TicketFactory, cursor: str) -> None:
    await tickets.open()
    assert (await client.get(TICKETS, params={"cursor": cursor})).json()["data"][0]["ref"] == "TK-1"


@pytest.mark.parametrize(
    "query",
    ["status=Odd", "priority=Odd", "rating=6", "updated_since=soon", "updated_since=9999-12-31T23:59:59-14:00",
     "sort=odd", "direction=up", "limit=0", "limit=101", "q=%00", "requester=a%00", "q=" + "x" * 201,
     "q=a&q=b", "rating=3&rating=3", "sort=created&sort=created", "updated_since=2026-01-01&updated_since="],
)  # fmt: skip
async def test_invalid_filters_are_rejected(client: Client, query: str) -> None:
    answer = await client.get(f"{TICKETS}?{query}")
    assert (answer.status_code, answer.json()["type"]) == (400, "VALIDATION_ERROR")
