"""Score cards: the score of each survey type over a period, with its change and its line. Changes nothing."""

from collections.abc import Sequence

from msgspec import Struct

from voxpop.dashboards import series_detail, series_list
from voxpop.dashboards.charts import Chart, EarlierLine, Sparkline, draw_chart, draw_sparkline
from voxpop.dashboards.models import (
    Change,
    Compare,
    DetailQuery,
    Direction,
    Figures,
    ListQuery,
    Point,
    ScoredType,
    SeriesKey,
    SeriesRow,
    SortKey,
)
from voxpop.dashboards.page_models import PageState
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Tx

FIRST_TYPES = ("NPS", "CSAT", "CES", "CSAT10")  # cards keep their places, whatever their scores


class Card(Struct, frozen=True):
    """The score of a survey type. `href` shows it as a chart, `ratings` is the address of the ratings behind it."""

    survey_type: ScoredType
    figures: Figures
    change: Change | None
    sparkline: Sparkline
    href: str
    ratings: str
    is_current: bool


async def list_cards(tx: Tx, viewer: Viewer, state: PageState, key: SeriesKey) -> list[Card]:
    """A card for each survey type that has ratings in either period. Its change passed the test of all of them."""
    rows = await _list_rows(tx, viewer, state, key)
    current = _current_type(rows, state)
    return [await _card(tx, viewer, state, row, is_current=row.survey_type == current) for row in rows]


async def find_current_type(tx: Tx, viewer: Viewer, state: PageState, key: SeriesKey) -> str | None:
    """The survey type of the current card: the one that the address names, otherwise the first; None without any."""
    return _current_type(await _list_rows(tx, viewer, state, key), state)


async def load_chart(tx: Tx, viewer: Viewer, state: PageState, key: SeriesKey, survey_type: str | None) -> Chart:
    """The chart of a series over the period of a page, with the line of the period it is compared with.

    Without a survey type, that of the only one that the series has.
    """
    detail = await series_detail.get_series(tx, viewer, _query(state, key, survey_type))
    earlier = None
    if before := state.before():
        points = await _list_points(tx, viewer, before, key, detail.survey_type)
        earlier = EarlierLine(before.period, points)
    return draw_chart(detail, earlier, state.grain, state.first_weekday)


async def _list_rows(tx: Tx, viewer: Viewer, state: PageState, key: SeriesKey) -> list[SeriesRow]:
    query = ListQuery(key.kind, None, "", state.period, state.compare, sort=SortKey.NAME, direction=Direction.ASC)
    rows = [row for row in (await series_list.list_series(tx, viewer, query)).rows if row.id == key.id]
    return sorted(rows, key=lambda row: (_place(row.survey_type), row.survey_type))


def _current_type(rows: Sequence[SeriesRow], state: PageState) -> str | None:
    codes = [row.survey_type for row in rows]
    wanted = state.own.get("survey_type")
    return wanted if wanted in codes else next(iter(codes), None)


async def _card(tx: Tx, viewer: Viewer, state: PageState, row: SeriesRow, *, is_current: bool) -> Card:
    survey_type = viewer.survey_type(row.survey_type)
    fitting = state.with_grain(state.fitting_grain)
    key = SeriesKey(row.kind, row.id)
    points = await _list_points(tx, viewer, fitting, key, survey_type)
    return Card(
        survey_type,
        Figures(row.responses, row.score, row.low, row.high),
        row.change,
        draw_sparkline(points),
        f"{state.with_own(survey_type=row.survey_type).address}#chart",
        state.ratings(key, survey_type=row.survey_type),
        is_current,
    )


async def _list_points(
    tx: Tx, viewer: Viewer, state: PageState, key: SeriesKey, survey_type: ScoredType
) -> list[Point]:
    return await series_detail.list_points(tx, viewer, _query(state, key, survey_type.code), survey_type)


def _query(state: PageState, key: SeriesKey, survey_type: str | None) -> DetailQuery:
    return DetailQuery(key, survey_type, state.period, state.grain, Compare.NONE)


def _place(code: str) -> int:
    return FIRST_TYPES.index(code) if code in FIRST_TYPES else len(FIRST_TYPES)
