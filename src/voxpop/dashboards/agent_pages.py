"""The page of agents: the satisfied share of each over a period, ranked, and the chart of one. Parses, calls, shows."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.datastructures import MultiDict

from voxpop.auth.dependencies import CurrentActor, PageRequest, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.dashboards import cards
from voxpop.dashboards.agents import AgentQuery, list_agents
from voxpop.dashboards.models import Direction, Kind, SeriesKey, SortKey
from voxpop.dashboards.page_models import PERIODS, PageState, read_state
from voxpop.dashboards.viewer import load_viewer
from voxpop.errors import NotFound
from voxpop.tickets.models import SURVEY_TYPE
from voxpop.types import utcnow

PATH = "/agents"


@get(PATH, opt=members_only(), include_in_schema=False)
async def show_agents(request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer) -> Response[Any]:
    viewer = await load_viewer(tx, actor, utcnow())
    state = read_state(PATH, request.query_params, viewer.today, "sort", "direction", "agent")
    query = _read_query(request.query_params, state)
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


ROUTES: list[Any] = [show_agents]


def _read_query(given: MultiDict[Any], state: PageState) -> AgentQuery:
    """Unknown words count as the default: the rank, and for a sort by names the ascending direction."""
    sort = next((each for each in SortKey if each == given.get("sort")), None)
    default = Direction.ASC if sort is SortKey.NAME else Direction.DESC
    direction = next((each for each in Direction if each == given.get("direction")), default)
    return AgentQuery(state.period, state.compare, sort, direction)


def _read_agent(text: str) -> SeriesKey | None:
    """NotFound for a text that is no id, as for an unknown agent."""
    try:
        return SeriesKey(Kind.AGENT, UUID(text)) if text else None
    except ValueError:
        raise NotFound.of("Agent", text) from None
