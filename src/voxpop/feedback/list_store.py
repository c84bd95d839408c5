"""Statements of lists of ratings: positions in the order of an index, search hits, and rows.

The text of a statement names every condition. One that is not set folds away, because each run is planned with its
values.
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.cursors import Position
from voxpop.db.csv_sql import CsvFormat, instant, line, plain_cell, text_cell
from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.feedback.models import ChangedRating, FeedbackItem, RatingDetail
from voxpop.types import FeedbackId, WorkspaceId


class Source(StrEnum):
    """What a list reads: all ratings, those of a series or tag, of a subject or of scores, comments, or search hits."""

    ALL = "all"
    LINK = "link"
    SUBJECT = "subject"
    SCORES = "scores"
    COMMENTS = "comments"
    HITS = "hits"


class Criteria(Struct, frozen=True):
    """The conditions of a list as statements take them. The times surround the days, whose zone may have changed."""

    origin: str | None
    origin_id: UUID | None
    survey_type: str | None
    score_min: int | None
    score_max: int | None
    source: str | None
    has_comment: bool | None
    read: bool | None
    handled: bool | None
    first_day: date | None
    last_day: date | None
    kinds: Sequence[str]
    targets: Sequence[UUID]


class PageStart(Struct, frozen=True):
    """Ratings before a position, and not before a time."""

    before: datetime
    before_id: UUID
    since: datetime


class ListEntry(Struct, frozen=True):
    """A rating's place in the list."""

    id: FeedbackId
    at: datetime

    @property
    def position(self) -> Position:
        return Position(self.at, self.id)


class Lines(Struct):
    lines: str | None


class TimeSpan(Struct, frozen=True):
    """The times of the oldest and the newest rating; None without any."""

    first: datetime | None
    last: datetime | None


# Every link of the filter, besides the first one where the list is read from it.
_CONDITIONS = """
            AND (:origin::text IS NULL OR f.origin = :origin)
            AND (:origin_id::uuid IS NULL OR f.origin_id = :origin_id)
            AND (:survey_type::text IS NULL OR f.survey_type_code = :survey_type)
            AND (:score_min::integer IS NULL OR f.score >= :score_min)
            AND (:score_max::integer IS NULL OR f.score <= :score_max)
            AND (:source::text IS NULL OR f.source = :source)
            AND (:has_comment::boolean IS NULL OR (f.comment IS NOT NULL) = :has_comment)
            AND (:read::boolean IS NULL OR (f.read_at IS NOT NULL) = :read)
            AND (:handled::boolean IS NULL OR (f.handled_at IS NOT NULL) = :handled)
            AND (:first_day::date IS NULL OR f.day >= :first_day) AND (:last_day::date IS NULL OR f.day <= :last_day)
            AND (cardinality(:kinds::text[]) = 0 OR NOT EXISTS (
                SELECT FROM unnest(:kinds, :targets::uuid[]) AS w (kind, target) WHERE NOT EXISTS (
                    SELECT FROM feedback_link k
                    WHERE k.workspace_id = :workspace AND k.kind = w.kind AND k.target_id = w.target
                        AND k.create_time = f.create_time AND k.feedback_id = f.id)))"""

_OF_FEEDBACK = f"""
    SELECT f.id, f.create_time AS at FROM feedback f
    WHERE f.workspace_id = :workspace AND (f.create_time, f.id) < (:before, :before_id::uuid)
        AND f.create_time >= :since {_CONDITIONS}
    ORDER BY f.create_time DESC, f.id DESC LIMIT :limit"""

# The types of the filter.
_TYPES = """FROM (
        SELECT code, scale_min, scale_max FROM survey_type
        WHERE workspace_id = :workspace AND (:survey_type::text IS NULL OR code = :survey_type)) AS t"""


def _newest_of(ranges: str, condition: str) -> Query[ListEntry]:
    """The newest ratings of several ranges of an index, each of which is in the order of the list."""
    return Query(
        f"""
    SELECT each.id, each.create_time AS at
    {ranges} CROSS JOIN LATERAL (
        SELECT f.id, f.create_time FROM feedback f
        WHERE f.workspace_id = :workspace AND {condition}
            AND (f.create_time, f.id) < (:before, :before_id::uuid) AND f.create_time >= :since {_CONDITIONS}
        ORDER BY f.create_time DESC, f.id DESC LIMIT :limit
    ) AS each
    ORDER BY each.create_time DESC, each.id DESC LIMIT :limit""",
        ListEntry,
        values=Criteria,
    )


POSITIONS = {
    Source.ALL: Query(_OF_FEEDBACK, ListEntry, values=Criteria),
    Source.LINK: Query(
        f"""
    SELECT l.feedback_id AS id, l.create_time AS at
    FROM feedback_link l JOIN feedback f ON f.workspace_id = :workspace AND f.id = l.feedback_id
    WHERE l.workspace_id = :workspace AND l.kind = :kind AND l.target_id = :target
        AND (l.create_time, l.feedback_id) < (:before, :before_id::uuid) AND l.create_time >= :since
        AND (:has_comment IS NOT TRUE OR l.has_comment) {_CONDITIONS}
    ORDER BY l.create_time DESC, l.feedback_id DESC LIMIT :limit""",
        ListEntry,
        values=Criteria,
    ),
    # The index of a subject begins with its origin; the id alone is in three ranges of it.
    Source.SUBJECT: _newest_of(
        "FROM unnest(:origins::text[]) AS of (origin)", "f.origin = of.origin AND f.origin_id = :subject"
    ),
    Source.SCORES: _newest_of(
        f"""{_TYPES} CROSS JOIN LATERAL
        generate_series(greatest(t.scale_min, :score_min), least(t.scale_max, :score_max)) AS s (score)""",
        "f.survey_type_code = t.code AND f.score = s.score",
    ),
    Source.COMMENTS: _newest_of(_TYPES, "f.survey_type_code = t.code AND f.comment IS NOT NULL"),
    Source.HITS: Query(
        f"""
    SELECT f.id, f.create_time AS at
    FROM unnest(:hits::uuid[]) AS hit (id) JOIN feedback f ON f.workspace_id = :workspace AND f.id = hit.id
    WHERE (f.create_time, f.id) < (:before, :before_id::uuid) AND f.create_time >= :since {_CONDITIONS}
    ORDER BY f.create_time DESC, f.id DESC LIMIT :limit""",
        ListEntry,
        values=Criteria,
    ),
}

# The newest ratings whose comments match, before a position.
SEARCH_HITS = Query(
    """
    SELECT feedback_id AS id, create_time AS at FROM feedback_search
    WHERE workspace_id = :workspace AND words @@ :tsquery::text::tsquery
        AND (create_time, feedback_id) < (:before, :before_id::uuid) AND create_time >= :since
    ORDER BY create_time DESC, feedback_id DESC LIMIT :limit
    """,
    ListEntry,
    system=True,
)

# The ratings that are new since a time, and those that were changed since, each from an index of its own.
CHANGED_RATINGS = Query(
    """
    SELECT id, survey_type_code AS survey_type, series_kinds, series_ids, true AS is_new, last_update_time AS at
    FROM feedback WHERE workspace_id = :workspace AND create_time > :since
    UNION ALL
    SELECT id, survey_type_code, series_kinds, series_ids, false, last_update_time
    FROM feedback WHERE workspace_id = :workspace AND last_update_time > create_time AND last_update_time > :since
        AND create_time <= :since
    LIMIT :limit
    """,
    ChangedRating,
)

TIME_SPAN = Query(
    "SELECT min(create_time) AS first, max(create_time) AS last FROM feedback WHERE workspace_id = :workspace", TimeSpan
)

_TAGS = """ARRAY(
        SELECT t.name FROM tag t WHERE t.workspace_id = :workspace AND t.id = ANY (f.tag_ids) ORDER BY t.name_folded)"""
_LISTED = """FROM unnest(:ids::uuid[]) WITH ORDINALITY AS listed (id, number)
        JOIN feedback f ON f.workspace_id = :workspace AND f.id = listed.id"""

_ITEM = f"""
    SELECT f.id, f.origin, f.origin_id, f.survey_id, f.survey_type_code AS survey_type, f.score, f.comment, f.source,
           f.user_email, f.guid, f.day, f.create_time, {_TAGS} AS tags, f.notes, f.read_at IS NOT NULL AS read,
           f.handled_at IS NOT NULL AS handled"""

ROWS = Query(f"{_ITEM} {_LISTED} ORDER BY listed.number", FeedbackItem)

DETAIL = Query(
    f"""{_ITEM}, f.notes_updated_by, f.notes_updated_at, f.read_by, f.read_at, f.handled_by, f.handled_at,
           f.series_kinds, f.series_ids
    FROM feedback f WHERE f.workspace_id = :workspace AND f.id = :feedback
    """,
    RatingDetail,
)

CSV_COLUMNS = {
    "id": "f.id",
    "origin": "f.origin",
    "origin_id": "f.origin_id",
    "survey_id": plain_cell("f.survey_id"),
    "survey_type": text_cell("f.survey_type_code"),
    "score": "f.score",
    "comment": text_cell("f.comment"),
    "source": "f.source",
    "user_email": text_cell("f.user_email"),
    "guid": text_cell("f.guid"),
    "day": "f.day",
    "created_at": plain_cell(instant("f.create_time")),
    "tags": text_cell("nullif(array_to_string(tagged.names, ', '), '')"),
    "notes": text_cell("f.notes"),
    "read": "(f.read_at IS NOT NULL)::text",
    "handled": "(f.handled_at IS NOT NULL)::text",
}
_TAGGED = f"CROSS JOIN LATERAL (SELECT {_TAGS} AS names OFFSET 0) AS tagged"

CSV_LINES = Query(
    f"""
    SELECT string_agg({line(CSV_COLUMNS.values())}, '' ORDER BY listed.number) AS lines {_LISTED} {_TAGGED}
    """,
    Lines,
)

# One JSON object for each rating, with the fields of the API.
JSON_LINES = Query(
    rf"""
    SELECT string_agg(json_build_object(
        'id', f.id, 'origin', f.origin, 'origin_id', f.origin_id, 'survey_id', f.survey_id,
        'survey_type', f.survey_type_code, 'score', f.score, 'comment', f.comment, 'source', f.source,
        'user_email', f.user_email, 'guid', f.guid, 'day', f.day, 'created_at', {instant("f.create_time")},
        'tags', tagged.names, 'notes', f.notes, 'read', f.read_at IS NOT NULL, 'handled', f.handled_at IS NOT NULL
    )::text || E'\n', '' ORDER BY listed.number) AS lines
    {_LISTED} {_TAGGED}
    """,
    Lines,
)


async def list_newest(
    tx: Tx, workspace: WorkspaceId, criteria: Criteria, start: PageStart, limit: int
) -> list[ListEntry]:
    """The newest ratings that match."""
    return await POSITIONS[Source.ALL].all(tx, criteria, start, workspace=workspace, limit=limit)


async def list_linked(
    tx: Tx, workspace: WorkspaceId, criteria: Criteria, start: PageStart, limit: int
) -> list[ListEntry]:
    """The newest ratings that match, read from the first link of the criteria."""
    first = {"kind": criteria.kinds[0], "target": criteria.targets[0]}
    return await POSITIONS[Source.LINK].all(tx, criteria, start, workspace=workspace, limit=limit, **first)


async def list_of_subject(
    tx: Tx, workspace: WorkspaceId, criteria: Criteria, start: PageStart, origins: Sequence[str], limit: int
) -> list[ListEntry]:
    """The newest ratings of one subject that match."""
    return await POSITIONS[Source.SUBJECT].all(
        tx, criteria, start, workspace=workspace, limit=limit, origins=origins, subject=criteria.origin_id
    )


async def list_of_scores(
    tx: Tx, workspace: WorkspaceId, criteria: Criteria, start: PageStart, limit: int
) -> list[ListEntry]:
    """The newest ratings that match, read score by score."""
    return await POSITIONS[Source.SCORES].all(tx, criteria, start, workspace=workspace, limit=limit)


async def list_comments(
    tx: Tx, workspace: WorkspaceId, criteria: Criteria, start: PageStart, limit: int
) -> list[ListEntry]:
    """The newest ratings with comments that match."""
    return await POSITIONS[Source.COMMENTS].all(tx, criteria, start, workspace=workspace, limit=limit)


async def list_hits(tx: Tx, workspace: WorkspaceId, tsquery: str, start: PageStart, limit: int) -> list[ListEntry]:
    """The newest ratings whose comments match, in a system transaction."""
    return await SEARCH_HITS.all(tx, start, workspace=workspace, tsquery=tsquery, limit=limit)


async def list_matching(
    tx: Tx, workspace: WorkspaceId, criteria: Criteria, start: PageStart, hits: Sequence[FeedbackId], limit: int
) -> list[ListEntry]:
    """Those of the hits that match the other conditions, newest first."""
    return await POSITIONS[Source.HITS].all(tx, criteria, start, workspace=workspace, limit=limit, hits=hits)


async def list_rows(tx: Tx, workspace: WorkspaceId, ids: Sequence[FeedbackId]) -> list[FeedbackItem]:
    """The rows of these ratings, in the same order."""
    return await ROWS.all(tx, workspace=workspace, ids=ids)


async def find_detail(tx: Tx, workspace: WorkspaceId, feedback: FeedbackId) -> RatingDetail | None:
    """None for an unknown rating."""
    return await DETAIL.find(tx, workspace=workspace, feedback=feedback)


async def get_csv_lines(tx: Tx, workspace: WorkspaceId, ids: Sequence[FeedbackId], form: CsvFormat) -> str:
    """The lines of these ratings, in the same order, each with its line end."""
    return (await CSV_LINES.one(tx, workspace=workspace, ids=ids, **form.parameters)).lines or ""


async def get_json_lines(tx: Tx, workspace: WorkspaceId, ids: Sequence[FeedbackId]) -> str:
    """A JSON object on a line for each of these ratings, in the same order."""
    return (await JSON_LINES.one(tx, workspace=workspace, ids=ids)).lines or ""


async def list_changes(tx: Tx, workspace: WorkspaceId, since: datetime, limit: int) -> list[ChangedRating]:
    """The ratings that are new or changed since a time, in no order."""
    return await CHANGED_RATINGS.all(tx, workspace=workspace, since=since, limit=limit)


async def get_time_span(tx: Tx, workspace: WorkspaceId) -> TimeSpan:
    """The times between which all ratings are."""
    return await TIME_SPAN.one(tx, workspace=workspace)
