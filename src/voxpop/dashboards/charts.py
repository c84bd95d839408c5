"""The geometry of charts: scores over time as paths of an SVG, with scales and labels. Draws; reads nothing."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, floor, log10

from msgspec import Struct

from voxpop.dashboards.dates import bucket
from voxpop.dashboards.models import Point, PointGrain, SeriesDetail
from voxpop.metrics.periods import Period
from voxpop.metrics.scores import Interval

WIDTH, HEIGHT = 1000, 100  # of a drawing, which is stretched to the size of its place
MAX_LABELS = 6
BAND_OF_ONE = 8  # half the width of the interval of a single point
MARGIN = 0.08  # of the height of a sparkline, above and below


class Tick(Struct, frozen=True):
    """A grid line with its value. `at` is its distance from the top, 0 to 100."""

    value: float
    at: float


class Scale(Struct, frozen=True):
    """The range of values that a drawing covers; grid lines are multiples of the step."""

    low: float
    high: float
    step: float = 0

    @property
    def ticks(self) -> list[Tick]:
        multiples = range(ceil(self.low / self.step), floor(self.high / self.step) + 1)
        return [Tick(round(each * self.step, 6), round(self.y(each * self.step), 2)) for each in multiples]

    def y(self, value: float) -> float:
        """The distance from the top."""
        return HEIGHT * (self.high - value) / (self.high - self.low)


class Paths(Struct, frozen=True):
    """The lines of a drawing. `unfinished`: the parts of the line that lead to a point without all of its days."""

    band: str
    line: str
    unfinished: str
    before: str = ""


class Column(Struct, frozen=True):
    """A point of a chart: its days within the period, the figures before, and its bar. `at`: 0 to 100."""

    point: Point
    days: Period
    before: Point | None
    at: float
    bar: float
    has_label: bool


class EarlierLine(Struct, frozen=True):
    """The points of the same series over the period to compare with."""

    period: Period
    points: Sequence[Point]


class Chart(Struct, frozen=True):
    """A series over a period, ready to be drawn. The bars are the numbers of answers, up to `most`."""

    detail: SeriesDetail
    earlier: EarlierLine | None
    grain: PointGrain
    columns: list[Column]
    scale: Scale
    paths: Paths
    most: int


class Sparkline(Struct, frozen=True):
    """A small drawing without scales. `end` is the height of the last point, at `end_x`."""

    paths: Paths
    end: float | None
    end_x: float


def draw_chart(detail: SeriesDetail, earlier: EarlierLine | None, grain: PointGrain, first_weekday: int) -> Chart:
    """The chart of a series. The points of the earlier period have the same grain."""
    days = [_part(bucket(grain, each.date, first_weekday), detail.period) for each in detail.points]
    befores = [_point_before(each, detail.period, earlier) for each in days]
    scale = nice_scale([*_values(detail.points), *_scores(befores)], detail.survey_type.measure.range)
    most = max((each.responses for each in detail.points), default=0)
    columns = [
        Column(
            point,
            days[index],
            befores[index],
            at=round(100 * (index + 0.5) / len(days), 2),
            bar=round(HEIGHT * point.responses / most, 1) if most else 0,
            has_label=index % ceil(len(days) / MAX_LABELS) == 0,
        )
        for index, point in enumerate(detail.points)
    ]
    return Chart(detail, earlier, grain, columns, scale, _paths(detail.points, scale, befores), most)


def draw_sparkline(points: Sequence[Point]) -> Sparkline:
    """A line that fills its height."""
    values = list(_values(points))
    low, high = min(values, default=0), max(values, default=0)
    room = ((high - low) or 1) * MARGIN
    scale = Scale(low - room, high + room)
    last = points[-1].score if points else None
    end_x = WIDTH * (1 - 0.5 / max(len(points), 1))
    return Sparkline(_paths(points, scale), None if last is None else round(scale.y(last), 1), round(end_x, 1))


def nice_scale(values: Sequence[float], limits: Interval) -> Scale:
    """Encloses the values by round numbers, within the limits. Without values it has the limits."""
    low, high = min(values, default=limits.low), max(values, default=limits.high)
    step = _nice_step((high - low) / 4 or (limits.high - limits.low) / 20)
    first, last = floor(low / step), ceil(high / step)
    if first == last:
        first, last = first - 1, last + 1
    return Scale(max(first * step, limits.low), min(last * step, limits.high), step)


def _nice_step(rough: float) -> float:
    power: float = 10.0 ** floor(log10(rough))
    return next(power * each for each in (1, 2, 5, 10) if power * each >= rough * 0.999)


def _part(whole: Period, period: Period) -> Period:
    return whole.part(period.first, period.last) or whole


def _point_before(days: Period, period: Period, earlier: EarlierLine | None) -> Point | None:
    """The point as long after the start of the earlier period; by the middle, because weeks do not line up."""
    if earlier is None:
        return None
    middle = days.first + (days.last - days.first) // 2 - (period.first - earlier.period.first)
    count = bisect_right(earlier.points, middle, key=lambda point: point.date)
    return earlier.points[count - 1] if count else None


def _values(points: Sequence[Point]) -> Iterator[float]:
    for each in points:
        yield from (value for value in (each.low, each.high, each.score) if value is not None)


def _scores(points: Sequence[Point | None]) -> list[float]:
    return [each.score for each in points if each and each.score is not None]


class _Spot(Struct, frozen=True):
    """A point that has a score, in the units of the drawing."""

    x: float
    y: float
    low: float
    high: float
    complete: bool


def _paths(points: Sequence[Point], scale: Scale, befores: Sequence[Point | None] = ()) -> Paths:
    runs = list(_runs(points, scale))
    return Paths(
        band=" ".join(map(_band, runs)),
        line=" ".join(_line(part) for run in runs for part in _parts(run, finished=True)),
        unfinished=" ".join(_line(part) for run in runs for part in _parts(run, finished=False)),
        before=" ".join(map(_line, _runs(befores, scale))),
    )


def _runs(points: Sequence[Point | None], scale: Scale) -> Iterator[list[_Spot]]:
    """Consecutive points with scores: a line has a gap where there are too few answers."""
    run: list[_Spot] = []
    for index, point in enumerate(points):
        if point and point.score is not None and point.low is not None and point.high is not None:
            x = WIDTH * (index + 0.5) / len(points)
            run.append(_Spot(x, scale.y(point.score), scale.y(point.low), scale.y(point.high), point.complete))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _parts(run: list[_Spot], *, finished: bool) -> Iterator[list[_Spot]]:
    """The parts of a line between finished points, or those with an unfinished end."""
    if len(run) == 1 and run[0].complete is finished:
        yield run
    for pair in pairwise(run):
        if all(each.complete for each in pair) is finished:
            yield list(pair)


def _line(spots: Sequence[_Spot]) -> str:
    """A single point is a line of no length, which round ends make a dot."""
    return "M" + " ".join(f"{each.x:.1f} {each.y:.1f}" for each in [*spots, *spots[-1:]])


def _band(run: list[_Spot]) -> str:
    """The area of the intervals. A single point gets the width of its column."""
    half = BAND_OF_ONE if len(run) == 1 else 0
    above = [f"{each.x - half:.1f} {each.high:.1f}" for each in run] + [f"{run[-1].x + half:.1f} {run[-1].high:.1f}"]
    below = [f"{each.x + half:.1f} {each.low:.1f}" for each in reversed(run)] + [
        f"{run[0].x - half:.1f} {run[0].low:.1f}"
    ]
    return f"M{' '.join(above + below)}z"
