"""Statements on the ledger of asks."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Nothing, Query
from voxpop.surveys.models import Ending, NewSurvey
from voxpop.types import SurveyId, WorkspaceId


class Ended(Struct):
    id: SurveyId


NEW_SURVEYS = Query(
    """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, guid, user_email, scheduled_at,
                        create_time, create_user, last_update_time, last_update_user)
    SELECT $1, id, code, origin, origin_id, guid, user_email, scheduled_at, $9, $10, $9, $10
    FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[])
        AS new (id, code, origin, origin_id, guid, user_email, scheduled_at)
    ORDER BY id
    """,
    Nothing,
)

# Which of these surveys were still open, and so end now? Locked in the order of their ids.
ENDED_SURVEYS = Query(
    """
    WITH open AS (
        SELECT id FROM survey
        WHERE workspace_id = $1 AND id = ANY ($2::uuid[]) AND status = 'PENDING' ORDER BY id FOR UPDATE
    )
    UPDATE survey SET status = ending.status, last_update_time = $4::timestamptz, last_update_user = $5,
        completed_at = CASE WHEN ending.status = 'COMPLETED' THEN $4::timestamptz END
    FROM open JOIN unnest($2::uuid[], $3::text[]) AS ending (id, status) USING (id)
    WHERE survey.workspace_id = $1 AND survey.id = open.id
    RETURNING survey.id
    """,
    Ended,
)


async def insert_surveys(tx: Tx, workspace: WorkspaceId, asks: Sequence[NewSurvey], now: datetime, user: str) -> None:
    rows = [
        (ask.id, ask.survey_type, ask.origin, ask.origin_id, ask.guid, ask.user_email, ask.scheduled_at) for ask in asks
    ]
    await NEW_SURVEYS.run(tx, workspace, *zip(*rows, strict=True), now, user)


async def end_surveys(
    tx: Tx, workspace: WorkspaceId, endings: Sequence[Ending], now: datetime, user: str
) -> set[SurveyId]:
    """The surveys that were open until now."""
    surveys, statuses = zip(*((ending.survey, ending.status) for ending in endings), strict=True)
    return {row.id for row in await ENDED_SURVEYS.all(tx, workspace, surveys, statuses, now, user)}
