"""The metrics API: filter, order and summary of aggregated and live metrics."""

from datetime import date
from typing import Any

import pytest
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.invariants import Owner
from tests.support.metrics import DAY, Campaigns, noon

from voxpop.metrics import live
from voxpop.metrics.daily import metric_of
from voxpop.metrics.models import DailyCounts
from voxpop.types import CampaignId, Scope, uuid7

FILTER, LIVE = "/api/v1/metrics/filter", "/api/v1/metrics/live"


async def aggregated(client: Client, **criteria: Any) -> Any:
    answer = await client.post(FILTER, json=criteria)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def live_metrics(client: Client, **criteria: Any) -> Any:
    answer = await client.get(LIVE, params=criteria)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def three(ours: Campaigns) -> dict[str, CampaignId]:
    """A campaign of each survey type, with aggregated answers on March 8 and 10."""
    campaigns = {code: await ours.open(code, f"{code} after an order") for code in ("NPS", "CSAT", "CES")}
    for day in (8, 10):
        await ours.answer(campaigns["NPS"], 10, 7, 0, at=noon(day))
        await ours.answer(campaigns["CSAT"], 5, 3, at=noon(day))
        await ours.answer(campaigns["CES"], 5, 4, at=noon(day))
        await ours.aggregate(date(2026, 3, day))
    return campaigns


async def test_a_row_has_the_fields_of_the_contract(
    client: Client, three: dict[str, CampaignId]
) -> None:  # F2, F3, F73, F77
    answer = await aggregated(client, campaignId=str(three["NPS"]), dateFrom="2026-03-10", dateTo="2026-03-31")
    row = {"campaignId": str(three["NPS"]), "campaignName": "NPS after an order", "date": "2026-03-10", "type": "NPS"}
    row |= {"totalResponses": 3, "scoreValue": 0, "promoters": 1, "passives": 1, "detractors": 1}
    period = {"periodFrom": "2026-03-10", "periodTo": "2026-03-31"}
    assert answer == {"metrics": [row], "summary": {"totalResponses": 3, "averageScore": 0} | period}


async def test_only_nps_rows_have_groups(client: Client, three: dict[str, CampaignId]) -> None:  # F77, F81, F82
    rows = (await aggregated(client, dateFrom="2026-03-10"))["metrics"]
    groups = {row["type"]: [row[field] for field in ("promoters", "passives", "detractors")] for row in rows}
    assert groups == {"NPS": [1, 1, 1], "CSAT": [None] * 3, "CES": [None] * 3}
    assert {row["type"]: row["scoreValue"] for row in rows} == {"NPS": 0, "CSAT": 50, "CES": 4.5}


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({}, 6),  # F71
        ({"campaignId": None, "type": None, "dateFrom": None, "dateTo": None}, 6),  # F71
        ({"type": ""}, 6),  # F71
        ({"type": "  "}, 6),  # F71
        ({"type": "NPS"}, 2),  # F73
        ({"type": "nps"}, 0),
        ({"type": "CSAT10"}, 0),  # F72
        ({"type": "x" * 1000}, 0),  # F72
        ({"campaignId": str(uuid7())}, 0),  # F72
        ({"dateFrom": "2026-03-08", "dateTo": "2026-03-10"}, 6),  # F73: both included
        ({"dateFrom": "2026-03-09"}, 3),  # F73
        ({"dateTo": "2026-03-09"}, 3),  # F73
        ({"dateFrom": "2026-03-10", "dateTo": "2026-03-08"}, 0),
        ({"dateFrom": "0001-01-01", "dateTo": "9999-12-31"}, 6),
        ({"type": "CES", "dateTo": "2026-03-08"}, 1),
    ],
)
async def test_a_row_must_match_all_criteria(
    client: Client, three: dict[str, CampaignId], criteria: dict[str, Any], expected: int
) -> None:
    assert len((await aggregated(client, **criteria))["metrics"]) == expected
    params = {name: value for name, value in criteria.items() if value is not None}
    assert len((await live_metrics(client, **params))["metrics"]) == expected


async def test_unknown_criteria_are_ignored_in_a_body_and_refused_in_a_query(  # C5, G6
    client: Client, three: dict[str, CampaignId]
) -> None:
    assert len((await aggregated(client, colour="blue"))["metrics"]) == 6
    assert (await client.get(LIVE, params={"colour": "blue"})).status_code == 400


@pytest.mark.parametrize(
    "criteria",
    [
        {"campaignId": "5"},
        {"campaignId": ""},
        {"dateFrom": "yesterday"},
        {"dateTo": "2026-02-30"},
        {"dateTo": "10.03.2026"},
        {"dateFrom": ""},
        {"dateFrom": "2026-03-10T00:00:00Z"},
    ],
)
async def test_an_invalid_id_or_date_is_refused(client: Client, criteria: dict[str, str]) -> None:  # F4, F72
    for answer in (await client.post(FILTER, json=criteria), await client.get(LIVE, params=criteria)):
        assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
        assert [fault["field"] for fault in answer.json()["details"]] == list(criteria)


@pytest.mark.parametrize(
    "body", ["", "[]", "null", '"x"', "{", '{"type": 5}', '{"campaignId": 5}', '{"dateTo": 20260310}']
)
async def test_an_invalid_body_is_refused(client: Client, body: str) -> None:  # F4, F71
    answer = await client.post(FILTER, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "VALIDATION_ERROR")


async def test_a_workspace_without_metrics_gets_an_empty_list(client: Client, ours: Campaigns) -> None:  # F70, F76
    await ours.open()
    empty = {"totalResponses": 0, "averageScore": 0, "periodFrom": None, "periodTo": None}
    for answer in (await aggregated(client), await live_metrics(client)):
        assert answer == {"metrics": [], "summary": empty}
    period = {"periodFrom": "2026-03-01", "periodTo": "2026-03-31"}
    asked = {"dateFrom": "2026-03-01", "dateTo": "2026-03-31"}
    for answer in (await aggregated(client, **asked), await live_metrics(client, **asked)):
        assert answer == {"metrics": [], "summary": empty | period}


async def test_the_period_is_the_requested_one_or_that_of_the_rows(
    client: Client, three: dict[str, CampaignId]
) -> None:  # F76
    for criteria, period in (
        ({}, ("2026-03-08", "2026-03-10")),
        ({"dateFrom": "2026-01-01"}, ("2026-01-01", "2026-03-10")),
        ({"dateTo": "2026-03-09"}, ("2026-03-08", "2026-03-09")),
    ):
        summary = (await aggregated(client, **criteria))["summary"]
        assert (summary["periodFrom"], summary["periodTo"]) == period
        assert summary == (await live_metrics(client, **criteria))["summary"]


async def test_rows_are_sorted_by_date_and_campaign_name(client: Client, ours: Campaigns) -> None:  # F74
    for name in ("яблоко", "Ёлка", "елка", "Ежевика", "apple", "Banana", "ж"):
        await ours.answer(await ours.open(name=name), 10)
    await ours.answer(await ours.open(name="яблоко"), 10, at=noon(11))
    for day in (10, 11):
        await ours.aggregate(date(2026, 3, day))
    answer = await aggregated(client)
    names = [row["campaignName"] for row in answer["metrics"]]
    assert names == ["яблоко", "apple", "Banana", "Ежевика", "Ёлка", "елка", "ж", "яблоко"]
    assert answer == await live_metrics(client)


async def test_a_day_with_one_answer_does_not_weigh_as_much_as_one_with_ten(client: Client, ours: Campaigns) -> None:
    campaign = await ours.open()  # F75
    await ours.answer(campaign, *[10] * 9, 0, at=noon(9))
    await ours.answer(campaign, 0, at=noon(10))
    for day in (9, 10):
        await ours.aggregate(date(2026, 3, day))
    summary = (await aggregated(client, type="NPS"))["summary"]
    assert (summary["totalResponses"], summary["averageScore"]) == (11, 63.64)  # not -10, the mean of 80 and -100


async def test_rounding_errors_of_days_do_not_accumulate(client: Client, ours: Campaigns) -> None:  # F75
    campaign = await ours.open("CES")
    await ours.answer(campaign, 5, 4, 4, at=noon(9))  # 4.33
    await ours.answer(campaign, 4, 4, 4, 4, 4, at=noon(10))
    for day in (9, 10):
        await ours.aggregate(date(2026, 3, day))
    assert (await aggregated(client))["summary"]["averageScore"] == 4.13  # 33 / 8; by the rounded days 4.12


async def test_the_average_across_survey_types_is_weighted(client: Client, three: dict[str, CampaignId]) -> None:  # F75
    summary = (await aggregated(client, dateTo="2026-03-08"))["summary"]
    assert (summary["totalResponses"], summary["averageScore"]) == (7, 15.57)  # (0 * 3 + 50 * 2 + 4.5 * 2) / 7


async def test_deleted_campaigns_are_included(client: Client, ours: Campaigns, three: dict[str, CampaignId]) -> None:
    before = await aggregated(client)  # F78
    for campaign in three.values():
        await ours.delete(campaign)
    assert before == await aggregated(client) == await live_metrics(client)
    assert len(before["metrics"]) == 6


async def test_live_metrics_are_current_and_equal_aggregated_metrics(client: Client, ours: Campaigns) -> None:  # F73
    campaigns = [await ours.open("NPS"), await ours.open("CSAT", "Support"), await ours.open("CES", "Effort")]
    for day in (9, 10):
        for campaign in campaigns:
            await ours.answer(campaign, 5, 4, 4, 1, at=noon(day))
        assert (await aggregated(client, dateFrom=f"2026-03-{day:02}"))["metrics"] == []
        before = await live_metrics(client)
        assert {row["date"] for row in before["metrics"]} >= {f"2026-03-{day:02}"}
        await ours.aggregate(date(2026, 3, day))
        assert await aggregated(client) == await live_metrics(client) == before
    for code in ("NPS", "CSAT", "CES"):
        assert await aggregated(client, type=code) == await live_metrics(client, type=code)


async def test_an_unfinished_day_is_aggregated_so_far(client: Client, ours: Campaigns) -> None:
    campaign = await ours.open()  # F84
    for total in (1, 2):
        await ours.answer(campaign, 10)
        await ours.aggregate()
        assert (await aggregated(client))["summary"]["totalResponses"] == total


async def test_a_workspace_sees_only_its_own_metrics(
    client: Client, other_client: Client, ours: Campaigns, theirs: Campaigns, owner: Owner
) -> None:  # G1
    known = await ours.open()
    await ours.answer(known, 10)
    await theirs.answer(await theirs.open(), 0)
    for campaigns in (ours, theirs):
        await campaigns.aggregate(DAY)
    assert [row["scoreValue"] for row in (await aggregated(other_client))["metrics"]] == [-100]
    for answer in (
        await aggregated(other_client, campaignId=str(known)),
        await live_metrics(other_client, campaignId=str(known)),
    ):
        assert answer["metrics"] == []


async def test_metrics_require_the_read_scope(make: Factory) -> None:  # G1
    workspace = await make.workspace("ours")
    for scope, expected in ((Scope.READ, 200), (Scope.INGEST, 403), (Scope.MANAGE, 403)):
        client = await make.client(workspace, scope)
        assert (await client.post(FILTER, json={})).status_code == expected
        assert (await client.get(LIVE)).status_code == expected
    assert (await make.anonymous().get(LIVE)).status_code == 401


def test_the_average_of_negative_scores_is_rounded_correctly() -> None:  # F75
    tallies = [
        DailyCounts(CampaignId(uuid7()), "a", DAY, "NPS", "nps", 0, 10, None, None, [2, 0, 0, 0, 0, 0, 0, 1]),
        DailyCounts(CampaignId(uuid7()), "b", DAY, "CES", "mean", 1, 5, None, None, [0, 1]),
    ]
    rows = [metric_of(tally) for tally in tallies]
    assert [row.score_value for row in rows] == [-66.67, 2]
    assert live.summarise(rows, live.MetricsCriteria()).average_score == -49.5  # -49.5025
