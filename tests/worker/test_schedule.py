"""When a daily job is due: days with a gap, with an hour twice, and days that a zone left out."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxpop.worker.schedule import due_days, to_instant

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "clock", "expected"),
    [
        ("UTC", date(2026, 5, 1), time(3), "2026-05-01T03:00"),
        ("Europe/Berlin", date(2026, 5, 1), time(3), "2026-05-01T01:00"),
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), "2026-03-29T01:00"),  # a gap from 2:00 to 3:00
        ("Europe/Berlin", date(2026, 3, 29), time(3), "2026-03-29T01:00"),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # twice, so the first
        ("America/Sao_Paulo", date(2018, 11, 4), time(0, 5), "2018-11-04T03:00"),  # midnight to 1:00
        ("Pacific/Apia", date(2011, 12, 30), time(3), "2011-12-30T10:00"),  # a day that never was
    ],
)
def test_the_instant_of_a_slot(zone: str, day: date, clock: time, expected: str) -> None:
    assert to_instant(day, clock, ZoneInfo(zone)) == at(expected)


@given(
    st.sampled_from(ZONES),
    st.dates(date(1995, 1, 2), date(2037, 12, 30)),
    st.times(time(0), time(23, 59)).map(lambda clock: clock.replace(second=0, microsecond=0)),
)
def test_it_is_the_first_minute_whose_clock_is_there_or_past(zone: str, day: date, clock: time) -> None:
    wanted = datetime.combine(day, clock)
    minute = wanted.replace(tzinfo=UTC) - timedelta(hours=26)
    while minute.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wanted:
        minute += timedelta(minutes=1)
    assert to_instant(day, clock, ZoneInfo(zone)) == minute


@pytest.mark.parametrize(
    ("since", "last", "now", "expected"),
    [
        ("2026-05-01T00:59", None, "2026-05-01T00:59:59", []),
        ("2026-05-01T00:59", None, "2026-05-01T01:00", [1]),
        ("2026-05-01T01:01", None, "2026-05-02T00:59", []),  # made after that day's turn
        ("2026-05-01T01:01", None, "2026-05-04T01:00", [2, 3, 4]),
        ("2026-04-01T00:00", date(2026, 5, 1), "2026-05-01T22:30", []),  # in Berlin it is the 2nd already, but not 3:00
        ("2026-04-01T00:00", date(2026, 5, 1), "2026-05-04T12:00", [2, 3, 4]),
        ("2026-04-01T00:00", date(2026, 5, 3), "2026-05-02T12:00", []),  # a clock set back, or a zone changed
    ],
)
def test_days_that_are_due(since: str, last: date | None, now: str, expected: list[int]) -> None:
    assert [day.day for day in due_days(time(3), BERLIN, at(since), last, at(now))] == expected
