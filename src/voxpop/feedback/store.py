"""Statements on ratings."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from msgspec import UNSET, Struct

from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query, array_text, arrays_of
from voxpop.feedback.models import Feedback, FeedbackChange, LinkKind, NewFeedback, NewNotes, Notes
from voxpop.metrics.models import Series, SeriesKind
from voxpop.types import Audit, FeedbackId, Origin, SurveyId, WorkspaceId


class FeedbackRow(Struct):
    """A row of `feedback`. The series are arrays as text, because `unnest` flattens nested arrays."""

    id: FeedbackId
    survey_id: SurveyId | None
    survey_type: str
    origin: str
    origin_id: UUID
    source: str
    guid: str | None
    user_email: str | None
    score: int
    comment: str | None
    user_agent: str | None
    day: date
    series_kinds: str
    series_ids: str
    tag_ids: str

    @classmethod
    def of(cls, rating: NewFeedback) -> "FeedbackRow":
        return cls(
            rating.id,
            rating.survey_id,
            rating.survey_type,
            rating.origin,
            rating.origin_id,
            rating.source,
            rating.guid,
            rating.user_email,
            rating.score,
            rating.comment,
            rating.user_agent,
            rating.day,
            *_series_arrays(rating.series),
        )


class SeriesArrays(NamedTuple):
    """The series of a rating as the last fields of its row."""

    kinds: str
    ids: str
    tag_ids: str


@lru_cache(maxsize=1024)  # many ratings have the same series
def _series_arrays(series: tuple[Series, ...]) -> SeriesArrays:
    tags = (one.id for one in series if one.kind == SeriesKind.TAG)
    return SeriesArrays(array_text(one.kind for one in series), array_text(one.id for one in series), array_text(tags))


class LinkRow(Struct):
    """A row of `feedback_link`."""

    kind: str
    target: UUID
    at: datetime
    rating: FeedbackId
    has_comment: bool


class Stored(Struct, frozen=True):
    """What a change of a rating needs to know about it."""

    id: FeedbackId
    create_time: datetime
    tag_ids: list[UUID]
    notes: str | None
    has_comment: bool
    read: bool
    handled: bool


NEW_FEEDBACK = Query(
    """
    INSERT INTO feedback (workspace_id, id, survey_id, survey_type_code, origin, origin_id, source, guid, user_email,
                          score, comment, user_agent, day, series_kinds, series_ids, tag_ids,
                          create_time, create_user, last_update_time, last_update_user)
    SELECT :workspace, id, survey_id, code, origin, origin_id, source, guid, user_email, score, comment, user_agent,
           day, kinds::text[], ids::uuid[], tags::uuid[], :now, :user, :now, :user
    FROM unnest(:id::uuid[], :survey_id::uuid[], :survey_type::text[], :origin::text[], :origin_id::uuid[],
                :source::text[], :guid::text[], :user_email::text[], :score::int[], :comment::text[],
                :user_agent::text[], :day::date[], :series_kinds::text[], :series_ids::text[],
                :tag_ids::text[])
        AS new (id, survey_id, code, origin, origin_id, source, guid, user_email, score, comment, user_agent, day,
                kinds, ids, tags)
    ORDER BY id
    """,
    NoRows,
    values=FeedbackRow,
)

NEW_LINKS = Query(
    """
    INSERT INTO feedback_link (workspace_id, kind, target_id, create_time, feedback_id, has_comment)
    SELECT :workspace, kind, target, at, rating, has_comment
    FROM unnest(:kind::text[], :target::uuid[], :at::timestamptz[], :rating::uuid[], :has_comment::boolean[])
        AS new (kind, target, at, rating, has_comment)
    ORDER BY kind COLLATE "C", target, at, rating
    ON CONFLICT DO NOTHING
    """,
    NoRows,
    values=LinkRow,
)

OLD_LINKS = Query(
    """
    DELETE FROM feedback_link
    WHERE workspace_id = :workspace AND kind = :kind AND target_id = ANY (:targets::uuid[])
        AND create_time = :at AND feedback_id = :feedback
    """,
    NoRows,
)

# In the order of their ids, so that two changes of several ratings wait for each other instead of deadlocking.
LOCKED_FEEDBACK = Query(
    """
    SELECT id, create_time, tag_ids, notes, comment IS NOT NULL AS has_comment, read_at IS NOT NULL AS read,
           handled_at IS NOT NULL AS handled
    FROM feedback WHERE workspace_id = :workspace AND id = ANY (:ids::uuid[]) ORDER BY id FOR UPDATE
    """,
    Stored,
)

# Null leaves a mark as it is. A mark that is set again keeps its first member and time.
NEW_MARKS = Query(
    """
    UPDATE feedback SET
        read_at = CASE WHEN :read::boolean IS NULL THEN read_at WHEN :read THEN coalesce(read_at, :at) END,
        read_by = CASE WHEN :read::boolean IS NULL THEN read_by WHEN :read THEN coalesce(read_by, :by) END,
        handled_at = CASE WHEN :handled::boolean IS NULL THEN handled_at
                          WHEN :handled THEN coalesce(handled_at, :at) END,
        handled_by = CASE WHEN :handled::boolean IS NULL THEN handled_by
                          WHEN :handled THEN coalesce(handled_by, :by) END,
        tag_ids = coalesce(:tag_ids::uuid[], tag_ids), last_update_time = :at, last_update_user = :by
    WHERE workspace_id = :workspace AND id = ANY (:ids::uuid[])
    """,
    NoRows,
)

FEEDBACK_PAGE = Query(
    """
    SELECT id, user_email, score, comment, source, user_agent, create_time FROM feedback
    WHERE workspace_id = :workspace AND origin = :origin AND origin_id = :origin_id
        AND (create_time, id) < (:before, :before_id)
    ORDER BY create_time DESC, id DESC LIMIT :limit
    """,
    Feedback,
)

NEW_NOTES = Query(
    """
    UPDATE feedback SET notes = :notes, notes_updated_by = :author, notes_updated_at = :now,
        last_update_time = :now, last_update_user = :user
    WHERE workspace_id = :workspace AND id = :feedback
    RETURNING id, notes, notes_updated_by, notes_updated_at
    """,
    Notes,
)


async def insert_feedback(tx: Tx, workspace: WorkspaceId, ratings: Sequence[NewFeedback], audit: Audit) -> None:
    rows = arrays_of([FeedbackRow.of(rating) for rating in ratings])
    await NEW_FEEDBACK.run(tx, workspace=workspace, now=audit.at, user=audit.by, **rows)


async def insert_links(tx: Tx, workspace: WorkspaceId, links: Sequence[LinkRow]) -> None:
    """A link that exists is left as it is."""
    if links:
        await NEW_LINKS.run(tx, workspace=workspace, **arrays_of(links))


async def delete_links(
    tx: Tx, workspace: WorkspaceId, kind: LinkKind, targets: Sequence[UUID], feedback: FeedbackId, at: datetime
) -> None:
    """`at` is the time of the rating."""
    await OLD_LINKS.run(tx, workspace=workspace, kind=kind, targets=targets, feedback=feedback, at=at)


async def lock_feedback(tx: Tx, workspace: WorkspaceId, ids: Sequence[FeedbackId]) -> list[Stored]:
    """By id, without unknown ratings."""
    return await LOCKED_FEEDBACK.all(tx, workspace=workspace, ids=ids)


async def set_marks(
    tx: Tx, workspace: WorkspaceId, ids: Sequence[FeedbackId], change: FeedbackChange, audit: Audit
) -> None:
    """The marks and the tags of locked ratings."""
    read, handled, tags = (None if value is UNSET else value for value in (change.read, change.handled, change.tags))
    await NEW_MARKS.run(tx, audit, workspace=workspace, ids=ids, read=read, handled=handled, tag_ids=tags)


async def list_feedback(
    tx: Tx, workspace: WorkspaceId, origin: Origin, origin_id: UUID, before: Position, limit: int
) -> list[Feedback]:
    """Newest first, before a position."""
    return await FEEDBACK_PAGE.all(
        tx,
        workspace=workspace,
        origin=origin,
        origin_id=origin_id,
        before=before.at,
        before_id=before.id,
        limit=limit,
    )


async def set_notes(tx: Tx, workspace: WorkspaceId, feedback: FeedbackId, new: NewNotes, audit: Audit) -> Notes | None:
    """None for an unknown rating."""
    return await NEW_NOTES.find(tx, new, workspace=workspace, feedback=feedback, now=audit.at, user=audit.by)
