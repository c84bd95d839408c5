"""Parses the dates of campaigns: an instant, or a day in the workspace's time zone; pure."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?\Z", re.IGNORECASE)
MIDNIGHT = datetime.min.time()
MICROSECOND = timedelta(microseconds=1)
# asyncpg stores these two as infinity. A day that begins or ends there, or beyond them in its zone, ends next to them.
INFINITE = FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def parse_date(text: str, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """An instant, in UTC if it names no zone, or a day: its start, or with `end` its last microsecond.

    ValueError for anything else.
    """
    if DAY.match(text):
        day = date.fromisoformat(text)
        moment = end_of_day(day, zone) if end else start_of_day(day, zone)
    elif INSTANT.match(text):
        instant = datetime.fromisoformat(text.upper())
        moment = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    else:
        raise ValueError("must be a day like 2024-01-31 or an instant like 2024-01-31T14:30:00Z")
    if moment in INFINITE:
        raise ValueError("is out of range")
    return moment


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Midnight in the zone; if the clocks skip it, the first instant of the day."""
    try:
        return max(datetime.combine(day, MIDNIGHT, zone).astimezone(UTC), FIRST + MICROSECOND)
    except OverflowError:  # the first day of the calendar, east of Greenwich
        return FIRST + MICROSECOND


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond of the day in the zone."""
    if day < date.max:
        return start_of_day(day + timedelta(days=1), zone) - MICROSECOND
    try:
        return min(datetime.combine(day, datetime.max.time(), zone).astimezone(UTC), LAST - MICROSECOND)
    except OverflowError:  # west of Greenwich
        return LAST - MICROSECOND
