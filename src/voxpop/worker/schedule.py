"""When daily jobs are due; pure. A slot is a job's turn on one local day of a workspace."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def due_days(at: time, zone: ZoneInfo, since: datetime, last: date | None, now: datetime) -> Iterator[date]:
    """The days whose local time `at` has come and that have no slot yet, oldest first."""
    return (day for day, _ in takewhile(lambda turn: turn[1] <= now, due_times(at, zone, since, last)))


def due_times(at: time, zone: ZoneInfo, since: datetime, last: date | None) -> Iterator[tuple[date, datetime]]:
    """The days that have no slot yet, without end, and the instants at which it is `at` on them.

    `since` is when the workspace was made: what came before is nobody's. `last` is the latest day with a slot.
    """
    day = last + DAY if last else since.astimezone(zone).date()
    while True:
        if (moment := instant_of(day, at, zone)) >= since:
            yield day, moment
        day += DAY


def instant_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which it is `at` on that day: the first of two, and the next there is in a gap."""
    local = datetime.combine(day, at, zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # In a gap the clock before it says too late an instant and the clock after it too early a one; the jump is between.
    return _dst_transition(local.replace(fold=1).astimezone(UTC), moment, zone)


def _dst_transition(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of the offset that holds at `after`; another holds at `before`, and there is one jump."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
