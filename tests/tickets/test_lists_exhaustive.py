"""Every filter with every sort, page by page, compared with the same list made in Python; many tickets tie."""

import csv
import io
import random
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any, NamedTuple

import pytest
from tests.support.invariants import Owner
from tests.support.tickets import ANN, NOW, Priority, Status, TicketFactory, member

from voxpop.tickets import service
from voxpop.tickets.lists import export
from voxpop.tickets.lists import service as lists
from voxpop.tickets.lists import store as list_store
from voxpop.tickets.lists.filters import UNRESOLVED, Rating, TicketFilter
from voxpop.tickets.lists.models import Sort, SortKey, TicketRow
from voxpop.tickets.models import Author, Requester
from voxpop.types import AccountId, TicketId, WorkspaceId

HOUR = timedelta(hours=1)
EVE = Requester("Eve", "eve@example.com")
WORDS = ("red", "blue", "red blue", "green")
SORTS = [Sort(key, descending) for key in SortKey for descending in (True, False)]


class Created(NamedTuple):
    """A ticket's row with its text, which the row does not show."""

    row: TicketRow
    text: str


async def fill(tickets: TicketFactory, agents: list[AccountId | None]) -> list[Created]:
    """Tickets with few different times and few values of each property."""
    pick = random.Random(7).choice  # noqa: S311
    texts: dict[TicketId, str] = {}
    for _ in range(48):
        text, now = pick(WORDS), NOW + pick(range(4)) * HOUR
        ticket = await tickets.open(
            description=text,
            now=now,
            requester=pick((ANN, EVE)),
            priority=pick(list(Priority)),
            assignee_id=pick(agents),
            tags=pick(((), ("a",), ("a", "b"))),
        )
        texts[ticket.id] = text
        if (status := pick(list(Status))) is not Status.OPEN:
            await tickets.set_status(status, ticket.ref, now=now + pick((0, 1)) * HOUR)
        if status.is_done and pick((True, True, False)):
            by = ticket.requester_email_folded
            await tickets.rate(ticket.ref, pick(range(1, 6)), now=NOW + pick((5, 6)) * HOUR, by=by)
    async with tickets.database.transaction(tickets.workspace) as tx:
        await service.set_tags(tx, tickets.workspace, "TK-3", ["c", "B"], Author("Bob"), NOW + 7 * HOUR)
        rows = await list_store.list_rows(tx, tickets.workspace, list(texts))
    return [Created(row, texts[row.id]) for row in rows]


def sort_naively(rows: list[TicketRow], sort: Sort) -> list[TicketRow]:
    """Equal priorities and ratings by the latest first; unrated tickets last, by their update (T14)."""
    sign = -1 if sort.descending else 1

    def newest(row: TicketRow) -> Any:
        return (row.csat_rated_at if sort.key is SortKey.RATING and row.csat_rated_at else row.updated_at, row.id)

    keys: dict[SortKey, Callable[[TicketRow], Any]] = {
        SortKey.PRIORITY: lambda row: sign * Priority(row.priority).rank,
        SortKey.RATING: lambda row: (row.csat_rating is None, sign * (row.csat_rating or 0)),
    }
    if sort.key in keys:
        return sorted(sorted(rows, key=newest, reverse=True), key=keys[sort.key])
    moment = (lambda row: (row.create_time, row.id)) if sort.key is SortKey.CREATED else newest
    return sorted(rows, key=moment, reverse=sort.descending)


def matches(ticket_filter: TicketFilter, created: Created) -> bool:
    row = created.row
    return (
        (not ticket_filter.statuses or row.status in ticket_filter.statuses)
        and (ticket_filter.assignee is None or row.assignee_id == ticket_filter.assignee)
        and (not ticket_filter.unassigned or row.assignee_id is None)
        and (ticket_filter.priority is None or row.priority == ticket_filter.priority)
        and (ticket_filter.tag is None or ticket_filter.tag in row.tags)
        and (ticket_filter.rating is None or (row.csat_rating or 0) in ticket_filter.rating.scores)
        and (ticket_filter.requester is None or row.requester_email.casefold() == ticket_filter.requester)
        and (ticket_filter.updated_since is None or row.updated_at >= ticket_filter.updated_since)
        and (ticket_filter.text is None or set(ticket_filter.text.split()) <= set(created.text.split()))
    )


def filters(agent: AccountId) -> list[TicketFilter]:
    """Each filter alone, and each pair of different filters."""
    criteria: list[dict[str, Any]] = [
        *({"statuses": each} for each in (UNRESOLVED, (Status.CLOSED,), (Status.RESOLVED, Status.CLOSED))),
        *({"assignee": agent}, {"unassigned": True}, {"priority": Priority.HIGH}, {"requester": "ann@example.com"}),
        *({"tag": each} for each in ("a", "b", "c")),
        *({"rating": each} for each in Rating),
        {"updated_since": NOW + 2 * HOUR},
        *({"text": each} for each in ("red", "red blue", "green")),
    ]
    assert {name for each in criteria for name in each} == set(TicketFilter.__struct_fields__)
    pairs = [{**one, **other} for one, other in product(criteria, criteria) if not one.keys() & other.keys()]
    return list(dict.fromkeys(TicketFilter(**each) for each in ({}, *criteria, *pairs)))


async def pages(tx: Any, workspace: WorkspaceId, ticket_filter: TicketFilter, sort: Sort) -> list[TicketRow]:
    found: list[TicketRow] = []
    cursor = None
    while True:
        page = await lists.list_tickets(tx, workspace, ticket_filter, sort, cursor, 7)
        found += page.rows
        if (cursor := page.next_cursor) is None:
            return found


@pytest.mark.parametrize(
    ("few", "reads"), [(list_store.MAX_SORTED_HITS, list_store.SCAN_LIMITS), (5, (50, 100)), (5, (4, 9))]
)
async def test_every_list_and_its_count_match_the_naive_ones(
    tickets: TicketFactory, owner: Owner, monkeypatch: pytest.MonkeyPatch, few: int, reads: tuple[int, int]
) -> None:
    """With few hits, with many, and with many that are far apart."""
    monkeypatch.setattr(list_store, "MAX_SORTED_HITS", few)
    monkeypatch.setattr(list_store, "SCAN_LIMITS", reads)
    monkeypatch.setattr(lists, "COUNT_LIMIT", min(few, lists.COUNT_LIMIT))
    agent = await member(owner, tickets.workspace, "agent")
    created = await fill(tickets, [agent, await member(owner, tickets.workspace, "other"), None])
    async with tickets.database.transaction(tickets.workspace) as tx:
        for ticket_filter, sort in product(filters(agent)[reads[1] % 2 :: 4], SORTS):
            expected = sort_naively([each.row for each in created if matches(ticket_filter, each)], sort)
            found = await pages(tx, tickets.workspace, ticket_filter, sort)
            assert [row.ref for row in found] == [row.ref for row in expected], (ticket_filter, sort)
            counted = min(len(expected), lists.COUNT_LIMIT)
            count = await lists.count_tickets(tx, tickets.workspace, ticket_filter)
            assert count in (counted, None if ticket_filter.text else counted)


@pytest.mark.parametrize("few", [list_store.MAX_SORTED_HITS, 5])
async def test_the_tickets_around_every_ticket_are_those_of_the_naive_list(
    tickets: TicketFactory, owner: Owner, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(list_store, "MAX_SORTED_HITS", few)
    agent = await member(owner, tickets.workspace, "agent")
    created = await fill(tickets, [agent, None])
    async with tickets.database.transaction(tickets.workspace) as tx:
        for ticket_filter, sort in product(filters(agent)[::16], SORTS):
            rows = sort_naively([each.row for each in created if matches(ticket_filter, each)], sort)
            for number, row in list(enumerate(rows))[:: max(1, len(rows) // 4)]:
                found = await lists.find_adjacent(
                    tx, tickets.workspace, ticket_filter, sort, sort.position(row), row.id
                )
                near = [each.id if each else None for each in (found.previous, found.next)]
                around = [rows[at].id if 0 <= at < len(rows) else None for at in (number - 1, number + 1)]
                assert near == around, (ticket_filter, sort, number)
                assert found.left in (len(rows) - number - 1, None if ticket_filter.text else len(rows) - number - 1)


async def test_an_export_has_every_ticket_with_its_tags(
    tickets: TicketFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK_SIZE", 7)
    created = await fill(tickets, [None])
    by_creation = sort_naively([each.row for each in created], Sort(SortKey.CREATED, descending=False))
    text = b"".join(
        [part async for part in export.export(tickets.database, tickets.workspace, TicketFilter(), export.CsvFormat())]
    ).decode()
    lines = csv.DictReader(io.StringIO(text, newline=""))
    assert [(line["ref"], line["tags"]) for line in lines] == [(row.ref, ", ".join(row.tags)) for row in by_creation]
    assert '""' not in text
