"""Statements on the ledger of answers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.feedback.models import Feedback, NewFeedback, Notes
from voxpop.types import FeedbackId, Origin, WorkspaceId

# The series come as text, since unnest would flatten an array of arrays.
NEW_FEEDBACK = Query(
    """
    INSERT INTO feedback (workspace_id, id, survey_id, survey_type_code, origin, origin_id, source, guid, user_email,
                          score, comment, user_agent, day, series_kinds, series_ids,
                          create_time, create_user, last_update_time, last_update_user)
    SELECT $1, id, survey_id, code, origin, origin_id, source, guid, user_email, score, comment, user_agent, day,
           kinds::text[], ids::uuid[], $16, $17, $16, $17
    FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[],
                $10::int[], $11::text[], $12::text[], $13::date[], $14::text[], $15::text[])
        AS new (id, survey_id, code, origin, origin_id, source, guid, user_email, score, comment, user_agent, day,
                kinds, ids)
    ORDER BY id
    """,
    NoRows,
)

FEEDBACK_BEFORE = Query(
    """
    SELECT id, user_email, score, comment, source, user_agent, create_time FROM feedback
    WHERE workspace_id = $1 AND origin = $2 AND origin_id = $3 AND (create_time, id) < ($4, $5)
    ORDER BY create_time DESC, id DESC LIMIT $6
    """,
    Feedback,
)

NOTED = Query(
    """
    UPDATE feedback SET notes = $3, notes_updated_by = $4, notes_updated_at = $5,
        last_update_time = $5, last_update_user = $6
    WHERE workspace_id = $1 AND id = $2
    RETURNING id, notes, notes_updated_by, notes_updated_at
    """,
    Notes,
)


async def insert_feedback(
    tx: Tx, workspace: WorkspaceId, ratings: Sequence[NewFeedback], now: datetime, user: str
) -> None:
    rows = [_row(rating) for rating in ratings]
    await NEW_FEEDBACK.run(tx, workspace, *zip(*rows, strict=True), now, user)


async def list_feedback(
    tx: Tx, workspace: WorkspaceId, subject: tuple[Origin, UUID], before: Position, limit: int
) -> list[Feedback]:
    """Ratings of one origin, newest first, those before (time, id) only."""
    return await FEEDBACK_BEFORE.all(tx, workspace, *subject, before.at, before.id, limit)


async def set_notes(
    tx: Tx, workspace: WorkspaceId, feedback: FeedbackId, notes: tuple[str | None, str], now: datetime, user: str
) -> Notes | None:
    """`notes`: the text and who wrote it. None where there is no such feedback."""
    return await NOTED.find(tx, workspace, feedback, *notes, now, user)


def _row(rating: NewFeedback) -> tuple[object, ...]:
    kinds = "{" + ",".join(series.kind for series in rating.series) + "}"
    ids = "{" + ",".join(str(series.id) for series in rating.series) + "}"
    return (
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
        kinds,
        ids,
    )
