"""The page of low ratings: their share by tag, agent, product and over time, and the ratings. Parses, calls, shows."""

from typing import Any
from urllib.parse import urlencode

from litestar import MediaType, Response, get, post
from msgspec import Struct
from msgspec.structs import astuple

from voxpop.auth.dependencies import CurrentActor, PageRequest, Renderer, Transaction
from voxpop.auth.guards import members_only, public
from voxpop.dashboards import cards, feedback_list, low_ratings
from voxpop.dashboards.charts import Chart
from voxpop.dashboards.csv_pages import csv_file
from voxpop.dashboards.feedback_list import RatingList
from voxpop.dashboards.feedback_models import RequestedFeedback
from voxpop.dashboards.feedback_page_models import PAGE_SIZE, Undo
from voxpop.dashboards.feedback_parameters import LenientReading, read_leniently, read_series
from voxpop.dashboards.low_ratings import Grouping, LowRow, LowScores, low_viewer
from voxpop.dashboards.mark_pages import TOASTS, set_marks
from voxpop.dashboards.models import Kind, NamedSeries, SeriesKey
from voxpop.dashboards.page_models import PERIODS, PageState
from voxpop.dashboards.page_parameters import read_state
from voxpop.dashboards.schemas import POINT_COLUMNS
from voxpop.dashboards.viewer import Viewer, load_viewer
from voxpop.db.pool import Database, Tx
from voxpop.errors import Invalid
from voxpop.tickets.models import SURVEY_TYPE
from voxpop.tickets.tags import fold_tag
from voxpop.types import Actor, utcnow
from voxpop.web.pages import redirect

PATH, PAGE = "/low-ratings", "dashboards/low_ratings.html"
OWN = ("survey_type", "by", "series", "tag", "text", "handled", "after")
ADDRESS = (*OWN, "days", "from", "to", "compare", "grain")
LIST_FILTERS = ("series", "tag", "text", "handled")  # as those of the page of ratings
COLUMNS = (
    "by", "name", "survey_type", "from", "to", "rated", "low", "rate", "rate_low", "rate_high", "difference", "verdict",
)  # fmt: skip


class LowPage(Struct, frozen=True):
    """What the address asks for. `survey_type` is None if the period and the one before have no ratings.

    `series` is the one to which the page is narrowed: its ratings are listed, and its share is drawn over time.
    """

    viewer: Viewer
    state: PageState
    survey_type: str | None
    cards: list[cards.Card]
    by: Grouping
    series: NamedSeries | None

    @property
    def charted(self) -> SeriesKey:
        """The series whose share is shown over time."""
        if self.series:
            return SeriesKey(self.series.kind, self.series.id)
        return SeriesKey(Kind.WORKSPACE, self.viewer.workspace)

    @property
    def low(self) -> LowScores:
        return LowScores.of(self.viewer.types[self.survey_type or SURVEY_TYPE])

    @property
    def listed(self) -> dict[str, str]:
        """The filters of the list of low ratings, as those of the page of ratings."""
        own = {name: self.state.own[name] for name in LIST_FILTERS if self.state.own.get(name)}
        days = {"from": str(self.state.period.first), "to": str(self.state.period.last)}
        bounds = {name: str(bound) for name, bound in self.low.bounds.items()}
        return {"survey_type": self.survey_type or "", **bounds, **days, **own}


@get(PATH, opt=members_only(), include_in_schema=False)
async def show_low_ratings(request: PageRequest, actor: CurrentActor, render: Renderer) -> Response[Any]:
    return render(PAGE, toasts=TOASTS, **await _context(request, actor))


@get(f"{PATH}.csv", opt=members_only(has_sidebar=False), include_in_schema=False)
async def export_low_ratings(request: PageRequest, tx: Transaction, actor: CurrentActor) -> Response[str]:
    """The rows of the page's table."""
    page = await _load_page(tx, request, actor)
    rows = await _list_rows(tx, page)
    return csv_file(request, "low-ratings", COLUMNS, [_cells(page, row) for row in rows])


@get(f"{PATH}/chart.csv", opt=members_only(has_sidebar=False), include_in_schema=False)
async def export_chart(request: PageRequest, tx: Transaction, actor: CurrentActor) -> Response[str]:
    """The points of the page's chart."""
    page = await _load_page(tx, request, actor)
    chart = await _load_chart(tx, page)
    points = map(astuple, chart.detail.points) if chart else []
    return csv_file(request, "low-ratings-chart", POINT_COLUMNS, points)


@post(f"{PATH}/marks", opt=members_only(), include_in_schema=False)
async def mark_low_ratings(request: PageRequest, actor: CurrentActor, render: Renderer) -> Response[Any]:
    """Sets or removes a mark of the selected ratings, of all or none."""
    try:
        said = await set_marks(request, actor)
    except Invalid as error:
        if error.details:
            raise
        raise render.with_errors(PAGE, error, **await _context(request, actor)) from None
    kept = {name: request.query_params[name] for name in ADDRESS if request.query_params.get(name)}
    return redirect(f"{PATH}?{urlencode(kept | said)}")


@get("/unhappy", opt=public(), include_in_schema=False, sync_to_thread=False)
def redirect_old_address(request: PageRequest) -> Response[Any]:
    """The former address of the page, for bookmarks. The redirect keeps the query."""
    query = request.scope["query_string"].decode("latin-1")
    location = f"{PATH}?{query}" if query else PATH
    return Response(b"", status_code=301, headers={"location": location}, media_type=MediaType.TEXT)


ROUTES: list[Any] = [show_low_ratings, export_low_ratings, export_chart, mark_low_ratings, redirect_old_address]


async def _load_page(tx: Tx, request: PageRequest, actor: Actor) -> LowPage:
    """The survey type is the one of tickets, if it has ratings and the address names no other."""
    viewer = low_viewer(await load_viewer(tx, actor, utcnow()))
    state = read_state(PATH, request.query_params, viewer, *OWN)
    asked = state.own.get("survey_type", "")
    preferred = state.with_own(survey_type=asked if asked in viewer.types else SURVEY_TYPE)
    listed = await cards.list_cards(tx, viewer, preferred, SeriesKey(Kind.WORKSPACE, viewer.workspace))
    found = [card for card in listed if LowScores.of(card.survey_type).exist]
    current = next((card.survey_type.code for card in found if card.is_current), None)
    by = next((each for each in Grouping if each == state.own.get("by")), Grouping.TAG)
    return LowPage(viewer, state, current, found, by, await _find_series(tx, viewer, state.own.get("series", "")))


async def _find_series(tx: Tx, viewer: Viewer, text: str) -> NamedSeries | None:
    """The series of the address; None without one, and for one that is unknown or hidden from the viewer."""
    try:
        key = read_series(text)
    except Invalid:
        return None
    name = await feedback_list.find_series_name(tx, viewer, key)
    return None if name is None else NamedSeries(key.kind, key.id, name)


async def _context(request: PageRequest, actor: Actor) -> dict[str, Any]:
    """The list of ratings opens transactions of its own, so the page holds none meanwhile."""
    database: Database = request.app.state.database
    async with database.transaction(actor.workspace) as tx:
        page = await _load_page(tx, request, actor)
        average = await low_ratings.all_time_average(tx, actor.workspace)
        shares = {
            "rows": await _list_rows(tx, page),
            "chart": await _load_chart(tx, page),
            "average": average if page.survey_type == SURVEY_TYPE else None,
        }
        reading = await _read_list(tx, actor, page)
    found = await _list(database, page, reading)
    return (
        shares
        | _list_context(page, reading, found)
        | {
            "active": "low-ratings",
            "viewer": page.viewer,
            "state": page.state,
            "periods": PERIODS,
            "page": page,
            "series": page.charted,
            "groupings": list(Grouping),
            "undo": Undo.parse(request.query_params.get("undo", "")),
        }
    )


def _list_context(page: LowPage, reading: LenientReading, found: RatingList) -> dict[str, Any]:
    """What the list of ratings shows, and which row of the table it is narrowed to."""
    return {
        "found": found,
        "refused": reading.refused,
        "narrowed": _narrowed_name(page, reading),
        "is_current": lambda row: _is_current(row, page),
        "row_prefix": f"/feedback?{urlencode(page.listed)}&",
        "export": urlencode({**page.listed, "bom": "true"}),
        "table_query": urlencode(page.state.query | {"after": ""}),
        "first": 0,
        "next_page": page.state.with_own(after=found.next_cursor).address if found.next_cursor else None,
    }


async def _list_rows(tx: Tx, page: LowPage) -> list[LowRow]:
    if page.survey_type is None:
        return []
    if page.by is Grouping.PERIOD:
        return await low_ratings.list_by_period(tx, page.viewer, page.state, page.survey_type, page.charted)
    return await low_ratings.list_by_series(tx, page.viewer, page.state, page.survey_type, Kind(page.by))


async def _load_chart(tx: Tx, page: LowPage) -> Chart | None:
    """The share of low ratings over time; None without any rating."""
    if page.survey_type is None:
        return None
    return await cards.load_chart(tx, page.viewer, page.state, page.charted, page.survey_type)


async def _read_list(tx: Tx, actor: Actor, page: LowPage) -> LenientReading:
    """The list of low ratings; empty without a survey type, and for a scale that is too short for low scores."""
    if page.survey_type is None or not page.low.exist:
        return LenientReading(RequestedFeedback(), None)
    return await read_leniently(tx, actor, page.listed)


async def _list(database: Database, page: LowPage, reading: LenientReading) -> RatingList:
    if reading.wanted is None:
        return RatingList()
    count = await feedback_list.count_ratings(database, page.viewer, reading.requested, reading.wanted)
    cursor = page.state.own.get("after") or None
    return await feedback_list.load_list(database, page.viewer, reading.wanted, cursor, PAGE_SIZE, count)


def _narrowed_name(page: LowPage, reading: LenientReading) -> str | None:
    """The name of the series or tag that the list is narrowed to; of an unknown series its id."""
    if page.series or not reading.requested.series:
        return page.series.name if page.series else page.state.own.get("tag")
    return f"{reading.requested.series.kind}:{reading.requested.series.id}"


def _is_current(row: LowRow, page: LowPage) -> bool:
    """Whether the list below is narrowed to this row, by its id or by the name of a tag in any spelling."""
    tag = page.state.own.get("tag")
    named = bool(tag) and page.by is Grouping.TAG and fold_tag(row.figures.name) == fold_tag(tag or "")
    return named or (page.by is not Grouping.PERIOD and row.key == page.charted)


def _cells(page: LowPage, row: LowRow) -> list[object]:
    figures, change = row.figures, row.figures.change
    return [
        *(page.by, figures.name, figures.survey_type, row.days.first, row.days.last, figures.responses, row.low_count),
        *(figures.score, figures.low, figures.high),
        *((change.difference, change.verdict) if change else (None, None)),
    ]
