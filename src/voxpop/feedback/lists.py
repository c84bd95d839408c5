"""Lists of ratings of all origins, newest first: filtered, searched and exported. Changes nothing.

The functions open their own transactions, because a search needs one of the system. So a caller must hold none.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct
from msgspec.structs import replace

from voxpop.cursors import EPOCH, NEWEST_FIRST, Position, decode_cursor, encode_cursor
from voxpop.db.csv_sql import CsvFormat
from voxpop.db.pool import Database, Tx, plan_with_values
from voxpop.db.stems import find_stems, find_terms
from voxpop.errors import NotFound
from voxpop.excerpts import ExcerptPart, Matcher, cut_excerpt, match_text
from voxpop.feedback import list_store as store
from voxpop.feedback.list_store import Criteria, ListEntry, PageStart
from voxpop.feedback.models import ChangedRating, FeedbackFilter, FeedbackItem, RatingDetail
from voxpop.feedback.weeks import week_of, weeks_backwards, word_prefix
from voxpop.search_text import SearchTerms, build_tsquery, parse_query, split_words
from voxpop.types import FeedbackId, Origin, WorkspaceId

CHUNK_SIZE = 2_000  # ratings of one transaction in an export
MAX_HITS = 1_000  # search hits that are compared with the other conditions at once
FIRST_DAY, LAST_DAY = date(1970, 1, 3), date(9999, 12, 28)  # so that no offset leads out of the calendar
ZONE_OFFSET = timedelta(hours=26)  # by how much a day can begin earlier or end later than in UTC, in any two zones


class FeedbackPage(Struct, frozen=True):
    """One page of a list. `next_cursor` is None on the last page."""

    rows: list[FeedbackItem]
    next_cursor: str | None


async def list_feedback(
    database: Database, workspace: WorkspaceId, wanted: FeedbackFilter, cursor: str | None, limit: int
) -> FeedbackPage:
    """One page. It reads one rating more than it shows, to know whether more follow."""
    entries = await list_entries(database, workspace, wanted, decode_cursor(cursor), limit + 1)
    async with database.transaction(workspace) as tx:
        rows = await store.list_rows(tx, workspace, [each.id for each in entries[:limit]])
    return FeedbackPage(rows, encode_cursor(entries[limit - 1].position) if len(entries) > limit else None)


async def get_feedback(tx: Tx, workspace: WorkspaceId, feedback: FeedbackId) -> FeedbackItem:
    """One rating; NotFound for an unknown one."""
    rows = await store.list_rows(tx, workspace, [feedback])
    if not rows:
        raise NotFound.of("Feedback", feedback)
    return rows[0]


async def find_detail(tx: Tx, workspace: WorkspaceId, feedback: FeedbackId) -> RatingDetail | None:
    """One rating with its notes, marks and series; None for an unknown one."""
    return await store.find_detail(tx, workspace, feedback)


async def count_feedback(database: Database, workspace: WorkspaceId, wanted: FeedbackFilter, limit: int) -> int:
    """The number of ratings that match; `limit` for more."""
    return len(await list_entries(database, workspace, wanted, None, limit))


async def find_excerpts(
    tx: Tx, workspace: WorkspaceId, rows: Sequence[FeedbackItem], text: str
) -> dict[FeedbackId, list[ExcerptPart]]:
    """The stretch of each comment that a search found, in pieces."""
    terms = await find_terms(tx, parse_query(text).words)
    initials = {lexeme[0] for lexeme in terms.lexemes}
    words = {word for row in rows for word in split_words(row.comment or "") if word[0] in initials}
    matcher = Matcher(await find_stems(tx, sorted(words)), terms)
    return {row.id: cut_excerpt(match_text(row.comment, matcher)) for row in rows if row.comment}


async def list_changes(tx: Tx, workspace: WorkspaceId, since: datetime, limit: int) -> list[ChangedRating]:
    """The ratings that are new or changed since a time, in no order."""
    return await store.list_changes(tx, workspace, since, limit)


async def export_csv(
    database: Database, workspace: WorkspaceId, wanted: FeedbackFilter | None, form: CsvFormat
) -> AsyncIterator[bytes]:
    """The header and all ratings that match, none without a filter."""
    yield form.header(store.CSV_COLUMNS)
    async for ids in _chunks(database, workspace, wanted):
        async with database.transaction(workspace) as tx:
            yield (await store.get_csv_lines(tx, workspace, ids, form)).encode()


async def export_json_lines(
    database: Database, workspace: WorkspaceId, wanted: FeedbackFilter | None
) -> AsyncIterator[bytes]:
    """All ratings that match, a JSON object on each line; none without a filter."""
    yield b""
    async for ids in _chunks(database, workspace, wanted):
        async with database.transaction(workspace) as tx:
            yield (await store.get_json_lines(tx, workspace, ids)).encode()


async def _chunks(
    database: Database, workspace: WorkspaceId, wanted: FeedbackFilter | None
) -> AsyncIterator[Sequence[FeedbackId]]:
    before: Position | None = None
    while wanted:
        entries = await list_entries(database, workspace, wanted, before, CHUNK_SIZE, in_order_of_time=True)
        if not entries:
            return
        yield [each.id for each in entries]
        before = entries[-1].position


async def list_entries(
    database: Database,
    workspace: WorkspaceId,
    wanted: FeedbackFilter,
    before: Position | None,
    limit: int,
    *,
    in_order_of_time: bool = False,
) -> list[ListEntry]:
    """The next ratings before a position, or the newest. To list them all, read them in the order of time."""
    criteria, start = _criteria(wanted), _page_start(wanted, before or NEWEST_FIRST)
    if wanted.text is not None:
        return await _search(database, workspace, wanted.text, criteria, start, limit)
    async with database.transaction(workspace) as tx:
        await plan_with_values(tx)
        if criteria.kinds:
            return await store.list_linked(tx, workspace, criteria, start, limit)
        if criteria.origin_id is not None:
            origins = [criteria.origin] if criteria.origin else list(Origin)
            return await store.list_of_subject(tx, workspace, criteria, start, origins, limit)
        read = store.list_newest if in_order_of_time else _reader(criteria)
        return await read(tx, workspace, criteria, start, limit)


def _reader(criteria: Criteria) -> Callable[[Tx, WorkspaceId, Criteria, PageStart, int], Awaitable[list[ListEntry]]]:
    """What reads few ratings, even if the wanted ones are rare."""
    if criteria.has_comment:
        return store.list_comments
    has_scores = (criteria.survey_type, criteria.score_min, criteria.score_max) != (None, None, None)
    return store.list_of_scores if has_scores else store.list_newest


async def _search(
    database: Database, workspace: WorkspaceId, text: str, criteria: Criteria, start: PageStart, limit: int
) -> list[ListEntry]:
    """Reads the index of words week by week from the newest, until there are enough ratings."""
    words = parse_query(text).words
    async with database.transaction(workspace) as tx:
        span = await store.get_time_span(tx, workspace)
        terms = await find_terms(tx, words)
    found: list[ListEntry] = []
    if span.first is None or span.last is None or not words:
        return found
    start = replace(start, since=max(start.since, span.first))
    if start.before > span.last:
        start = replace(start, before=span.last, before_id=NEWEST_FIRST.id)
    for weeks in weeks_backwards(week_of(start.before), week_of(start.since)):
        tsquery = _tsquery(workspace, weeks, terms)
        async for entries in _matching(database, workspace, tsquery, criteria, start):
            found += entries
            if len(found) >= limit:
                return found[:limit]
    return found


async def _matching(
    database: Database, workspace: WorkspaceId, tsquery: str, criteria: Criteria, start: PageStart
) -> AsyncIterator[Sequence[ListEntry]]:
    """The hits of a full-text query that match the other conditions, newest first, in chunks."""
    while True:
        async with database.system_transaction() as tx:
            await plan_with_values(tx)
            hits = await store.list_hits(tx, workspace, tsquery, start, MAX_HITS)
        if hits:
            async with database.transaction(workspace) as tx:
                await plan_with_values(tx)
                ids = [each.id for each in hits]
                yield await store.list_matching(tx, workspace, criteria, start, ids, MAX_HITS)
        if len(hits) < MAX_HITS:
            return
        start = replace(start, before=hits[-1].at, before_id=hits[-1].id)


def _tsquery(workspace: WorkspaceId, weeks: range, terms: SearchTerms) -> str:
    queries = (build_tsquery(word_prefix(workspace, week), terms) for week in weeks)
    return " | ".join(f"({query})" for query in queries)


def _criteria(wanted: FeedbackFilter) -> Criteria:
    fields = {name: getattr(wanted, name) for name in Criteria.__struct_fields__ if name not in ("kinds", "targets")}
    kinds, targets = [link.kind for link in wanted.links], [link.target for link in wanted.links]
    return Criteria(**fields, kinds=kinds, targets=targets)


def _page_start(wanted: FeedbackFilter, before: Position) -> PageStart:
    """The position, or the end of the last day if that is earlier. Days are compared exactly besides."""
    since = _midnight(wanted.first_day) - ZONE_OFFSET if wanted.first_day else EPOCH
    end = _midnight(wanted.last_day) + timedelta(days=1) + ZONE_OFFSET if wanted.last_day else before.at
    return PageStart(before.at, before.id, since) if before.at <= end else PageStart(end, NEWEST_FIRST.id, since)


def _midnight(day: date) -> datetime:
    """The beginning of a day in UTC; of the first or last day of ratings for one beyond them."""
    return datetime.combine(min(max(day, FIRST_DAY), LAST_DAY), time(), UTC)
