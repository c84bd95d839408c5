"""Dates as campaigns' callers write them: an instant, or a day of the workspace; pure."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?\Z", re.IGNORECASE)
MIDNIGHT = datetime.min.time()
LAST_MOMENT = timedelta(microseconds=1)
# The driver stores these two as infinity.
ENDLESS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def read_moment(text: str, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """The moment of an instant (UTC where it names no zone), or of a day: its start, or its last moment for an end.

    ValueError where it is neither.
    """
    if DAY.match(text):
        day = date.fromisoformat(text)
        moment = last_moment(day, zone) if end else first_moment(day, zone)
    elif INSTANT.match(text):
        written = datetime.fromisoformat(text.upper())
        moment = (written if written.tzinfo else written.replace(tzinfo=UTC)).astimezone(UTC)
    else:
        raise ValueError("must be a day like 2024-01-31 or an instant like 2024-01-31T14:30:00Z")
    if moment in ENDLESS:
        raise ValueError("is out of range")
    return moment


def first_moment(day: date, zone: ZoneInfo) -> datetime:
    """Midnight in the zone; where the clocks skip it, the first instant there is."""
    return datetime.combine(day, MIDNIGHT, zone).astimezone(UTC)


def last_moment(day: date, zone: ZoneInfo) -> datetime:
    return first_moment(day + timedelta(days=1), zone) - LAST_MOMENT
