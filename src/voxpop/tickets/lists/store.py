"""Statements on lists of tickets. A list is read in branches, each in the order of an index; the service joins them.

The text of a branch names every criterion; one that is not given folds away, since each run is planned by its values:
how rare a status or an assignee is decides which index is read.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.tickets.lists.models import UNRATED, Criteria, IndexRange, ListEntry, Place, SearchHit, Sort, TicketRow
from voxpop.types import TicketId, WorkspaceId

MAX_SORTED_HITS = 8_000  # tickets with the searched words that are sorted at once
NO_LIMIT = 2**31 - 2
# Tickets that are read in order for words that more have: if none of the first has them, they all lie far away.
SCAN_LIMITS = (1_500, 12_000)

EARLIEST = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))
LATEST = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))


class Setting(Struct):
    set_config: str


class Total(Struct):
    count: int


class TagId(Struct):
    id: UUID


class Stem(Struct):
    word: str
    stem: str | None


PLAN_EACH_RUN = Query("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)", Setting)

# Parameters 2 to 8. Then 9 is a tag, 10 and 11 the place behind which to begin, 12 how many, 13 a requester.
_CRITERIA = """workspace_id = $1
        AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR assignee_id = $3)
        AND (NOT $4::boolean OR assignee_id IS NULL) AND ($5::smallint IS NULL OR priority_rank = $5)
        AND ($6::smallint IS NULL OR csat_rating = $6) AND (NOT $7::boolean OR csat_rating IS NULL)
        AND ($8::timestamptz IS NULL OR updated_at >= $8)"""
_TAGGED = """($9::uuid IS NULL OR EXISTS (
            SELECT FROM ticket_tag g WHERE g.workspace_id = $1 AND g.ticket_id = ticket.id AND g.tag_id = $9))"""
_OF_TICKETS = f"{_TAGGED} AND ($13::text IS NULL OR requester_email_folded = $13)"
_OF_TAG = "tag_id = $9::uuid AND $13::text IS NULL"


def _branch(moment: str, newest_first: bool, of_tag: bool) -> str:
    """A branch in its order: of all tickets, or of those of a tag, whose requester is not asked for."""
    table, ident, narrowed = ("ticket_tag", "ticket_id", _OF_TAG) if of_tag else ("ticket", "id", _OF_TICKETS)
    below, way = ("<", "DESC") if newest_first else (">", "ASC")
    return f"""
        SELECT {ident} AS id, {moment} AS at FROM {table}
        WHERE {_CRITERIA} AND {narrowed} AND ({moment}, {ident}) {below} ($10, $11::uuid)
        ORDER BY {moment} {way}, {ident} {way}"""


def _worded(branch: str) -> str:
    """Those of the next so many tickets of a branch that have the words."""
    return f"""
        SELECT id, at FROM ({branch} LIMIT $14) AS read
        WHERE EXISTS (
            SELECT FROM ticket_search s
            WHERE s.workspace_id = $1 AND s.ticket_id = read.id AND s.words @@ $15::text::tsquery)
        LIMIT $12"""


_ORDERS = [("updated_at", True), ("updated_at", False), ("create_time", True), ("create_time", False),
           ("csat_rated_at", True)]  # fmt: skip
_FAMILY = [(*order, of_tag) for order in _ORDERS for of_tag in (False, True)]
RANGES = {one: Query(f"{_branch(*one)} LIMIT $12 OFFSET $14", ListEntry) for one in _FAMILY}
RANGES_WITH_TEXT = {one: Query(_worded(_branch(*one)), ListEntry) for one in _FAMILY}

SEARCH_HITS = Query(
    """
    SELECT id, segment, moment FROM search_tickets($1, $2, $3, $4::text[], $5, $6, $7::smallint,
        $8::smallint[], $9, $10, $11, $12, $13, $14, $15, $16, $17)
    """,
    SearchHit,
)


def _counted(of_tag: bool) -> str:
    """How many tickets fit, or those of a tag, whose requester is not asked for, counting no further than $10?"""
    of_tickets = f"{_TAGGED} AND ($11::text IS NULL OR requester_email_folded = $11)"
    table, narrowed = ("ticket_tag", "tag_id = $9 AND $11::text IS NULL") if of_tag else ("ticket", of_tickets)
    return f"""
    SELECT count(*)::int AS count FROM (
        SELECT FROM {table}
        WHERE workspace_id = $1 AND (cardinality($2::text[]) = 0 OR status = ANY ($2))
            AND ($3::uuid IS NULL OR assignee_id = $3) AND (NOT $4::boolean OR assignee_id IS NULL)
            AND ($5::smallint IS NULL OR priority_rank = $5) AND ($6::smallint[] IS NULL OR csat_rating = ANY ($6))
            AND (NOT $7::boolean OR csat_rating IS NULL) AND ($8::timestamptz IS NULL OR updated_at >= $8)
            AND {narrowed}
        LIMIT $10
    ) AS fitting"""


COUNTS = {of_tag: Query(_counted(of_tag), Total) for of_tag in (False, True)}

ROWS = Query(
    """
    SELECT t.id, t.ref, t.subject, t.requester_name, t.requester_email, t.requester_guid, t.status, t.priority,
           t.assignee_id, a.name AS assignee_name, t.tag_names AS tags, t.csat_rating, t.csat_rated_at,
           t.first_response_at, t.create_time, t.updated_at
    FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted (id, place)
        JOIN ticket t ON t.workspace_id = $1 AND t.id = wanted.id
        LEFT JOIN account a ON a.id = t.assignee_id
    ORDER BY wanted.place
    """,
    TicketRow,
)

WORD_STEMS = Query("SELECT word, stem FROM stems($1)", Stem)
TAG_BY_NAME = Query("SELECT id FROM tag WHERE workspace_id = $1 AND name = $2", TagId)


async def set_custom_plans(tx: Tx, workspace: WorkspaceId) -> None:
    """By the values of each run, from here to the end of the transaction."""
    await PLAN_EACH_RUN.find(tx)


async def find_stems(tx: Tx, workspace: WorkspaceId, words: Sequence[str]) -> dict[str, str]:
    """By their words, of those that have one; languages are the same in every workspace."""
    return {one.word: one.stem for one in await WORD_STEMS.all(tx, words) if one.stem}


async def list_range(
    tx: Tx, workspace: WorkspaceId, wanted: Criteria, branch: IndexRange, after: Place | None, most: int
) -> list[ListEntry] | None:
    """The tickets of a branch behind a place of it (None: from its beginning), in its order.

    None where words were not found in the next ones, and more follow.
    """
    requester, query = wanted.filter.requester, wanted.query
    one = (branch.moment, branch.newest_first, wanted.tag is not None and requester is None)
    since = wanted.filter.updated_since
    bound = (after.moment, after.id) if after else LATEST if branch.newest_first else EARLIEST
    if since and branch.moment == "updated_at" and not branch.newest_first:
        bound = max(bound, (since, EARLIEST[1]))  # else all before it would be read
    unrated = branch.rating == UNRATED
    values = (
        branch.status,
        wanted.filter.assignee,
        wanted.filter.unassigned,
        branch.rank,
        None if unrated else branch.rating,
        unrated,
        since,
        wanted.tag,
        *bound,
    )
    if query is None:
        return await RANGES[one].all(tx, workspace, *values, most, requester, 0)
    for reads in SCAN_LIMITS:
        found = await RANGES_WITH_TEXT[one].all(tx, workspace, *values, most, requester, reads, query)
        if len(found) == most or not await RANGES[one].find(tx, workspace, *values, 1, requester, reads):
            return found
        if not found:
            break
    return None


async def find_hits(
    tx: Tx, workspace: WorkspaceId, wanted: Criteria, sort: Sort, after: Place, most: int, most_found: int
) -> list[Place] | None:
    """A page of the tickets that have the words; None where more than `most_found` have them."""
    criteria = wanted.filter
    values = (
        wanted.query,
        most_found,
        criteria.statuses,
        criteria.assignee,
        criteria.unassigned,
        criteria.priority.rank if criteria.priority else None,
        criteria.rating.scores if criteria.rating else (),
        criteria.requester,
        criteria.updated_since,
        wanted.tag,
    )
    place = (after.segment, after.moment, after.id)
    places: list[Place] = []
    for hit in await SEARCH_HITS.all(tx, workspace, *values, sort.key, sort.descending, *place, most):
        if hit.id is None or hit.segment is None or hit.moment is None:
            return None
        places.append(Place(hit.segment, hit.moment, hit.id))
    return places


async def count_tickets(tx: Tx, workspace: WorkspaceId, wanted: Criteria, most: int) -> int:
    """How many fit, whatever their words; `most` where they are more."""
    criteria = wanted.filter
    scores = criteria.rating.scores if criteria.rating else ()
    values = (
        criteria.statuses,
        criteria.assignee,
        criteria.unassigned,
        criteria.priority.rank if criteria.priority else None,
        None if UNRATED in scores or not scores else scores,
        UNRATED in scores,
        criteria.updated_since,
        wanted.tag,
    )
    statement = COUNTS[wanted.tag is not None and criteria.requester is None]
    return (await statement.one(tx, workspace, *values, most, criteria.requester)).count


async def list_rows(tx: Tx, workspace: WorkspaceId, tickets: Sequence[TicketId]) -> list[TicketRow]:
    """In the order asked for."""
    return await ROWS.all(tx, workspace, tickets)


async def find_tag(tx: Tx, workspace: WorkspaceId, name: str) -> UUID | None:
    tag = await TAG_BY_NAME.find(tx, workspace, name)
    return None if tag is None else tag.id
