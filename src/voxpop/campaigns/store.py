"""Statements on campaigns."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from voxpop.campaigns.models import Campaign, CampaignFilter, CampaignPlan, Page
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import Audit, CampaignId, WorkspaceId


class Use(Struct, frozen=True):
    has_surveys: bool


class RunningCampaign(Struct, frozen=True):
    """The properties of a campaign that an event needs."""

    id: CampaignId
    trigger_type: str
    survey_type_code: str
    delay_hours: int
    channels: list[str]


_CAMPAIGN = """id, name, survey_type_code, trigger_type, delay_hours, active, start_date, end_date,
        channels, reminder_after_days, language, create_time, create_user, last_update_time, last_update_user"""

NEW_CAMPAIGN = Query(
    f"""
    INSERT INTO campaign (workspace_id, id, name, name_folded, survey_type_code, trigger_type, delay_hours, active,
                          start_date, end_date, channels, reminder_after_days, language,
                          create_time, create_user, last_update_time, last_update_user)
    VALUES (:workspace, :campaign, :name, :name_folded, :survey_type_code, :trigger_type, :delay_hours, :active,
            :start_date, :end_date, :channels, :reminder_after_days, :language, :at, :by, :at, :by)
    RETURNING {_CAMPAIGN}
    """,
    Campaign,
    CampaignPlan,
)

CAMPAIGN_BY_ID = Query(
    f"SELECT {_CAMPAIGN} FROM campaign WHERE workspace_id = :workspace AND id = :campaign AND NOT deleted", Campaign
)

LOCKED_CAMPAIGN = Query(f"{CAMPAIGN_BY_ID.text} FOR UPDATE", Campaign)

# The lock keeps the survey type from changing between this statement and the opening of a survey.
UNCHANGING_CAMPAIGN = Query(f"{CAMPAIGN_BY_ID.text} FOR KEY SHARE", Campaign)

REPLACED_CAMPAIGN = Query(
    f"""
    UPDATE campaign SET name = :name, name_folded = :name_folded, survey_type_code = :survey_type_code,
        trigger_type = :trigger_type, delay_hours = :delay_hours, active = :active, start_date = :start_date,
        end_date = :end_date, channels = :channels, reminder_after_days = :reminder_after_days, language = :language,
        last_update_time = :at, last_update_user = :by
    WHERE workspace_id = :workspace AND id = :campaign AND NOT deleted
    RETURNING {_CAMPAIGN}
    """,
    Campaign,
    CampaignPlan,
)

DELETED_CAMPAIGN = Query(
    """
    UPDATE campaign SET deleted = true, last_update_time = :at, last_update_user = :by
    WHERE workspace_id = :workspace AND id = :campaign AND NOT deleted
    """,
    NoRows,
)

CAMPAIGNS = Query(
    f"""
    SELECT {_CAMPAIGN} FROM campaign
    WHERE workspace_id = :workspace AND NOT deleted
        AND (:name_part::text IS NULL OR position(:name_part IN name_folded) > 0)
        AND (:type::text IS NULL OR survey_type_code = :type)
        AND (:trigger_type::text IS NULL OR trigger_type = :trigger_type)
        AND (:active::boolean IS NULL OR active = :active)
        AND (:start_from::timestamptz IS NULL OR start_date >= :start_from)
        AND (:start_to::timestamptz IS NULL OR start_date <= :start_to)
        AND (:end_from::timestamptz IS NULL OR end_date >= :end_from)
        AND (:end_to::timestamptz IS NULL OR end_date <= :end_to)
    ORDER BY create_time DESC, id DESC LIMIT :limit OFFSET :offset
    """,
    Campaign,
    CampaignFilter,
)

USE = Query(
    "SELECT EXISTS (SELECT FROM survey WHERE workspace_id = :workspace AND campaign_id = :campaign) AS has_surveys", Use
)

# The lock keeps the survey type from changing between this statement and the opening of surveys.
RUNNING = Query(
    """
    SELECT id, trigger_type, survey_type_code, delay_hours, channels FROM campaign
    WHERE workspace_id = :workspace AND trigger_type = ANY (:triggers::text[]) AND channels <> '{link}'
        AND active AND NOT deleted AND start_date <= :now AND (end_date IS NULL OR end_date >= :now)
    ORDER BY id FOR KEY SHARE
    """,
    RunningCampaign,
)


async def insert_campaign(
    tx: Tx, workspace: WorkspaceId, campaign: CampaignId, plan: CampaignPlan, audit: Audit
) -> Campaign:
    folded = plan.name.casefold()
    return await NEW_CAMPAIGN.one(
        tx, plan, workspace=workspace, campaign=campaign, name_folded=folded, at=audit.at, by=audit.by
    )


async def find_campaign(tx: Tx, workspace: WorkspaceId, campaign: CampaignId) -> Campaign | None:
    return await CAMPAIGN_BY_ID.find(tx, workspace=workspace, campaign=campaign)


async def lock_campaign(tx: Tx, workspace: WorkspaceId, campaign: CampaignId) -> Campaign | None:
    """Until the transaction ends, the campaign opens no survey and does not change."""
    return await LOCKED_CAMPAIGN.find(tx, workspace=workspace, campaign=campaign)


async def find_unchanging_campaign(tx: Tx, workspace: WorkspaceId, campaign: CampaignId) -> Campaign | None:
    """Until the transaction ends, the campaign does not change."""
    return await UNCHANGING_CAMPAIGN.find(tx, workspace=workspace, campaign=campaign)


async def replace_campaign(
    tx: Tx, workspace: WorkspaceId, campaign: CampaignId, plan: CampaignPlan, audit: Audit
) -> Campaign:
    folded = plan.name.casefold()
    return await REPLACED_CAMPAIGN.one(
        tx, plan, workspace=workspace, campaign=campaign, name_folded=folded, at=audit.at, by=audit.by
    )


async def delete_campaign(tx: Tx, workspace: WorkspaceId, campaign: CampaignId, audit: Audit) -> bool:
    """Marks the campaign as deleted; the row stays. False if there is none."""
    return await DELETED_CAMPAIGN.run(tx, workspace=workspace, campaign=campaign, at=audit.at, by=audit.by) == 1


async def list_campaigns(tx: Tx, workspace: WorkspaceId, criteria: CampaignFilter, page: Page) -> list[Campaign]:
    """Newest first. Names are compared folded, by the application, so that the database's locale does not matter."""
    if criteria.name_part is not None:
        criteria = msgspec.structs.replace(criteria, name_part=criteria.name_part.casefold())
    return await CAMPAIGNS.all(tx, criteria, workspace=workspace, limit=page.limit, offset=page.offset)


async def has_surveys(tx: Tx, workspace: WorkspaceId, campaign: CampaignId) -> bool:
    return (await USE.one(tx, workspace=workspace, campaign=campaign)).has_surveys


async def list_running(tx: Tx, workspace: WorkspaceId, triggers: Sequence[str], now: datetime) -> list[RunningCampaign]:
    """The campaigns that open surveys for events of these types now, locked against another survey type."""
    return await RUNNING.all(tx, workspace=workspace, triggers=triggers, now=now)
