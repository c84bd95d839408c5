"""The API of campaigns and events: parses requests, calls services, shapes responses."""

from typing import Annotated

from litestar import Request, Response, delete, get, post, put
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.campaigns import dead_letters, events, requested_surveys, service
from voxpop.campaigns.errors import CampaignHasSurveys, CampaignNotRunning, CampaignWithoutLinks, UnknownSurveyType
from voxpop.campaigns.requested_surveys import RequestedSurvey
from voxpop.campaigns.schemas import (
    CampaignOut,
    Campaigns,
    DeadLetterOut,
    EventResult,
    EventResults,
    EventsBody,
    FilterBody,
    NewCampaign,
    SurveyLink,
    SurveyRequest,
    WholeCampaign,
)
from voxpop.config.settings import Settings
from voxpop.cursors import Position
from voxpop.errors import NotFound
from voxpop.surveys.hosted import service as hosted
from voxpop.types import CampaignId, Scope, utcnow
from voxpop.web.paging import Cursor, Limit, Page, page
from voxpop.web.validation import read_id
from voxpop.workspaces import service as workspaces

TAG = ["Campaigns"]
EVENTS_TAG = ["Events"]
MAX_EVENTS_BODY = 8 * 2**20  # bytes

CampaignPath = FromPath[Annotated[str, Meta(description="The campaign's id", extra_json_schema={"format": "uuid"})]]
DeadLetterPath = FromPath[
    Annotated[str, Meta(description="The dead letter's id", extra_json_schema={"format": "uuid"})]
]


@post(
    "/api/v1/campaigns",
    opt=requires_scope(Scope.MANAGE) | {"errors": (UnknownSurveyType,)},
    tags=TAG,
    summary="Open a campaign",
    description="The campaign opens surveys for events from its start date on; the default is now.",
)
async def open_campaign(tx: Transaction, actor: CurrentActor, data: JSONBody[NewCampaign]) -> CampaignOut:
    now = utcnow()
    plan = data.plan((await workspaces.get_workspace(tx, actor.workspace)).zone, now)
    return CampaignOut.of(await service.open_campaign(tx, actor, plan, now))


@post(
    "/api/v1/campaigns/filter",
    status_code=200,
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="Find campaigns",
    description="Newest first; `{}` returns all of them.",
)
async def filter_campaigns(tx: Transaction, actor: CurrentActor, data: JSONBody[FilterBody]) -> Campaigns:
    criteria = data.criteria((await workspaces.get_workspace(tx, actor.workspace)).zone)
    campaigns = await service.list_campaigns(tx, actor, criteria, data.page())
    return Campaigns([CampaignOut.of(campaign) for campaign in campaigns])


@get(
    "/api/v1/campaigns/{campaign:str}",
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="Show a campaign",
    description="A deleted campaign returns 404.",
)
async def show_campaign(tx: Transaction, actor: CurrentActor, campaign: CampaignPath) -> CampaignOut:
    return CampaignOut.of(await service.get_campaign(tx, actor, _id(campaign)))


@put(
    "/api/v1/campaigns/{campaign:str}",
    opt=requires_scope(Scope.MANAGE) | {"errors": (UnknownSurveyType, CampaignHasSurveys)},
    tags=TAG,
    summary="Replace a campaign",
    description=(
        "Replaces all fields. `channels`, `reminder_after_days` and `language` keep their value if they are missing. "
        "The survey type can change only while the campaign has no surveys."
    ),
)
async def replace_campaign(
    tx: Transaction, actor: CurrentActor, campaign: CampaignPath, data: JSONBody[WholeCampaign]
) -> CampaignOut:
    zone = (await workspaces.get_workspace(tx, actor.workspace)).zone
    stored = await service.lock_campaign(tx, actor, _id(campaign))
    return CampaignOut.of(await service.replace_campaign(tx, actor, stored, data.plan(zone, stored), utcnow()))


@delete(
    "/api/v1/campaigns/{campaign:str}",
    opt=requires_scope(Scope.MANAGE),
    tags=TAG,
    summary="Delete a campaign",
    description="The campaign opens no more surveys. Its surveys stay answerable, and its metrics stay.",
)
async def delete_campaign(tx: Transaction, actor: CurrentActor, campaign: CampaignPath) -> None:
    await service.delete_campaign(tx, actor, _id(campaign), utcnow())


@post(
    "/api/v1/events",
    status_code=202,
    opt=requires_scope(Scope.INGEST),
    tags=EVENTS_TAG,
    summary="Send events",
    request_max_body_size=MAX_EVENTS_BODY,
    description="One event, or a list of up to 1,000. An event may be sent again: it opens its surveys once.",
)
async def send_events(tx: Transaction, actor: CurrentActor, data: JSONBody[EventsBody]) -> EventResults:
    results = await events.receive(tx, actor.workspace, data, utcnow())
    return EventResults([EventResult.of(result) for result in results])


@post(
    "/api/v1/surveys",
    opt=requires_scope(Scope.INGEST) | {"errors": (NotFound, CampaignWithoutLinks, CampaignNotRunning)},
    tags=["Surveys"],
    summary="Request the link of a survey",
    description=(
        "Opens a survey of a campaign with the channel `link`, due at once, for you to send. A repeat for the same "
        "campaign and context returns the first survey with status 200."
    ),
    responses={200: ResponseSpec(SurveyLink, description="The survey was opened by an earlier request")},
)
async def request_survey(
    request: Request[None, None, State], tx: Transaction, actor: CurrentActor, data: JSONBody[SurveyRequest]
) -> Response[SurveyLink]:
    workspace = await workspaces.get_workspace(tx, actor.workspace)
    wanted = RequestedSurvey(data.campaign_id, data.guid, data.context.type, data.context.context_id)
    opened = await requested_surveys.request_survey(tx, workspace, wanted, utcnow())
    settings: Settings = request.app.state.settings
    link = await hosted.survey_link(tx, workspace, opened.id, settings.public_url)
    return Response(SurveyLink(opened.id, link), status_code=201 if opened.is_new else 200)


@get(
    "/api/v1/events/dead-letters",
    opt=requires_scope(Scope.READ),
    tags=EVENTS_TAG,
    summary="List dead letters",
    description="Messages that could not be used, newest first, each with its reason.",
)
async def list_dead_letters(
    tx: Transaction, actor: CurrentActor, limit: FromQuery[Limit] = 50, cursor: FromQuery[Cursor | None] = None
) -> Page[DeadLetterOut]:
    return await page(
        lambda before, size: dead_letters.list_dead_letters(tx, actor.workspace, before, size),
        lambda letter: Position(letter.create_time, letter.id),
        DeadLetterOut.of,
        cursor,
        limit,
    )


@post(
    "/api/v1/events/dead-letters/{dead_letter:str}/replay",
    status_code=200,
    opt=requires_scope(Scope.MANAGE),
    tags=EVENTS_TAG,
    summary="Replay a dead letter",
    description="Ingests the message again, unchanged; 400 if it still cannot be used.",
)
async def replay_dead_letter(tx: Transaction, actor: CurrentActor, dead_letter: DeadLetterPath) -> EventResult:
    result = await dead_letters.replay(tx, actor.workspace, read_id(dead_letter, "dead_letter"), utcnow())
    return EventResult.of(result)


def _id(text: str) -> CampaignId:
    return CampaignId(read_id(text, "campaign"))


ROUTES = [
    open_campaign,
    filter_campaigns,
    show_campaign,
    replace_campaign,
    delete_campaign,
    send_events,
    request_survey,
    list_dead_letters,
    replay_dead_letter,
]
