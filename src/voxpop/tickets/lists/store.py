"""Statements of ticket lists: index ranges, full-text search, counts and rows; `service.py` merges the ranges.

The text of a statement names every filter. A filter that is not set folds away, because each run is planned with its
values: how rare a status or an assignee is decides which index PostgreSQL reads.
"""

from collections.abc import Sequence
from itertools import product
from uuid import UUID

from msgspec import Struct

from voxpop import search_text
from voxpop.cursors import NEWEST_FIRST, OLDEST_FIRST, Position
from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.tickets.lists.filters import CONDITIONS, UNRATED, Criteria
from voxpop.tickets.lists.models import IndexOrder, IndexRange, ListEntry, SearchHit, Sort, TicketRow
from voxpop.tickets.tags import fold_tag
from voxpop.types import WorkspaceId

MAX_SORTED_HITS = 8_000  # search hits that one statement sorts; for more, the list is read in its order
NO_LIMIT = 2**31 - 2
# How many tickets a search reads in the list's order. If none of the first has the words, the hits are all far away.
SCAN_LIMITS = (1_500, 12_000)


class Total(Struct):
    count: int


class FoundId(Struct):
    id: UUID


_CONDITIONS = " AND ".join(condition.sql for condition in CONDITIONS.values())
_TAG_CONDITIONS = " AND ".join(condition.tag_sql or condition.sql for condition in CONDITIONS.values())
_ONE_VALUE = """(:status::text IS NULL OR status = :status)
            AND (:rank::smallint IS NULL OR priority_rank = :rank)
            AND (:rating::smallint IS NULL OR csat_rating = :rating)
            AND (NOT :unrated::boolean OR csat_rating IS NULL)"""
_MANY_VALUES = """(cardinality(:statuses::text[]) = 0 OR status = ANY (:statuses))
            AND (:rank::smallint IS NULL OR priority_rank = :rank)
            AND (:ratings::smallint[] IS NULL OR csat_rating = ANY (:ratings))
            AND (NOT :unrated::boolean OR csat_rating IS NULL)"""


def _range(order: IndexOrder, of_tag: bool) -> str:
    """The tickets of an index range in its order, from `ticket` or, for the tickets of one tag, from `ticket_tag`."""
    table, id_column, conditions = (
        ("ticket_tag", "ticket_id", _TAG_CONDITIONS) if of_tag else ("ticket", "id", _CONDITIONS)
    )
    comparison, direction = ("<", "DESC") if order.newest_first else (">", "ASC")
    return f"""
        SELECT {id_column} AS id, {order.column} AS at FROM {table}
        WHERE workspace_id = :workspace
            AND {_ONE_VALUE}
            AND {conditions} AND ({order.column}, {id_column}) {comparison} (:after_time, :after_id::uuid)
        ORDER BY {order.column} {direction}, {id_column} {direction}"""


def _with_text(index_range: str) -> str:
    """Those of the range's next tickets that match the full-text query: in one part, or each term in some part."""
    return f"""
        SELECT id, at FROM ({index_range} LIMIT :scan_limit) AS read
        WHERE (
            SELECT bool_or(s.words @@ :tsquery::text::tsquery) OR count(*) > 1 AND NOT EXISTS (
                SELECT FROM unnest(string_to_array(:tsquery, ' & ')::tsquery[]) AS asked (term)
                WHERE NOT EXISTS (
                    SELECT FROM ticket_search p
                    WHERE p.workspace_id = :workspace AND p.ticket_id = read.id AND p.words @@ asked.term))
            FROM ticket_search s WHERE s.workspace_id = :workspace AND s.ticket_id = read.id)
        LIMIT :limit"""


OLDEST_UPDATED_FIRST = IndexOrder("updated_at", newest_first=False)
_ORDERS = (
    IndexOrder("updated_at", newest_first=True),
    OLDEST_UPDATED_FIRST,
    IndexOrder("create_time", newest_first=True),
    IndexOrder("create_time", newest_first=False),
    IndexOrder("csat_rated_at", newest_first=True),
    IndexOrder("csat_rated_at", newest_first=False),
)
# The statements of a kind, by the order of the index and by whether they read `ticket_tag`.
_VARIANTS = list(product(_ORDERS, (False, True)))
RANGES = {each: Query(f"{_range(*each)} LIMIT :limit OFFSET :offset", ListEntry) for each in _VARIANTS}
RANGES_WITH_TEXT = {each: Query(_with_text(_range(*each)), ListEntry) for each in _VARIANTS}

_ARGUMENTS = ", ".join(f"{name} => :{name}" for name in CONDITIONS)
SEARCH_HITS = Query(
    f"""
    SELECT id, sort_group, sort_time AS at FROM search_tickets(
        searched_workspace => :workspace, query => :tsquery, part_mark => :part_mark, max_hits => :max_hits,
        statuses => :statuses::text[], rank => :rank::smallint, ratings => :ratings::smallint[], {_ARGUMENTS},
        sort => :sort, descending => :descending, after_group => :after_group, after_time => :after_time,
        after_id => :after_id, max_rows => :limit)
    """,
    SearchHit,
)


def _count(of_tag: bool) -> str:
    """The number of tickets that match, counted no further than the limit."""
    table, conditions = ("ticket_tag", _TAG_CONDITIONS) if of_tag else ("ticket", _CONDITIONS)
    return f"""
    SELECT count(*)::int AS count FROM (
        SELECT FROM {table}
        WHERE workspace_id = :workspace
            AND {_MANY_VALUES}
            AND {conditions}
        LIMIT :limit
    ) AS matching"""


COUNTS = {of_tag: Query(_count(of_tag), Total) for of_tag in (False, True)}

ROWS = Query(
    """
    SELECT t.id, t.ref, t.subject, t.requester_name, t.requester_email, t.requester_guid, t.status, t.priority,
           t.assignee_id, a.name AS assignee_name, t.tag_names AS tags, t.csat_rating, t.csat_rated_at,
           t.first_response_at, t.create_time, t.updated_at
    FROM unnest(:tickets::uuid[]) WITH ORDINALITY AS listed (id, number)
        JOIN ticket t ON t.workspace_id = :workspace AND t.id = listed.id
        LEFT JOIN member a ON a.workspace_id = :workspace AND a.account_id = t.assignee_id
    ORDER BY listed.number
    """,
    TicketRow,
)

TICKET_BY_REF = Query("SELECT id FROM ticket WHERE workspace_id = :workspace AND ref = :ref", FoundId)
TAG_BY_NAME = Query("SELECT id FROM tag WHERE workspace_id = :workspace AND name_folded = :folded", FoundId)


async def list_range(
    tx: Tx, workspace: WorkspaceId, criteria: Criteria, index_range: IndexRange, after: Position | None, limit: int
) -> list[ListEntry] | None:
    """The range's tickets after a position, in its order.

    None where the searched words were not found among the next tickets and more tickets follow.
    """
    variant = (index_range.order, criteria.fits_ticket_tag)
    parameters = criteria.parameters | _range_parameters(criteria, index_range, after) | {"workspace": workspace}
    if criteria.tsquery is None:
        return await RANGES[variant].all(tx, **parameters, limit=limit, offset=0)
    for scan_limit in SCAN_LIMITS:
        found = await RANGES_WITH_TEXT[variant].all(
            tx, **parameters, limit=limit, scan_limit=scan_limit, tsquery=criteria.tsquery
        )
        if len(found) == limit or not await RANGES[variant].find(tx, **parameters, limit=1, offset=scan_limit):
            return found
        if not found:
            break
    return None


def _range_parameters(criteria: Criteria, index_range: IndexRange, after: Position | None) -> dict[str, object]:
    """The values of the range, and the position after which it begins."""
    unrated = index_range.rating == UNRATED
    start = after or (NEWEST_FIRST if index_range.order.newest_first else OLDEST_FIRST)
    if index_range.order == OLDEST_UPDATED_FIRST and criteria.updated_since:
        # Start at this time, or PostgreSQL would read the index from its beginning.
        start = max(start, Position(criteria.updated_since, OLDEST_FIRST.id), key=lambda each: (each.at, each.id))
    return {
        "status": index_range.status,
        "rank": index_range.rank,
        "rating": None if unrated else index_range.rating,
        "unrated": unrated,
        "after_time": start.at,
        "after_id": start.id,
    }


async def find_hits(
    tx: Tx,
    workspace: WorkspaceId,
    criteria: Criteria,
    sort: Sort,
    after: Position | None,
    limit: int,
    max_hits: int,
) -> list[Position] | None:
    """A page of the tickets that match the full-text query; None where more than `max_hits` have its words."""
    start = after or OLDEST_FIRST
    hits = await SEARCH_HITS.all(
        tx,
        **criteria.parameters,
        workspace=workspace,
        tsquery=criteria.tsquery,
        part_mark=search_text.later_part_lexeme(workspace),
        max_hits=max_hits,
        statuses=criteria.statuses,
        rank=criteria.rank,
        ratings=criteria.ratings,
        sort=sort.key,
        descending=sort.descending,
        after_group=start.group,
        after_time=start.at,
        after_id=start.id,
        limit=limit,
    )
    return _positions(hits)


def _positions(hits: Sequence[SearchHit]) -> list[Position] | None:
    """None if there are too many tickets with the words, which a row without a ticket says."""
    positions: list[Position] = []
    for hit in hits:
        if hit.id is None or hit.sort_group is None or hit.at is None:
            return None
        positions.append(Position(hit.at, hit.id, hit.sort_group))
    return positions


async def count_tickets(tx: Tx, workspace: WorkspaceId, criteria: Criteria, limit: int) -> int:
    """How many tickets match, apart from the full-text query; `limit` stands for that many or more."""
    unrated = UNRATED in criteria.ratings
    total = await COUNTS[criteria.fits_ticket_tag].one(
        tx,
        **criteria.parameters,
        workspace=workspace,
        statuses=criteria.statuses,
        rank=criteria.rank,
        ratings=criteria.ratings if criteria.ratings and not unrated else None,
        unrated=unrated,
        limit=limit,
    )
    return total.count


async def list_rows(tx: Tx, workspace: WorkspaceId, tickets: Sequence[UUID]) -> list[TicketRow]:
    """The rows of these tickets, in the same order."""
    return await ROWS.all(tx, workspace=workspace, tickets=tickets)


async def find_id(tx: Tx, workspace: WorkspaceId, ref: str) -> UUID | None:
    """The id of the ticket with this reference."""
    ticket = await TICKET_BY_REF.find(tx, workspace=workspace, ref=ref)
    return None if ticket is None else ticket.id


async def find_tag(tx: Tx, workspace: WorkspaceId, name: str) -> UUID | None:
    """The id of a tag, in any spelling."""
    tag = await TAG_BY_NAME.find(tx, workspace=workspace, folded=fold_tag(name))
    return None if tag is None else tag.id
