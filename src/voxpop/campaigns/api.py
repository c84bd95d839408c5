"""The API of campaigns and events. Parses, calls, shapes."""

from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.campaigns import events, service
from voxpop.campaigns.errors import CampaignHasSurveys, UnknownSurveyType
from voxpop.campaigns.schemas import (
    CampaignOut,
    Campaigns,
    DeadEventOut,
    EventResult,
    EventResults,
    EventsBody,
    FilterBody,
    NewCampaign,
    WholeCampaign,
)
from voxpop.cursors import Position
from voxpop.types import CampaignId, Scope, utcnow
from voxpop.web.paging import Cursor, Limit, Page, page
from voxpop.web.validation import read_id
from voxpop.workspaces import service as workspaces

TAG = ["Campaigns"]
EVENTS = ["Events"]
LARGEST_LIST = 8 * 2**20  # bytes

CampaignPath = FromPath[Annotated[str, Meta(description="The campaign's id", extra_json_schema={"format": "uuid"})]]
DeadPath = FromPath[Annotated[str, Meta(description="The dead event's id", extra_json_schema={"format": "uuid"})]]


@post(
    "/api/v1/campaigns",
    opt=requires_scope(Scope.MANAGE) | {"errors": (UnknownSurveyType,)},
    tags=TAG,
    summary="Open a campaign",
)
async def open_campaign(tx: Transaction, actor: CurrentActor, data: JSONBody[NewCampaign]) -> CampaignOut:
    """It asks about events from its start on, which is now unless said."""
    now = utcnow()
    plan = data.plan((await workspaces.get_workspace(tx, actor.workspace)).zone, now)
    return CampaignOut.of(await service.open_campaign(tx, actor, plan, now))


@post("/api/v1/campaigns/filter", status_code=200, opt=requires_scope(Scope.READ), tags=TAG, summary="Find campaigns")
async def filter_campaigns(tx: Transaction, actor: CurrentActor, data: JSONBody[FilterBody]) -> Campaigns:
    """Newest first; `{}` finds all of them."""
    wanted = data.filter((await workspaces.get_workspace(tx, actor.workspace)).zone)
    limit = None if data.limit is None else int(data.limit)
    found = await service.list_campaigns(tx, actor, wanted, limit, int(data.offset))
    return Campaigns([CampaignOut.of(campaign) for campaign in found])


@get("/api/v1/campaigns/{campaign:str}", opt=requires_scope(Scope.READ), tags=TAG, summary="Show a campaign")
async def show_campaign(tx: Transaction, actor: CurrentActor, campaign: CampaignPath) -> CampaignOut:
    """A deleted one is not shown."""
    return CampaignOut.of(await service.get_campaign(tx, actor, _id(campaign)))


@put(
    "/api/v1/campaigns/{campaign:str}",
    opt=requires_scope(Scope.MANAGE) | {"errors": (UnknownSurveyType, CampaignHasSurveys)},
    tags=TAG,
    summary="Replace a campaign",
)
async def replace_campaign(
    tx: Transaction, actor: CurrentActor, campaign: CampaignPath, data: JSONBody[WholeCampaign]
) -> CampaignOut:
    """All of its fields; the survey type only while it has asked nobody."""
    now = utcnow()
    plan = data.plan((await workspaces.get_workspace(tx, actor.workspace)).zone, now)
    return CampaignOut.of(await service.replace_campaign(tx, actor, _id(campaign), plan, now))


@delete("/api/v1/campaigns/{campaign:str}", opt=requires_scope(Scope.MANAGE), tags=TAG, summary="Delete a campaign")
async def delete_campaign(tx: Transaction, actor: CurrentActor, campaign: CampaignPath) -> None:
    """It asks nobody any more. Its surveys stay answerable, its metrics stay."""
    await service.delete_campaign(tx, actor, _id(campaign), utcnow())


@post(
    "/api/v1/events",
    status_code=202,
    opt=requires_scope(Scope.INGEST),
    tags=EVENTS,
    summary="Send events",
    request_max_body_size=LARGEST_LIST,
)
async def send_events(tx: Transaction, actor: CurrentActor, data: JSONBody[EventsBody]) -> EventResults:
    """One, or a list of up to 1,000. An event may be sent again: what it has made once is not made twice."""
    outcomes = await events.take_sent(tx, actor.workspace, data, utcnow())
    return EventResults([EventResult.of(outcome) for outcome in outcomes])


@get("/api/v1/events/dead", opt=requires_scope(Scope.READ), tags=EVENTS, summary="Messages that could not be used")
async def list_dead(
    tx: Transaction, actor: CurrentActor, limit: FromQuery[Limit] = 50, cursor: FromQuery[Cursor | None] = None
) -> Page[DeadEventOut]:
    """Newest first, with the reason and the bytes."""
    return await page(
        lambda before, most: events.list_dead(tx, actor.workspace, before, most),
        lambda dead: Position(dead.create_time, dead.id),
        DeadEventOut.of,
        cursor,
        limit,
    )


@post(
    "/api/v1/events/dead/{dead:str}/replay",
    status_code=200,
    opt=requires_scope(Scope.MANAGE),
    tags=EVENTS,
    summary="Replay a message",
)
async def replay_dead(tx: Transaction, actor: CurrentActor, dead: DeadPath) -> EventResult:
    """Takes it once more, as it is; 400 where it still can't be used."""
    return EventResult.of(await events.replay(tx, actor.workspace, read_id(dead, "dead"), utcnow()))


def _id(text: str) -> CampaignId:
    return CampaignId(read_id(text, "campaign"))


ROUTES = [
    open_campaign,
    filter_campaigns,
    show_campaign,
    replace_campaign,
    delete_campaign,
    send_events,
    list_dead,
    replay_dead,
]
