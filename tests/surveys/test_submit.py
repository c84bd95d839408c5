"""A customer's answer to a survey."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from tests.support.campaign_invariants import assert_counts_agree, funnel, statuses, until_one_waits
from tests.support.campaigns import API, GUID, ORDER, TICKET, CampaignApi
from tests.support.clients import error_code, expect_ok
from tests.support.factories import Factory
from tests.support.invariants import Owner

from voxpop.surveys import campaign_surveys

THANKS = "Спасибо за ваш отзыв!"
CLOSED = (400, "SURVEY_NOT_PENDING")
ANSWERS = "SELECT score, comment FROM customer_feedback ORDER BY create_time, id"


async def answers(owner: Owner) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in await owner.fetch(ANSWERS)]


async def expire(make: Factory, api: CampaignApi, days: int) -> int:
    """Expires surveys as if so many days had passed."""
    workspace, now = api.client.workspace, datetime.now(UTC)
    async with make.database.transaction(workspace) as tx:
        return await campaign_surveys.expire_surveys(tx, workspace, now + timedelta(days=days), 7, None, now)


async def test_an_answer_is_stored_and_the_response_has_the_thanks(
    api: CampaignApi, owner: Owner
) -> None:  # F2, F3, F60
    await api.open()
    survey = await api.ask()
    await api.surveys()
    answer = expect_ok(
        await api.post("feedback/submit", {"survey_id": survey, "score": 9, "comment": "Отличный сервис!"})
    )
    assert answer == {"success": True, "feedback_id": answer["feedback_id"], "message": THANKS}
    stored = dict(await owner.fetchrow("SELECT * FROM customer_feedback") or {})
    assert (str(stored["id"]), str(stored["survey_id"])) == (answer["feedback_id"], survey)
    assert (stored["guid"], stored["score"], stored["comment"]) == (GUID, 9, "Отличный сервис!")
    row = dict(await owner.fetchrow("SELECT status, completed_at, last_update_time FROM survey") or {})
    assert row["status"] == "COMPLETED"
    assert row["completed_at"] == row["last_update_time"] == stored["create_time"]
    assert await funnel(owner) == {"opened": 1, "shown": 1, "completed": 1}
    await assert_counts_agree(owner)


async def test_a_score_must_be_within_the_scale_of_the_survey_type(api: CampaignApi, owner: Owner) -> None:  # F61
    for code, low, high in (("NPS", 0, 10), ("CSAT", 1, 5), ("CES", 1, 5), ("CSAT10", 1, 10)):
        campaign = await api.open(survey_type_code=code)
        first, last = await api.ask(context_id=f"{code} low"), await api.ask(context_id=f"{code} high")
        for wrong in (low - 1, high + 1, -1, 11, 2**31 - 1, -(2**31)):
            answer = await api.submit(first, wrong)
            assert error_code(answer) == (400, "VALIDATION_ERROR"), (code, wrong)
            assert answer.json()["details"] == [{"field": "score", "message": f"must be from {low} to {high}"}]
        expect_ok(await api.submit(first, low))
        expect_ok(await api.submit(last, high))
        await api.client.delete(f"{API}/campaigns/{campaign['id']}")
    assert [score for score, _ in await answers(owner)] == [0, 10, 1, 5, 1, 5, 1, 10]
    await assert_counts_agree(owner)


async def test_a_score_out_of_scale_leaves_the_survey_open(api: CampaignApi, owner: Owner) -> None:  # F61
    await api.open()
    survey = await api.ask()
    assert (await api.submit(survey, 11)).status_code == 400
    assert (await statuses(owner), await answers(owner), await funnel(owner)) == (["PENDING"], [], {"opened": 1})
    expect_ok(await api.submit(survey, 10))
    assert error_code(await api.submit(survey, 11)) == CLOSED


async def test_an_unknown_survey_is_not_found(api: CampaignApi) -> None:  # F62
    ident = str(uuid4())
    answer = await api.submit(ident)
    assert error_code(answer) == (404, "NOT_FOUND")
    assert answer.json()["message"] == f"Survey with id {ident} not found"


async def test_a_survey_is_answered_once(api: CampaignApi, owner: Owner) -> None:  # F63
    await api.open()
    survey = await api.ask()
    expect_ok(await api.submit(survey, 3, comment="first"))
    answer = await api.submit(survey, 9, comment="second")
    assert error_code(answer) == CLOSED
    assert "not in status PENDING" in answer.json()["message"]
    assert await answers(owner) == [(3, "first")]
    assert await funnel(owner) == {"opened": 1, "completed": 1}
    await assert_counts_agree(owner)


async def test_survey_and_score_are_required_and_validated(api: CampaignApi, owner: Owner) -> None:  # F64
    await api.open()
    survey = await api.ask()
    idents: list[Any] = [None, "", "x", 5, survey[:-1], f"{survey}0", []]
    scores: list[Any] = [None, "5", "", 4.5, True, False, [5], {}, 2**31, -(2**40), 1e300]
    bodies: list[tuple[Any, str]] = [({"score": 5}, "survey_id"), ({"survey_id": survey}, "score")]
    bodies += [({"survey_id": ident, "score": 5}, "survey_id") for ident in idents]
    bodies += [({"survey_id": survey, "score": score}, "score") for score in scores]
    for body, field in bodies:
        answer = await api.post("feedback/submit", body)
        assert error_code(answer) == (400, "VALIDATION_ERROR"), body
        assert [fault["field"] for fault in answer.json()["details"]] == [field]
    for body in ([], None, "x", 5, {}):
        assert error_code(await api.post("feedback/submit", body)) == (400, "VALIDATION_ERROR")
    assert await statuses(owner) == ["PENDING"]
    expect_ok(await api.post("feedback/submit", {"survey_id": survey.upper(), "score": 7.0}))
    assert await answers(owner) == [(7, None)]


async def test_guid_schedule_and_showing_are_not_checked(api: CampaignApi, owner: Owner) -> None:  # F65
    """The sender is not checked, nor whether the survey is due or was shown."""
    await api.open(delay_hours=24)
    survey = await api.ask()
    assert await api.surveys() == []
    expect_ok(await api.submit(survey, 5, guid="another customer"))
    row = await owner.fetchrow("SELECT sent_at, status FROM survey")
    assert row is not None
    assert tuple(row.values()) == (None, "COMPLETED")
    assert await owner.fetchval("SELECT guid FROM feedback") == GUID
    assert await funnel(owner) == {"opened": 1, "completed": 1}
    await assert_counts_agree(owner)


async def test_a_comment_is_optional_and_stored_unchanged(api: CampaignApi, owner: Owner) -> None:  # F66, G4
    await api.open()
    longest = "Ы😀" * 5_000
    survey = await api.ask()
    wrongs: list[Any] = [f"{longest}x", "a\x00b", 5, []]
    for wrong in wrongs:
        answer = await api.submit(survey, 9, comment=wrong)
        assert error_code(answer) == (400, "VALIDATION_ERROR")
    comments = [None, "", "  ", "O'Hara; DROP TABLE feedback; -- \\ % \n\t", longest]
    for number, comment in enumerate(comments):
        expect_ok(await api.submit(await api.ask(context_id=str(number)), 9, comment=comment))
    expect_ok(await api.submit(survey, 9))
    assert [comment for _, comment in await answers(owner)] == [*comments, None]


async def test_one_of_several_concurrent_answers_is_stored(
    api: CampaignApi, other_process: CampaignApi, owner: Owner
) -> None:  # F67
    await api.open()
    survey = await api.ask()
    sides = [api, other_process] * 10
    sent = await asyncio.gather(
        *(side.submit(survey, number % 11, comment=str(number)) for number, side in enumerate(sides))
    )
    (taken,) = [answer for answer in sent if answer.status_code == 200]
    assert {error_code(answer) for answer in sent if answer is not taken} == {CLOSED}
    ((score, comment),) = await answers(owner)
    assert score == int(comment) % 11
    assert sent[int(comment)] is taken
    assert await funnel(owner) == {"opened": 1, "completed": 1}
    await assert_counts_agree(owner)


async def test_an_answer_waits_for_a_concurrent_closing(api: CampaignApi, owner: Owner) -> None:  # F67, F68
    await api.open()
    survey = await api.ask()
    async with owner.transaction():
        await owner.execute("UPDATE survey SET status = 'EXPIRED'")
        answer = asyncio.create_task(api.submit(survey))
        await until_one_waits(owner)
    assert error_code(await answer) == CLOSED
    assert (await statuses(owner), await answers(owner)) == (["EXPIRED"], [])


async def test_an_invalid_answer_does_not_affect_its_batch(api: CampaignApi, owner: Owner) -> None:  # F67
    await api.open()
    surveys = [await api.ask(context_id=str(number)) for number in range(8)]
    first = [api.submit(survey, 11) for survey in surveys[:4]] + [api.submit(str(uuid4())) for _ in range(3)]
    sent = await asyncio.gather(*first, *(api.submit(survey, 8) for survey in surveys), api.submit(surveys[0], 1))
    assert [answer.status_code for answer in sent] == [400] * 4 + [404] * 3 + [200] * 8 + [400]
    assert error_code(sent[-1]) == CLOSED
    assert await answers(owner) == [(8, None)] * 8
    await assert_counts_agree(owner)


async def test_an_expired_survey_is_neither_shown_nor_answered(
    make: Factory, api: CampaignApi, owner: Owner
) -> None:  # F68
    await api.open()
    survey = await api.ask()
    await api.surveys()
    assert await expire(make, api, 8) == 1
    assert await api.surveys() == []
    assert error_code(await api.submit(survey)) == CLOSED
    assert (await statuses(owner), await answers(owner)) == (["EXPIRED"], [])
    assert await funnel(owner) == {"opened": 1, "shown": 1, "expired": 1}
    await assert_counts_agree(owner)


async def test_a_late_answer_counts_for_the_day_it_was_given(
    make: Factory, api: CampaignApi, owner: Owner
) -> None:  # F69
    await api.open()
    survey = await api.ask()
    await owner.execute("UPDATE survey SET create_time = '2024-01-15Z', sent_at = now() - interval '6 days 23 hours'")
    assert await expire(make, api, 0) == 0
    before = datetime.now(UTC).date()
    expect_ok(await api.submit(survey))
    days = await owner.fetch("SELECT day FROM feedback UNION SELECT date FROM score_count WHERE grain = 'day'")
    assert len(days) == 1
    assert before <= days[0]["day"] <= datetime.now(UTC).date()


async def test_the_day_of_an_answer_is_in_the_workspace_time_zone(api: CampaignApi, owner: Owner) -> None:  # F6, G3
    """The two time zones are never on the same day."""
    await api.open()
    days: list[date] = []
    for number, zone in enumerate(("Pacific/Kiritimati", "Pacific/Pago_Pago")):
        expect_ok(await api.client.patch(f"{API}/workspace", json={"time_zone": zone}))
        before = datetime.now(ZoneInfo(zone)).date()
        expect_ok(await api.submit(await api.ask(context_id=str(number))))
        days += [row["day"] for row in await owner.fetch("SELECT day FROM feedback ORDER BY id DESC LIMIT 1")]
        assert before <= days[-1] <= datetime.now(ZoneInfo(zone)).date()
    assert days[0] > days[1]
    kept = await owner.fetch("SELECT DISTINCT date FROM survey_count WHERE grain = 'day' AND completed = 1")
    assert sorted(row["date"] for row in kept) == sorted(days)


async def test_counts_agree_after_concurrent_events_answers_and_expiry(
    make: Factory, api: CampaignApi, theirs: CampaignApi, owner: Owner
) -> None:
    """Two workspaces have events, showings, answers and expiry at the same time."""
    for side in (api, theirs):
        for code, trigger in (("NPS", "ORDER_COMPLETED"), ("CES", "ORDER_COMPLETED"), ("CSAT", "TICKET_CLOSED")):
            await side.open(survey_type_code=code, trigger_type=trigger)

    async def live(side: CampaignApi, number: int) -> None:
        guid = f"g{number % 4}"
        event = (ORDER, TICKET)[number % 2] | {"context_id": str(number % 12), "guid": guid}
        (result,) = await side.send(event)
        shown = await side.surveys(guid) if number % 3 else []
        for survey in [*result["surveys"], *(one["survey_id"] for one in shown[:1])]:
            await side.submit(survey, number % 6)
        if number % 10 == 9:
            await expire(make, side, 8)

    await asyncio.gather(*(live(side, number) for number in range(30) for side in (api, theirs)))
    for guid in ("g0", "g1", "g2", "g3"):
        await api.surveys(guid)
    await expire(make, api, 8)
    assert len(await statuses(owner)) == 2 * (6 * 2 + 6)
    assert {UUID(str(row["workspace_id"])) for row in await owner.fetch("SELECT workspace_id FROM survey_count")} == {
        api.client.workspace,
        theirs.client.workspace,
    }
    await assert_counts_agree(owner)
