"""The pages that show campaigns: the list with scores, and one campaign. Parses, calls, shows."""

from collections.abc import Mapping
from enum import StrEnum
from math import ceil
from typing import Any, TypeVar

from litestar import Response, get
from litestar.params import FromPath

from voxpop.auth.dependencies import CurrentActor, PageRequest, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.campaigns import service as campaigns
from voxpop.campaigns.models import CHANNEL_NAMES, TRIGGER_NAMES, CampaignState
from voxpop.dashboards import cards
from voxpop.dashboards.campaigns import CampaignQuery, CampaignRow, list_campaigns
from voxpop.dashboards.comments import list_comments
from voxpop.dashboards.csv_pages import FIGURE_COLUMNS, csv_file, figure_cells
from voxpop.dashboards.funnels import campaign_steps
from voxpop.dashboards.models import Direction, Kind, SeriesKey, SortKey
from voxpop.dashboards.page_models import PERIODS, PageState
from voxpop.dashboards.page_parameters import read_state
from voxpop.dashboards.viewer import Viewer, load_viewer
from voxpop.db.pool import Database, Tx
from voxpop.i18n import N_
from voxpop.surveys import survey_types
from voxpop.surveys.mailing import service as survey_emails
from voxpop.types import Actor, CampaignId, utcnow
from voxpop.web.validation import read_id

Word = TypeVar("Word", bound=StrEnum)

PATH = "/campaigns"
LIST, DETAIL = "campaigns/list.html", "campaigns/campaign.html"
PAGE_SIZE = 50
OWN = ("name", "survey_type", "state", "sort", "direction", "page")
COLUMNS = ("id", "name", "state", "survey_type", *FIGURE_COLUMNS)
TOASTS = {
    "created": N_("Campaign created"),
    "saved": N_("Saved"),
    "paused": N_("Campaign paused"),
    "resumed": N_("Campaign resumed"),
    "ended": N_("Campaign ended"),
    "deleted": N_("Campaign deleted"),
}
STATES = {
    CampaignState.RUNNING: N_("Running"),
    CampaignState.SCHEDULED: N_("Scheduled"),
    CampaignState.PAUSED: N_("Paused"),
    CampaignState.ENDED: N_("Ended"),
}


@get(PATH, opt=members_only(), include_in_schema=False)
async def show_campaigns(request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer) -> Response[Any]:
    """The campaigns of the workspace with their scores in the period."""
    now = utcnow()
    viewer = await load_viewer(tx, actor, now)
    state = read_state(PATH, request.query_params, viewer, *OWN)
    query = _read_query(state)
    found = await list_campaigns(tx, viewer, actor, query, now)
    pages = max(ceil(len(found.rows) / PAGE_SIZE), 1)
    page = min(_page_number(state.own), pages)
    return render(
        LIST,
        active="campaigns",
        section="campaigns",
        toasts=TOASTS,
        viewer=viewer,
        state=state,
        periods=PERIODS,
        query=query,
        found=found,
        page=page,
        pages=pages,
        rows=found.rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
        states=STATES,
    )


@get(f"{PATH}.csv", opt=members_only(has_sidebar=False), include_in_schema=False)
async def export_campaigns(request: PageRequest, tx: Transaction, actor: CurrentActor) -> Response[str]:
    """The rows of all pages of the list."""
    now = utcnow()
    viewer = await load_viewer(tx, actor, now)
    query = _read_query(read_state(PATH, request.query_params, viewer, *OWN))
    found = await list_campaigns(tx, viewer, actor, query, now)
    return csv_file(request, "campaigns", COLUMNS, map(_cells, found.rows))


@get(f"{PATH}/{{campaign:str}}", opt=members_only(), include_in_schema=False)
async def show_campaign(
    request: PageRequest, actor: CurrentActor, render: Renderer, campaign: FromPath[str]
) -> Response[Any]:
    """One campaign over a period. A deleted one stays, because its ratings stay."""
    database: Database = request.app.state.database
    campaign_id, now = CampaignId(read_id(campaign, "campaign")), utcnow()
    async with database.transaction(actor.workspace) as tx:
        viewer = await load_viewer(tx, actor, now)
        state = read_state(f"{PATH}/{campaign_id}", request.query_params, viewer)
        context = await _campaign_context(tx, viewer, actor, state, campaign_id)
        stored = await campaigns.find_campaign(tx, actor, campaign_id)
    code = context["chart"].detail.survey_type.code
    context |= {"campaign": stored, "phase": stored and stored.state(now), "viewer": viewer, "state": state}
    context["comments"] = await list_comments(database, viewer, state.period, code, context["series"])
    return render(DETAIL, active="campaigns", toasts=TOASTS, **context)


async def _campaign_context(
    tx: Tx, viewer: Viewer, actor: Actor, state: PageState, campaign: CampaignId
) -> dict[str, Any]:
    key = SeriesKey(Kind.CAMPAIGN, campaign)
    chart = await cards.load_chart(tx, viewer, state, key, None)
    survey_type = await survey_types.get_survey_type(tx, actor, chart.detail.survey_type.code)
    return {
        "series": key,
        "chart": chart,
        "cards": await cards.list_cards(tx, viewer, state, key),
        "preview": survey_types.preview_of(survey_type),
        "steps": campaign_steps(chart.detail.funnel) if chart.detail.funnel else [],
        "periods": PERIODS,
        "states": STATES,
        "triggers": TRIGGER_NAMES,
        "channels": CHANNEL_NAMES,
        "emails": await survey_emails.get_report(tx, actor.workspace, campaign),
    }


def _read_query(state: PageState) -> CampaignQuery:
    sort = _word(state.own, "sort", SortKey)
    return CampaignQuery(
        name_part=state.own["name"],
        survey_type=state.own["survey_type"] or None,
        state=_word(state.own, "state", CampaignState),
        period=state.period,
        compare=state.compare,
        sort=sort,
        direction=_word(state.own, "direction", Direction)
        or (Direction.ASC if sort is SortKey.NAME else Direction.DESC),
    )


def _cells(row: CampaignRow) -> list[object]:
    campaign = row.campaign
    return [campaign.id, campaign.name, row.state, campaign.survey_type_code, *figure_cells(row.figures)]


def _word(given: Mapping[str, str], name: str, words: type[Word]) -> Word | None:
    """None for a word that is unknown, so that every old address shows something."""
    return next((word for word in words if word == given[name]), None)


def _page_number(given: Mapping[str, str]) -> int:
    text = given["page"]
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 6 else 1


ROUTES: list[Any] = [show_campaigns, export_campaigns, show_campaign]
