"""The length of a chart's points: chosen in the address, kept by the page's links, refused where there are too many."""

from datetime import date

import pytest
from tests.support.dashboards import TODAY, Ratings, set_today
from tests.support.inbox import InboxSite
from tests.support.overview import fill, words_of

from voxpop.dashboards.dates import MAX_POINTS, buckets, count_buckets
from voxpop.dashboards.models import Compare, PointGrain
from voxpop.dashboards.page_models import PageState
from voxpop.metrics.periods import Period

DISABLED = 'aria-disabled="true"'


@pytest.fixture(autouse=True)
def today_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    set_today(monkeypatch, module="overview_pages")


@pytest.mark.parametrize("first", [date(2000, 1, 1), date(2024, 2, 29), date(2026, 11, 30), date(2025, 12, 28)])
@pytest.mark.parametrize("weekday", [0, 5, 6])
@pytest.mark.parametrize("grain", PointGrain)
def test_points_are_counted_as_they_are_listed(first: date, weekday: int, grain: PointGrain) -> None:
    period = Period(first, TODAY)
    assert count_buckets(grain, period, weekday) == len(list(buckets(grain, period, weekday)))


@pytest.mark.parametrize("compare", Compare)
def test_no_choice_gives_too_many_points(compare: Compare) -> None:
    for days in (1, 31, 1199, 1200, 1201, 8393, 8394, 8400, 8401, 9831):
        period = Period(date.fromordinal(TODAY.toordinal() - days + 1), TODAY)
        for weekday in range(7):
            state = PageState("/overview", period, None, compare, first_weekday=weekday)
            periods = [each for each in (period, compare.earlier(period)) if each]
            for grain in PointGrain:
                fits = all(count_buckets(grain, each, weekday) <= MAX_POINTS for each in periods)
                assert (grain in state.grains) is fits
                assert state.with_grain(grain).grain is (grain if fits else state.fitting_grain)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("grain=day", "75 answers by day"), ("days=30&grain=week", "75 answers by week"),
        ("days=365&grain=month", "107 answers by month"), ("grain=quarter&compare=year", "75 answers by quarter"),
        ("grain=hour", "75 answers by week"), ("days=7&grain=quarter", "0 answers by quarter"),
    ],
)  # fmt: skip
async def test_the_address_chooses_the_points(site: InboxSite, given: Ratings, query: str, words: str) -> None:
    await fill(given)
    page = (await site.owner_browser.get(f"/overview?{query}")).text
    assert words in words_of(page)
    assert DISABLED not in page


async def test_links_and_forms_keep_the_choice(site: InboxSite, given: Ratings) -> None:
    await fill(given)
    page = (await site.owner_browser.get("/overview?days=30&grain=day&compare=none")).text.replace("&amp;", "&")
    assert "/overview?days=365&compare=none&grain=day" in page
    assert "/overview?days=30&compare=none&grain=week#chart" in page
    assert page.count('<input type="hidden" name="grain" value="day">') == 2  # of the period and of the comparison
    assert "grain=day" in page[page.index("/api/v1/series/workspace") :].partition('"')[0]


async def test_a_period_with_too_many_points_offers_longer_ones(site: InboxSite, given: Ratings) -> None:
    await fill(given)
    page = (await site.owner_browser.get("/overview?from=2000-01-01&grain=day")).text
    assert page.count(DISABLED) == 2  # days and weeks
    assert "This period is too long for points of that length." in words_of(page)
    assert "107 answers by quarter" in words_of(page)
    for grain in ("month", "quarter"):
        assert f"grain={grain}#chart" in page
