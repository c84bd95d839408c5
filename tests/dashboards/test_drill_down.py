"""Drill-down: on every page, each number, bar and row leads to exactly the ratings behind it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.support.dashboards import Ratings, feedback_rows, set_today
from tests.support.inbox import AGENT, InboxSite
from tests.support.invariants import Owner
from tests.support.overview import answer, rows_of
from tests.support.sites import Browser

from voxpop.features import service as features
from voxpop.features.models import FeatureUser, NewRating
from voxpop.feedback.models import Source
from voxpop.types import utcnow

TODAY = utcnow().date()
ANSWERS = {'id="numbers"': 3, 'id="moved"': 1, "table distribution": 2}  # the column of the number, by table
# Names of rows can be numbers too: dates and scores.
LINK = r'(?<!<th scope="row">)<a href="(/feedback\?[^"]+)"[^>]*>'
LINKED_NUMBER = re.compile(LINK + r'(?:<span class="figure">)?([\d,]+)(?: answers?| ratings?)?<')


@pytest.fixture(autouse=True)
def today_of_the_api(monkeypatch: pytest.MonkeyPatch, today: None) -> None:
    set_today(monkeypatch, TODAY)


@pytest.fixture
async def paths(site: InboxSite, given: Ratings, owner: Owner) -> list[str]:
    """Every page with figures, of a workspace whose ratings have all origins."""
    await rate_features(site, owner)
    campaign = await given.campaigns.open("NPS", "Delivery")
    for ago, scores in ((0, [10, 3]), (10, [9, 9, 9, 2, 7, 10]), (100, [1, 5, 9, 9, 10])):
        await answer(given, campaign, TODAY - timedelta(days=ago), scores)
    for number in range(10):  # more than the overview lists
        other = await given.campaigns.open("NPS", f"Other {number}")
        await answer(given, other, TODAY - timedelta(days=1), [8] * (number + 1))
    agent = await site.account(AGENT)
    for stars in (1, 2, 5, 5, 4):
        await site.rated(stars, "So", tags=("billing",), assignee_id=agent)
    feature, product = await owner.fetchrow("SELECT id, product_id FROM feature")
    lows = [f"/low-ratings?by={by}" for by in ("tag", "agent", "product", "period")]
    return [
        *("/overview", "/overview?days=7&grain=day", "/overview?survey_type=CSAT&compare=none"),
        *("/overview?survey_type=CSAT10", "/campaigns", f"/campaigns/{campaign}?grain=month", "/features"),
        *(f"/features/{feature}?grain=quarter", f"/features/products/{product}", f"/agents?agent={agent}"),
        *(*lows, f"/low-ratings?by=period&series=agent:{agent}&grain=day&days=30", "/low-ratings?survey_type=NPS"),
    ]


async def rate_features(site: InboxSite, owner: Owner) -> None:
    """One customer rates after a prompt, another one unasked; a third one refuses."""
    browser = site.owner_browser
    await browser.submit("/features/products/new", key="shop", name="Shop")
    form = {"feature_key": "export", "name": "Export", "interaction_threshold": "1", "rejection_threshold": "1"}
    await browser.submit("/features/new", **form, product=str(await owner.fetchval("SELECT id FROM product")))
    ann, bob, eve = (FeatureUser("shop", "export", f"{name}@example.com") for name in ("ann", "bob", "eve"))
    rated = [
        NewRating(ann, 3, Source.PROMPTED, "Slow", None),
        NewRating(eve, 9, Source.VOLUNTARY, None, None),
    ]
    async with site.database.transaction(site.workspace_id()) as tx:
        await features.increment(tx, site.workspace_id(), [ann, bob])
    async with site.database.transaction(site.workspace_id()) as tx:
        await features.reject(tx, site.workspace_id(), [bob])
    async with site.database.transaction(site.workspace_id()) as tx:
        await features.rate(tx, site.workspace_id(), rated)


def numbers_on(page: str) -> Iterator[tuple[str, int]]:
    """The address and the number of each link to ratings: linked numbers, rows of tables, and the bars of a chart."""
    for href, number in LINKED_NUMBER.findall(page):
        yield unescape(href), int(number.replace(",", ""))
    for table, column in ANSWERS.items():
        for row in rows_of(page, table) if table in page and "<tbody>" in page[page.index(table) :] else []:
            if (row["href"] or "").startswith("/feedback"):
                yield row["href"], int(row["cells"][column].replace(",", ""))


def bars_of(page: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'<a href="(/feedback[^"]+)" tabindex="-1">', page)]


async def count_ratings(browser: Browser, address: str) -> int:
    query = dict(parse_qsl(urlsplit(address).query))
    return len(await feedback_rows(browser, **query | {"limit": "100"}))  # type: ignore[arg-type]


async def test_each_number_leads_to_exactly_as_many_ratings(site: InboxSite, paths: list[str]) -> None:
    known: dict[str, int] = {}
    for path in paths:
        page = (await site.owner_browser.get(path)).text
        found = list(numbers_on(page))
        assert len(found) > 1, path
        assert any(number for _, number in found), path
        for href, number in found:
            if href not in known:
                known[href] = await count_ratings(site.owner_browser, href)
            assert known[href] == number, (path, href)
        if bars := bars_of(page):
            assert bars == [row["href"] for row in rows_of(page, 'id="numbers"')], path
    assert sum("feature_prompted" in href for href in known) == 2  # in the period, and of all time


async def test_the_page_of_ratings_shows_the_number_that_led_to_it(site: InboxSite, paths: list[str]) -> None:
    page = (await site.owner_browser.get(paths[0])).text
    for href, number in list(numbers_on(page))[:3]:
        shown = (await site.owner_browser.get(href)).text
        assert re.search(rf'data-part="count">{number} ratings?<', shown), href


async def test_the_other_series_lead_to_the_list_of_all(site: InboxSite, paths: list[str]) -> None:
    page = (await site.owner_browser.get("/overview?compare=year&days=30")).text
    others = rows_of(page, 'id="moved"')[-1]
    assert (others["href"], others["cells"][0]) == ("/campaigns?days=30&compare=year", "3 others")
