"""The days, weeks, months and quarters of a chart; pure."""

from collections.abc import Iterator
from datetime import date, timedelta

from voxpop.dashboards.models import PointGrain
from voxpop.metrics.periods import DAY, Period, month_end

FIRST_DAY = date(2000, 1, 1)  # the first day that dashboards show
DEFAULT_DAYS = 90  # up to today


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
            first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
            return Period(first, month_end(first.replace(month=first.month + 2)))


def buckets(grain: PointGrain, period: Period, first_weekday: int) -> Iterator[Period]:
    """The periods of a grain that have days of a period, without gaps; each is whole."""
    day = period.first
    while day <= period.last:
        found = bucket(grain, day, first_weekday)
        yield found
        day = found.last + DAY
