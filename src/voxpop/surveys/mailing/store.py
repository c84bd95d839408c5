"""Statements on the emails about surveys, and on the addresses that want none."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.surveys.mailing.models import EmailCounts, FailedEmail
from voxpop.types import CampaignId, SurveyId, WorkspaceId


class DueWorkspace(Struct, frozen=True):
    id: WorkspaceId


class DueEmail(Struct, frozen=True):
    """An email to write. `is_wanted`: the survey is open, and the address may be asked.

    `survey_type` is for `models.decode_survey_type`; the language is that of the campaign.
    """

    survey_id: SurveyId
    email: str
    is_reminder: bool
    is_wanted: bool
    survey_type: str
    language: str | None


class EmailState(Struct, frozen=True):
    """Whether an email about a survey may still be sent."""

    campaign_id: CampaignId
    email: str
    email_folded: str
    is_open: bool
    is_deleted: bool  # its campaign
    is_unsubscribed: bool


DUE_WORKSPACES = Query(
    "SELECT DISTINCT workspace_id AS id FROM survey_email WHERE due_at <= :now", DueWorkspace, system=True
)

# Which emails are due? Those of a paused campaign wait, and those that are no longer wanted are dropped. Locked rows
# belong to another worker.
DUE_EMAILS = Query(
    """
    SELECT e.survey_id, e.email, e.sent_at IS NOT NULL AS is_reminder,
           s.status = 'PENDING' AND NOT c.deleted AND u.email_folded IS NULL
               AND (e.sent_at IS NULL OR c.reminder_after_days IS NOT NULL) AS is_wanted,
           to_json(t)::text AS survey_type, c.language
    FROM survey_email e
        JOIN survey s ON s.workspace_id = :workspace AND s.id = e.survey_id
        JOIN survey_type t ON t.workspace_id = :workspace AND t.code = s.survey_type_code
        JOIN campaign c ON c.workspace_id = :workspace AND c.id = e.campaign_id
        LEFT JOIN unsubscribed_email u ON u.workspace_id = :workspace AND u.email_folded = e.email_folded
    WHERE e.workspace_id = :workspace AND e.due_at <= :now
        AND (c.deleted OR s.status <> 'PENDING' OR (c.active AND 'email' = ANY (c.channels)))
    ORDER BY e.due_at, e.survey_id LIMIT :limit FOR UPDATE OF e SKIP LOCKED
    """,
    DueEmail,
)

WRITTEN_EMAILS = Query(
    "UPDATE survey_email SET due_at = NULL WHERE workspace_id = :workspace AND survey_id = ANY (:surveys::uuid[])",
    NoRows,
)

EMAIL_STATE = Query(
    """
    SELECT e.campaign_id, e.email, e.email_folded, s.status = 'PENDING' AS is_open, c.deleted AS is_deleted,
           u.email_folded IS NOT NULL AS is_unsubscribed
    FROM survey_email e
        JOIN survey s ON s.workspace_id = :workspace AND s.id = e.survey_id
        JOIN campaign c ON c.workspace_id = :workspace AND c.id = e.campaign_id
        LEFT JOIN unsubscribed_email u ON u.workspace_id = :workspace AND u.email_folded = e.email_folded
    WHERE e.workspace_id = :workspace AND e.survey_id = :survey
    """,
    EmailState,
)

# The first email begins the time until the reminder.
SENT_EMAIL = Query(
    """
    UPDATE survey_email e
    SET sent_at = coalesce(e.sent_at, :now), reminded_at = CASE WHEN e.sent_at IS NOT NULL THEN :now::timestamptz END,
        due_at = CASE WHEN e.sent_at IS NULL
                      THEN :now::timestamptz + make_interval(hours => 24 * c.reminder_after_days) END
    FROM campaign c
    WHERE e.workspace_id = :workspace AND e.survey_id = :survey
        AND c.workspace_id = :workspace AND c.id = e.campaign_id
    """,
    NoRows,
)

FAILED_EMAIL = Query(
    """
    UPDATE survey_email SET failed_at = :now, failure = :failure, due_at = NULL
    WHERE workspace_id = :workspace AND survey_id = :survey
    """,
    NoRows,
)

EMAIL_COUNTS = Query(
    """
    SELECT count(sent_at) AS sent, count(reminded_at) AS reminded, count(failed_at) AS failed FROM survey_email
    WHERE workspace_id = :workspace AND campaign_id = :campaign
    """,
    EmailCounts,
)

FAILED_EMAILS = Query(
    """
    SELECT email, failure, failed_at FROM survey_email
    WHERE workspace_id = :workspace AND campaign_id = :campaign AND failed_at IS NOT NULL
    ORDER BY failed_at DESC, survey_id LIMIT :limit
    """,
    FailedEmail,
)

NEW_UNSUBSCRIBED = Query(
    """
    INSERT INTO unsubscribed_email (workspace_id, email_folded, create_time) VALUES (:workspace, :email_folded, :now)
    ON CONFLICT DO NOTHING
    """,
    NoRows,
)

DELETED_UNSUBSCRIBED = Query(
    "DELETE FROM unsubscribed_email WHERE workspace_id = :workspace AND email_folded = :email_folded", NoRows
)


async def list_due_workspaces(tx: Tx, now: datetime) -> list[WorkspaceId]:
    """The workspaces with emails to write."""
    return [row.id for row in await DUE_WORKSPACES.all(tx, now=now)]


async def list_due_emails(tx: Tx, workspace: WorkspaceId, now: datetime, limit: int) -> list[DueEmail]:
    """The oldest first, locked until the transaction ends."""
    return await DUE_EMAILS.all(tx, workspace=workspace, now=now, limit=limit)


async def set_written(tx: Tx, workspace: WorkspaceId, surveys: Sequence[SurveyId]) -> None:
    """No further email about these surveys is due."""
    await WRITTEN_EMAILS.run(tx, workspace=workspace, surveys=surveys)


async def find_state(tx: Tx, workspace: WorkspaceId, survey: SurveyId) -> EmailState | None:
    """None for a survey without an address."""
    return await EMAIL_STATE.find(tx, workspace=workspace, survey=survey)


async def set_sent(tx: Tx, workspace: WorkspaceId, survey: SurveyId, now: datetime) -> None:
    await SENT_EMAIL.run(tx, workspace=workspace, survey=survey, now=now)


async def set_failed(tx: Tx, workspace: WorkspaceId, survey: SurveyId, failure: str, now: datetime) -> None:
    await FAILED_EMAIL.run(tx, workspace=workspace, survey=survey, failure=failure, now=now)


async def count_emails(tx: Tx, workspace: WorkspaceId, campaign: CampaignId) -> EmailCounts:
    return await EMAIL_COUNTS.one(tx, workspace=workspace, campaign=campaign)


async def list_failed(tx: Tx, workspace: WorkspaceId, campaign: CampaignId, limit: int) -> list[FailedEmail]:
    """The latest first."""
    return await FAILED_EMAILS.all(tx, workspace=workspace, campaign=campaign, limit=limit)


async def insert_unsubscribed(tx: Tx, workspace: WorkspaceId, email_folded: str, now: datetime) -> None:
    await NEW_UNSUBSCRIBED.run(tx, workspace=workspace, email_folded=email_folded, now=now)


async def delete_unsubscribed(tx: Tx, workspace: WorkspaceId, email_folded: str) -> None:
    await DELETED_UNSUBSCRIBED.run(tx, workspace=workspace, email_folded=email_folded)
