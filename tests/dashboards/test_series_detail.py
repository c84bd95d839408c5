"""One series over a period: points, total, comparison, funnel, and the survey type that is meant."""

import csv
import io
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.clients import error_code, expect_ok, invalid_fields
from tests.support.dashboards import SERIES, TODAY, Ratings, path_of
from tests.support.metrics import noon

from voxpop.metrics.models import Series, SeriesKind
from voxpop.metrics.periods import DAY

MARCH = {"from": "2026-03-03", "to": "2026-03-20"}


async def test_a_series_has_a_total_points_and_a_comparison(ours: Ratings) -> None:
    campaign = await ours.campaign("After an order")
    await ours.give(date(2026, 2, 20), [0] * 6 + [9] * 4, campaign)
    await ours.give(date(2026, 3, 3), [9, 9, 9, 9, 7], campaign)
    await ours.give(date(2026, 3, 12), [10] * 7 + [6], campaign)
    shown = await ours.show(campaign, **MARCH)
    assert shown["series"] == {"kind": "campaign", "id": str(campaign.id), "name": "After an order"}
    names = ("survey_type", "scale_min", "scale_max", "formula")
    assert [shown[name] for name in names] == ["NPS", 0, 10, "nps"]
    assert shown["period"] == MARCH
    total = shown["total"]
    assert [total[name] for name in ("responses", "score", "mean", "median")] == [13, 76.92, 9.15, 10.0]
    assert total["low"] < 76.92 < total["high"]
    assert total["distribution"] == [
        {"score": score, "count": {6: 1, 7: 1, 9: 4, 10: 7}.get(score, 0)} for score in range(11)
    ]
    assert [(point["date"], point["responses"], point["complete"]) for point in shown["points"]] == [
        ("2026-03-02", 5, False),
        ("2026-03-09", 8, True),
        ("2026-03-16", 0, False),
    ]
    assert [point["score"] for point in shown["points"]] == [80.0, 75.0, None]
    comparison = shown["comparison"]
    assert comparison["period"] == {"from": "2026-02-13", "to": "2026-03-02"}
    assert [comparison[name] for name in ("responses", "score", "difference", "verdict", "is_better")] == [
        10, -20.0, 96.92, "up", True,
    ]  # fmt: skip
    assert 0 < comparison["difference_low"] < 96.92 < comparison["difference_high"] <= 200
    assert (await ours.show(campaign, compare="none", **MARCH))["comparison"] is None


@pytest.mark.parametrize(
    ("grain", "week_start", "dates"),
    [
        ("day", "monday", ["2026-03-30", "2026-03-31", "2026-04-01", "2026-04-02"]),
        ("week", "monday", ["2026-03-30"]),
        ("week", "sunday", ["2026-03-29"]),
        ("week", "saturday", ["2026-03-28"]),
        ("month", "monday", ["2026-03-01", "2026-04-01"]),
        ("quarter", "monday", ["2026-01-01", "2026-04-01"]),
    ],
)
async def test_a_point_has_the_first_day_of_its_period(
    ours: Ratings, grain: str, week_start: str, dates: list[str]
) -> None:
    expect_ok(await ours.client.patch("/api/v1/workspace", json={"week_start": week_start}))
    campaign = await ours.campaign("A")
    for day in range(28, 37):
        await ours.give(date(2026, 3, 1) + (day - 1) * DAY, [9], campaign)
    shown = await ours.show(campaign, grain=grain, **{"from": "2026-03-30", "to": "2026-04-02"})
    assert [point["date"] for point in shown["points"]] == dates
    assert sum(point["responses"] for point in shown["points"]) == shown["total"]["responses"] == 4
    assert [point["complete"] for point in shown["points"]] == [grain == "day"] * len(dates)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.integers(0, 500), length=st.integers(0, 400), grain=st.sampled_from(["day", "week", "month", "quarter"])
)
async def test_points_add_up_to_the_total(ours: Ratings, first: int, length: int, grain: str) -> None:
    campaign = await ours.campaign(f"Series {uuid4()}")
    days = {TODAY - timedelta(days=ago) for ago in (0, 1, 29, 30, 60, 61, 62, 90, 150, 210, 365, 400, 700)}
    for day in days:
        await ours.give(day, [9, 3], campaign)
    last = TODAY - timedelta(days=first)
    begin = last - timedelta(days=length)
    shown = await ours.show(campaign, grain=grain, **{"from": str(begin), "to": str(last)})
    expected = 2 * sum(begin <= day <= last for day in days)
    assert shown["total"]["responses"] == sum(point["responses"] for point in shown["points"]) == expected
    rows = await ours.list(kind="campaign", compare="none", **{"from": str(begin), "to": str(last)})
    assert sum(row["responses"] for row in rows if row["id"] == str(campaign.id)) == expected


async def test_the_point_of_today_is_not_complete(ours: Ratings) -> None:
    campaign = await ours.campaign("A")
    shown = await ours.show(campaign, grain="day", **{"from": "2026-11-28"})
    assert [point["complete"] for point in shown["points"]] == [True, True, False]
    shown = await ours.show(campaign, grain="month", **{"from": "2026-10-01"})
    assert [point["complete"] for point in shown["points"]] == [True, False]


async def test_few_answers_have_a_distribution_but_no_score(ours: Ratings) -> None:
    campaign = await ours.campaign("A")
    await ours.give(TODAY, [9] * 4, campaign)
    total = (await ours.show(campaign))["total"]
    assert [total[name] for name in ("score", "low", "high", "mean", "median")] == [None] * 5
    assert len(total["distribution"]) == 11
    assert total["distribution"][9] == {"score": 9, "count": 4}


async def test_a_funnel_counts_steps_on_their_day(ours: Ratings) -> None:
    campaign = await ours.campaign("A")
    campaigns = ours.campaigns
    campaigns.clock.now = noon(10)
    asked = await campaigns.ask(campaign.id, 8)  # type: ignore[arg-type]
    await campaigns.ask(campaign.id, 2, show=False)  # type: ignore[arg-type]
    campaigns.clock.now = noon(12)
    await campaigns.submit(asked[:6], 9, 9, 9, 9, 9, 9)
    period = {"from": "2026-03-10", "to": "2026-03-12"}
    funnel = (await ours.show(campaign, **period))["funnel"]
    steps = {"opened": 10, "shown": 8, "completed": 6, "dismissed": 0, "expired": 0, "withdrawn": 0}
    assert funnel == steps | {"response_rate": 60.0, "low": 31.27, "high": 83.18}
    late = (await ours.show(campaign, **{"from": "2026-03-12", "to": "2026-03-12"}))["funnel"]
    assert [late[name] for name in ("opened", "completed", "response_rate")] == [0, 6, 100.0]
    early = (await ours.show(campaign, **{"from": "2026-03-10", "to": "2026-03-10"}))["funnel"]
    assert [early[name] for name in ("opened", "completed", "response_rate")] == [10, 0, 0.0]
    none = (await ours.show(campaign, **{"from": "2026-03-01", "to": "2026-03-01"}))["funnel"]
    assert [none[name] for name in ("opened", "response_rate", "low", "high")] == [0, None, None, None]
    tag = await ours.tag("x")
    assert (await ours.show(tag))["funnel"] is None


async def test_a_series_of_several_types_needs_one(ours: Ratings) -> None:
    campaign = await ours.campaign("A")
    assert (await ours.show(campaign))["survey_type"] == "NPS"
    await ours.give(date(2020, 1, 1), [4], campaign, survey_type="CSAT")
    assert (await ours.show(campaign))["survey_type"] == "CSAT"
    await ours.give(date(2021, 1, 1), [4], campaign)
    answer = await ours.client.get(path_of(campaign))
    assert invalid_fields(answer) == ["survey_type"]
    assert "CSAT, NPS" in answer.text
    assert (await ours.show(campaign, survey_type="CES"))["total"]["responses"] == 0


@pytest.mark.parametrize(("kind", "code"), [("tag", "CSAT"), ("tickets", "CSAT"), ("workspace", None)])
async def test_a_series_without_ratings_has_the_type_of_its_kind(ours: Ratings, kind: str, code: str | None) -> None:
    series = {
        "tag": await ours.tag("x"),
        "tickets": Series(SeriesKind.TICKETS, ours.client.workspace),
        "workspace": ours.workspace,
    }[kind]
    if code is None:
        assert invalid_fields(await ours.client.get(path_of(series))) == ["survey_type"]
    else:
        assert (await ours.show(series))["survey_type"] == code


async def test_unknown_series_and_those_of_others_are_not_found(ours: Ratings, theirs: Ratings) -> None:
    hidden = [await theirs.campaign("Theirs"), await theirs.tag("x"), theirs.workspace]
    hidden.append(Series(SeriesKind.TICKETS, theirs.client.workspace))
    unknown = [Series(kind, uuid4()) for kind in SeriesKind]
    for series in [*hidden, *unknown]:
        assert error_code(await ours.client.get(path_of(series))) == (404, "NOT_FOUND"), series
    campaign = await ours.campaign("Ours")
    await ours.campaigns.delete(campaign.id)  # type: ignore[arg-type]
    assert (await ours.show(campaign))["series"]["name"] == "Ours"


async def test_a_malformed_path_is_invalid(ours: Ratings) -> None:
    for path, field in (("campaign/1", "id"), ("ticket/" + str(uuid4()), "kind"), ("tag/x.csv", "id")):
        assert invalid_fields(await ours.client.get(f"{SERIES}/{path}")) == [field]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"grain": "year"}, "grain"), ({"grain": "day", "from": "2020-01-01"}, "grain"), ({"compare": "x"}, "compare"),
        ({"survey_type": "XXX"}, "survey_type"), ({"from": "x"}, "from"), ({"limit": "5"}, "limit"),
        ({"to": "2026-02-30"}, "to"), ({"from": "2000-01-01", "to": "1999-12-31"}, "to"),
    ],
)  # fmt: skip
async def test_a_wrong_parameter_is_named(ours: Ratings, query: dict[str, Any], field: str) -> None:
    campaign = await ours.campaign("A")
    assert invalid_fields(await ours.client.get(path_of(campaign), params=query)) == [field]


async def test_as_many_as_1200_points_are_shown(ours: Ratings) -> None:
    campaign = await ours.campaign("A")
    first = TODAY - 1199 * DAY
    assert len((await ours.show(campaign, grain="day", **{"from": str(first)}))["points"]) == 1200
    answer = await ours.client.get(path_of(campaign), params={"grain": "day", "from": str(first - DAY)})
    assert invalid_fields(answer) == ["grain"]
    assert len((await ours.show(campaign, grain="quarter", **{"from": "2000-01-01"}))["points"]) == 108


async def test_points_as_csv_and_a_suffix_of_json(ours: Ratings) -> None:
    campaign = await ours.campaign("A")
    await ours.give(TODAY, [9] * 6, campaign)
    shown = await ours.show(campaign)
    assert expect_ok(await ours.client.get(path_of(campaign, ".json"))) == shown
    answer = await ours.client.get(path_of(campaign, ".csv"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(line["date"], int(line["responses"])) for line in lines] == [
        (point["date"], point["responses"]) for point in shown["points"]
    ]
    assert (lines[-1]["score"], lines[-1]["complete"], lines[0]["score"]) == ("100.0", "false", "")


async def test_days_are_those_of_the_workspace(ours: Ratings) -> None:
    expect_ok(await ours.client.patch("/api/v1/workspace", json={"time_zone": "Pacific/Kiritimati"}))
    campaign = await ours.campaign("A")
    await ours.give(TODAY, [9], campaign)  # it is the next day there, also for the API
    shown = await ours.show(campaign, grain="day")
    assert (shown["points"][-1]["date"], shown["points"][-1]["responses"]) == ("2026-12-01", 1)
