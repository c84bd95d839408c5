"""Campaigns are created, read, replaced and deleted through the api."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.support.campaigns import PLAN, CampaignApi
from tests.support.clients import error_code, expect_ok, invalid_fields
from tests.support.factories import Factory
from tests.support.invariants import Owner

AUDIT = {"create_time", "create_user", "last_update_time", "last_update_user"}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def unlike_plan(field: str, *values: Any) -> list[tuple[str, Any]]:
    return [(field, value) for value in values]


BAD = [
    *unlike_plan("name", None, "", "  ", "\u2003", 5, "x" * 201, "a\x00"),
    *unlike_plan("survey_type_code", None, "", "nps", "CES7", "N" * 101, 1),
    *unlike_plan("trigger_type", None, "", "order_completed", "ORDER", 1),
    *unlike_plan("delay_hours", -1, 0.5, "24", None, True, [], 10**9, 87_601),
    *unlike_plan("active", "true", 1, None),
    *unlike_plan("start_date", "", "soon", "2024-13-01", "2024-02-30", "0000-01-01", "2024-01-01T25:00", 20240101),
    *unlike_plan("end_date", "", "never", "2024-1-1", "2023-12-31", "2023-12-31T23:59:59.999Z", "10000-01-01", 5),
]


async def test_each_route_of_the_contract_exists(make: Factory) -> None:  # F1
    routes = {(method, route.path_format) for route in make.app.app.routes for method in route.methods}  # type: ignore[attr-defined]
    assert routes >= {
        ("POST", "/api/v1/campaigns"),
        ("POST", "/api/v1/campaigns/filter"),
        ("GET", "/api/v1/campaigns/{campaign}"),
        ("PUT", "/api/v1/campaigns/{campaign}"),
        ("DELETE", "/api/v1/campaigns/{campaign}"),
        ("POST", "/api/v1/feedback/submit"),
        ("GET", "/api/v1/feedback/surveys"),
        ("POST", "/api/v1/metrics/filter"),
    }


async def test_a_campaign_is_returned_in_snake_case_without_an_envelope(api: CampaignApi) -> None:  # F2, F3, F10
    sent = PLAN | {"delay_hours": 24, "end_date": "2024-12-31T10:00:00Z"}
    opened = expect_ok(await api.post("campaigns", sent), 201)
    assert opened.keys() == PLAN.keys() | {"id", "channels", "reminder_after_days", "language"} | AUDIT
    shown = {"start_date": "2024-01-01T00:00:00.000Z", "end_date": "2024-12-31T10:00:00.000Z"}
    assert {field: opened[field] for field in PLAN} == sent | shown
    assert str(UUID(opened["id"])) == opened["id"]
    assert expect_ok(await api.get(f"campaigns/{opened['id']}")) == opened
    assert expect_ok(await api.post("campaigns/filter", {})) == {"campaigns": [opened]}


async def test_optional_fields_have_defaults(api: CampaignApi) -> None:  # F16
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    needed = {field: PLAN[field] for field in ("name", "survey_type_code", "trigger_type")}
    opened = expect_ok(await api.post("campaigns", needed), 201)
    assert (opened["delay_hours"], opened["active"], opened["end_date"]) == (0, True, None)
    assert before <= datetime.fromisoformat(opened["start_date"]) <= datetime.now(UTC)
    assert (
        expect_ok(await api.post("campaigns", needed | {"start_date": None, "end_date": None}), 201)["end_date"] is None
    )


async def test_audit_fields_record_user_and_time(api: CampaignApi, owner: Owner) -> None:  # F7, F18
    opened = await api.open()
    assert opened["create_user"] == opened["last_update_user"] == "key:test"
    assert INSTANT.fullmatch(opened["create_time"])
    assert opened["create_time"] == opened["last_update_time"]
    replaced = expect_ok(await api.put(f"campaigns/{opened['id']}", PLAN))
    assert replaced["create_time"] == opened["create_time"] < replaced["last_update_time"]
    await api.submit(await api.ask())
    for table in ("survey", "customer_feedback"):
        row = await owner.fetchrow(f"SELECT {', '.join(sorted(AUDIT))} FROM {table}")
        assert row is not None
        assert (row["create_user"], row["last_update_user"]) == ("system", "system")
    known = await owner.fetch("SELECT table_name, column_name FROM information_schema.columns")
    columns = {tuple(row.values()) for row in known}
    tables = ("survey_type", "campaign", "survey", "customer_feedback", "daily_metrics")
    assert columns >= {(table, column) for table in tables for column in AUDIT}


async def test_an_invalid_campaign_is_refused_and_changes_nothing(api: CampaignApi) -> None:  # F14
    kept = await api.open()
    for field, value in BAD:
        changed = PLAN | {"name": "New", field: value}
        for answer in (await api.post("campaigns", changed), await api.put(f"campaigns/{kept['id']}", changed)):
            assert answer.status_code == 400, (field, value)
            assert answer.json()["code"] in ("VALIDATION_ERROR", "UNKNOWN_SURVEY_TYPE")
    assert expect_ok(await api.post("campaigns/filter", {})) == {"campaigns": [kept]}


async def test_a_validation_error_names_the_field(api: CampaignApi) -> None:  # F14
    for field, value in (("name", " "), ("trigger_type", "X"), ("delay_hours", -1), ("active", 0), ("end_date", "x")):
        assert invalid_fields(await api.post("campaigns", PLAN | {field: value})) == [field]
    unknown = await api.post("campaigns", PLAN | {"survey_type_code": "CES7"})
    assert error_code(unknown) == (400, "UNKNOWN_SURVEY_TYPE")


async def test_three_fields_are_required(api: CampaignApi) -> None:  # F14
    for field in ("name", "survey_type_code", "trigger_type"):
        assert invalid_fields(await api.post("campaigns", {key: PLAN[key] for key in PLAN.keys() - {field}})) == [field]
    assert await api.ids() == []


async def test_limits_are_inclusive(api: CampaignApi) -> None:  # F14, G4
    moment = "2024-06-01T12:00:00Z"
    opened = await api.open(name="Й" * 200, delay_hours=87_600, start_date=moment, end_date=moment)
    assert opened["start_date"] == opened["end_date"]
    assert (await api.open(delay_hours=24.0))["delay_hours"] == 24
    assert (await api.open(start_date="2024-06-01", end_date="2024-06-01"))["end_date"] == "2024-06-01T23:59:59.999Z"


async def test_put_replaces_everything(api: CampaignApi) -> None:  # F12
    old = await api.open(end_date="2030-01-01", delay_hours=24)
    new = {
        "name": "CSAT",
        "survey_type_code": "CSAT",
        "trigger_type": "TICKET_CLOSED",
        "delay_hours": 1,
        "active": False,
        "start_date": "2025-01-01T00:00:00.000Z",
    }
    replaced = expect_ok(await api.put(f"campaigns/{old['id']}", new))
    assert {field: replaced[field] for field in PLAN} == new | {"end_date": None}
    assert expect_ok(await api.get(f"campaigns/{old['id']}")) == replaced


async def test_put_requires_every_field_except_the_end_date(api: CampaignApi) -> None:  # F12
    old = await api.open(active=False)
    path, changed = f"campaigns/{old['id']}", PLAN | {"name": "New"}
    for field in PLAN.keys() - {"end_date"}:
        assert invalid_fields(await api.put(path, {key: changed[key] for key in changed.keys() - {field}})) == [field]
        assert invalid_fields(await api.put(path, changed | {field: None})) == [field]
    assert expect_ok(await api.get(f"campaigns/{old['id']}")) == old


async def test_the_survey_type_cannot_change_once_a_survey_is_open(api: CampaignApi) -> None:  # F12
    campaign = await api.open()
    other = PLAN | {"survey_type_code": "CSAT"}
    expect_ok(await api.put(f"campaigns/{campaign['id']}", other))
    expect_ok(await api.put(f"campaigns/{campaign['id']}", PLAN))
    await api.order()
    answer = await api.put(f"campaigns/{campaign['id']}", other | {"name": "New"})
    assert error_code(answer) == (409, "CAMPAIGN_HAS_SURVEYS")
    assert expect_ok(await api.get(f"campaigns/{campaign['id']}"))["name"] == PLAN["name"]
    assert expect_ok(await api.put(f"campaigns/{campaign['id']}", PLAN | {"name": "New"}))["name"] == "New"


async def test_a_deleted_campaign_is_not_found_and_its_row_is_kept(api: CampaignApi, owner: Owner) -> None:  # F13
    campaign, kept = await api.open(), await api.open()
    path = f"/api/v1/campaigns/{campaign['id']}"
    answer = await api.client.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await api.ids() == [kept["id"]]
    again = [await api.client.get(path), await api.client.put(path, json=PLAN), await api.client.delete(path)]
    assert [error_code(one) for one in again] == [(404, "NOT_FOUND")] * 3
    row = await owner.fetchrow("SELECT name, deleted FROM campaign WHERE id = $1", UUID(campaign["id"]))
    assert row is not None
    assert tuple(row.values()) == (PLAN["name"], True)


async def test_an_unknown_id_is_not_found_and_a_malformed_id_is_invalid(api: CampaignApi) -> None:  # F11
    for ident, status in ((uuid4(), 404), ("x", 400), ("12345", 400), ("{}", 400)):
        for method in ("GET", "PUT", "DELETE"):
            answer = await api.client.request(method, f"/api/v1/campaigns/{ident}", json=PLAN)
            assert answer.status_code == status, (method, ident)


async def test_invalid_requests_return_a_readable_400(api: CampaignApi) -> None:  # F4, F5
    json = {"content-type": "application/json"}
    answers = [
        await api.client.request(method, f"/api/v1/{path}", content=content, headers=json)
        for method, path, content in (
            ("POST", "campaigns", "{"),
            ("POST", "campaigns", ""),
            ("POST", "campaigns", "[]"),
            ("POST", "campaigns/filter", "null"),
            ("PUT", "campaigns/no-id", str(PLAN)),
            ("POST", "events", '{"guid": '),
            ("POST", "feedback/submit", '{"survey_id": "no-id", "score": 1}'),
            ("POST", "feedback/submit", b'{"survey_id": "\xff"}'),
            ("GET", "feedback/surveys", None),
        )
    ]
    for answer in answers:
        assert error_code(answer) == (400, "VALIDATION_ERROR")
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["message"]
        assert not re.search(r"traceback|stack|File \"|msgspec|asyncpg", answer.text, re.IGNORECASE)


async def test_times_are_in_utc_and_days_in_the_workspace_time_zone(api: CampaignApi) -> None:  # F6, F18, G3
    expect_ok(await api.client.patch("/api/v1/workspace", json={"time_zone": "Asia/Tokyo"}))
    campaign = await api.open(start_date="2024-01-01", end_date="2024-12-31")
    assert campaign["start_date"] == "2023-12-31T15:00:00.000Z"
    assert campaign["end_date"] == "2024-12-31T14:59:59.999Z"
    naive = await api.open(start_date="2024-01-01T09:00:00", end_date="2024-01-01T18:00:00+09:00")
    assert (naive["start_date"], naive["end_date"]) == ("2024-01-01T09:00:00.000Z", "2024-01-01T09:00:00.000Z")


async def test_a_year_out_of_range_is_refused(api: CampaignApi) -> None:  # F14
    for field, value in (
        ("start_date", "0001-01-01T00:00:00Z"),
        ("start_date", "0001-01-01T00:00:00+01:00"),
        ("end_date", "9999-12-31T23:59:59.999999Z"),
        ("end_date", "9999-12-31T23:59:59-01:00"),
    ):
        assert invalid_fields(await api.post("campaigns", PLAN | {field: value})) == [field]
        bound = f"{field}_from" if field == "start_date" else f"{field}_to"
        assert invalid_fields(await api.post("campaigns/filter", {bound: value})) == [bound]
    wide = await api.open(start_date="0001-01-01", end_date="9999-12-31")
    assert (wide["start_date"], wide["end_date"]) == ("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z")


async def test_the_example_campaigns_of_the_contract_can_be_created(api: CampaignApi) -> None:  # F17
    common = {"active": True, "start_date": "2024-01-01"}
    plans: list[dict[str, Any]] = [
        {"name": "NPS после заказа", "survey_type_code": "NPS", "trigger_type": "ORDER_COMPLETED", "delay_hours": 24},
        {"name": "CSAT после обращения в поддержку", "survey_type_code": "CSAT", "trigger_type": "TICKET_CLOSED"},
    ]
    opened = [expect_ok(await api.post("campaigns", plan | common), 201) for plan in plans]
    assert [one["delay_hours"] for one in opened] == [24, 0]
    types = {one["code"]: one for one in expect_ok(await api.get("survey-types"))["survey_types"]}
    fields_of = ("name", "question", "scale_min", "scale_max", "formula_description")
    assert {code: tuple(types[code][field] for field in fields_of) for code in ("NPS", "CSAT", "CES")} == {
        "NPS": (
            "Net Promoter Score",
            "Оцените от 0 до 10, порекомендуете ли вы нас?",
            0,
            10,
            "(promoters - detractors) / total * 100",
        ),
        "CSAT": (
            "Customer Satisfaction Score",
            "Оцените качество обслуживания",
            1,
            5,
            "satisfied (4-5) / total * 100",
        ),
        "CES": ("Customer Effort Score", "Насколько легко было решить вопрос?", 1, 5, "SUM(score) / total"),
    }
