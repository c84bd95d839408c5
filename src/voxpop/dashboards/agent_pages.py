"""The page of agents: the satisfied share of each over a period, ranked, and the chart of one. Parses, calls, shows."""

from typing import Any
from uuid import UUID

from litestar import Response, get

from voxpop.auth.dependencies import CurrentActor, PageRequest, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.dashboards import cards
from voxpop.dashboards.agents import AgentQuery, list_agents
from voxpop.dashboards.csv_pages import series_file
from voxpop.dashboards.models import Direction, Kind, SeriesKey, SortKey
from voxpop.dashboards.page_models import PERIODS, PageState
from voxpop.dashboards.page_parameters import read_state
from voxpop.dashboards.viewer import load_viewer
from voxpop.errors import NotFound
from voxpop.tickets.models import SURVEY_TYPE
from voxpop.types import utcnow

PATH = "/agents"
OWN = ("sort", "direction", "agent")


@get(PATH, opt=members_only(), include_in_schema=False)
async def show_agents(request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer) -> Response[Any]:
    viewer = await load_viewer(tx, actor, utcnow())
    state = read_state(PATH, request.query_params, viewer, *OWN)
    query = _read_query(state)
    chosen = _read_agent(state.own.get("agent", ""))
    return render(
        "dashboards/agents.html",
        active="agents",
        viewer=viewer,
        state=state,
        periods=PERIODS,
        query=query,
        survey_type=viewer.survey_type(SURVEY_TYPE),
        rows=await list_agents(tx, viewer, query),
        series=chosen,
        chart=await cards.load_chart(tx, viewer, state, chosen, SURVEY_TYPE) if chosen else None,
    )


@get(f"{PATH}.csv", opt=members_only(has_sidebar=False), include_in_schema=False)
async def export_agents(request: PageRequest, tx: Transaction, actor: CurrentActor) -> Response[str]:
    """The rows of the page's table."""
    viewer = await load_viewer(tx, actor, utcnow())
    query = _read_query(read_state(PATH, request.query_params, viewer, *OWN))
    return series_file(request, "agents", await list_agents(tx, viewer, query))


ROUTES: list[Any] = [show_agents, export_agents]


def _read_query(state: PageState) -> AgentQuery:
    """Unknown words count as the default: the rank, and for a sort by names the ascending direction."""
    sort = next((each for each in SortKey if each == state.own["sort"]), None)
    default = Direction.ASC if sort is SortKey.NAME else Direction.DESC
    direction = next((each for each in Direction if each == state.own["direction"]), default)
    return AgentQuery(state.period, state.compare, sort, direction)


def _read_agent(text: str) -> SeriesKey | None:
    """NotFound for a text that is no id, as for an unknown agent."""
    try:
        return SeriesKey(Kind.AGENT, UUID(text)) if text else None
    except ValueError:
        raise NotFound.of("Agent", text) from None
