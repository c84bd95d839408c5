"""Periods of days, and the counts of days and months that cover one; pure."""

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct

from voxpop.metrics.models import CountRange, Grain

DAY = timedelta(days=1)


class Period(Struct, frozen=True):
    """The days from the first to the last one, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def previous(self) -> "Period":
        """The same number of days, just before."""
        return Period(self.first - self.days * DAY, self.first - DAY)

    def year_earlier(self) -> "Period":
        """The same dates a year earlier; 28 February for the 29th."""
        return Period(_year_earlier(self.first), _year_earlier(self.last))

    def part(self, first: date, last: date) -> "Period | None":
        """The days of the period within others; None without any."""
        part = Period(max(self.first, first), min(self.last, last))
        return part if part.first <= part.last else None


def cover(period: Period) -> Iterator[CountRange]:
    """Whole months, and the single days of months that the period cuts."""
    whole = whole_months(period)
    if whole:
        yield CountRange(Grain.MONTH, whole.first, whole.last)
    for month in cut_months(period):
        if inside := period.part(month.first, month.last):
            yield CountRange(Grain.DAY, inside.first, inside.last)


def cover_sparsely(period: Period, today: date) -> Iterator[CountRange]:
    """As `cover`, with few counts: instead of most days of a month, the month minus its other days.

    Days after today have no counts yet, so they cost nothing.
    """
    whole = whole_months(period)
    if whole:
        yield CountRange(Grain.MONTH, whole.first, whole.last)
    for month in cut_months(period):
        inside = period.part(month.first, month.last)
        if inside is None:
            continue
        outside = [month.part(month.first, inside.first - DAY), month.part(inside.last + DAY, month.last)]
        past = [part for each in outside if each and (part := each.part(date.min, today))]
        if sum(part.days for part in past) < inside.days:
            yield CountRange(Grain.MONTH, month.first, month.first)
            yield from (CountRange(Grain.DAY, each.first, each.last, -1) for each in outside if each)
        else:
            yield CountRange(Grain.DAY, inside.first, inside.last)


def cut_months(period: Period) -> Iterator[Period]:
    """The months that are partly within the period: two at most."""
    for first in sorted({period.first.replace(day=1), period.last.replace(day=1)}):
        month = Period(first, month_end(first))
        if period.first > month.first or period.last < month.last:
            yield month


def whole_months(period: Period) -> Period | None:
    """The days of the months that are entirely within the period; None without any."""
    first = period.first if period.first.day == 1 else month_end(period.first) + DAY
    last = period.last if period.last == month_end(period.last) else period.last.replace(day=1) - DAY
    return Period(first, last) if first <= last else None


def month_end(day: date) -> date:
    """The last day of the month."""
    return (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY


def _year_earlier(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
