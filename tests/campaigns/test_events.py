"""Events over HTTP, and the surveys that they open."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.support.campaign_invariants import assert_counts_agree, funnel, statuses
from tests.support.campaigns import GUID, ORDER, PLAN, TICKET, CampaignApi
from tests.support.clients import error_code, expect_ok, invalid_fields
from tests.support.invariants import Owner

from voxpop.campaigns.event_ingest import InvalidEvent, parse_message


def at(**ahead: int) -> str:
    """A time in the future."""
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


async def contexts(owner: Owner) -> list[str]:
    return sorted(row["context_id"] for row in await owner.fetch("SELECT context_id FROM survey"))


async def test_an_event_opens_a_survey_with_the_fields_of_the_event(api: CampaignApi, owner: Owner) -> None:  # F20
    campaign = await api.open()
    survey = await api.ask()
    row = dict(await owner.fetchrow("SELECT * FROM survey") or {})
    assert (str(row["id"]), str(row["campaign_id"]), row["survey_type_code"]) == (survey, campaign["id"], "NPS")
    assert (row["status"], row["sent_at"], row["completed_at"]) == ("PENDING", None, None)
    assert (row["guid"], row["context_type"], row["context_id"]) == (GUID, "ORDER", "order_456")
    await assert_counts_agree(owner)


async def test_each_campaign_with_the_trigger_opens_a_survey(api: CampaignApi, owner: Owner) -> None:  # F21, F22
    orders = [await api.open(), await api.open(survey_type_code="CES")]
    tickets = await api.open(survey_type_code="CSAT", trigger_type="TICKET_CLOSED")
    order, ticket = await api.send(ORDER, TICKET)
    rows = await owner.fetch("SELECT id, campaign_id FROM survey")
    of_campaign = {str(row["campaign_id"]): str(row["id"]) for row in rows}
    assert sorted(order["surveys"]) == sorted(of_campaign[one["id"]] for one in orders)
    assert ticket["surveys"] == [of_campaign[tickets["id"]]]
    assert len(rows) == 3
    await assert_counts_agree(owner)


async def test_the_context_type_may_differ_from_the_event_type(api: CampaignApi) -> None:  # F22
    await api.open()
    await api.ask(context_type="TICKET")
    assert (await api.surveys())[0]["context"]["type"] == "TICKET"
    for wrong in ("order", "", "ISSUE", None, 1):
        assert error_code(await api.post("events", ORDER | {"context_type": wrong})) == (400, "VALIDATION_ERROR")


async def test_campaigns_that_do_not_run_open_no_survey(api: CampaignApi, owner: Owner) -> None:  # F23, F24, F25
    await api.open(active=False)
    await api.client.delete(f"/api/v1/campaigns/{(await api.open())['id']}")
    await api.open(start_date=at(minutes=1))
    await api.open(end_date=at(seconds=-1))
    assert await api.order() == {
        "status": "ignored",
        "surveys": [],
        "message": "No running campaign waits for this event",
    }
    assert await contexts(owner) == []


async def test_a_campaign_runs_from_its_start_date_to_its_end_date(api: CampaignApi) -> None:  # F25
    today = datetime.now(UTC).date().isoformat()
    for dates in ({"start_date": at(seconds=-1), "end_date": at(minutes=1)}, {"start_date": today, "end_date": today}):
        await api.open(**dates)
    assert len((await api.order())["surveys"]) == 2


async def test_a_changed_campaign_applies_to_later_events(api: CampaignApi) -> None:  # F23
    campaign = await api.open()
    await api.ask(context_id="1")
    path = f"campaigns/{campaign['id']}"
    expect_ok(await api.put(path, PLAN | {"active": False}))
    assert (await api.order(context_id="2"))["status"] == "ignored"
    expect_ok(await api.put(path, PLAN | {"trigger_type": "TICKET_CLOSED"}))
    assert [one["status"] for one in await api.send(ORDER | {"context_id": "3"}, TICKET)] == ["ignored", "created"]


async def test_a_campaign_opens_one_survey_per_context(api: CampaignApi, owner: Owner) -> None:  # F26, F29
    await api.open()
    await api.ask()
    for changes in ({}, {"guid": "someone else"}, {"context_type": "TICKET"}, {"timestamp": at()}):
        again = await api.order(**changes)
        assert (again["status"], again["surveys"]) == ("duplicate", [])
    assert await statuses(owner) == ["PENDING"]
    assert await funnel(owner) == {"opened": 1}
    await assert_counts_agree(owner)


async def test_a_duplicate_opens_no_survey_after_the_first_survey_is_closed(
    api: CampaignApi, owner: Owner
) -> None:  # F27
    await api.open()
    survey = await api.ask()
    await owner.execute("UPDATE survey SET status = 'EXPIRED'")
    assert (await api.order())["status"] == "duplicate"
    await owner.execute("UPDATE survey SET status = 'PENDING'")
    expect_ok(await api.submit(survey))
    assert (await api.order())["status"] == "duplicate"
    assert await statuses(owner) == ["COMPLETED"]


async def test_another_context_or_campaign_opens_another_survey(api: CampaignApi, owner: Owner) -> None:  # F28
    await api.open()
    first = await api.ask()
    await api.ask(context_id="order_457")
    await api.ask(context_id="Order_456")
    await api.open()
    second = await api.ask()
    assert first != second
    assert await contexts(owner) == ["Order_456", "order_456", "order_456", "order_457"]
    await assert_counts_agree(owner)


async def test_metadata_does_not_affect_the_survey(api: CampaignApi) -> None:  # F30
    await api.open()
    await api.open(trigger_type="TICKET_CLOSED")
    odd: list[Any] = [None, {}, [], "odd", 5, {"order_total": "many"}, {"guid": None, "x": {"event_type": []}}]
    for number, metadata in enumerate(odd):
        changes = {"metadata": metadata, "context_id": str(number)}
        assert [one["status"] for one in await api.send(ORDER | changes, TICKET | changes)] == ["created"] * 2
    bare = [{field: event[field] for field in event.keys() - {"metadata"}} for event in (ORDER, TICKET)]
    assert [one["status"] for one in await api.send(*bare)] == ["created"] * 2


async def test_unknown_fields_are_ignored(api: CampaignApi) -> None:  # F31
    await api.open()
    more = {"survey_id": 1, "status": "EXPIRED", "delay_hours": 99, "campaign_id": None, "id": {}, "": [[]]}
    survey = await api.ask(**more)
    assert [one["survey_id"] for one in await api.surveys()] == [survey]
    assert expect_ok(await api.submit(survey, 10, guid="x", status="PENDING", success=False))["success"] is True


INVALID_TEXTS: list[Any] = [None, "", "  ", 5, [], True]
INVALID_TIMES: list[Any] = ["", "soon", 1705329000, "2024-02-30", "0001-01-01T00:00:00+14:00", {}]
INVALID: list[tuple[str, Any]] = [
    *((field, value) for field in ("event_type", "guid", "context_id") for value in INVALID_TEXTS),
    *((field, "x" * 256) for field in ("event_type", "guid", "context_id")),
    *((field, "a\x00b") for field in ("event_type", "guid", "context_id", "context_type")),
    *(("timestamp", value) for value in INVALID_TIMES),
]


async def test_an_event_with_a_missing_or_invalid_field_is_refused(api: CampaignApi, owner: Owner) -> None:  # F32, G4
    await api.open()
    for field, value in INVALID:
        answer = await api.post("events", ORDER | {field: value})
        assert invalid_fields(answer) == [field], value
        assert answer.json()["message"].startswith(f"body/{field} ")
    for field in ("event_type", "guid", "context_id", "context_type"):
        answer = await api.post("events", {key: ORDER[key] for key in ORDER.keys() - {field}})
        assert error_code(answer) == (400, "VALIDATION_ERROR"), field
        assert f"{field} is missing" in answer.json()["message"]
    for body in (None, 5, "text", True):
        assert invalid_fields(await api.post("events", body)) == []
    assert await contexts(owner) == []
    assert await owner.fetchval("SELECT count(*) FROM dead_letter") == 0


async def test_texts_of_maximum_length_are_accepted(api: CampaignApi) -> None:  # G4
    await api.open()
    await api.ask(guid="Ж" * 255, context_id="😀" * 255)
    assert await api.shown("Ж" * 255) == ["😀" * 255]


async def test_an_event_of_an_unknown_type_is_ignored(api: CampaignApi, owner: Owner) -> None:  # F32
    await api.open()
    for unknown in ("order_completed", "ORDER_COMPLETED ", "PRODUCT_SEEN", "X" * 255):
        assert (await api.order(event_type=unknown))["status"] == "ignored"
    assert (await api.send({"event_type": "PRODUCT_SEEN"}))[0]["status"] == "ignored"
    assert await contexts(owner) == []


async def test_a_message_that_is_not_an_event_is_invalid() -> None:  # F32
    now = datetime.now(UTC)
    deep = b'{"metadata":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    for message in (b"", b"{", b"[]", b"null", b"\xff", b'{"guid": "\xff"}', deep, b'{"event_type": 1}'):
        with pytest.raises(InvalidEvent):
            parse_message(message, now)
    assert parse_message(b'{"event_type": "PRODUCT_SEEN"}', now) is None


async def test_the_delay_counts_from_the_arrival_of_the_event(api: CampaignApi, owner: Owner) -> None:  # F33
    await api.open(delay_hours=24, start_date="2024-06-01")
    for context, moment in enumerate(("1999-01-01T00:00:00Z", "2999-01-01T00:00:00+03:00", "2024-01-15", at())):
        await api.ask(context_id=str(context), timestamp=moment)
    rows = await owner.fetch("SELECT scheduled_at - create_time AS delay, create_time FROM survey")
    assert {row["delay"] for row in rows} == {timedelta(hours=24)}
    assert all(abs(row["create_time"] - datetime.now(UTC)) < timedelta(minutes=1) for row in rows)


async def test_a_survey_is_shown_after_its_delay(api: CampaignApi, owner: Owner) -> None:  # F34
    at_once, later = await api.open(delay_hours=0), await api.open(delay_hours=24)
    await api.order()
    assert [one["campaign_id"] for one in await api.surveys()] == [at_once["id"]]
    move = "UPDATE survey SET scheduled_at = scheduled_at - $1::interval WHERE campaign_id = $2"
    await owner.execute(move, timedelta(hours=23, minutes=59), UUID(later["id"]))
    assert len(await api.surveys()) == 1
    await owner.execute(move, timedelta(minutes=1), UUID(later["id"]))
    assert {one["campaign_id"] for one in await api.surveys()} == {at_once["id"], later["id"]}


async def test_the_response_lists_the_outcome_of_each_event_in_order(api: CampaignApi, owner: Owner) -> None:  # F36
    await api.open()
    answer = await api.post("events", [ORDER, ORDER | {"event_type": "SEEN"}, 5, TICKET, ORDER, {}])
    body = expect_ok(answer, 202)
    assert body.keys() == {"results"}
    assert all(one.keys() == {"status", "surveys", "message"} for one in body["results"])
    expected = ["created", "ignored", "invalid", "ignored", "duplicate", "invalid"]
    assert [one["status"] for one in body["results"]] == expected
    assert [len(one["surveys"]) for one in body["results"]] == [1, 0, 0, 0, 0, 0]
    assert [bool(one["message"]) for one in body["results"]] == [False] + [True] * 5
    one = expect_ok(await api.post("events", ORDER | {"context_id": "another"}), 202)
    assert [result["status"] for result in one["results"]] == ["created"]
    await assert_counts_agree(owner)
