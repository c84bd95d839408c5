"""What can be done with campaigns."""

from datetime import datetime

from voxpop.campaigns import store
from voxpop.campaigns.errors import CampaignHasSurveys
from voxpop.campaigns.models import Campaign, CampaignFilter, CampaignPlan
from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.types import Actor, CampaignId, uuid7


async def open_campaign(tx: Tx, actor: Actor, plan: CampaignPlan, now: datetime) -> Campaign:
    """UnknownSurveyType where the workspace has no such type."""
    return await store.insert_campaign(tx, actor.workspace, CampaignId(uuid7()), plan, (now, actor.name))


async def get_campaign(tx: Tx, actor: Actor, ident: CampaignId) -> Campaign:
    return _found(await store.find_campaign(tx, actor.workspace, ident), ident)


async def replace_campaign(tx: Tx, actor: Actor, ident: CampaignId, plan: CampaignPlan, now: datetime) -> Campaign:
    """CampaignHasSurveys for another survey type once there are surveys: stored scores would change their meaning."""
    old = _found(await store.lock_campaign(tx, actor.workspace, ident), ident)
    if old.survey_type_code != plan.survey_type_code and await store.has_surveys(tx, actor.workspace, ident):
        raise CampaignHasSurveys
    return await store.replace_campaign(tx, actor.workspace, ident, plan, (now, actor.name))


async def delete_campaign(tx: Tx, actor: Actor, ident: CampaignId, now: datetime) -> None:
    """It asks nobody any more; what it has asked and heard stays."""
    if not await store.delete_campaign(tx, actor.workspace, ident, (now, actor.name)):
        raise NotFound.of("Campaign", ident)


async def list_campaigns(
    tx: Tx, actor: Actor, wanted: CampaignFilter, limit: int | None, offset: int
) -> list[Campaign]:
    """Newest first; all of them where there is no limit."""
    return await store.list_campaigns(tx, actor.workspace, wanted, limit, offset)


def _found(campaign: Campaign | None, ident: CampaignId) -> Campaign:
    if campaign is None:
        raise NotFound.of("Campaign", ident)
    return campaign
