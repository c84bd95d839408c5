"""Lists of tickets: filtered, sorted, searched and counted, page by page with keyset pagination. Changes nothing."""

import re
from collections.abc import Iterable
from heapq import merge
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from voxpop.cursors import Position, decode_cursor, encode_cursor
from voxpop.db.pool import Tx, plan_with_values
from voxpop.db.stems import find_terms
from voxpop.search_text import build_tsquery, parse_query, workspace_prefix
from voxpop.tickets.lists import excerpts, store
from voxpop.tickets.lists.filters import Criteria, TicketFilter
from voxpop.tickets.lists.models import Highlights, IndexRange, ListEntry, Sort, SortGroup, TicketRow, index_ranges
from voxpop.types import TicketId, WorkspaceId

COUNT_LIMIT = 1000
REFERENCE = re.compile(r"(?:TK-)?([1-9][0-9]{0,17})", re.IGNORECASE | re.ASCII)
MAX_HITS_BACK = 1000  # hits that a search reads to find those before a position


class TicketPage(Struct, frozen=True):
    """One page of a list. `next_cursor` is None on the last page, and `highlights` is empty without a search."""

    rows: list[TicketRow]
    next_cursor: str | None
    highlights: dict[TicketId, Highlights]


class Adjacent(Struct, frozen=True):
    """The tickets before and after a position of a list. `left`: how many follow, as `count_tickets` returns it."""

    previous: Position | None
    next: Position | None
    left: int | None


async def list_tickets(
    tx: Tx, workspace: WorkspaceId, ticket_filter: TicketFilter, sort: Sort, cursor: str | None, limit: int
) -> TicketPage:
    """One page. It reads one ticket more than it shows, to know whether more follow."""
    after = decode_cursor(cursor, sort.name)
    positions = await list_positions(tx, workspace, ticket_filter, sort, after, limit + 1)
    rows = await store.list_rows(tx, workspace, [each.id for each in positions[:limit]])
    next_cursor = encode_cursor(positions[limit - 1], sort.name) if len(positions) > limit else None
    if not rows or ticket_filter.text is None:
        return TicketPage(rows, next_cursor, {})
    terms = await find_terms(tx, parse_query(ticket_filter.text).words)
    return TicketPage(rows, next_cursor, await excerpts.find_highlights(tx, workspace, rows, terms))


async def find_tickets(tx: Tx, workspace: WorkspaceId, text: str, limit: int) -> list[TicketRow]:
    """The ticket with this reference, for example `TK-12` or `12`, then those that match the text, the newest first."""
    wanted = REFERENCE.fullmatch(text.strip())
    exact = await store.find_id(tx, workspace, f"TK-{wanted[1]}") if wanted else None
    positions = await list_positions(tx, workspace, TicketFilter(text=text), Sort(), None, limit)
    ids = dict.fromkeys([*([exact] if exact else []), *(each.id for each in positions)])
    return await store.list_rows(tx, workspace, list(ids)[:limit])


async def list_positions(
    tx: Tx, workspace: WorkspaceId, ticket_filter: TicketFilter, sort: Sort, after: Position | None, limit: int
) -> list[Position]:
    """The next tickets of a list after a position, or from its start, with their positions.

    A search first sorts its hits. If too many tickets match the text, it reads the list in order and tests each
    ticket. If none of the next tickets match, it falls back to sorting all hits.
    """
    criteria = await _resolve(tx, workspace, ticket_filter)
    if criteria is None:
        return []
    positions = await _list_if_few_match(tx, workspace, criteria, sort, after, limit)
    if positions is None:
        positions = await _list_in_index_order(tx, workspace, criteria, sort, after, limit)
    if positions is None:
        positions = await _find_hits(tx, workspace, criteria, sort, after, limit, store.NO_LIMIT)
    return positions or []


async def find_adjacent(
    tx: Tx, workspace: WorkspaceId, ticket_filter: TicketFilter, sort: Sort, at: Position, ticket: TicketId
) -> Adjacent:
    """The tickets around a position at which a ticket stood. The ticket itself may have moved, or left the list."""
    ahead: list[Position] | None = []
    if criteria := await _resolve(tx, workspace, ticket_filter):
        ahead = await _list_if_few_match(tx, workspace, criteria, sort, at, COUNT_LIMIT + 1)
        if criteria.tsquery is None:
            ahead = await _list_in_index_order(tx, workspace, criteria, sort, at, COUNT_LIMIT + 1)
    following = ahead
    if following is None:
        following = await list_positions(tx, workspace, ticket_filter, sort, at, 2)
    preceding = await list_positions(tx, workspace, ticket_filter, replace(sort, backwards=True), at, 2)
    others = [each for each in ahead or [] if each.id != ticket]
    return Adjacent(
        previous=next((each for each in preceding if each.id != ticket), None),
        next=next((each for each in following if each.id != ticket), None),
        left=None if ahead is None else min(len(others), COUNT_LIMIT),
    )


async def count_tickets(tx: Tx, workspace: WorkspaceId, ticket_filter: TicketFilter) -> int | None:
    """The number of matching tickets. COUNT_LIMIT means that many or more; None if too many match the text to count."""
    criteria = await _resolve(tx, workspace, ticket_filter)
    if criteria is None:
        return 0
    if criteria.tsquery is not None:
        hits = await store.find_hits(tx, workspace, criteria, Sort(), None, COUNT_LIMIT, store.MAX_SORTED_HITS)
        if hits is None:
            return COUNT_LIMIT if ticket_filter == TicketFilter(text=ticket_filter.text) else None
        return len(hits)
    await plan_with_values(tx)
    return await store.count_tickets(tx, workspace, criteria, COUNT_LIMIT)


async def _resolve(tx: Tx, workspace: WorkspaceId, ticket_filter: TicketFilter) -> Criteria | None:
    """The filter as statements take it; None where no ticket can match: an unknown tag, or a text without words."""
    tag = tsquery = None
    if ticket_filter.tag is not None:
        tag = await store.find_tag(tx, workspace, ticket_filter.tag)
    if ticket_filter.text is not None:
        terms = await find_terms(tx, parse_query(ticket_filter.text).words)
        tsquery = build_tsquery(workspace_prefix(workspace), terms)
    if (ticket_filter.tag and tag is None) or (ticket_filter.text and tsquery is None):
        return None
    return Criteria.of(ticket_filter, tag, tsquery)


async def _list_if_few_match(
    tx: Tx, workspace: WorkspaceId, criteria: Criteria, sort: Sort, after: Position | None, limit: int
) -> list[Position] | None:
    """The sorted hits of a search; None where too many tickets match the text, and without a text."""
    if criteria.tsquery is None:
        return None
    return await _find_hits(tx, workspace, criteria, sort, after, limit, store.MAX_SORTED_HITS)


async def _find_hits(
    tx: Tx,
    workspace: WorkspaceId,
    criteria: Criteria,
    sort: Sort,
    after: Position | None,
    limit: int,
    max_hits: int,
) -> list[Position] | None:
    """A page of hits. The statement sorts forwards only, so going backwards reads the list from its start.

    There is nothing to go back to from far into the list.
    """
    if not sort.backwards or after is None:
        return await store.find_hits(tx, workspace, criteria, sort, after, limit, max_hits)
    forwards = replace(sort, backwards=False)
    hits = await store.find_hits(tx, workspace, criteria, forwards, None, MAX_HITS_BACK, max_hits)
    if hits is None:
        return None
    preceding = [each for each in hits if forwards.is_before(each, after)]
    return [] if len(preceding) == MAX_HITS_BACK else preceding[::-1][:limit]


async def _list_in_index_order(
    tx: Tx, workspace: WorkspaceId, criteria: Criteria, sort: Sort, after: Position | None, limit: int
) -> list[Position] | None:
    """Reads group by group, each in the order of its indexes; None where the searched words are too far apart."""
    await plan_with_values(tx)
    positions: list[Position] = []
    for group in _groups_from(sort, after):
        if len(positions) < limit:
            start = after if after and group.number == after.group else None
            ranges = index_ranges(criteria, sort, group.value)
            entries = await _list_group(tx, workspace, criteria, ranges, start, limit)
            if entries is None:
                return None
            positions += [Position(each.at, each.id, group.number) for each in entries]
    return positions[:limit]


def _groups_from(sort: Sort, after: Position | None) -> list[SortGroup]:
    """The groups that a list still has after a position, in its order."""
    if after is None:
        return list(sort.sort_groups)
    return [
        each for each in sort.sort_groups if each.number == after.group or (each.number > after.group) != sort.backwards
    ]


async def _list_group(
    tx: Tx,
    workspace: WorkspaceId,
    criteria: Criteria,
    ranges: Iterable[IndexRange],
    after: Position | None,
    limit: int,
) -> list[ListEntry] | None:
    """The index ranges of a sort group, merged by time."""
    lists: list[list[ListEntry]] = []
    newest_first = True
    for each in ranges:
        entries = await store.list_range(tx, workspace, criteria, each, after, limit)
        if entries is None:
            return None
        lists.append(entries)
        newest_first = each.order.newest_first
    return list(islice(merge(*lists, key=lambda entry: (entry.at, entry.id), reverse=newest_first), limit))
