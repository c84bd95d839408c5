"""The filter of campaigns."""

from typing import Any

import pytest
from tests.support.campaigns import CampaignApi
from tests.support.clients import expect_ok, invalid_fields
from tests.support.invariants import Owner

NAMES: dict[str, dict[str, Any]] = {
    "a": {"name": "NPS ПОСЛЕ Заказа", "start_date": "2024-01-01", "end_date": "2024-12-31"},
    "b": {"name": "CSAT 100%", "survey_type_code": "CSAT", "active": False, "start_date": "2024-06-15T12:00:00Z"},
    "c": {"name": "order_ces", "survey_type_code": "CES", "trigger_type": "TICKET_CLOSED", "start_date": "2025-01-01"},
    "d": {"name": r"NPS \ Straße", "start_date": "2025-01-01", "end_date": "2025-06-30T10:00:00Z"},
}


async def found(api: CampaignApi, **criteria: Any) -> str:
    """The letters of the matching campaigns, newest first."""
    letters = {one["name"]: letter for letter, one in NAMES.items()}
    answer = expect_ok(await api.post("campaigns/filter", criteria))
    assert answer.keys() == {"campaigns"}
    return "".join(letters[str(one["name"])] for one in answer["campaigns"])


@pytest.fixture
async def four(api: CampaignApi) -> CampaignApi:
    for changes in NAMES.values():
        await api.open(**changes)
    return api


CRITERIA: list[tuple[dict[str, Any], str]] = [
    ({}, "dcba"),
    ({"namePart": None, "type": None, "active": None, "start_date_from": None, "limit": None}, "dcba"),
    ({"somethingElse": 1}, "dcba"),
    ({"type": "NPS"}, "da"),
    ({"type": "CSAT10"}, ""),
    ({"type": "none such"}, ""),
    ({"trigger_type": "TICKET_CLOSED"}, "c"),
    ({"trigger_type": "none such"}, ""),
    ({"active": True}, "dca"),
    ({"active": False}, "b"),
    ({"type": "NPS", "active": True, "trigger_type": "ORDER_COMPLETED", "namePart": "заказ"}, "a"),
    ({"type": "NPS", "active": False}, ""),
    ({"start_date_from": "2024-06-15"}, "dcb"),
    ({"start_date_from": "2024-06-15T12:00:00Z"}, "dcb"),
    ({"start_date_from": "2024-06-15T12:00:00.001Z"}, "dc"),
    ({"start_date_to": "2024-06-15"}, "ba"),
    ({"start_date_to": "2024-06-15T12:00:00Z"}, "ba"),
    ({"start_date_to": "2024-06-15T11:59:59Z"}, "a"),
    ({"start_date_from": "2024-01-01", "start_date_to": "2024-01-01"}, "a"),
    ({"end_date_from": "2024-12-31"}, "da"),
    ({"end_date_from": "2025-01-01"}, "d"),
    ({"end_date_to": "2024-12-31"}, "a"),
    ({"end_date_to": "2024-12-31T23:00:00Z"}, ""),
    ({"end_date_to": "2025-06-30"}, "da"),
    ({"end_date_to": "9000-01-01"}, "da"),
    ({"limit": 2}, "dc"),
    ({"limit": 2, "offset": 1}, "cb"),
    ({"offset": 3}, "a"),
    ({"offset": 9}, ""),
]


async def test_a_campaign_must_match_all_criteria(four: CampaignApi) -> None:  # F15, F18
    for criteria, expected in CRITERIA:
        assert await found(four, **criteria) == expected, criteria


async def test_a_name_matches_by_a_part_without_regard_to_case(four: CampaignApi) -> None:  # F19
    for part, expected in (
        ("заказ", "a"),
        ("ПОСЛЕ ЗАКАЗА", "a"),
        ("nps", "da"),
        ("%", "b"),
        ("100%", "b"),
        ("0_", ""),
        ("_", "c"),
        ("R_C", "c"),
        ("rXc", ""),
        ("\\", "d"),
        ("STRASSE", "d"),
        ("", "dcba"),
        (".*", ""),
        ("' OR 1=1 --", ""),
    ):
        assert await found(four, namePart=part) == expected, part


async def test_an_invalid_criterion_is_refused(api: CampaignApi) -> None:  # F4, F15
    for field, value in (
        ("namePart", 5),
        ("namePart", "x" * 201),
        ("type", 1),
        ("trigger_type", []),
        ("active", "true"),
        ("start_date_from", "yesterday"),
        ("start_date_to", "2024-02-30"),
        ("end_date_from", 2024),
        ("end_date_to", "2024-01-01T00:00:00+30:00"),
        ("limit", 0),
        ("limit", "5"),
        ("limit", 1.5),
        ("offset", -1),
        ("offset", None),
    ):
        assert invalid_fields(await api.post("campaigns/filter", {field: value})) == [field], value


async def test_days_are_in_the_workspace_time_zone(four: CampaignApi) -> None:  # F18
    assert await found(four, start_date_to="2023-12-31") == ""
    expect_ok(await four.client.patch("/api/v1/workspace", json={"time_zone": "America/New_York"}))
    assert await found(four, start_date_to="2023-12-31") == "a"
    assert await found(four, start_date_from="2025-01-01") == ""


async def test_campaigns_are_sorted_newest_first_and_ties_have_a_stable_order(
    four: CampaignApi, owner: Owner
) -> None:  # F15
    await owner.execute("UPDATE campaign SET create_time = '2024-01-01Z'")
    whole = await found(four)
    assert sorted(whole) == ["a", "b", "c", "d"]
    assert "".join([await found(four, limit=1, offset=place) for place in range(4)]) == whole
    await owner.execute("UPDATE campaign SET create_time = '2024-01-02Z' WHERE name LIKE 'CSAT%'")
    assert (await found(four))[0] == "b"


async def test_all_campaigns_are_returned_without_a_limit(api: CampaignApi, owner: Owner) -> None:  # F15
    campaign = await api.open()
    await owner.execute(
        """
        INSERT INTO campaign SELECT (jsonb_populate_record(campaign, jsonb_build_object('id', gen_random_uuid()))).*
        FROM campaign, generate_series(1, 1200)
        """
    )
    assert len(await api.ids()) == 1_201
    assert len(await api.ids(limit=1_000)) == 1_000
    assert campaign["id"] in await api.ids(offset=1_000) + await api.ids(limit=1_000)
