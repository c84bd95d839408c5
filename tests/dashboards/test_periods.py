"""Periods: months and days that cover one, exactly and with few counts."""

from collections import Counter
from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from voxpop.dashboards.dates import bucket, buckets
from voxpop.dashboards.models import PointGrain
from voxpop.metrics.models import CountRange, Grain
from voxpop.metrics.periods import DAY, Period, cover, cover_sparsely, month_end

DATES = st.dates(date(2023, 12, 1), date(2026, 3, 31))
PERIODS = st.tuples(DATES, DATES).map(lambda pair: Period(min(pair), max(pair)))


def days(period: Period) -> list[date]:
    return [period.first + number * DAY for number in range(period.days)]


def counted(ranges: list[CountRange]) -> Counter[date]:
    """How often each day counts."""
    total: Counter[date] = Counter()
    for each in ranges:
        last = month_end(each.last) if each.grain is Grain.MONTH else each.last
        total.update(dict.fromkeys(days(Period(each.first, last)), each.sign))
    return Counter({day: times for day, times in total.items() if times})


@given(PERIODS, st.integers(0, 40))
def test_counts_of_days_and_months_cover_each_day_once(period: Period, later: int) -> None:
    once = dict.fromkeys(days(period), 1)
    assert counted(list(cover(period))) == once
    assert counted(list(cover_sparsely(period, period.last + later * DAY))) == once


@given(PERIODS, st.integers(0, 40))
def test_few_days_are_read(period: Period, later: int) -> None:
    today = period.last + later * DAY
    read = [each for each in cover_sparsely(period, today) if each.grain is Grain.DAY]
    past = [part for each in read if (part := Period(each.first, each.last).part(date.min, today))]
    assert sum(part.days for part in past) <= 2 * 15
    assert len(list(cover_sparsely(period, today))) <= 5


@given(PERIODS, st.sampled_from(PointGrain), st.sampled_from([0, 5, 6]))
def test_buckets_follow_each_other_without_gaps(period: Period, grain: PointGrain, first_weekday: int) -> None:
    found = list(buckets(grain, period, first_weekday))
    assert found[0].first <= period.first <= found[0].last
    assert found[-1].first <= period.last <= found[-1].last
    assert all(after.first == before.last + DAY for before, after in pairwise(found))
    for one in found:
        assert bucket(grain, one.first, first_weekday) == bucket(grain, one.last, first_weekday) == one
        if grain is PointGrain.WEEK:
            assert (one.first.weekday(), one.days) == (first_weekday, 7)
        if grain is PointGrain.QUARTER:
            assert (one.first.month % 3, one.first.day, one.last.month % 3) == (1, 1, 0)


def test_the_period_before_has_as_many_days() -> None:
    assert Period(date(2026, 11, 1), date(2026, 11, 30)).previous() == Period(date(2026, 10, 2), date(2026, 10, 31))
    one_day = Period(date(2026, 3, 1), date(2026, 3, 1))
    assert one_day.previous() == Period(date(2026, 2, 28), date(2026, 2, 28))


def test_a_year_earlier_are_the_same_dates() -> None:
    leap = Period(date(2024, 2, 29), date(2024, 3, 31))
    assert leap.year_earlier() == Period(date(2023, 2, 28), date(2023, 3, 31))
    assert Period(date(2024, 2, 1), date(2024, 2, 29)).year_earlier() == Period(date(2023, 2, 1), date(2023, 2, 28))
