"""Statements on surveys."""

from collections.abc import Sequence

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query, arrays_of
from voxpop.metrics.models import Stage
from voxpop.metrics.steps_store import COUNTED_SURVEYS
from voxpop.surveys.models import AnswerableSurvey, DueSurvey, ExpiryLimits, NewCampaignSurvey, NewSurvey, SurveyClosure
from voxpop.types import Audit, CampaignId, Origin, SurveyId, WorkspaceId
from voxpop.workspaces.steps_store import TODAY


class SurveyRow(Struct):
    id: SurveyId


class CampaignSurveyRow(Struct, frozen=True):
    id: SurveyId
    campaign_id: CampaignId


NEW_SURVEYS = Query(
    """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, guid, user_email, scheduled_at,
                        create_time, create_user, last_update_time, last_update_user)
    SELECT :workspace, id, code, origin, origin_id, guid, user_email, scheduled_at, :now, :user, :now, :user
    FROM unnest(:ids::uuid[], :survey_types::text[], :origins::text[], :origin_ids::uuid[], :guids::text[],
                :user_emails::text[], :scheduled_at::timestamptz[])
        AS new (id, code, origin, origin_id, guid, user_email, scheduled_at)
    ORDER BY id
    """,
    NoRows,
)

# Which of these surveys are new? A campaign has one survey for a context at most. Those with an address are emailed.
NEW_CAMPAIGN_SURVEYS = Query(
    """
    WITH new AS (
        SELECT * FROM unnest(:id::uuid[], :campaign::uuid[], :survey_type::text[], :delay_hours::int[], :guid::text[],
                             :context_type::text[], :context_id::text[], :context_date::date[], :email::text[],
                             :email_folded::text[])
            AS new (id, campaign_id, code, delay_hours, guid, context_type, context_id, date, email, email_folded)
    ), opened AS (
        INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, campaign_id, guid, context_type,
                            context_id, context_date, scheduled_at,
                            create_time, create_user, last_update_time, last_update_user)
        SELECT :workspace, id, code, 'campaign', campaign_id, campaign_id, guid, context_type, context_id, date,
               :now::timestamptz + make_interval(hours => delay_hours), :now, :user, :now, :user
        FROM new ORDER BY campaign_id, context_id COLLATE "C"
        ON CONFLICT (workspace_id, campaign_id, context_id) WHERE campaign_id IS NOT NULL DO NOTHING
        RETURNING id, scheduled_at
    ), emailed AS (
        INSERT INTO survey_email (workspace_id, survey_id, campaign_id, email, email_folded, due_at)
        SELECT :workspace, id, campaign_id, email, email_folded, scheduled_at
        FROM opened JOIN new USING (id) WHERE email IS NOT NULL ORDER BY id
    )
    SELECT id FROM opened
    """,
    SurveyRow,
    values=NewCampaignSurvey,
)

# Which of these surveys are open, and close now? They are locked in the order of their ids.
CLOSED_SURVEYS = Query(
    """
    WITH open AS (
        SELECT id FROM survey
        WHERE workspace_id = :workspace AND id = ANY (:ids::uuid[]) AND status = 'PENDING' ORDER BY id FOR UPDATE
    )
    UPDATE survey SET status = closure.status, last_update_time = :now::timestamptz, last_update_user = :user,
        completed_at = CASE WHEN closure.status = 'COMPLETED' THEN :now::timestamptz END
    FROM open JOIN unnest(:ids::uuid[], :statuses::text[]) AS closure (id, status) USING (id)
    WHERE survey.workspace_id = :workspace AND survey.id = open.id
    RETURNING survey.id
    """,
    SurveyRow,
)


# Which open campaign surveys can these customers answer now in an app? The latest scheduled first. Those shown for the
# first time are marked and counted in the same statement, so that it commits by itself. Those that were closed
# meanwhile are left out when they are locked; another process may have marked some meanwhile.
SHOWN_DUE_SURVEYS = Query(
    f"""
    WITH due AS (
        SELECT s.id, s.campaign_id, s.guid, s.survey_type_code, t.question, t.thanks, t.language, t.translations,
               t.scale_min, t.scale_max, t.display, t.label_min, t.label_max, t.comment_label, s.context_type,
               s.context_id, s.context_date, s.sent_at, s.scheduled_at, s.create_time
        FROM survey s JOIN survey_type t ON t.workspace_id = :workspace AND t.code = s.survey_type_code
            JOIN campaign c ON c.workspace_id = :workspace AND c.id = s.campaign_id
        WHERE s.workspace_id = :workspace AND s.guid = ANY (:guids::text[]) AND s.origin = 'campaign'
            AND s.status = 'PENDING' AND s.scheduled_at < :now AND 'in_app' = ANY (c.channels)
    ), locked AS (
        SELECT id, sent_at FROM survey
        WHERE workspace_id = :workspace AND id = ANY (ARRAY(SELECT id FROM due WHERE sent_at IS NULL))
            AND status = 'PENDING'
        ORDER BY id FOR UPDATE
    ), shown AS (
        UPDATE survey s SET sent_at = :now, last_update_time = :now, last_update_user = :user
        FROM locked WHERE s.workspace_id = :workspace AND s.id = locked.id AND locked.sent_at IS NULL
        RETURNING s.campaign_id
    ), reached AS (
        SELECT series.kind, series.id
        FROM shown, LATERAL (VALUES ('workspace', :workspace::uuid), ('campaign', campaign_id)) AS series (kind, id)
    ), today AS ({TODAY}
    ), counted AS ({COUNTED_SURVEYS[Stage.SHOWN]}
    )
    SELECT d.id, d.campaign_id, d.guid, d.survey_type_code, d.question, d.thanks, d.language, d.translations,
           d.scale_min, d.scale_max, d.display, d.label_min, d.label_max, d.comment_label,
           d.context_type, d.context_id, d.context_date,
           coalesce(d.sent_at, locked.sent_at, :now::timestamptz) AS sent_at
    FROM due d LEFT JOIN locked USING (id) WHERE d.sent_at IS NOT NULL OR locked.id IS NOT NULL
    ORDER BY d.scheduled_at DESC, d.create_time DESC, d.id DESC
    """,
    DueSurvey,
)

SURVEY_OF_CONTEXT = Query(
    """
    SELECT id FROM survey
    WHERE workspace_id = :workspace AND campaign_id = :campaign AND context_id = :context_id
    """,
    SurveyRow,
)

SHOWN_SURVEYS = Query(
    """
    WITH unsent AS (
        SELECT id FROM survey
        WHERE workspace_id = :workspace AND id = ANY (:ids::uuid[]) AND sent_at IS NULL AND status = 'PENDING'
        ORDER BY id FOR UPDATE
    )
    UPDATE survey s SET sent_at = :now, last_update_time = :now, last_update_user = :user
    FROM unsent WHERE s.workspace_id = :workspace AND s.id = unsent.id
    RETURNING s.id, s.campaign_id
    """,
    CampaignSurveyRow,
)

LOCKED_SURVEYS = Query(
    """
    SELECT s.id, s.status, s.origin, s.origin_id, s.guid, s.user_email, s.survey_type_code, t.scale_min, t.scale_max,
           t.thanks, t.language, t.translations
    FROM survey s JOIN survey_type t ON t.workspace_id = :workspace AND t.code = s.survey_type_code
    WHERE s.workspace_id = :workspace AND s.id = ANY (:ids::uuid[])
        AND s.origin = ANY (:origins::text[])
    ORDER BY s.id FOR UPDATE OF s
    """,
    AnswerableSurvey,
)

# Which open campaign surveys are too old, by their first showing or, if never shown, by their opening? At most `limit`.
EXPIRED_SURVEYS = Query(
    """
    WITH old AS (
        SELECT id FROM survey
        WHERE workspace_id = :workspace AND status = 'PENDING' AND origin = 'campaign'
            AND (sent_at < :sent_before OR (sent_at IS NULL AND create_time < :unsent_before))
        ORDER BY id LIMIT :limit FOR UPDATE
    )
    UPDATE survey s SET status = 'EXPIRED', last_update_time = :now, last_update_user = :user
    FROM old WHERE s.workspace_id = :workspace AND s.id = old.id AND s.status = 'PENDING'
    RETURNING s.id, s.campaign_id
    """,
    CampaignSurveyRow,
    values=ExpiryLimits,
)


async def insert_surveys(tx: Tx, workspace: WorkspaceId, surveys: Sequence[NewSurvey], audit: Audit) -> None:
    await NEW_SURVEYS.run(
        tx,
        workspace=workspace,
        ids=[survey.id for survey in surveys],
        survey_types=[survey.survey_type for survey in surveys],
        origins=[survey.origin for survey in surveys],
        origin_ids=[survey.origin_id for survey in surveys],
        guids=[survey.guid for survey in surveys],
        user_emails=[survey.user_email for survey in surveys],
        scheduled_at=[survey.scheduled_at for survey in surveys],
        now=audit.at,
        user=audit.by,
    )


async def insert_campaign_surveys(
    tx: Tx, workspace: WorkspaceId, surveys: Sequence[NewCampaignSurvey], audit: Audit
) -> set[SurveyId]:
    """Returns the new surveys, without those whose campaign has a survey for the context already."""
    rows = arrays_of(surveys)
    new = await NEW_CAMPAIGN_SURVEYS.all(tx, workspace=workspace, now=audit.at, user=audit.by, **rows)
    return {row.id for row in new}


async def find_campaign_survey(
    tx: Tx, workspace: WorkspaceId, campaign: CampaignId, context_id: str
) -> SurveyId | None:
    """The campaign's survey for a context."""
    row = await SURVEY_OF_CONTEXT.find(tx, workspace=workspace, campaign=campaign, context_id=context_id)
    return row.id if row else None


async def set_closed(tx: Tx, workspace: WorkspaceId, closures: Sequence[SurveyClosure], audit: Audit) -> set[SurveyId]:
    """Returns the surveys that were open until now."""
    rows = await CLOSED_SURVEYS.all(
        tx,
        workspace=workspace,
        ids=[closure.survey for closure in closures],
        statuses=[closure.status for closure in closures],
        now=audit.at,
        user=audit.by,
    )
    return {row.id for row in rows}


async def list_and_mark_due(tx: Tx, workspace: WorkspaceId, guids: Sequence[str], audit: Audit) -> list[DueSurvey]:
    """The latest scheduled first. It stores and counts the first showing of each, in one statement."""
    return await SHOWN_DUE_SURVEYS.all(tx, workspace=workspace, guids=guids, now=audit.at, user=audit.by)


async def set_sent(
    tx: Tx, workspace: WorkspaceId, surveys: Sequence[SurveyId], audit: Audit
) -> list[CampaignSurveyRow]:
    """Stores the time of the first showing; returns the surveys that were not shown before."""
    return await SHOWN_SURVEYS.all(tx, workspace=workspace, ids=surveys, now=audit.at, user=audit.by)


async def lock_surveys(
    tx: Tx, workspace: WorkspaceId, surveys: Sequence[SurveyId], origins: Sequence[Origin]
) -> dict[SurveyId, AnswerableSurvey]:
    """Those of the origins only."""
    rows = await LOCKED_SURVEYS.all(tx, workspace=workspace, ids=surveys, origins=origins)
    return {row.id: row for row in rows}


async def set_expired(tx: Tx, workspace: WorkspaceId, limits: ExpiryLimits, audit: Audit) -> list[CampaignSurveyRow]:
    """Returns the surveys that expire now."""
    return await EXPIRED_SURVEYS.all(tx, limits, workspace=workspace, now=audit.at, user=audit.by)
