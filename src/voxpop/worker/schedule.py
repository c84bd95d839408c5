"""The schedule of daily jobs: due times across DST changes; pure.

A slot is the run of a job for one local day of a workspace.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def due_days(at: time, zone: ZoneInfo, since: datetime, last: date | None, now: datetime) -> Iterator[date]:
    """The days without a slot whose local time `at` has passed, oldest first."""
    return (day for day, _ in takewhile(lambda due: due[1] <= now, due_times(at, zone, since, last)))


def due_times(at: time, zone: ZoneInfo, since: datetime, last: date | None) -> Iterator[tuple[date, datetime]]:
    """The days without a slot, without end, each with its instant of local time `at`.

    `since` is the creation of the workspace, before which no job is due. `last` is the latest day with a slot.
    """
    day = last + DAY if last else since.astimezone(zone).date()
    while True:
        if (moment := to_instant(day, at, zone)) >= since:
            yield day, moment
        day += DAY


def to_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, of local time `at` on a day: the first of two, or the end of the gap that contains it."""
    local = datetime.combine(day, at, zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # In a gap the old offset gives an instant that is too late, the new one too early; the transition is in between.
    return _dst_transition(local.replace(fold=1).astimezone(UTC), moment, zone)


def _dst_transition(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant with the offset of `after`, found by bisection; `before` has another offset."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
