"""Opening, changing and deleting campaigns."""

from datetime import datetime

from msgspec.structs import replace

from voxpop.campaigns import store
from voxpop.campaigns.errors import CampaignHasSurveys, CampaignNotStarted
from voxpop.campaigns.models import Campaign, CampaignFilter, CampaignPlan, CampaignState, Page
from voxpop.db.pool import Tx
from voxpop.errors import Invalid, NotFound
from voxpop.types import Actor, Audit, CampaignId, uuid7


async def open_campaign(tx: Tx, actor: Actor, plan: CampaignPlan, now: datetime) -> Campaign:
    """UnknownSurveyType if the workspace has no such type; Invalid for an end before the start."""
    _check_dates(plan)
    return await store.insert_campaign(tx, actor.workspace, CampaignId(uuid7()), plan, Audit(now, actor.name))


async def get_campaign(tx: Tx, actor: Actor, campaign: CampaignId) -> Campaign:
    return _existing(await store.find_campaign(tx, actor.workspace, campaign), campaign)


async def lock_campaign(tx: Tx, actor: Actor, campaign: CampaignId) -> Campaign:
    """The campaign, locked until the end of the transaction, so that another change does not get lost."""
    return _existing(await store.lock_campaign(tx, actor.workspace, campaign), campaign)


async def find_campaign(tx: Tx, actor: Actor, campaign: CampaignId) -> Campaign | None:
    """None for an unknown or deleted one."""
    return await store.find_campaign(tx, actor.workspace, campaign)


async def replace_campaign(tx: Tx, actor: Actor, locked: Campaign, plan: CampaignPlan, now: datetime) -> Campaign:
    """CampaignHasSurveys for another survey type once there are surveys, because stored scores would change meaning."""
    _check_dates(plan)
    if locked.survey_type_code != plan.survey_type_code and await store.has_surveys(tx, actor.workspace, locked.id):
        raise CampaignHasSurveys
    return await store.replace_campaign(tx, actor.workspace, locked.id, plan, Audit(now, actor.name))


async def change_campaign(tx: Tx, actor: Actor, locked: Campaign, plan: CampaignPlan, now: datetime) -> Campaign:
    """As `replace_campaign`, but writes nothing if nothing changes."""
    return locked if locked.plan == plan else await replace_campaign(tx, actor, locked, plan, now)


async def pause_campaign(tx: Tx, actor: Actor, campaign: CampaignId, now: datetime) -> Campaign:
    """The campaign opens no more surveys until it is resumed."""
    old = await lock_campaign(tx, actor, campaign)
    return await change_campaign(tx, actor, old, replace(old.plan, active=False), now)


async def resume_campaign(tx: Tx, actor: Actor, campaign: CampaignId, now: datetime) -> Campaign:
    """The campaign opens surveys again, between its start and its end."""
    old = await lock_campaign(tx, actor, campaign)
    return await change_campaign(tx, actor, old, replace(old.plan, active=True), now)


async def end_campaign(tx: Tx, actor: Actor, campaign: CampaignId, now: datetime) -> Campaign:
    """The campaign ends now. An earlier end stays. Raises CampaignNotStarted before the start."""
    old = await lock_campaign(tx, actor, campaign)
    if now < old.start_date:
        raise CampaignNotStarted
    if old.state(now) is CampaignState.ENDED:
        return old
    return await change_campaign(tx, actor, old, replace(old.plan, end_date=now), now)


async def delete_campaign(tx: Tx, actor: Actor, campaign: CampaignId, now: datetime) -> None:
    """The campaign opens no more surveys. Its surveys stay answerable, and its answers stay."""
    if not await store.delete_campaign(tx, actor.workspace, campaign, Audit(now, actor.name)):
        raise NotFound.of("Campaign", campaign)


async def has_surveys(tx: Tx, actor: Actor, campaign: CampaignId) -> bool:
    """Whether the campaign has opened a survey."""
    return await store.has_surveys(tx, actor.workspace, campaign)


async def list_campaigns(tx: Tx, actor: Actor, criteria: CampaignFilter, page: Page) -> list[Campaign]:
    """Newest first."""
    return await store.list_campaigns(tx, actor.workspace, criteria, page)


def _check_dates(plan: CampaignPlan) -> None:
    if plan.end_date is not None and plan.end_date < plan.start_date:
        raise Invalid.of("body", "end_date", "must not be before start_date")


def _existing(found: Campaign | None, campaign: CampaignId) -> Campaign:
    if found is None:
        raise NotFound.of("Campaign", campaign)
    return found
