"""Uses and refusals: the counts, and the decision to prompt."""

import re
from typing import Any

from tests.features.conftest import SetClock
from tests.support.clients import Client, error_code, expect_ok
from tests.support.feature_invariants import assert_counts_agree
from tests.support.features import API, USER, Feature, counts
from tests.support.invariants import Owner

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
COUNTERS = {
    "user_email",
    "interaction_count",
    "total_interaction_count",
    "interaction_threshold",
    "rejection_count",
    "rejection_threshold",
    "should_request_feedback",
    "created_at",
    "updated_at",
}


async def prompts(feature: Feature, times: int) -> list[bool]:
    """Tells for each of several uses whether the product prompts."""
    return [(await feature.use())["should_request_feedback"] for _ in range(times)]


async def test_every_feature_of_a_product_has_a_state(client: Client, owner: Owner) -> None:  # C24
    used = await Feature.open(client, key="b", uses=1, refusals=4)
    unused = await Feature.open(client, key="a", uses=5, refusals=3)
    await Feature.open(client, "crm", "c")
    expect_ok(await client.patch(unused.path, json={"description": "Of no use"}))
    await used.use(2)
    zeros = {
        "product_feature_key": "a",
        "product_feature_description": "Of no use",
        "interaction_count": 0,
        "total_interaction_count": 0,
        "interaction_threshold": 5,
        "rejection_count": 0,
        "rejection_threshold": 3,
        "should_request_feedback": False,
    }
    state = zeros | {
        "product_feature_key": "b",
        "product_feature_description": None,
        "interaction_count": 2,
        "total_interaction_count": 2,
        "interaction_threshold": 1,
        "rejection_threshold": 4,
        "should_request_feedback": True,
    }
    assert await used.states() == await used.states() == [zeros, state]
    assert [counts(one) for one in await used.states("unused@example.com")] == [(0, 0, 0)] * 2
    assert await owner.fetchval("SELECT count(*) FROM interaction") == 1


async def test_states_need_a_product_but_no_feature(client: Client) -> None:  # C25
    expect_ok(await client.post(f"{API}/products", json={"key": "empty", "name": "Empty"}), 201)
    assert await Feature(client, "empty").states() == []
    unknown = await client.get(f"{API}/products/no/feature-interactions", params={"user_email": USER})
    assert error_code(unknown) == (404, "NOT_FOUND")
    assert unknown.json()["message"] == "Product with id no not found"


async def test_every_request_requires_one_email(feature: Feature, owner: Owner) -> None:  # C26
    address = f"{API}/products/pms/feature-interactions"
    for query in ("", "?user_email=", "?user_email=u", "?user_email=u@x.com&user_email=u@x.com", "?email=u@x.com"):
        assert error_code(await feature.client.get(address + query)) == (400, "VALIDATION_ERROR"), query
    for what in ("increment", "reject", "feedbacks"):
        for body in ({}, {"user_email": None}, {"user_email": ""}, {"user_email": 1}, {"user_email": "u"}):
            body = body | {"rating": 8, "source": "prompted"}
            answer = await feature.client.post(f"{feature.path}/{what}", json=body)
            assert error_code(answer) == (400, "VALIDATION_ERROR"), body
            assert answer.json()["details"][0]["field"] == "user_email"
    assert await owner.fetchval("SELECT count(*) FROM interaction") == 0


async def test_a_use_is_counted_and_returned(feature: Feature) -> None:  # C27
    first = await feature.use()
    assert first.keys() == COUNTERS
    assert (first["user_email"], first["interaction_threshold"], first["rejection_threshold"]) == (USER, 3, 2)
    assert (counts(first), first["should_request_feedback"]) == ((1, 1, 0), False)
    assert counts(await feature.use()) == (2, 2, 0)


async def test_the_product_prompts_from_the_threshold_on(client: Client) -> None:  # C28, C32
    feature = await Feature.open(client, uses=5, refusals=3)
    assert await prompts(feature, 7) == [False] * 4 + [True] * 3
    assert (await feature.asks(), "show_survey" in await feature.use()) == (True, False)
    await feature.reject()
    assert not await feature.asks()


async def test_a_rating_ends_the_prompting(feature: Feature) -> None:  # C28
    assert await prompts(feature, 4) == [False, False, True, True]
    await feature.rate()
    assert not await feature.asks()
    assert await prompts(feature, 4) == [False] * 4


async def test_counts_are_kept_by_user_feature_and_product(client: Client, owner: Owner) -> None:  # C29
    feature, other = await Feature.open(client), await Feature.open(client, key="export")
    elsewhere = await Feature.open(client, "crm", "dashboard")
    await feature.use(3)
    await feature.use(1, "other@example.com")
    await other.use(2)
    await elsewhere.reject()
    assert [counts(state) for state in await feature.states()] == [(3, 3, 0), (2, 2, 0)]
    assert await elsewhere.counts() == (0, 0, 1)
    assert await feature.counts("other@example.com") == (1, 1, 0)
    await assert_counts_agree(owner)


async def test_a_use_changes_updated_at_and_not_created_at(feature: Feature, set_clock: SetClock) -> None:  # C30, G3
    set_clock(2026, 3, 1, 12, 0, 0, 123_999)
    first = await feature.use()
    assert first["created_at"] == first["updated_at"] == "2026-03-01T12:00:00.123Z"
    assert INSTANT.fullmatch(first["created_at"])
    set_clock(2026, 3, 1, 12, 0, 1)
    later = [await feature.use(), await feature.reject()]
    assert [one["created_at"] for one in later] == [first["created_at"]] * 2
    assert [one["updated_at"] for one in later] == ["2026-03-01T12:00:01.000Z"] * 2
    set_clock(2026, 3, 2)
    assert (await feature.rate())["created_at"] == "2026-03-02T00:00:00.000Z"
    (row,) = (await feature.analytics("interactions/users"))["data"]
    assert (row["created_at"], row["updated_at"]) == (first["created_at"], "2026-03-02T00:00:00.000Z")


async def test_the_error_names_the_unknown_feature(feature: Feature, owner: Owner) -> None:  # C31
    for product, key in (("pms", "nothing"), ("nothing", "dashboard"), ("pms", "Dashboard")):
        for what in ("increment", "reject", "feedbacks"):
            answer = await Feature(feature.client, product, key).post(what, rating=8, source="voluntary")
            assert error_code(answer) == (404, "NOT_FOUND")
            assert answer.json()["message"] == f"Feature with id {product}/{key} not found"
    assert await owner.fetchval("SELECT count(*) FROM interaction") == 0


async def test_a_refusal_resets_the_count(feature: Feature) -> None:  # C34, C35
    await feature.use(4)
    refused = await feature.reject()
    assert refused.keys() == COUNTERS
    assert (counts(refused), refused["should_request_feedback"]) == ((0, 4, 1), False)
    assert await prompts(feature, 3) == [False, False, True]
    assert await feature.counts() == (3, 7, 1)


async def test_enough_refusals_end_the_prompting_for_that_user_and_feature(client: Client) -> None:  # C36, C37
    feature, other = await Feature.open(client, uses=1, refusals=2), await Feature.open(client, key="b", uses=1)
    await feature.reject(2)
    assert await prompts(feature, 5) == [False] * 5
    assert await feature.counts() == (5, 5, 2)
    assert not await feature.asks()
    beyond = await feature.reject()
    assert (counts(beyond), beyond["should_request_feedback"]) == ((0, 5, 3), False)
    assert counts(await feature.use()) == (1, 6, 3)
    assert (await feature.use(email="other@example.com"))["should_request_feedback"]
    assert (await other.use())["should_request_feedback"]


async def test_a_refusal_before_the_first_use_is_counted(feature: Feature, owner: Owner) -> None:  # C38
    first = await feature.reject()
    assert (counts(first), first["created_at"]) == ((0, 0, 1), first["updated_at"])
    assert await feature.counts() == (0, 0, 1)
    (row,) = (await feature.analytics("interactions/users"))["data"]
    assert counts(row) == (0, 0, 1)
    await assert_counts_agree(owner)


async def test_new_thresholds_apply_from_the_next_request(client: Client) -> None:
    feature = await Feature.open(client, uses=5, refusals=1)
    await feature.reject()
    await feature.use(3)

    async def retune(uses: int, refusals: int) -> dict[str, Any]:
        body = {"interaction_threshold": uses, "rejection_threshold": refusals}
        expect_ok(await client.put(f"{feature.path}/thresholds", json=body))
        return await feature.summary("interactions")

    assert (await feature.summary("interactions"))["users_rejection_exhausted"] == 1
    assert (await retune(3, 2))["users_rejection_exhausted"] == 0
    assert await feature.asks()
    assert (await feature.use())["should_request_feedback"]
    assert (await retune(9, 1))["users_rejection_exhausted"] == 1
    assert not (await feature.use())["should_request_feedback"]
