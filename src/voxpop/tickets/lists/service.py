"""Lists of tickets: filtered, sorted, read page by page, at any size. Changes nothing."""

from collections.abc import Iterable
from heapq import merge
from itertools import islice

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.tickets import search_text
from voxpop.tickets.lists import store
from voxpop.tickets.lists.models import (
    BEFORE_ALL,
    Criteria,
    IndexRange,
    ListEntry,
    Place,
    Sort,
    TicketFilter,
    TicketRow,
    index_ranges,
    read_cursor,
    write_cursor,
)
from voxpop.tickets.tags import normalize_tag
from voxpop.types import WorkspaceId

COUNT_LIMIT = 1000


class TicketPage(Struct, frozen=True):
    """`next_cursor` is None on the last page."""

    rows: list[TicketRow]
    next_cursor: str | None


async def list_tickets(
    tx: Tx, workspace: WorkspaceId, wanted: TicketFilter, sort: Sort, cursor: str | None, limit: int
) -> TicketPage:
    """One page: asks for a row more than it shows, so as to know whether another follows."""
    places = await list_positions(tx, workspace, wanted, sort, read_cursor(sort, cursor), limit + 1)
    rows = await store.list_rows(tx, workspace, [place.id for place in places[:limit]])
    return TicketPage(rows, write_cursor(sort, places[limit - 1]) if len(places) > limit else None)


async def list_positions(
    tx: Tx, workspace: WorkspaceId, wanted: TicketFilter, sort: Sort, after: Place, most: int
) -> list[Place]:
    """The next tickets of a list behind a place, at most so many."""
    criteria = await _resolve(tx, workspace, wanted)
    if criteria is None:
        return []
    if criteria.query is not None:
        hits = await store.find_hits(tx, workspace, criteria, sort, after, most, store.MAX_SORTED_HITS)
        if hits is not None:
            return hits
    places = await _list_in_index_order(tx, workspace, criteria, sort, after, most)
    if places is None:  # many tickets have the words, but not at this end of the list
        places = await store.find_hits(tx, workspace, criteria, sort, after, most, store.NO_LIMIT)
    return places or []


async def _list_in_index_order(
    tx: Tx, workspace: WorkspaceId, criteria: Criteria, sort: Sort, after: Place, most: int
) -> list[Place] | None:
    """Segment by segment, each in the order of an index; None where the words lie too far apart for that."""
    await store.set_custom_plans(tx, workspace)
    places: list[Place] = []
    for number, segment in enumerate(sort.sort_groups, 1):
        if number >= after.segment and len(places) < most:
            begin = after if number == after.segment else None
            found = await _list_group(
                tx, workspace, criteria, index_ranges(criteria.filter, sort, segment), begin, most
            )
            if found is None:
                return None
            places += [Place(number, one.at, one.id) for one in found]
    return places[:most]


async def count_tickets(tx: Tx, workspace: WorkspaceId, wanted: TicketFilter) -> int | None:
    """How many tickets fit; COUNTED_UP_TO stands for that many or more, None for words too common to be counted."""
    criteria = await _resolve(tx, workspace, wanted)
    if criteria is None:
        return 0
    if criteria.query is not None:
        hits = await store.find_hits(tx, workspace, criteria, Sort(), BEFORE_ALL, COUNT_LIMIT, store.MAX_SORTED_HITS)
        if hits is None:
            return COUNT_LIMIT if wanted == TicketFilter(text=wanted.text) else None
        return len(hits)
    await store.set_custom_plans(tx, workspace)
    return await store.count_tickets(tx, workspace, criteria, COUNT_LIMIT)


async def _list_group(
    tx: Tx, workspace: WorkspaceId, criteria: Criteria, parts: Iterable[IndexRange], after: Place | None, most: int
) -> list[ListEntry] | None:
    """The branches of a segment, joined in their order."""
    lists: list[list[ListEntry]] = []
    newest_first = True
    for branch in parts:
        found = await store.list_range(tx, workspace, criteria, branch, after, most)
        if found is None:
            return None
        lists.append(found)
        newest_first = branch.newest_first
    return list(islice(merge(*lists, key=lambda one: (one.at, one.id), reverse=newest_first), most))


async def _build_tsquery(tx: Tx, workspace: WorkspaceId, text: str) -> str | None:
    asked = search_text.split_words(text)[: search_text.MAX_QUERY_WORDS]
    return search_text.build_tsquery(workspace, asked, await store.find_stems(tx, workspace, asked))


async def _resolve(tx: Tx, workspace: WorkspaceId, wanted: TicketFilter) -> Criteria | None:
    """None where nothing can fit: a tag that nobody has used, a text without words."""
    tag = None if wanted.tag is None else await store.find_tag(tx, workspace, normalize_tag(wanted.tag))
    query = None if wanted.text is None else await _build_tsquery(tx, workspace, wanted.text)
    if (wanted.tag and tag is None) or (wanted.text and query is None):
        return None
    return Criteria(wanted, tag, query)
