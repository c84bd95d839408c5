"""The days, weeks, months and quarters of a chart; pure."""

from collections.abc import Iterator
from datetime import date, timedelta

from voxpop.dashboards.models import PointGrain
from voxpop.metrics.periods import DAY, Period, month_end

FIRST_DAY = date(2000, 1, 1)  # the first day that dashboards show
DEFAULT_DAYS = 90  # up to today
MAX_POINTS = 1200  # of a chart
MONTHS_OF_QUARTER = 3


def bucket(grain: PointGrain, day: date, first_weekday: int) -> Period:
    """The period of a grain that contains a day. `first_weekday` is 0 for weeks that begin on Monday."""
    match grain:
        case PointGrain.DAY:
            return Period(day, day)
        case PointGrain.WEEK:
            first = day - (day.weekday() - first_weekday) % 7 * DAY
            return Period(first, first + timedelta(days=6))
        case PointGrain.MONTH:
            return Period(day.replace(day=1), month_end(day))
        case PointGrain.QUARTER:
            first = day.replace(month=day.month - (day.month - 1) % MONTHS_OF_QUARTER, day=1)
            return Period(first, month_end(first.replace(month=first.month + MONTHS_OF_QUARTER - 1)))


def count_buckets(grain: PointGrain, period: Period, first_weekday: int) -> int:
    """The number of points of a chart: of the periods of a grain that have days of a period."""
    first, last = (bucket(grain, day, first_weekday).first for day in (period.first, period.last))
    months = 12 * (last.year - first.year) + last.month - first.month
    match grain:
        case PointGrain.DAY:
            return (last - first).days + 1
        case PointGrain.WEEK:
            return (last - first).days // 7 + 1
        case PointGrain.MONTH:
            return months + 1
        case PointGrain.QUARTER:
            return months // MONTHS_OF_QUARTER + 1


def buckets(grain: PointGrain, period: Period, first_weekday: int) -> Iterator[Period]:
    """The periods of a grain that have days of a period, without gaps; each is whole."""
    day = period.first
    while day <= period.last:
        found = bucket(grain, day, first_weekday)
        yield found
        day = found.last + DAY
