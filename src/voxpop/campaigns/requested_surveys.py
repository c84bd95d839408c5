"""Surveys that a caller requests, to send their links by itself; events open all others."""

from datetime import UTC, datetime

from msgspec import Struct

from voxpop.campaigns import store
from voxpop.campaigns.errors import CampaignNotRunning, CampaignWithoutLinks
from voxpop.campaigns.models import Campaign, CampaignState, Channel, ContextType
from voxpop.db.pool import Tx
from voxpop.email_addresses import find_email, normalize_email
from voxpop.errors import NotFound
from voxpop.metrics import service as metrics
from voxpop.metrics.models import Stage, SurveyIncrement
from voxpop.surveys import service as surveys
from voxpop.surveys.models import NewCampaignSurvey, campaign_series
from voxpop.types import CampaignId, SurveyId, uuid7
from voxpop.workspaces.models import Workspace


class RequestedSurvey(Struct, frozen=True):
    """The survey to open: who is asked by which campaign, and about what."""

    campaign: CampaignId
    guid: str
    context_type: ContextType
    context_id: str


class OpenedSurvey(Struct, frozen=True):
    """The survey of a request. `is_new`: this request opened it."""

    id: SurveyId
    is_new: bool


async def request_survey(tx: Tx, workspace: Workspace, request: RequestedSurvey, now: datetime) -> OpenedSurvey:
    """Opens a survey that is due at once, and counts as shown. A repeat for the same context gets the first survey.

    NotFound for an unknown campaign, CampaignWithoutLinks for one without the channel, else CampaignNotRunning.
    """
    campaign = await store.find_unchanging_campaign(tx, workspace.id, request.campaign)
    if campaign is None:
        raise NotFound.of("Campaign", request.campaign)
    if Channel.LINK not in campaign.channels:
        raise CampaignWithoutLinks
    first = await surveys.find_campaign_survey(tx, workspace.id, campaign.id, request.context_id)
    opened: list[SurveyIncrement] = []
    if first is None:
        if campaign.state(now) is not CampaignState.RUNNING:
            raise CampaignNotRunning
        new = _survey(campaign, request, now)
        if await surveys.open_campaign_surveys(tx, workspace.id, [new], now):
            opened = surveys.increments(workspace, Stage.OPENED, {campaign_series(campaign.id): 1}, now)
            first = new.id
        else:  # another request was faster
            first = await surveys.find_campaign_survey(tx, workspace.id, campaign.id, request.context_id)
    assert first is not None  # noqa: S101 - surveys are never deleted
    shown = await surveys.mark_shown(tx, workspace, first, campaign_series(campaign.id), now)
    await metrics.add_counts(tx, workspace.id, surveys=[*opened, *shown])
    return OpenedSurvey(first, bool(opened))


def _survey(campaign: Campaign, request: RequestedSurvey, now: datetime) -> NewCampaignSurvey:
    email = find_email(request.guid) if Channel.EMAIL in campaign.channels else None
    return NewCampaignSurvey(
        id=SurveyId(uuid7()),
        campaign=campaign.id,
        survey_type=campaign.survey_type_code,
        delay_hours=0,
        guid=request.guid,
        context_type=request.context_type,
        context_id=request.context_id,
        context_date=now.astimezone(UTC).date(),
        email=email,
        email_folded=email and normalize_email(email),
    )
