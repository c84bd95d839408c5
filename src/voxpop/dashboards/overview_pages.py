"""The overview: the scores of the workspace, what moved them, and the latest comments."""

from typing import Any

from litestar import Response, get

from voxpop.auth.dependencies import CurrentActor, PageRequest, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.dashboards import cards
from voxpop.dashboards.models import Kind, SeriesKey
from voxpop.dashboards.page_models import PERIODS, read_state
from voxpop.dashboards.viewer import load_viewer
from voxpop.types import utcnow

PATH = "/overview"


@get(PATH, opt=members_only(), include_in_schema=False)
async def show_overview(request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer) -> Response[str]:
    viewer = await load_viewer(tx, actor, utcnow())
    state = read_state(PATH, request.query_params, viewer.today, "survey_type", "kind")
    key = SeriesKey(Kind.WORKSPACE, viewer.workspace)
    shown = await cards.list_cards(tx, viewer, state, key)
    current = next((card.survey_type.code for card in shown if card.is_current), None)
    return render(
        "dashboards/overview.html",
        active="overview",
        viewer=viewer,
        state=state,
        periods=PERIODS,
        series=key,
        cards=shown,
        chart=await cards.load_chart(tx, viewer, state, key, current) if current else None,
    )


ROUTES: list[Any] = [show_overview]
