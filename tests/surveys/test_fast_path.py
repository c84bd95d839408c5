"""The fast endpoints of surveys and answers respond like the framework's routes."""

import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx
import pytest
from tests.features.test_fast_path import BODIES, HEADERS, JSON, comparable
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.served import serving

from voxpop.types import Scope
from voxpop.web.middleware import AppMiddleware

SURVEYS, SUBMIT = "/api/v1/feedback/surveys", "/api/v1/feedback/submit"
SENT_AT = re.compile(r'"sent_at":"[^"]*"')
QUERIES = [
    "",
    "?",
    "?guid=",
    "?guid=%20",
    "?guid=cust_1",
    "?guid=cust_1&",
    "?guid=cust_1&x=1",
    "?guid=cust_1&guid=cust_2",
    "?guid=cust%5F1",
    "?guid=cust+1",
    "?guid=%D1%91",
    "?guid=%FF",
    "?guid=%00",
    "?guid=Unknown.~-",
    f"?guid={'g' * 255}",
    f"?guid={'g' * 256}",
    "?GUID=cust_1",
    "/?guid=cust_1",
]
LANGUAGES: list[Any] = [
    {"accept-language": "en"},
    {"accept-language": "ru-RU, en;q=0.5"},
    {"accept-language": b"\xff"},
    [("accept-language", "xx"), ("accept-language", "en")],
]


class Way(NamedTuple):
    """A client, and the names of its ids, which differ between workspaces."""

    client: httpx.AsyncClient
    names: dict[str, str]

    async def ask(self, method: str, path: str, **options: Any) -> tuple[Any, ...]:
        given = dict(options.get("headers", {})).get("request-id") == "given"
        answer = await self.client.request(method, path, **options)
        status, text, headers = comparable(answer, id_given=given)
        for name, ident in self.names.items():
            text = text.replace(ident, name)
        if status == 200 and method == "POST":
            text = text.replace(answer.json()["feedback_id"], "feedback")
        return status, SENT_AT.sub("", text), headers


async def prepare(client: Client) -> dict[str, str]:
    """Creates a campaign with two open surveys and returns their ids by name."""
    plan = {"name": "Mine", "survey_type_code": "NPS", "trigger_type": "ORDER_COMPLETED"}
    campaign = (await client.post("/api/v1/campaigns", json=plan)).json()["id"]
    events = [
        {"event_type": "ORDER_COMPLETED", "guid": f"cust_{n}", "context_type": "ORDER", "context_id": f"order_{n}"}
        for n in (1, 2)
    ]
    for event in events:
        event["timestamp"] = "2026-01-15T14:30:00Z"
    results = (await client.post("/api/v1/events", json=events)).json()["results"]
    return {"campaign": campaign, **{f"survey {n}": one["surveys"][0] for n, one in enumerate(results, 1)}}


@pytest.fixture
async def ways(make: Factory, client: Client, other_client: Client) -> AsyncIterator[tuple[Way, Way]]:
    """Fast endpoints in one workspace, and the framework in another workspace with the same data."""
    names, others = [await prepare(one) for one in (client, other_client)]
    ours, theirs = [{"authorization": one.headers["authorization"]} for one in (client, other_client)]
    without = AppMiddleware(make.app.app)
    async with serving(make.app, make.settings, **ours) as fast, serving(without, make.settings, **theirs) as framework:
        yield Way(fast, names), Way(framework, others)


async def alike(ways: tuple[Way, Way], method: str, path: str, **options: Any) -> int:
    fast, framework = [await way.ask(method, path, **options) for way in ways]
    assert fast == framework, (method, path, str(options)[:200])
    return int(fast[0])


async def test_listing_surveys_gives_the_same_responses(ways: tuple[Way, Way]) -> None:
    statuses = [await alike(ways, "GET", SURVEYS + query) for query in QUERIES]
    statuses += [await alike(ways, "GET", f"{SURVEYS}?guid=cust_1", headers=each) for each in (*HEADERS, *LANGUAGES)]
    statuses += [await alike(ways, method, f"{SURVEYS}?guid=cust_1") for method in ("HEAD", "POST", "OPTIONS", "BREW")]
    assert {*statuses} == {200, 204, 400, 401, 405}


async def test_submitting_answers_gives_the_same_responses(ways: tuple[Way, Way]) -> None:
    bodies = [b'{"survey_id": "00000000-0000-7000-8000-000000000000", "score": 5}', b'{"survey_id": "x", "score": 5}']
    statuses = [await alike(ways, "POST", SUBMIT, content=body, headers=JSON) for body in (*BODIES, *bodies)]
    statuses += [await alike(ways, "POST", SUBMIT, content=b"{}", headers=each) for each in HEADERS]
    statuses += [await alike(ways, "POST", f"{SUBMIT}{more}", content=b"{}", headers=JSON) for more in ("?x=1", "/")]
    assert {*statuses} == {400, 401, 404, 413, 415}


@pytest.mark.parametrize("headers", LANGUAGES)
async def test_a_repeated_answer_gives_the_same_responses(ways: tuple[Way, Way], headers: Any) -> None:
    answers = []
    for way in ways:
        body = {"survey_id": way.names["survey 1"], "score": 9.0, "comment": "ё"}
        bad = body | {"score": 11}
        answers.append([await way.ask("POST", SUBMIT, json=each, headers=headers) for each in (bad, body, body)])
    assert answers[0] == answers[1]
    assert [answer[0] for answer in answers[0]] == [400, 200, 400]


@pytest.mark.parametrize(("method", "path"), [("GET", f"{SURVEYS}?guid=cust_1"), ("POST", SUBMIT)])
async def test_a_key_without_the_scope_is_forbidden(
    make: Factory, ways: tuple[Way, Way], client: Client, method: str, path: str
) -> None:
    key = await make.key(client.workspace, Scope.READ, Scope.MANAGE)
    assert await alike(ways, method, path, headers={"authorization": f"Bearer {key}"}) == 403
