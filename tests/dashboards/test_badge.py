"""Public badges: off by default, their text and JSON, and what they hide."""

from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from tests.support.clients import Client, error_code, expect_ok, invalid_fields
from tests.support.dashboards import TODAY, Ratings, path_of, set_today
from tests.support.factories import Factory

from voxpop.metrics.models import Series
from voxpop.metrics.periods import DAY


@pytest.fixture(autouse=True)
def badges_of_today(monkeypatch: pytest.MonkeyPatch, today: None) -> None:
    set_today(monkeypatch, module="badge_api")


async def get(client: Client, series: Series, form: str = "json", slug: str = "ours", **query: Any) -> httpx.Response:
    return await client.get(f"/badge/{slug}/{series.kind}-{series.id}.{form}", params=query)


async def switch(client: Client, series: Series, *, public: bool) -> None:
    body = {"public": public}
    assert expect_ok(await client.put(path_of(series, "/badge"), json=body)) == body


async def test_a_badge_is_open_to_everyone_once_it_is_on(ours: Ratings, make: Factory) -> None:
    everyone = make.anonymous()
    campaign = await ours.campaign("After an order", "CSAT")
    await ours.give(TODAY, [5] * 7 + [4] * 3, campaign, survey_type="CSAT")
    for form in ("svg", "json"):
        assert error_code(await get(everyone, campaign, form)) == (404, "NOT_FOUND")
    for _ in range(2):
        await switch(ours.client, campaign, public=True)
    answer = await get(everyone, campaign)
    assert expect_ok(answer) == {
        "name": "After an order", "survey_type": "CSAT", "formula": "share", "score": 4.7, "scale_max": 5,
        "responses": 10, "days": 90,
    }  # fmt: skip
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    picture = await get(everyone, campaign, "svg")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert picture.headers["cache-control"] == "public, max-age=300"
    assert "".join(ElementTree.fromstring(picture.text).itertext()).startswith("4.7 / 5 from 10 ratings, last 90 days")  # noqa: S314
    await switch(ours.client, campaign, public=False)
    assert error_code(await get(everyone, campaign)) == (404, "NOT_FOUND")


async def test_the_text_of_nps_is_a_whole_number(ours: Ratings) -> None:
    await switch(ours.client, ours.workspace, public=True)
    await ours.give(TODAY, [10] * 1000 + [8] * 500 + [0] * 213)
    assert "NPS 46 from 1,713 ratings, last 30 days" in (await get(ours.client, ours.workspace, "svg", days=30)).text
    assert expect_ok(await get(ours.client, ours.workspace))["score"] == 46.0


@pytest.mark.parametrize(("days", "responses"), [(7, 5), (30, 10), (90, 15), (365, 20)])
async def test_a_badge_counts_the_last_days(ours: Ratings, days: int, responses: int) -> None:
    await switch(ours.client, ours.workspace, public=True)
    for ago in (6, 29, 89, 364, 365):
        await ours.give(TODAY - ago * DAY, [9] * 5)
    assert expect_ok(await get(ours.client, ours.workspace, days=days))["responses"] == responses


async def test_few_ratings_are_hidden(ours: Ratings) -> None:
    await switch(ours.client, ours.workspace, public=True)
    await ours.give(TODAY, [0] * 4)
    shown = expect_ok(await get(ours.client, ours.workspace))
    assert (shown["score"], shown["responses"], shown["survey_type"]) == (None, None, "NPS")
    assert "not enough ratings" in (await get(ours.client, ours.workspace, "svg")).text


async def test_unknown_badges_are_not_found(ours: Ratings, theirs: Ratings) -> None:
    await switch(ours.client, ours.workspace, public=True)
    for slug in ("theirs", "nowhere", "%"):
        assert (await get(ours.client, ours.workspace, slug=slug)).status_code == 404
    for file in (
        "x.svg",
        f"ticket-{ours.client.workspace}.svg",
        f"workspace-{ours.client.workspace}.png",
        "tag-1.json",
    ):
        assert (await ours.client.get(f"/badge/ours/{file}")).status_code == 404
    assert error_code(await theirs.client.put(path_of(ours.workspace, "/badge"), json={"public": True}))[0] == 404


async def test_wrong_parameters_are_named(ours: Ratings) -> None:
    await switch(ours.client, ours.workspace, public=True)
    for query, field in (({"days": 8}, "days"), ({"survey_type": "XXX"}, "survey_type"), ({}, "survey_type")):
        assert invalid_fields(await get(ours.client, ours.workspace, **query)) == [field]
