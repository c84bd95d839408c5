"""The overview: the scores of the workspace, what moved them, and the latest comments."""

from typing import Any

from litestar import Response, get

from voxpop.auth.dependencies import CurrentActor, PageRequest, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.dashboards import cards
from voxpop.dashboards.comments import list_comments
from voxpop.dashboards.csv_pages import series_file
from voxpop.dashboards.models import Kind, SeriesKey
from voxpop.dashboards.movers import list_movers
from voxpop.dashboards.page_models import PERIODS
from voxpop.dashboards.page_parameters import read_state
from voxpop.dashboards.viewer import load_viewer
from voxpop.db.pool import Database
from voxpop.metrics import service as metrics
from voxpop.types import utcnow

PATH = "/overview"
OWN = ("survey_type", "kind")


@get(PATH, opt=members_only(), include_in_schema=False)
async def show_overview(request: PageRequest, actor: CurrentActor, render: Renderer) -> Response[str]:
    """The comments open transactions of their own, so the page holds none meanwhile."""
    database: Database = request.app.state.database
    async with database.transaction(actor.workspace) as tx:
        viewer = await load_viewer(tx, actor, utcnow())
        state = read_state(PATH, request.query_params, viewer, *OWN)
        key = SeriesKey(Kind.WORKSPACE, viewer.workspace)
        shown = await cards.list_cards(tx, viewer, state, key)
        current = next((card.survey_type.code for card in shown if card.is_current), None)
        chart = await cards.load_chart(tx, viewer, state, key, current) if current else None
        has_ratings = bool(shown or await metrics.list_rated_types(tx, viewer.workspace, key.series))
        movers = await list_movers(tx, viewer, state, current) if current else None
    return render(
        "dashboards/overview.html",
        active="overview",
        viewer=viewer,
        state=state,
        periods=PERIODS,
        series=key,
        cards=shown,
        has_ratings=has_ratings,
        chart=chart,
        movers=movers,
        comments=await list_comments(database, viewer, state.period, current, key) if current else [],
    )


@get(f"{PATH}.csv", opt=members_only(has_sidebar=False), include_in_schema=False)
async def export_movers(request: PageRequest, tx: Transaction, actor: CurrentActor) -> Response[str]:
    """What moved the score most: the rows of the page's table. The other series together have no name."""
    viewer = await load_viewer(tx, actor, utcnow())
    state = read_state(PATH, request.query_params, viewer, *OWN)
    key = SeriesKey(Kind.WORKSPACE, viewer.workspace)
    current = await cards.find_current_type(tx, viewer, state, key)
    movers = await list_movers(tx, viewer, state, current) if current else None
    return series_file(request, "overview", movers.all_rows if movers else [])


ROUTES: list[Any] = [show_overview, export_movers]
