"""Due times of daily jobs on days with daylight saving changes, and on skipped days."""

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
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), "2026-03-29T01:00"),  # the clocks skip from 2:00 to 3:00
        ("Europe/Berlin", date(2026, 3, 29), time(3), "2026-03-29T01:00"),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # 2:30 comes twice: the first counts
        ("America/Sao_Paulo", date(2018, 11, 4), time(0, 5), "2018-11-04T03:00"),  # the clocks skip from 0:00 to 1:00
        ("Pacific/Apia", date(2011, 12, 30), time(3), "2011-12-30T10:00"),  # a skipped day
    ],
)
def test_a_slot_begins_at_its_local_time(zone: str, day: date, clock: time, expected: str) -> None:
    assert to_instant(day, clock, ZoneInfo(zone)) == at(expected)


@given(
    st.sampled_from(ZONES),
    st.dates(date(1995, 1, 2), date(2037, 12, 30)),
    st.times(time(0), time(23, 59)).map(lambda clock: clock.replace(second=0, microsecond=0)),
)
def test_a_slot_begins_at_the_first_minute_at_or_after_its_local_time(zone: str, day: date, clock: time) -> None:
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
        ("2026-05-01T01:01", None, "2026-05-02T00:59", []),  # created after the time of that day
        ("2026-05-01T01:01", None, "2026-05-04T01:00", [2, 3, 4]),
        (
            "2026-04-01T00:00",
            date(2026, 5, 1),
            "2026-05-01T22:30",
            [],
        ),  # in Berlin the 2nd has begun, and it is before 3:00
        ("2026-04-01T00:00", date(2026, 5, 1), "2026-05-04T12:00", [2, 3, 4]),
        ("2026-04-01T00:00", date(2026, 5, 3), "2026-05-02T12:00", []),  # the clock was set back, or the zone changed
    ],
)
def test_due_days(since: str, last: date | None, now: str, expected: list[int]) -> None:
    assert [day.day for day in due_days(time(3), BERLIN, at(since), last, at(now))] == expected
