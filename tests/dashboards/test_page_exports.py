"""CSV files of pages: the rows of the table in its order, with the filter and the period of the page."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from tests.support.dashboards import Ratings
from tests.support.inbox import InboxSite
from tests.support.invariants import Owner
from tests.support.overview import answer, rows_of
from tests.support.sites import Browser
from tests.support.tickets import member

from voxpop.metrics.models import Series, SeriesKind
from voxpop.types import Origin, utcnow

TODAY = utcnow().date()


@pytest.fixture
async def filled(site: InboxSite, given: Ratings, owner: Owner) -> Browser:
    """Campaigns, features and agents whose orders by name, score and number of answers differ."""
    for name, earlier, later in (("b", [9] * 6, [1] * 9), ("C", [1] * 6, [9] * 7), ("=a", [5] * 8, [9, 9, 9, 1, 1])):
        campaign = await given.campaigns.open("NPS", name)
        await answer(given, campaign, TODAY - timedelta(days=100), earlier)
        await answer(given, campaign, TODAY - timedelta(days=1), later)
    await given.campaigns.open("CSAT", "b without ratings")
    for number in range(9):
        other = await given.campaigns.open("NPS", f"other {number}")
        await answer(given, other, TODAY - timedelta(days=1), [8] * 5)
    for name, stars in (("lucky", [5] * 5), ("steady", [5] * 95 + [1] * 5), ("weak", [1] * 20)):
        agent = Series(SeriesKind.AGENT, await member(owner, site.workspace_id(), name))
        await given.give(TODAY, stars, agent, survey_type="CSAT")
    await site.owner_browser.submit("/features/products/new", key="shop", name="Shop")
    product = str(await owner.fetchval("SELECT id FROM product"))
    for name in ("z", "a", "m"):
        form = {"feature_key": name, "name": name, "interaction_threshold": "1", "rejection_threshold": "2"}
        await site.owner_browser.submit("/features/new", product=product, **form)
        feature = Series(Origin.FEATURE, await owner.fetchval("SELECT id FROM feature WHERE key = $1", name))
        await given.give(TODAY, [ord(name) % 10 + 1] * (5 + len(name)), feature, survey_type="CSAT10")
    return site.owner_browser


def names_on(page: str) -> list[str]:
    """The names in the first column, without the key or the survey type behind them."""
    table = page[page.index('class="table series-list') :]
    found = re.findall(r'<th scope="row(?:group)?"><a [^>]*><bdi>([^<]*)</bdi>', table[: table.index("</table>")])
    return list(map(unescape, found))


def exports_of(page: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'<a class="button quiet export" href="([^"]+)"', page)]


async def rows_at(browser: Browser, address: str) -> list[dict[str, str]]:
    response = await browser.get(address)
    assert response.status_code == 200, response.text
    text = response.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if "delimiter=%3B" in address else ","))


@pytest.mark.parametrize(
    "path",
    [
        "/campaigns", "/campaigns?sort=name&direction=desc", "/campaigns?sort=score", "/campaigns?sort=change",
        "/campaigns?name=B&survey_type=NPS&days=30&compare=none", "/campaigns?survey_type=CSAT&state=running",
        "/campaigns?state=paused", "/agents", "/agents?sort=name", "/agents?sort=responses&direction=asc&days=7",
        "/features", "/features?sort=score", "/features?name=Z", "/low-ratings?by=agent",
        "/low-ratings?by=agent&days=7",
    ],
)  # fmt: skip
async def test_the_file_of_a_list_has_its_rows_in_its_order(filled: Browser, path: str) -> None:
    page = (await filled.get(path)).text
    names = names_on(page) if "series-list" in page else []
    address = next(href for href in exports_of(page) if href.startswith(f"{path.partition('?')[0]}.csv"))
    assert [row["name"].removeprefix("'") for row in await rows_at(filled, address)] == names
    assert names or "paused" in path


async def test_the_file_has_the_figures_of_the_page(filled: Browser) -> None:
    (row,) = await rows_at(filled, "/campaigns.csv?name=C&survey_type=NPS&sort=score&delimiter=%3B")
    assert (row["responses"], row["score"], row["verdict"], row["state"]) == ("7", "100.0", "up", "running")
    (never,) = await rows_at(filled, "/campaigns.csv?survey_type=CSAT")
    assert (never["responses"], never["score"], never["verdict"]) == ("0", "", "")
    assert {row["users"] for row in await rows_at(filled, "/features.csv")} == {"", "0"}


async def test_the_file_of_the_overview_has_the_order_by_contribution(filled: Browser) -> None:
    page = (await filled.get("/overview?grain=month")).text
    chart, movers = exports_of(page)
    rows = rows_of(page, 'id="moved"')
    found = await rows_at(filled, movers)
    assert [each["name"].removeprefix("'") for each in found] == [*(row["cells"][0] for row in rows[:-1]), ""]
    assert [each["responses"] for each in found] == [row["cells"][1] for row in rows]
    points = await rows_at(filled, chart)
    assert [each["responses"] for each in points] == [row["cells"][3] for row in rows_of(page, 'id="numbers"')]


async def test_the_file_of_the_chart_of_low_ratings_has_their_share(filled: Browser) -> None:
    page = (await filled.get("/low-ratings?grain=month&days=30")).text
    address = next(href for href in exports_of(page) if "chart.csv" in href)
    points, table = await rows_at(filled, address), rows_of(page, 'id="numbers"')
    assert [each["responses"] for each in points] == [row["cells"][3] for row in table]
    assert points[-1]["score"] == "20.0"
    assert table[-1]["cells"][1].startswith("20.0%")


async def test_a_hidden_series_is_not_drawn(filled: Browser, site: InboxSite, given: Ratings, owner: Owner) -> None:
    for series in (f"agent:{uuid4()}", "agent:1", f"agent:{await owner.fetchval('SELECT max(id::text) FROM account')}"):
        page = await site.agent.get(f"/low-ratings?series={series}")
        assert page.status_code == 200
        assert "125 answers" in page.text
