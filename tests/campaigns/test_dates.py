"""Days and instants in requests, in time zones with daylight saving time."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxpop.campaigns.dates import end_of_day, parse_date, start_of_day

BERLIN, TOKYO, SAO_PAULO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Sao_Paulo")
ZONES = st.sampled_from(
    [ZoneInfo("UTC"), BERLIN, TOKYO, SAO_PAULO, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Asia/Beirut")]
)
DAYS = st.dates(date(1970, 1, 2), date(2037, 12, 30))
OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "zone", "start", "end"),
    [
        ("2024-01-31", "UTC", "2024-01-31T00:00:00Z", "2024-01-31T23:59:59.999999Z"),
        ("2024-02-29", "Asia/Tokyo", "2024-02-28T15:00:00Z", "2024-02-29T14:59:59.999999Z"),
        ("2024-03-31", "Europe/Berlin", "2024-03-30T23:00:00Z", "2024-03-31T21:59:59.999999Z"),  # 23 hours
        ("2024-10-27", "Europe/Berlin", "2024-10-26T22:00:00Z", "2024-10-27T22:59:59.999999Z"),  # 25 hours
        # There is no midnight: the clocks go from 23:59:59 to 01:00.
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-05T01:59:59.999999Z"),
        ("2018-11-03", "America/Sao_Paulo", "2018-11-03T03:00:00Z", "2018-11-04T02:59:59.999999Z"),
        # Midnight comes twice: the first one counts.
        ("2023-11-05", "America/Havana", "2023-11-05T04:00:00Z", "2023-11-06T04:59:59.999999Z"),
    ],
)
def test_a_day_is_in_the_workspace_time_zone(text: str, zone: str, start: str, end: str) -> None:  # F18, G3
    assert parse_date(text, ZoneInfo(zone)) == moment(start)
    assert parse_date(text, ZoneInfo(zone), end=True) == moment(end)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-15T14:30:00Z", "2024-01-15T14:30:00Z"),
        ("2024-01-15t14:30:00z", "2024-01-15T14:30:00Z"),
        ("2024-01-15 14:30", "2024-01-15T14:30:00Z"),
        ("2024-01-15T14:30:00", "2024-01-15T14:30:00Z"),
        ("2024-01-15T14:30:00+03:00", "2024-01-15T11:30:00Z"),
        ("2024-01-15T14:30:00-0930", "2024-01-16T00:00:00Z"),
        ("2024-01-15T14:30:00.5Z", "2024-01-15T14:30:00.500000Z"),
        ("2024-01-15T14:30:00.123456789Z", "2024-01-15T14:30:00.123456Z"),
    ],
)
def test_an_instant_does_not_depend_on_the_time_zone(text: str, expected: str) -> None:  # F18
    for end in (False, True):
        assert {parse_date(text, zone, end=end) for zone in (BERLIN, TOKYO)} == {moment(expected)}


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "2024", "2024-01", "20240115", "2024-1-5", "2024-W03-1", "2024-015", "15.01.2024", "today",
        "1705329000", " 2024-01-15", "2024-01-15\n", "2024-02-30", "2023-02-29", "2024-13-01", "2024-01-00",
        "0000-01-01",
        "２０２４-01-15", "2024-01-15T", "2024-01-15T24:00Z", "2024-01-15T14:60Z", "2024-01-15T14:30:60Z",
        "2024-01-15T14:30+25:00", "2024-01-15T14:30+3", "2024-01-15T14:30 UTC", "2024-01-15T14:30:00,5Z", "-2024-01-15",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z",
    ],
)  # fmt: skip
def test_invalid_dates_are_refused(text: str) -> None:  # F14
    with pytest.raises(ValueError, match=r"."):
        parse_date(text, BERLIN)


@pytest.mark.parametrize(
    ("text", "zone", "end"),
    [
        ("0001-01-01T00:00:00+00:01", "UTC", False),
        ("0001-01-01T00:00:00Z", "UTC", False),
        ("9999-12-31T23:59:59-00:01", "UTC", True),
        ("9999-12-31T23:59:59.999999Z", "UTC", True),
    ],
)
def test_times_at_the_limits_of_the_calendar_are_out_of_range(text: str, zone: str, end: bool) -> None:  # F14
    with pytest.raises((ValueError, OverflowError), match="range"):
        parse_date(text, ZoneInfo(zone), end=end)


@settings(deadline=None)
@given(INSTANTS, OFFSETS, st.booleans())
def test_a_formatted_time_parses_to_the_same_time(instant: datetime, offset: timezone, end: bool) -> None:
    texts = [instant.isoformat(), instant.replace(tzinfo=None).isoformat(" "), instant.astimezone(offset).isoformat()]
    assert {parse_date(text, TOKYO, end=end) for text in texts} == {instant}


@settings(deadline=None)
@given(DAYS, ZONES)
def test_days_follow_each_other_without_a_gap(day: date, zone: ZoneInfo) -> None:
    """The first and the last microsecond belong to the day; the ones before and after do not."""
    first, last = start_of_day(day, zone), end_of_day(day, zone)
    assert last + timedelta(microseconds=1) == start_of_day(day + timedelta(days=1), zone)
    assert first.astimezone(zone).date() == last.astimezone(zone).date() == day
    assert (first - timedelta(microseconds=1)).astimezone(zone).date() == day - timedelta(days=1)
    assert parse_date(day.isoformat(), zone) == first
    assert parse_date(day.isoformat(), zone, end=True) == last


@settings(deadline=None)
@given(DAYS, ZONES)
def test_a_day_begins_at_its_earliest_minute(day: date, zone: ZoneInfo) -> None:
    """Compares with a search minute by minute."""
    start = datetime.combine(day, time.min, UTC) - timedelta(hours=15)
    minutes = (start + timedelta(minutes=minute) for minute in range(30 * 60))
    assert start_of_day(day, zone) == next(one for one in minutes if one.astimezone(zone).date() == day)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Sao_Paulo", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_first_and_the_last_day_of_the_calendar_are_days(zone: str) -> None:  # F18
    last_start, last_end = (parse_date("9999-12-31", ZoneInfo(zone), end=end) for end in (False, True))
    first_start, first_end = (parse_date("0001-01-01", ZoneInfo(zone), end=end) for end in (False, True))
    assert first_start < first_end < last_start < last_end
    assert datetime.min.replace(tzinfo=UTC) < first_start  # the bounds themselves are stored as infinity
    assert last_end < datetime.max.replace(tzinfo=UTC)
