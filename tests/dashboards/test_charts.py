"""The geometry of charts: scales of round numbers, lines with gaps, the earlier period beside the later one."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from voxpop.dashboards.charts import EarlierLine, draw_chart, draw_sparkline, nice_scale
from voxpop.dashboards.models import (
    Kind,
    NamedSeries,
    Point,
    PointGrain,
    ScoredType,
    SeriesDetail,
    Total,
)
from voxpop.metrics.formulas import Formula, Measure
from voxpop.metrics.periods import Period
from voxpop.metrics.scores import Interval
from voxpop.types import uuid7

NPS = ScoredType("NPS", Measure(Formula.NPS, 0, 10), higher_is_better=True)
MONDAY = date(2026, 11, 2)
WEEK = timedelta(days=7)
LIMITS = Interval(-100, 100)


def point(number: int, score: float | None, *, complete: bool = True, start: date = MONDAY) -> Point:
    low, high = (None, None) if score is None else (score - 10, score + 10)
    return Point(start + number * WEEK, 20, score, low, high, complete)


def detail(points: list[Point], first: date, last: date) -> SeriesDetail:
    total = Total(20 * len(points), 0.0, 0.0, 0.0, 0.0, 0.0, [])
    return SeriesDetail(NamedSeries(Kind.WORKSPACE, uuid7(), ""), NPS, Period(first, last), total, points, None, None)


@given(st.lists(st.floats(-100, 100).map(lambda value: round(value, 2)), min_size=1))
def test_a_scale_encloses_all_values_by_round_numbers(values: list[float]) -> None:
    scale = nice_scale(values, LIMITS)
    assert LIMITS.low <= scale.low <= min(values)
    assert max(values) <= scale.high <= LIMITS.high
    assert scale.low < scale.high
    assert 2 <= len(scale.ticks) <= 7
    assert all(0 <= tick.at <= 100 for tick in scale.ticks)


def test_a_scale_without_values_has_the_whole_range() -> None:
    scale = nice_scale([], Interval(1, 5))
    assert (scale.low, scale.high) == (1, 5)


def test_a_line_has_a_gap_where_there_are_too_few_answers() -> None:
    points = [point(0, 10), point(1, 20), point(2, None), point(3, 30)]
    chart = draw_chart(detail(points, MONDAY, MONDAY + 4 * WEEK), None, PointGrain.WEEK, 0)
    lines = chart.paths.line.split("M")[1:]
    assert [line.split()[0] for line in lines] == ["125.0", "875.0"]
    assert chart.paths.band.count("z") == 2
    assert chart.paths.unfinished == chart.paths.before == ""


def test_the_line_to_an_unfinished_point_is_apart() -> None:
    points = [point(0, 10), point(1, 20), point(2, 30, complete=False)]
    paths = draw_chart(detail(points, MONDAY, MONDAY + 3 * WEEK), None, PointGrain.WEEK, 0).paths
    assert paths.line.startswith("M166.7")
    assert paths.unfinished.startswith("M500.0")
    assert "833.3" not in paths.line


def test_each_point_stands_beside_the_one_as_long_after_the_start_of_the_earlier_period() -> None:
    period = Period(date(2026, 11, 4), date(2026, 11, 24))  # from a Wednesday, so four weeks have days of it
    later = [point(number, 10) for number in range(4)]
    start = MONDAY - 3 * WEEK
    earlier = [point(number, number, start=start) for number in range(4)]
    chart = draw_chart(
        detail(later, period.first, period.last),
        EarlierLine(period.previous(), earlier),
        PointGrain.WEEK,
        0,
    )
    assert [column.before and column.before.score for column in chart.columns] == [0, 1, 2, 3]
    assert chart.columns[0].days == Period(date(2026, 11, 4), date(2026, 11, 8))


def test_a_sparkline_of_one_value_is_drawn() -> None:
    assert draw_sparkline([point(0, 5)]).end == 50
    assert draw_sparkline([]).end is None
    assert draw_sparkline([point(0, None)]).paths.line == ""
