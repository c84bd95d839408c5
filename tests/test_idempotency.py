"""Requests with an Idempotency-Key: uses, rejections, ratings and answers take effect once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct
from tests.support.campaigns import CampaignApi
from tests.support.clients import Client, error_code, expect_ok
from tests.support.factories import Factory
from tests.support.feature_invariants import assert_counts_agree
from tests.support.features import USER, Feature
from tests.support.invariants import Owner
from tests.support.served import serving
from tests.support.tickets import NEW, TICKETS

from voxpop import idempotency
from voxpop.config.loading import load
from voxpop.db.pool import Database
from voxpop.errors import NotFound
from voxpop.idempotency import IdempotentRequest
from voxpop.idempotent_batcher import IdempotentBatcher
from voxpop.types import utcnow
from voxpop.worker.relay import purge

KEY = {"idempotency-key": "order-1"}
REUSED = (409, "IDEMPOTENCY_KEY_REUSED")
RATING = {"rating": 8, "source": "voluntary", "comment": "Fine"}
OPERATIONS = ("increment", "reject", "feedbacks", "submit")
EFFECTS = """
    SELECT (SELECT coalesce(sum(total_interaction_count), 0) FROM interaction)
        + (SELECT coalesce(sum(rejection_count), 0) FROM interaction) + (SELECT count(*) FROM feedback)
"""
KEYS = "SELECT count(*) FROM idempotency_key"


class Operation(Struct):
    """A request that may be repeated, and another one to the same address."""

    client: Client
    path: str
    body: dict[str, Any]
    other: dict[str, Any]

    async def send(self, *, key: str | None = "order-1", other: bool = False, **change: Any) -> httpx.Response:
        headers = {} if key is None else {"idempotency-key": key}
        body = (self.other if other else self.body) | change
        return await self.client.post(self.path, json=body, headers=headers)


async def prepared(client: Client, name: str) -> Operation:
    if name == "submit":
        api = CampaignApi(client)
        await api.open()
        first, second = [{"survey_id": await api.ask(context_id=f"order {n}"), "score": 9} for n in (1, 2)]
        return Operation(client, "/api/v1/feedback/submit", first, second)
    feature = await Feature.open(client)
    more = RATING if name == "feedbacks" else {}
    return Operation(client, f"{feature.path}/{name}", {"user_email": USER} | more, {"user_email": "b@x.com"} | more)


@pytest.fixture(params=OPERATIONS)
async def operation(client: Client, request: pytest.FixtureRequest) -> Operation:
    return await prepared(client, request.param)


@pytest.fixture
async def second_process(client: Client, live_db: str) -> AsyncIterator[Client]:
    """The same key at a second application, with its own batchers and connections."""
    database = await Database.open(live_db, size=8)
    caller = Factory(database, load(env={})).anonymous(headers=dict(client.headers))
    yield caller
    await caller.aclose()
    await database.close()


async def test_a_repeated_request_takes_effect_once(operation: Operation, owner: Owner) -> None:  # G7
    first = await operation.send()
    again = await operation.send(unknown="ignored")
    assert first.is_success
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert await owner.fetchval(EFFECTS) == 1
    assert error_code(await operation.send(other=True)) == REUSED
    assert error_code(await operation.client.post(TICKETS, json=NEW, headers=KEY)) == REUSED
    assert await owner.fetchval(EFFECTS) == 1
    assert (await operation.send(other=True, key="order-2")).is_success
    assert await owner.fetchval(EFFECTS) == 2


async def test_the_fast_path_and_the_framework_share_the_keys(
    operation: Operation, make: Factory, owner: Owner
) -> None:  # G7
    """The client's requests go through the framework, and those to a served application through the fast path."""
    async with serving(make.app, make.settings) as fast:
        headers = dict(operation.client.headers) | KEY
        answers = [await fast.post(operation.path, json=operation.body, headers=headers) for _ in range(2)]
        answers.append(await operation.send())
        other = await fast.post(operation.path, json=operation.other, headers=headers)
        wrong = await fast.post(operation.path, json=operation.other, headers=headers | {"idempotency-key": "x" * 256})
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    assert answers[0].is_success
    assert error_code(other) == REUSED
    assert error_code(wrong) == (400, "VALIDATION_ERROR")
    assert await owner.fetchval(EFFECTS) == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_of_the_wrong_length_is_rejected(operation: Operation, owner: Owner, key: str) -> None:  # G7
    answer = await operation.send(key=key)
    assert error_code(answer) == (400, "VALIDATION_ERROR")
    assert answer.json()["details"] == [{"field": "idempotency-key", "message": "must have from 1 to 255 characters"}]
    assert await owner.fetchval(EFFECTS) == 0
    assert (await operation.send(key="x" * 255)).is_success


async def test_requests_at_once_with_one_key_are_one(
    operation: Operation, second_process: Client, owner: Owner
) -> None:  # G7
    calls = [operation.send(key=key) for key in ("a", "b") for _ in range(20)]
    elsewhere = [
        second_process.post(operation.path, json=operation.body, headers={"idempotency-key": key})
        for key in ("a", "b")
        for _ in range(20)
    ]
    answers = [answer for answer in await asyncio.gather(*calls, *elsewhere) if answer.is_success]
    bodies = {answer.text for answer in answers}
    is_submit = "submit" in operation.path  # a survey takes one answer, so one of the two keys stands for an error
    assert (len(answers), len(bodies)) == ((40, 1) if is_submit else (80, 2))
    assert await owner.fetchval(EFFECTS) == len(bodies)
    assert await owner.fetchval(KEYS) == len(bodies)
    if not is_submit:
        await assert_counts_agree(owner)


async def test_errors_are_not_stored(client: Client, owner: Owner) -> None:  # G7
    nowhere = Feature(client)
    for path, more in (("increment", {}), ("reject", {}), ("feedbacks", RATING)):
        answer = await client.post(f"{nowhere.path}/{path}", json={"user_email": USER, **more}, headers=KEY)
        assert error_code(answer) == (404, "NOT_FOUND")
    assert await owner.fetchval(KEYS) == 0
    answers = await prepared(client, "submit")
    assert error_code(await answers.send(score=11)) == (400, "VALIDATION_ERROR")
    assert (await answers.send()).is_success
    assert error_code(await answers.send(key="order-2")) == (400, "SURVEY_NOT_PENDING")
    assert (await answers.send(key="order-2", other=True)).is_success


async def test_a_repeated_rejection_does_not_suppress_the_prompt(client: Client) -> None:  # C36, G7
    feature = await Feature.open(client, uses=1, refusals=2)
    for _ in range(3):
        rejected = await client.post(f"{feature.path}/reject", json={"user_email": USER}, headers=KEY)
        assert expect_ok(rejected)["rejection_count"] == 1
    assert (await feature.use())["should_request_feedback"] is True


async def test_the_thanks_of_a_repeated_answer_stay_in_their_language(client: Client) -> None:  # G7
    answers = await prepared(client, "submit")
    texts = []
    for language in ("ru", "en"):
        headers = KEY | {"accept-language": language}
        texts.append((await client.post(answers.path, json=answers.body, headers=headers)).json())
    assert texts[0] == texts[1]


async def test_keys_of_two_workspaces_are_separate(client: Client, other_client: Client, owner: Owner) -> None:  # G7
    for caller in (client, other_client):
        assert expect_ok(await (await prepared(caller, "increment")).send())["total_interaction_count"] == 1
    assert await owner.fetchval(EFFECTS) == 2


async def test_a_crash_leaves_neither_key_nor_effect(
    operation: Operation, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:  # G7
    async def fail(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(idempotency, "set_responses", fail)
        assert error_code(await operation.send()) == (503, "UNAVAILABLE")
    assert await owner.fetchval(KEYS) == await owner.fetchval(EFFECTS) == 0
    assert (await operation.send()).is_success
    assert await owner.fetchval(EFFECTS) == 1


async def test_a_request_without_a_key_does_not_touch_the_keys(operation: Operation, owner: Owner) -> None:
    async with owner.transaction():
        await owner.execute("LOCK TABLE idempotency_key")
        assert (await operation.send(key=None)).is_success


async def test_the_other_request_runs_if_the_first_with_its_key_fails(client: Client, database: Database) -> None:
    class Body(Struct):
        number: int

    batches: list[list[int]] = []

    async def work(_tx: Any, _workspace: Any, items: Any) -> list[int]:
        batches.append(list(items))
        return list(items)

    def respond(number: int) -> Body:
        if number < 0:
            raise NotFound
        return Body(number)

    batcher = IdempotentBatcher("test", database, work, queue_limit=9)
    calls = [
        batcher.submit(client.workspace, number, IdempotentRequest(key, "test", Body(number)), respond, Body)
        for key, number in (("a", 1), ("b", -1), ("b", 2), ("b", -1), ("c", 3))
    ]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [Body, NotFound, Body, NotFound, Body]
    assert batches == [[1, -1, 3], [2]]


async def test_old_keys_are_purged_in_every_workspace(
    client: Client, other_client: Client, database: Database, owner: Owner, tmp_path: Path
) -> None:  # G7
    for caller in (client, other_client):
        counts = await prepared(caller, "increment")
        await counts.send(key="old")
        await counts.send(key="new")
    await owner.execute("UPDATE idempotency_key SET create_time = now() - interval '73 hours' WHERE key = 'old'")
    async with owner.transaction():
        await owner.execute("SELECT FROM idempotency_key WHERE key = 'old' LIMIT 1 FOR UPDATE")
        await asyncio.wait_for(purge(database, load(env={}, directory=tmp_path), utcnow()), 10)
        assert await owner.fetchval(KEYS) == 3
    await purge(database, load(env={}, directory=tmp_path), utcnow())
    assert [row[0] for row in await owner.fetch("SELECT key FROM idempotency_key")] == ["new", "new"]
