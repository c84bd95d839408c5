"""Surveys of features: when they open, and how they close."""

import asyncio

from tests.support.clients import Client, expect_ok
from tests.support.feature_invariants import age, answered, assert_counts_agree, funnel, surveys
from tests.support.features import USER, Feature
from tests.support.invariants import Owner


async def test_the_first_prompting_use_opens_one_survey(feature: Feature, owner: Owner) -> None:
    await feature.use(2)
    assert await surveys(owner) == []
    await feature.use(4)
    assert await surveys(owner) == ["PENDING"]
    row = await owner.fetchrow("SELECT survey_type_code, origin, user_email, guid, sent_at FROM survey")
    assert tuple(row.values()) == ("CSAT10", "feature", USER, None, None)
    assert await funnel(owner) == {"opened": 1}
    await assert_counts_agree(owner)


async def test_a_threshold_crossed_within_a_batch_opens_one_survey(feature: Feature, owner: Owner) -> None:
    answers = [expect_ok(answer) for answer in await asyncio.gather(*(feature.post("increment") for _ in range(20)))]
    asked = sorted(one["interaction_count"] for one in answers if one["should_request_feedback"])
    assert asked == list(range(3, 21))
    assert await surveys(owner) == ["PENDING"]
    await assert_counts_agree(owner)


async def test_a_refusal_dismisses_the_survey_and_the_next_threshold_opens_another(
    feature: Feature, owner: Owner
) -> None:
    await feature.use(3)
    await feature.reject()
    assert await surveys(owner) == ["DISMISSED"]
    await feature.use(3)
    assert await surveys(owner) == ["DISMISSED", "PENDING"]
    await feature.reject(2)
    await feature.use(9)
    assert await surveys(owner) == ["DISMISSED", "DISMISSED"]
    assert await funnel(owner) == {"opened": 2, "dismissed": 2}
    await assert_counts_agree(owner)


async def test_a_prompted_rating_completes_the_open_survey(feature: Feature, owner: Owner) -> None:
    await feature.use(3)
    rated = await feature.rate()
    row = await owner.fetchrow("SELECT id, status, completed_at FROM survey")
    tied = await owner.fetchrow("SELECT id::text, survey_id, create_time FROM feedback")
    assert tuple(tied.values()) == (rated["id"], row["id"], row["completed_at"])
    assert row["status"] == "COMPLETED"
    await feature.rate()
    assert await answered(owner) == [True, False]
    assert await funnel(owner) == {"opened": 1, "completed": 1}
    await assert_counts_agree(owner)


async def test_a_voluntary_rating_withdraws_the_open_survey(feature: Feature, owner: Owner) -> None:
    await feature.use(3)
    await feature.rate(8, "voluntary")
    await feature.rate(8, "prompted")
    assert await surveys(owner) == ["WITHDRAWN"]
    assert await answered(owner) == [False, False]
    assert await funnel(owner) == {"opened": 1, "withdrawn": 1}
    await assert_counts_agree(owner)


async def test_a_rating_without_an_open_survey_refers_to_no_survey(feature: Feature, owner: Owner) -> None:
    for source in ("prompted", "voluntary"):
        await feature.use(2, f"{source}@example.com")
        await feature.rate(8, source, f"{source}@example.com")
    assert (await surveys(owner), await answered(owner), await owner.fetch("TABLE survey_count")) == (
        [],
        [False] * 2,
        [],
    )


async def test_ratings_in_a_batch_close_the_survey_once(feature: Feature, owner: Owner) -> None:
    await feature.use(3)
    await asyncio.gather(*(feature.rate() for _ in range(10)))
    assert await surveys(owner) == ["COMPLETED"]
    assert sorted(await answered(owner)) == [False] * 9 + [True]
    await assert_counts_agree(owner)


async def test_after_the_cool_down_a_new_survey_opens(feature: Feature, owner: Owner) -> None:
    await feature.use(3)
    await feature.rate()
    await feature.use(5)
    await age(owner, 181)
    await feature.use(3)
    assert await surveys(owner) == ["COMPLETED", "PENDING"]


async def test_a_survey_belongs_to_one_customer_and_one_feature(client: Client, feature: Feature, owner: Owner) -> None:
    export = await Feature.open(client, key="export", uses=1)
    await export.use()
    await feature.use(3)
    await feature.use(3, "other@example.com")
    await feature.rate(email="other@example.com")
    await feature.reject()
    rows = await owner.fetch("SELECT user_email, status FROM survey ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        (USER, "PENDING"),
        (USER, "DISMISSED"),
        ("other@example.com", "COMPLETED"),
    ]
    await assert_counts_agree(owner)


async def test_lower_thresholds_open_a_survey_at_the_next_use(feature: Feature, owner: Owner) -> None:
    await feature.use(2)
    body = {"interaction_threshold": 1, "rejection_threshold": 2}
    expect_ok(await feature.client.put(f"{feature.path}/thresholds", json=body))
    assert await surveys(owner) == []
    await feature.use()
    assert await surveys(owner) == ["PENDING"]
