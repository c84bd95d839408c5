"""Statements on ratings."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query, array_text, arrays_of
from voxpop.feedback.models import Feedback, NewFeedback, NewNotes, Notes
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
            array_text(series.kind for series in rating.series),
            array_text(series.id for series in rating.series),
        )


NEW_FEEDBACK = Query(
    """
    INSERT INTO feedback (workspace_id, id, survey_id, survey_type_code, origin, origin_id, source, guid, user_email,
                          score, comment, user_agent, day, series_kinds, series_ids,
                          create_time, create_user, last_update_time, last_update_user)
    SELECT :workspace, id, survey_id, code, origin, origin_id, source, guid, user_email, score, comment, user_agent,
           day, kinds::text[], ids::uuid[], :now, :user, :now, :user
    FROM unnest(:id::uuid[], :survey_id::uuid[], :survey_type::text[], :origin::text[], :origin_id::uuid[],
                :source::text[], :guid::text[], :user_email::text[], :score::int[], :comment::text[],
                :user_agent::text[], :day::date[], :series_kinds::text[], :series_ids::text[])
        AS new (id, survey_id, code, origin, origin_id, source, guid, user_email, score, comment, user_agent, day,
                kinds, ids)
    ORDER BY id
    """,
    NoRows,
    values=FeedbackRow,
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
