"""The list of surveys that a customer can answer now."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.support.campaign_invariants import assert_counts_agree, funnel
from tests.support.campaigns import API, GUID, ORDER, PLAN, TICKET, CampaignApi
from tests.support.clients import error_code, expect_ok, invalid_fields
from tests.support.factories import Factory
from tests.support.invariants import Owner

from voxpop.surveys import campaign_surveys

SENT = "SELECT sent_at FROM survey WHERE id = $1"


async def sent_at(owner: Owner, survey: str) -> Any:
    return await owner.fetchval(SENT, UUID(survey))


async def test_a_survey_is_shown_with_its_type_and_context(api: CampaignApi) -> None:  # F2, F3, F40, F41
    campaign = await api.open()
    survey = await api.ask()
    answer = expect_ok(await api.get("feedback/surveys", guid=GUID))
    (shown,) = answer["surveys"]
    assert answer == {
        "surveys": [
            {
                "survey_id": survey,
                "campaign_id": campaign["id"],
                "survey_type": "NPS",
                "question": "Оцените от 0 до 10, порекомендуете ли вы нас?",
                "scale_min": 0,
                "scale_max": 10,
                "context": {"type": "ORDER", "context_id": "order_456", "timestamp": "2024-01-15"},
                "sent_at": shown["sent_at"],
            }
        ]
    }


async def test_question_and_scale_come_from_the_survey_type(api: CampaignApi) -> None:  # F40
    for code in ("CSAT", "CES", "CSAT10"):
        await api.open(survey_type_code=code)
    types = {one["code"]: one for one in expect_ok(await api.get("survey-types"))["survey_types"]}
    await api.order()
    surveys = await api.surveys()
    assert {one["survey_type"] for one in surveys} == {"CSAT", "CES", "CSAT10"}
    for survey in surveys:
        for field in ("question", "scale_min", "scale_max"):
            assert survey[field] == types[survey["survey_type"]][field]


async def test_only_open_surveys_that_are_due_are_listed(api: CampaignApi, owner: Owner) -> None:  # F42, F49
    await api.open()
    due, answered, expired, later = [await api.ask(context_id=str(number)) for number in range(4)]
    expect_ok(await api.submit(answered))
    await owner.execute("UPDATE survey SET status = 'EXPIRED' WHERE id = $1", UUID(expired))
    await owner.execute("UPDATE survey SET scheduled_at = now() + interval '1 h' WHERE id = $1", UUID(later))
    assert [one["survey_id"] for one in await api.surveys()] == [due]
    expect_ok(await api.submit(due))
    assert await api.surveys() == []
    assert await sent_at(owner, later) is None


async def test_the_day_of_the_event_is_shown_in_utc(api: CampaignApi) -> None:  # F43, F6
    """The time zone of the workspace has no effect. Without a timestamp it is the day of arrival."""
    expect_ok(await api.client.patch(f"{API}/workspace", json={"time_zone": "Pacific/Auckland"}))
    await api.open()
    times = ["2024-01-15T23:30:00-05:00", "2024-01-15T00:30:00+01:00", "2024-01-15T10:00:00", "2024-01-15"]
    for context, time in enumerate(times):
        await api.ask(context_id=str(context), timestamp=time)
    before = datetime.now(UTC).date()
    await api.ask(context_id="none", timestamp=None)
    await api.send({field: ORDER[field] for field in ORDER.keys() - {"timestamp"}})
    days = {one["context"]["context_id"]: one["context"]["timestamp"] for one in await api.surveys()}
    today = {before.isoformat(), datetime.now(UTC).date().isoformat()}
    assert {days.pop("none"), days.pop("order_456")} <= today
    assert days == {"0": "2024-01-16", "1": "2024-01-14", "2": "2024-01-15", "3": "2024-01-15"}


async def test_the_time_of_the_first_showing_is_stored_and_kept(api: CampaignApi, owner: Owner) -> None:  # F44
    await api.open()
    await api.ask()
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    (first,) = await api.surveys()
    assert before <= datetime.fromisoformat(first["sent_at"]) <= datetime.now(UTC)
    kept = await sent_at(owner, first["survey_id"])
    assert kept.isoformat(timespec="milliseconds").replace("+00:00", "Z") == first["sent_at"]
    second = await api.ask(context_id="2")
    again = {one["survey_id"]: one["sent_at"] for one in await api.surveys()}
    assert again.pop(first["survey_id"]) == first["sent_at"] < again.pop(second)
    assert await sent_at(owner, first["survey_id"]) == kept
    assert await funnel(owner) == {"opened": 2, "shown": 2}
    await assert_counts_agree(owner)


async def test_a_customer_sees_only_their_own_surveys(api: CampaignApi, owner: Owner) -> None:  # F45
    await api.open()
    surveys = {guid: await api.ask(guid=guid, context_id=guid) for guid in ("anna", "Anna", "anna ", "a%", "a_na")}
    for guid, survey in surveys.items():
        assert [one["survey_id"] for one in await api.surveys(guid)] == [survey]
    assert await api.surveys("%") == []
    assert await funnel(owner) == {"opened": 5, "shown": 5}
    await assert_counts_agree(owner)


async def test_a_customer_without_surveys_gets_an_empty_list(api: CampaignApi) -> None:  # F46
    answer = await api.get("feedback/surveys", guid="unknown")
    assert (answer.status_code, answer.json()) == (200, {"surveys": []})


async def test_the_guid_of_the_customer_is_required(api: CampaignApi) -> None:  # F47, G4
    assert invalid_fields(await api.get("feedback/surveys", guid="")) == ["guid"]
    assert invalid_fields(await api.get("feedback/surveys", guid="  \t")) == ["guid"]
    assert invalid_fields(await api.get("feedback/surveys", guid="x" * 256)) == ["guid"]
    assert invalid_fields(await api.get("feedback/surveys", guid="a\x00")) == ["guid"]
    assert invalid_fields(await api.get("feedback/surveys", guid=["a", "b"])) == ["guid"]
    for other in ({}, {"GUID": "x"}, {"id": "x"}):
        assert error_code(await api.get("feedback/surveys", **other)) == (400, "VALIDATION_ERROR")
    assert await api.surveys("x" * 255) == await api.surveys("Ж😀 %&=+") == []


async def test_surveys_are_sorted_by_schedule_latest_first(api: CampaignApi, owner: Owner) -> None:  # F48
    """Ties are sorted by creation time, then by id; `sent_at` contradicts this order on purpose."""
    await api.open()
    surveys = sorted([await api.ask(context_id=str(number)) for number in range(5)])
    start = datetime(2026, 3, 1, tzinfo=UTC)
    schedule = [(3, 0), (1, 9), (1, 9), (2, 2), (2, 1)]  # scheduled, created
    for survey, (scheduled, made) in zip(surveys, schedule, strict=True):
        times = (start + timedelta(hours=scheduled), start + timedelta(hours=made), start - timedelta(hours=scheduled))
        update = "UPDATE survey SET scheduled_at = $2, create_time = $3, sent_at = $4 WHERE id = $1"
        await owner.execute(update, UUID(survey), *times)
    shown = [one["survey_id"] for one in await api.surveys()]
    assert shown == [surveys[place] for place in (0, 3, 4, 2, 1)]


async def test_open_surveys_are_shown_after_their_campaign_has_ended(api: CampaignApi) -> None:  # F50
    changes: list[dict[str, Any]] = [
        {"active": False},
        {"end_date": "2024-01-02"},
        {"trigger_type": "TICKET_CLOSED"},
        {"delay_hours": 24},
    ]
    surveys = []
    for change in changes:
        campaign = await api.open()
        surveys.append(await api.ask())
        expect_ok(await api.put(f"campaigns/{campaign['id']}", PLAN | change))
    campaign = await api.open()
    surveys.append(await api.ask())
    await api.client.delete(f"{API}/campaigns/{campaign['id']}")
    assert sorted(one["survey_id"] for one in await api.surveys()) == sorted(surveys)
    for survey in surveys:
        expect_ok(await api.submit(survey))


FOREIGN = """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, guid, scheduled_at, sent_at,
                        create_time, last_update_time)
    SELECT workspace_id, $1, 'CSAT10', $2, gen_random_uuid(), $3, old, old, old, now()
    FROM campaign, (SELECT now() - interval '99 days' AS old) AS long_ago
"""


async def test_surveys_of_another_origin_are_not_listed(make: Factory, api: CampaignApi, owner: Owner) -> None:  # F50
    await api.open()
    for origin in ("feature", "ticket"):
        ident = uuid4()
        await owner.execute(FOREIGN, ident, origin, GUID)
        assert error_code(await api.submit(str(ident), 5)) == (404, "NOT_FOUND")
    assert await api.surveys() == []
    async with make.database.transaction(api.client.workspace) as tx:
        now = datetime.now(UTC)
        assert await campaign_surveys.expire_surveys(tx, api.client.workspace, now, 7, 60, now) == 0
    assert {row["status"] for row in await owner.fetch("SELECT status FROM survey")} == {"PENDING"}


async def test_concurrent_showings_are_counted_once(
    api: CampaignApi, other_process: CampaignApi, owner: Owner
) -> None:  # F44
    await api.open()
    await api.open(trigger_type="TICKET_CLOSED")
    await api.send(ORDER, TICKET, ORDER | {"guid": "other", "context_id": "2"})
    wishes = [(side, guid) for guid in (GUID, GUID, "other") for side in (api, other_process)] * 6
    answers = await asyncio.gather(*(side.surveys(guid) for side, guid in wishes))
    assert [len(some) for some in answers] == [2 if guid == GUID else 1 for _, guid in wishes]
    moments = {(one["survey_id"], one["sent_at"]) for some in answers for one in some}
    assert len(moments) == 3
    assert await funnel(owner) == {"opened": 3, "shown": 3}
    await assert_counts_agree(owner)
