"""Concurrent requests in one process and in two: no use is lost or counted twice, and no request hangs."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from tests.support.clients import Client, error_code, expect_ok
from tests.support.factories import Factory
from tests.support.feature_invariants import assert_counts_agree, surveys
from tests.support.features import API, Feature
from tests.support.invariants import Owner

from voxpop.config.loading import load
from voxpop.db.pool import Database

CUSTOMERS = [f"u{number}@example.com" for number in range(20)]
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@pytest.fixture
async def other(client: Client, live_db: str) -> AsyncIterator[Client]:
    """The same key at a second application, with its own batchers and connections."""
    database = await Database.open(live_db, size=8)
    caller = Factory(database, load(env={})).anonymous(headers=dict(client.headers))
    yield caller
    await caller.aclose()
    await database.close()


async def test_200_concurrent_uses_are_numbered_1_to_200(feature: Feature, owner: Owner) -> None:  # C33
    answers = [expect_ok(one) for one in await asyncio.gather(*(feature.post("increment") for _ in range(200)))]
    assert sorted(one["total_interaction_count"] for one in answers) == list(range(1, 201))
    assert all(one["interaction_count"] == one["total_interaction_count"] for one in answers)
    assert all(one["should_request_feedback"] == (one["interaction_count"] >= 3) for one in answers)
    assert len({one["created_at"] for one in answers}) == 1
    await assert_counts_agree(owner)


async def test_two_processes_count_together(feature: Feature, other: Client, owner: Owner) -> None:  # C33
    ways = (feature, Feature(other))
    calls = (ways[number % 2].post("increment") for number in range(200))
    totals = [expect_ok(one)["total_interaction_count"] for one in await asyncio.gather(*calls)]
    assert sorted(totals) == list(range(1, 201))
    assert await surveys(owner) == ["PENDING"]
    await assert_counts_agree(owner)


async def test_counts_agree_after_concurrent_requests_of_all_kinds(
    client: Client, other: Client, owner: Owner
) -> None:  # C33, C41
    keys = ("a", "b", "c")
    for key in keys:
        await Feature.open(client, key=key, uses=2, refusals=3)
    chance = random.Random(7)  # noqa: S311 - the same calls in every run
    did: Counter[str] = Counter()
    deadlocks_before = await owner.fetchval(DEADLOCKS)

    async def call(caller: httpx.AsyncClient) -> None:
        what = chance.choices(("increment", "reject", "feedbacks"), (6, 2, 2))[0]
        did[what] += 1
        source = chance.choice(("prompted", "voluntary"))
        feature = Feature(caller, key=chance.choice(keys))  # type: ignore[arg-type]
        answer = await feature.post(what, chance.choice(CUSTOMERS), rating=chance.randint(1, 10), source=source)
        assert answer.status_code in (200, 201), answer.text

    await asyncio.gather(*(call((client, other)[number % 2]) for number in range(900)))
    await assert_counts_agree(owner)
    assert await owner.fetchval("SELECT sum(total_interaction_count) FROM interaction") == did["increment"]
    assert await owner.fetchval("SELECT count(*) FROM feedback") == did["feedbacks"]
    assert await owner.fetchval(DEADLOCKS) == deadlocks_before
    summaries = [await Feature(client, key=key).summary() for key in keys]
    assert sum(one["total_feedbacks"] for one in summaries) == did["feedbacks"]


async def test_an_unknown_feature_does_not_affect_its_batch(feature: Feature, owner: Owner) -> None:
    nowhere = Feature(feature.client, key="nothing")
    calls = ((feature, nowhere)[number % 2].post("increment") for number in range(40))
    answers = await asyncio.gather(*calls)
    assert [answer.status_code for answer in answers] == [200, 404] * 20
    assert await feature.counts() == (20, 20, 0)
    await assert_counts_agree(owner)


async def test_a_request_that_the_database_rejects_does_not_affect_its_batch(feature: Feature, owner: Owner) -> None:
    """The others in the batch are counted once, though the batch was tried more than once."""
    await owner.execute("ALTER TABLE interaction ADD CONSTRAINT house_rule CHECK (user_email <> 'bad@example.com')")
    emails = [("bad@example.com", "u@example.com")[number % 5 > 0] for number in range(30)]
    answers = await asyncio.gather(*(feature.post("increment", email) for email in emails))
    for email, answer in zip(emails, answers, strict=True):
        assert answer.status_code == (200 if email == "u@example.com" else 409)
    assert error_code(answers[0]) == (409, "CONFLICT")
    totals = [answer.json()["total_interaction_count"] for answer in answers if answer.status_code == 200]
    assert sorted(totals) == list(range(1, 25))
    await assert_counts_agree(owner)


async def test_a_cancelled_request_does_not_affect_its_batch(feature: Feature, live_db: str, owner: Owner) -> None:
    holder = await asyncpg.connect(live_db)
    async with holder.transaction():
        await holder.execute("LOCK TABLE interaction IN EXCLUSIVE MODE")
        tasks = [asyncio.create_task(feature.post("increment")) for _ in range(30)]
        await asyncio.sleep(0.1)
        for task in tasks[::3]:
            task.cancel()
        await asyncio.sleep(0)
    await holder.close()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(answer, asyncio.CancelledError) for answer in answers] == [True, False, False] * 10
    totals = sorted(
        expect_ok(answer)["total_interaction_count"] for answer in answers if isinstance(answer, httpx.Response)
    )
    assert len(set(totals)) == 20
    assert (await feature.use())["total_interaction_count"] > totals[-1]
    await assert_counts_agree(owner)


async def test_concurrent_requests_create_one_product_and_one_feature(
    client: Client, other: Client
) -> None:  # C13, C18
    async def statuses(path: str, body: dict[str, object]) -> list[int]:
        calls = ((client, other)[number % 2].post(f"{API}/{path}", json=body) for number in range(16))
        return sorted(answer.status_code for answer in await asyncio.gather(*calls))

    assert await statuses("products", {"key": "pms", "name": "PMS"}) == [201] + [409] * 15
    feature: dict[str, object] = {"feature_key": "a", "interaction_threshold": 1, "rejection_threshold": 1}
    assert await statuses("products/pms/features", feature) == [201] + [409] * 15


async def test_another_workspace_is_not_affected(client: Client, other_client: Client, owner: Owner) -> None:  # G1, C33
    ours, theirs = await Feature.open(client), await Feature.open(other_client)
    calls = ((ours, theirs)[number % 3 == 0].post("increment") for number in range(90))
    answers = await asyncio.gather(*calls)
    totals = [expect_ok(answer)["total_interaction_count"] for answer in answers]
    assert sorted(totals[::3]) == list(range(1, 31))
    assert (await ours.counts(), await theirs.counts()) == ((60, 60, 0), (30, 30, 0))
    await assert_counts_agree(owner)


@pytest.mark.parametrize("callers", [1, 8])
async def test_a_feature_deleted_during_requests_is_not_found(
    feature: Feature, live_db: str, owner: Owner, callers: int
) -> None:
    """The requests wait for the delete to commit; a use of another feature in the same batch succeeds."""
    deleted = await Feature.open(feature.client, key="deleted")
    holder = await asyncpg.connect(live_db)
    async with holder.transaction():
        await holder.execute("DELETE FROM feature WHERE key = 'deleted'")
        tasks = [asyncio.create_task((deleted, feature)[number % 2].post("increment")) for number in range(callers)]
        await asyncio.sleep(0.1)
    answers = [await task for task in tasks]
    assert [answer.status_code for answer in answers] == ([404, 200] * 4)[:callers]
    await holder.close()
    await assert_counts_agree(owner)
