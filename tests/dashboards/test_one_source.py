"""One set of ratings through every view of it: each shows the same number of answers and the same score."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from tests.support.clients import expect_ok
from tests.support.dashboards import Ratings, feedback_rows, path_of, set_today
from tests.support.factories import Factory
from tests.support.features import Feature
from tests.support.inbox import InboxSite
from tests.support.metrics import Clock, noon
from tests.support.overview import rows_of, words_of

from voxpop.metrics.formulas import Formula, Measure, score
from voxpop.metrics.models import Series
from voxpop.types import CampaignId, Origin, utcnow

SCORES = [10, 9, 9, 8, 7, 6, 3, 0, 10, 10, 9]
MEASURE = Measure(Formula.NPS, 0, 10)
SCORE = score(MEASURE, [SCORES.count(value) for value in range(11)]) or 0
EXPECTED = (len(SCORES), SCORE)
PERIOD = {"from": "2026-03-10", "to": "2026-03-12"}


@pytest.fixture
async def campaign(ours: Ratings) -> Series:
    """A campaign with the answers of two days."""
    opened = await ours.campaign("After an order")
    await ours.campaigns.answer(CampaignId(opened.id), *SCORES[:6], at=noon(10))
    await ours.campaigns.answer(CampaignId(opened.id), *SCORES[6:], at=noon(12))
    for day in (10, 12):
        await ours.campaigns.aggregate(noon(day).date(), noon(day) + timedelta(days=1))
    return opened


@pytest.fixture
async def ours(site: InboxSite, make: Factory) -> Ratings:
    """The ratings of the workspace whose pages the members of the site see."""
    return Ratings(site.database, await make.client(site.workspace_id()), Clock())


@pytest.fixture(autouse=True)
def today_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("badge_api", "campaign_pages", "overview_pages"):
        set_today(monkeypatch, module=module)


async def test_every_metric_of_a_campaign_is_the_same(ours: Ratings, campaign: Series) -> None:
    shown: dict[str, Any] = await ours.show(campaign, grain="day", **PERIOD)
    (row,) = await ours.list(kind="campaign", **PERIOD)
    query = {"campaignId": str(campaign.id), "dateFrom": PERIOD["from"], "dateTo": PERIOD["to"]}
    live = expect_ok(await ours.client.get("/api/v1/metrics/live", params=query))
    stored = expect_ok(await ours.client.post("/api/v1/metrics/filter", json=query))
    assert (shown["total"]["responses"], shown["total"]["score"]) == EXPECTED
    assert (row["responses"], row["score"]) == EXPECTED
    for metrics in (live, stored):
        assert (metrics["summary"]["totalResponses"], metrics["summary"]["averageScore"]) == EXPECTED
    assert live["metrics"] == stored["metrics"]
    by_day = {point["date"]: point for point in shown["points"] if point["responses"]}
    for metric in live["metrics"]:
        point = by_day[metric["date"]]
        assert (metric["totalResponses"], metric["scoreValue"]) == (point["responses"], point["score"])
    points = (await ours.client.get(path_of(campaign, ".csv"), params={"grain": "day", **PERIOD})).text
    of_file = {each["date"]: each for each in csv.DictReader(StringIO(points)) if each["responses"] != "0"}
    assert {day: (int(each["responses"]), float(each["score"])) for day, each in of_file.items()} == {
        day: (point["responses"], point["score"]) for day, point in by_day.items()
    }


async def test_the_badge_and_the_pages_show_the_same(site: InboxSite, ours: Ratings, campaign: Series) -> None:
    expect_ok(await ours.client.put(path_of(campaign, "/badge"), json={"public": True}))
    badge = f"/badge/{site.workspaces['default'].slug}/campaign-{campaign.id}"
    told = expect_ok(await site.owner_browser.get(f"{badge}.json?days=365"))
    assert (told["responses"], round(told["score"])) == (len(SCORES), round(SCORE))
    assert f"NPS {SCORE:.0f} from {len(SCORES)} ratings" in (await site.owner_browser.get(f"{badge}.svg?days=365")).text
    for path in ("/overview", f"/campaigns/{campaign.id}"):
        words = words_of((await site.owner_browser.get(path, params=PERIOD)).text)
        assert f"{SCORE:.1f}" in words
        assert f"{len(SCORES)} answers" in words
    (row,) = rows_of((await site.owner_browser.get("/campaigns", params=PERIOD)).text, "series-list")
    assert row["cells"][2].startswith(f"{len(SCORES)} ")
    assert row["cells"][3].startswith(f"{SCORE:.1f}")
    behind = await feedback_rows(ours.client, series=f"campaign:{campaign.id}", **PERIOD)
    assert sorted(each["score"] for each in behind) == sorted(SCORES)
    page = words_of(
        (await site.owner_browser.get("/feedback", params={"series": f"campaign:{campaign.id}", **PERIOD})).text
    )
    assert f"{len(SCORES)} ratings" in page


async def test_the_analytics_of_a_feature_show_the_same(
    site: InboxSite, ours: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("api", "badge_api", "feature_pages"):
        set_today(monkeypatch, utcnow().date(), module)
    feature = await Feature.open(ours.client)
    for number, rating in enumerate([10, 9, 6, 5, 1, 8]):
        await feature.rate(rating, "voluntary", f"user{number}@example.com")
    summary = await feature.summary()
    (row,) = await ours.list(kind="feature")
    total = (await ours.show(Series(Origin.FEATURE, row["id"])))["total"]
    assert total["responses"] == row["responses"] == summary["total_feedbacks"] == 6
    assert total["mean"] == summary["average_rating"]
    assert total["median"] == summary["median_rating"]
    assert total["score"] == row["score"] == round(100 * 4 / 6, 2)
    assert summary["pm_rating"] == round(4 / 6, 2)
    expect_ok(await ours.client.put(path_of(Series(Origin.FEATURE, row["id"]), "/badge"), json={"public": True}))
    badge = f"/badge/{site.workspaces['default'].slug}/feature-{row['id']}.json"
    told = expect_ok(await site.owner_browser.get(badge))
    assert (told["responses"], told["score"]) == (6, round(summary["average_rating"], 1))
    page = words_of((await site.owner_browser.get(f"/features/{row['id']}")).text)
    assert f"{total['score']:.1f}" in page
    assert "6 answers" in page
