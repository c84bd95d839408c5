"""Statements on the ledger of asks."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.surveys.models import Answerable, DueSurvey, NewCampaignSurvey, NewSurvey, SurveyClosure
from voxpop.types import CampaignId, SurveyId, WorkspaceId


class Ended(Struct):
    id: SurveyId


class OfCampaign(Struct, frozen=True):
    id: SurveyId
    campaign_id: CampaignId


NEW_SURVEYS = Query(
    """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, guid, user_email, scheduled_at,
                        create_time, create_user, last_update_time, last_update_user)
    SELECT $1, id, code, origin, origin_id, guid, user_email, scheduled_at, $9, $10, $9, $10
    FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[])
        AS new (id, code, origin, origin_id, guid, user_email, scheduled_at)
    ORDER BY id
    """,
    NoRows,
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


# Which open surveys of campaigns may these customers answer now? The latest scheduled first.
DUE = Query(
    """
    SELECT s.id, s.campaign_id, s.guid, s.survey_type_code, t.question, t.translations, t.scale_min, t.scale_max,
           s.context_type, s.context_id, s.context_date, s.sent_at
    FROM survey s JOIN survey_type t ON t.workspace_id = $1 AND t.code = s.survey_type_code
    WHERE s.workspace_id = $1 AND s.guid = ANY ($2::text[]) AND s.origin = 'campaign' AND s.status = 'PENDING'
        AND s.scheduled_at < $3
    ORDER BY s.scheduled_at DESC, s.create_time DESC, s.id DESC
    """,
    DueSurvey,
)

SENT = Query(
    """
    WITH unsent AS (
        SELECT id FROM survey
        WHERE workspace_id = $1 AND id = ANY ($2::uuid[]) AND sent_at IS NULL AND status = 'PENDING'
        ORDER BY id FOR UPDATE
    )
    UPDATE survey s SET sent_at = $3, last_update_time = $3, last_update_user = $4
    FROM unsent WHERE s.workspace_id = $1 AND s.id = unsent.id
    RETURNING s.id, s.campaign_id
    """,
    OfCampaign,
)

ANSWERABLE = Query(
    """
    SELECT s.id, s.status, s.campaign_id, s.guid, s.survey_type_code, t.scale_min, t.scale_max, t.thanks, t.translations
    FROM survey s JOIN survey_type t ON t.workspace_id = $1 AND t.code = s.survey_type_code
    WHERE s.workspace_id = $1 AND s.id = ANY ($2::uuid[]) AND s.origin = 'campaign'
    ORDER BY s.id FOR UPDATE OF s
    """,
    Answerable,
)

# Which open surveys of campaigns were sent before one moment, or were never sent and made before another? Some of them.
EXPIRED = Query(
    """
    WITH old AS (
        SELECT id FROM survey
        WHERE workspace_id = $1 AND status = 'PENDING' AND origin = 'campaign'
            AND (sent_at < $2 OR (sent_at IS NULL AND create_time < $3))
        ORDER BY id LIMIT $4 FOR UPDATE
    )
    UPDATE survey s SET status = 'EXPIRED', last_update_time = $5, last_update_user = $6
    FROM old WHERE s.workspace_id = $1 AND s.id = old.id AND s.status = 'PENDING'
    RETURNING s.id, s.campaign_id
    """,
    OfCampaign,
)


# Which of these surveys are new? A campaign has one survey for a context at most.
NEW_CAMPAIGN_SURVEYS = Query(
    """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, campaign_id, guid, context_type,
                        context_id, context_date, scheduled_at, create_time, last_update_time)
    SELECT :workspace, id, code, 'campaign', campaign_id, campaign_id, guid, context_type, context_id, date,
           :now::timestamptz + make_interval(hours => delay_hours), :now, :now
    FROM unnest(:ids::uuid[], :campaigns::uuid[], :codes::text[], :delays::int[], :guids::text[],
                :context_types::text[], :context_ids::text[], :context_dates::date[])
        AS new (id, campaign_id, code, delay_hours, guid, context_type, context_id, date)
    ORDER BY campaign_id, context_id COLLATE "C"
    ON CONFLICT (workspace_id, campaign_id, context_id) WHERE campaign_id IS NOT NULL DO NOTHING
    RETURNING id
    """,
    Ended,
)


async def insert_campaign_surveys(
    tx: Tx, workspace: WorkspaceId, surveys: Sequence[NewCampaignSurvey], now: datetime
) -> set[SurveyId]:
    """The surveys that are new; the others have a context that their campaign has a survey for."""
    rows = await NEW_CAMPAIGN_SURVEYS.all(
        tx,
        workspace=workspace,
        ids=[survey.id for survey in surveys],
        campaigns=[survey.campaign for survey in surveys],
        codes=[survey.survey_type for survey in surveys],
        delays=[survey.delay_hours for survey in surveys],
        guids=[survey.guid for survey in surveys],
        context_types=[survey.context_type for survey in surveys],
        context_ids=[survey.context_id for survey in surveys],
        context_dates=[survey.context_date for survey in surveys],
        now=now,
    )
    return {row.id for row in rows}


async def insert_surveys(tx: Tx, workspace: WorkspaceId, asks: Sequence[NewSurvey], now: datetime, user: str) -> None:
    rows = [
        (ask.id, ask.survey_type, ask.origin, ask.origin_id, ask.guid, ask.user_email, ask.scheduled_at) for ask in asks
    ]
    await NEW_SURVEYS.run(tx, workspace, *zip(*rows, strict=True), now, user)


async def end_surveys(
    tx: Tx, workspace: WorkspaceId, endings: Sequence[SurveyClosure], now: datetime, user: str
) -> set[SurveyId]:
    """The surveys that were open until now."""
    surveys, statuses = zip(*((ending.survey, ending.status) for ending in endings), strict=True)
    return {row.id for row in await ENDED_SURVEYS.all(tx, workspace, surveys, statuses, now, user)}


async def list_due(tx: Tx, workspace: WorkspaceId, guids: Sequence[str], now: datetime) -> list[DueSurvey]:
    """The latest scheduled first."""
    return await DUE.all(tx, workspace, guids, now)


async def set_sent(
    tx: Tx, workspace: WorkspaceId, surveys: Sequence[SurveyId], now: datetime, user: str
) -> list[OfCampaign]:
    """Notes the first showing; what comes back are those that had not been shown."""
    return await SENT.all(tx, workspace, surveys, now, user)


async def lock_answerable(tx: Tx, workspace: WorkspaceId, surveys: Sequence[SurveyId]) -> dict[SurveyId, Answerable]:
    """Campaigns' surveys only; those of another origin are unknown here."""
    return {row.id: row for row in await ANSWERABLE.all(tx, workspace, surveys)}


async def expire_surveys(
    tx: Tx, workspace: WorkspaceId, before: tuple[datetime, datetime | None], most: int, by: tuple[datetime, str]
) -> list[OfCampaign]:
    """`before`: sent, and made without being sent (None: those stay). No more than `most`; those that ended now."""
    return await EXPIRED.all(tx, workspace, *before, most, *by)
