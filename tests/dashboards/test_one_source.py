"""One set of ratings through every view of it: each shows the same number of answers and the same score."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.clients import expect_ok
from tests.support.dashboards import Ratings, set_today
from tests.support.features import Feature
from tests.support.metrics import noon

from voxpop.metrics.formulas import Formula, Measure, score
from voxpop.metrics.models import Series
from voxpop.types import CampaignId, Origin, utcnow

SCORES = [10, 9, 9, 8, 7, 6, 3, 0, 10, 10, 9]
MEASURE = Measure(Formula.NPS, 0, 10)
PERIOD = {"from": "2026-03-10", "to": "2026-03-12"}


async def test_every_view_of_a_campaign_shows_the_same(ours: Ratings) -> None:
    campaign = await ours.campaign("After an order")
    campaign_id = CampaignId(campaign.id)
    await ours.campaigns.answer(campaign_id, *SCORES[:6], at=noon(10))
    await ours.campaigns.answer(campaign_id, *SCORES[6:], at=noon(12))
    for day in (10, 12):
        await ours.campaigns.aggregate(noon(day).date(), noon(day) + timedelta(days=1))
    expected = (len(SCORES), score(MEASURE, [SCORES.count(value) for value in range(11)]))
    shown: dict[str, Any] = await ours.show(campaign, grain="day", **PERIOD)
    (row,) = await ours.list(kind="campaign", **PERIOD)
    query = {"campaignId": str(campaign.id), "dateFrom": PERIOD["from"], "dateTo": PERIOD["to"]}
    live = expect_ok(await ours.client.get("/api/v1/metrics/live", params=query))
    stored = expect_ok(await ours.client.post("/api/v1/metrics/filter", json=query))
    assert (shown["total"]["responses"], shown["total"]["score"]) == expected
    assert (row["responses"], row["score"]) == expected
    for metrics in (live, stored):
        assert (metrics["summary"]["totalResponses"], metrics["summary"]["averageScore"]) == expected
    assert live["metrics"] == stored["metrics"]
    by_day = {point["date"]: point for point in shown["points"] if point["responses"]}
    for metric in live["metrics"]:
        assert (metric["totalResponses"], metric["scoreValue"]) == (
            by_day[metric["date"]]["responses"],
            by_day[metric["date"]]["score"],
        )


async def test_the_analytics_of_a_feature_show_the_same(ours: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    set_today(monkeypatch, utcnow().date())
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
