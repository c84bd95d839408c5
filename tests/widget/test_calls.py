"""The widget's four calls: what they count, show, store and refuse."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.support.campaigns import CampaignApi
from tests.support.clients import Client, error_code, expect_ok
from tests.support.factories import Factory
from tests.support.feature_invariants import assert_counts_agree
from tests.support.features import Feature
from tests.support.invariants import Owner
from tests.support.widget import EMAIL, PAGE, WidgetPage

from voxpop.features import service
from voxpop.features.models import FeatureUser, Use

ANN = EMAIL["email"]
GUID = {"guid": ANN}


async def steps(owner: Owner, kind: str) -> dict[str, int]:
    """The survey counts of a kind of series over its months."""
    row = await owner.fetchrow(
        "SELECT sum(opened) AS opened, sum(shown) AS shown, sum(completed) AS completed, sum(dismissed) AS dismissed,"
        " sum(withdrawn) AS withdrawn FROM survey_count WHERE series_kind = $1 AND grain = 'month'",
        kind,
    )
    return {name: int(count or 0) for name, count in dict(row or {}).items()}


async def test_the_use_that_reaches_the_threshold_asks_and_counts_as_shown(
    page: WidgetPage, feature: Feature, owner: Owner
) -> None:
    assert await page.track(times=2) is None
    ask = await page.track()
    assert ask == {
        "survey_id": ask["survey_id"],
        "survey_type": "CSAT10",
        "question": "How satisfied are you with this feature?",
        "scale_min": 1,
        "scale_max": 10,
        "display": "auto",
        "labels": {"min": "Not at all satisfied", "max": "Very satisfied"},
        "comment_label": None,
        "thanks": "Thank you for your feedback!",
    }
    survey = await owner.fetchrow("SELECT id, sent_at, user_email, guid FROM survey")
    assert survey is not None
    assert (str(survey["id"]), survey["user_email"], survey["guid"]) == (ask["survey_id"], ANN, None)
    again = await page.track()
    assert again == ask
    assert survey["sent_at"] == await owner.fetchval("SELECT sent_at FROM survey")
    for kind in ("workspace", "product", "feature"):
        assert (await steps(owner, kind))["shown"] == (await steps(owner, kind))["opened"] == 1
    assert await feature.counts(ANN) == (4, 4, 0)
    await assert_counts_agree(owner)


async def test_a_prompt_that_the_api_opened_is_shown_by_the_next_use(
    page: WidgetPage, feature: Feature, owner: Owner
) -> None:
    await feature.use(3, ANN)
    assert await owner.fetchval("SELECT sent_at FROM survey") is None
    assert (await page.track())["survey_id"] == str(await owner.fetchval("SELECT id FROM survey"))
    assert await owner.fetchval("SELECT sent_at FROM survey") is not None
    assert (await steps(owner, "feature"))["shown"] == 1
    await assert_counts_agree(owner)


async def test_a_guid_and_an_equal_address_have_counters_of_their_own(
    page: WidgetPage, feature: Feature, owner: Owner
) -> None:
    assert await page.track(GUID, 2) is None
    assert await page.track(times=2) is None
    assert await feature.counts(ANN) == (2, 2, 0)
    ask = await page.track(GUID)
    assert (await owner.fetchval("SELECT guid FROM survey"), await page.track({"guid": "other"})) == (ANN, None)
    assert error_code(await page.call("answer", survey_id=ask["survey_id"], score=9)) == (404, "NOT_FOUND")
    await page.answer(GUID, survey_id=ask["survey_id"], score=9)
    rating = await owner.fetchrow("SELECT guid, user_email, score, source FROM feedback")
    assert rating is not None
    assert tuple(rating) == (ANN, None, 9, "prompted")
    assert await page.track() is not None
    users = {(user["user_email"], user.get("guid")) for user in (await feature.analytics("interactions/users"))["data"]}
    assert users == {(ANN, None), (None, ANN), (None, "other")}
    await assert_counts_agree(owner)


async def test_an_answer_to_a_prompt_completes_its_survey_and_starts_the_cool_down(
    page: WidgetPage, feature: Feature, owner: Owner
) -> None:
    ask = await page.track(times=3)
    for score in (0, 11):
        assert error_code(await page.call("answer", survey_id=ask["survey_id"], score=score)) == (
            400,
            "VALIDATION_ERROR",
        )
    stored = await page.answer(survey_id=ask["survey_id"], score=8.0, comment="Fine", locale="ru-RU")
    assert stored == {"feedback_id": str(await owner.fetchval("SELECT id FROM feedback")), "thanks": stored["thanks"]}
    again = await page.call("answer", survey_id=ask["survey_id"], score=8)
    assert error_code(again) == (400, "SURVEY_NOT_PENDING")
    assert error_code(await page.call("dismiss", survey_id=ask["survey_id"])) == (400, "SURVEY_NOT_PENDING")
    assert await page.track(times=4) is None
    assert await owner.fetchval("SELECT count(*) FROM feedback WHERE survey_id IS NOT NULL") == 1
    await assert_counts_agree(owner)


async def test_a_dismissed_prompt_is_a_rejection_once(page: WidgetPage, feature: Feature, owner: Owner) -> None:
    ask = await page.track(times=3)
    for _ in range(2):
        assert await page.dismiss(ask["survey_id"]) == {"status": "DISMISSED"}
    assert await feature.counts(ANN) == (0, 3, 1)
    second = await page.track(times=3)
    assert second["survey_id"] != ask["survey_id"]
    await page.dismiss(second["survey_id"])
    assert await page.track(times=5) is None  # silenced
    assert error_code(await page.call("answer", survey_id=ask["survey_id"], score=8)) == (400, "SURVEY_NOT_PENDING")
    assert (await steps(owner, "feature"))["dismissed"] == 2
    await assert_counts_agree(owner)


async def test_a_voluntary_rating_needs_no_survey(page: WidgetPage, feature: Feature, owner: Owner) -> None:
    target = {"product": "pms", "feature": "dashboard"}
    answer = await page.answer(**target, score=7, comment="By myself")
    assert answer["thanks"] == "Thank you for your feedback!"
    assert await owner.fetchval("SELECT source FROM feedback") == "voluntary"
    assert error_code(await page.call("answer", **target | {"feature": "nothing"}, score=7)) == (404, "NOT_FOUND")
    wrong: list[dict[str, Any]] = [
        {**target, "score": 11},
        {**target, "score": 7.5},
        {**target, "score": "7"},
        {**target, "score": None},
        {**target, "score": True},
        target,
        {"product": "pms", "score": 7},
        {"score": 7},
        {**target, "survey_id": str(uuid4()), "score": 7},
        {**target, "score": 7, "comment": "x" * 10_001},
    ]
    for body in wrong:
        assert error_code(await page.call("answer", **body)) == (400, "VALIDATION_ERROR"), body
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 1


async def test_campaign_surveys_match_a_guid_an_address_and_its_folded_form(
    page: WidgetPage, campaigns: CampaignApi, feature: Feature
) -> None:  # F42-F48
    await campaigns.open()
    await campaigns.open(delay_hours=24, name="Later")
    exact, folded, other = [
        await campaigns.order(guid=guid, context_id=guid) for guid in ("Ann@Example.com", "ann@example.com", "bob")
    ]
    mixed = {"email": "Ann@Example.com"}
    shown = await page.surveys(mixed)
    assert [one["survey_id"] for one in shown] == [folded["surveys"][0], exact["surveys"][0]]
    assert shown[0]["labels"] == {"min": "Точно не порекомендую", "max": "Точно порекомендую"}
    assert [one["survey_id"] for one in await page.surveys()] == folded["surveys"][:1]
    (russian,) = await page.surveys({"guid": "bob"}, locale="ru")
    (english,) = await page.surveys({"guid": "bob"}, locale="en_US")
    assert (russian["question"], english["question"]) == (
        "Оцените от 0 до 10, порекомендуете ли вы нас?",
        "How likely are you to recommend us, from 0 to 10?",
    )
    assert error_code(await page.call("answer", survey_id=other["surveys"][0], score=9)) == (404, "NOT_FOUND")
    thanks = await page.answer(mixed, survey_id=folded["surveys"][0], score=10, locale="en")
    assert thanks["thanks"] == "Thank you for your feedback!"
    assert [one["survey_id"] for one in await page.surveys(mixed)] == exact["surveys"][:1]


async def test_a_dismissed_campaign_survey_is_not_listed_again(
    page: WidgetPage, campaigns: CampaignApi, owner: Owner
) -> None:
    await campaigns.open()
    survey = await campaigns.ask(guid=ANN)
    assert len(await page.surveys()) == 1
    for _ in range(2):
        assert await page.dismiss(survey) == {"status": "DISMISSED"}
    assert await page.surveys() == []
    assert error_code(await campaigns.submit(survey)) == (400, "SURVEY_NOT_PENDING")
    assert (await steps(owner, "campaign"))["dismissed"] == 1


async def test_unknown_ids_and_those_of_another_workspace_are_not_found(
    page: WidgetPage, feature: Feature, make: Factory, other_client: Client
) -> None:
    theirs = await WidgetPage.open(make, other_client.workspace)
    await Feature.open(other_client)
    survey = (await theirs.track(times=3))["survey_id"]
    for name, body in (
        ("answer", {"survey_id": survey, "score": 5}),
        ("answer", {"survey_id": str(uuid4()), "score": 5}),
        ("dismiss", {"survey_id": survey}),
        ("dismiss", {"survey_id": str(uuid4())}),
        ("track", {"product": "pms", "feature": "nothing"}),
        ("track", {"product": "crm", "feature": "dashboard"}),
    ):
        answer = await page.call(name, **body)
        assert error_code(answer) == (404, "NOT_FOUND"), (name, body)
        assert answer.headers["access-control-allow-origin"] == PAGE
    assert (await theirs.answer(survey_id=survey, score=5))["thanks"]


@pytest.mark.parametrize("name", ["track", "surveys", "answer", "dismiss"])
async def test_a_repeated_call_takes_effect_once(page: WidgetPage, feature: Feature, owner: Owner, name: str) -> None:
    ask = await page.track(times=3)
    bodies: dict[str, dict[str, Any]] = {
        "track": {"product": "pms", "feature": "dashboard"},
        "surveys": {},
        "answer": {"survey_id": ask["survey_id"], "score": 9},
        "dismiss": {"survey_id": ask["survey_id"]},
    }
    body = bodies[name]
    first = expect_ok(await page.call(name, key="k", **body))
    resigned = page.signed(seconds=1200)  # the page is online again, with a new signature
    assert expect_ok(await page.call(name, resigned, key="k", **body)) == first
    other = await page.call(name, key="k", **body, locale="ru")
    assert error_code(other) == (409, "IDEMPOTENCY_KEY_REUSED")
    if name in ("track", "surveys"):
        expect_ok(await page.call(name, {"email": "bob@example.com"}, key="k", **body))  # a user's keys are their own
    if name == "track":
        assert await feature.counts(ANN) == (4, 4, 0)
    await assert_counts_agree(owner)


async def test_of_answers_and_dismissals_at_once_one_takes_effect(
    page: WidgetPage, feature: Feature, campaigns: CampaignApi, owner: Owner
) -> None:
    await campaigns.open()
    prompt, survey = (await page.track(times=3))["survey_id"], await campaigns.ask(guid=ANN)
    for one in (prompt, survey):
        calls = [page.call("answer", survey_id=one, score=5) for _ in range(4)]
        calls += [page.call("dismiss", survey_id=one) for _ in range(4)]
        answers = await asyncio.gather(*calls)
        stored = await owner.fetchval("SELECT count(*) FROM feedback WHERE survey_id = $1", UUID(one))
        status = await owner.fetchval("SELECT status FROM survey WHERE id = $1", UUID(one))
        accepted = [answer.status_code == 200 for answer in answers]
        if status == "COMPLETED":
            assert (stored, sum(accepted[:4]), sum(accepted[4:])) == (1, 1, 0)
        else:
            assert (status, stored, accepted) == ("DISMISSED", 0, [False] * 4 + [True] * 4)
    assert await owner.fetchval("SELECT rejection_count FROM interaction") in (0, 1)


async def test_a_batch_gives_each_use_the_result_that_it_would_have_alone(
    make: Factory, client: Client, feature: Feature, owner: Owner
) -> None:
    """Of three uses at once, only one that shows its prompt and reaches the threshold marks the survey as shown."""
    for email, shows, shown in (("a", [True, True, False], False), ("b", [False, False, True], True)):
        user = FeatureUser("pms", "dashboard", f"{email}@x.com")
        async with make.database.transaction(client.workspace) as tx:
            counters = await service.count_uses(tx, client.workspace, [Use(user, one) for one in shows])
        assert [one and one.interaction_count for one in counters] == [1, 2, 3]
        assert [bool(one and one.prompt) for one in counters] == [False, False, shown]
        sent = await owner.fetchval("SELECT sent_at FROM survey WHERE user_email = $1", user.user_email)
        assert (sent is not None) == shown
    await assert_counts_agree(owner)
