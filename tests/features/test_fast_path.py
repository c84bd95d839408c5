"""The fast endpoint of an increment responds like the framework's route."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.features import API, Feature
from tests.support.invariants import Owner
from tests.support.served import serving

from voxpop.types import Scope
from voxpop.web.middleware import AppMiddleware

JSON = {"content-type": "application/json"}
BODY = b'{"user_email": "u@x.com"}'
UNLIKE = re.compile(r'"(?:id|traceId|created_at|updated_at)":"[^"]*"')

PATHS = [
    "products/pms/features/dashboard/increment",
    "products/pms/features/dashboard/increment/",
    "products/pms/features/dashboard/increment?x=1&x=2&user_email=u",
    "products/pms/features/dashboard/increment?%FF=ä",
    "products/pms/features/dashboard/increment?x=%00",
    "products/p%6Ds/features/dash%62oard/increment",
    "products/nothing/features/dashboard/increment",
    "products/pms/features/%D1%91/increment",
    "products/pms/features/%FF/increment",
    "products/pms/features/a%2Fb/increment",
    "products/pms/features/a%00b/increment",
    "products/pms/features//increment",
    "products/pms/features/%20/increment",
    f"products/pms/features/{'f' * 3000}/increment",
    "products/pms/features/dashboard/increment/increment",
]
BODIES = [
    b"",
    b" ",
    b"[]",
    b"null",
    b'"u@x.com"',
    b"{",
    b"{}",
    b"\xff",
    b'{"user_email": null}',
    b'{"user_email": ""}',
    b'{"user_email": "u"}',
    b'{"user_email": 1}',
    b'{"user_email": "u@x.com", "extra": [1, {"deep": null}], "user_id": 1}',
    b'{"user_email": "u@x.com", "user_email": "U@x.com"}',
    b'{"user_email": "u\\u0000@x.com"}',
    b'{"user_email": "\\u0075@x.com"}',
    b'{"user_email": "%s@x.com"}' % (b"u" * 248),
    b'{"user_email": "%s@x.com"}' % (b"u" * 249),
    b'{"user_email": "u@x.com"} {}',
    b'{"user_email": "u@x.com", "x": "\xff"}',
    b'{"user_email": "u@x.com", "\xff": 1}',
    b'{"user_email": "u@x.com", "x": "\\ud800"}',
    b'{"user_email": "u@x.com", "x": 99999999999999999999}',
    b'{"user_email": "u@x.com", "x": 1e999}',
    b'{"user_email": "u@x.com", "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b'{"user_email": "u@x.com", "x": "%s"}' % (b"x" * (2**20 - 34)),
    b'{"user_email": "u@x.com", "x": "%s"}' % (b"x" * (2**20 - 33)),
]
HEADERS: list[Any] = [
    {},
    {"content-type": ""},
    {"content-type": "text/plain"},
    {"content-type": "application/xml"},
    {"content-type": "Application/JSON; charset=utf-8"},
    {"content-type": "application/json-patch+json"},
    [("content-type", "application/json"), ("content-type", "application/xml")],
    [("content-type", "application/xml"), ("content-type", "application/json")],
    JSON | {"authorization": ""},
    JSON | {"authorization": "Basic dTpw"},
    JSON | {"authorization": "Bearer vxp_0_0"},
    {"content-type": "application/xml", "authorization": "Bearer no"},
    JSON | {"accept": "text/html"},
    JSON | {"accept": "application/xml", "accept-encoding": "gzip"},
    JSON | {"request-id": "given"},
    JSON | {"request-id": "not acceptable"},
    JSON | {"expect": "100-continue", "connection": "close"},
    JSON | {"idempotency-key": ""},
    JSON | {"idempotency-key": "k" * 256},
    JSON | {"idempotency-key": "k"},
]


@pytest.fixture
async def ways(make: Factory, client: Client, other_client: Client) -> AsyncIterator[tuple[httpx.AsyncClient, ...]]:
    """The fast endpoint in one workspace, and the framework in another workspace with the same data."""
    for one in (client, other_client):
        await Feature.open(one)
    ours, theirs = [{"authorization": one.headers["authorization"]} for one in (client, other_client)]
    without = AppMiddleware(make.app.app)
    async with serving(make.app, make.settings, **ours) as fast, serving(without, make.settings, **theirs) as framework:
        yield fast, framework


def comparable(answer: httpx.Response, *, id_given: bool) -> tuple[Any, ...]:
    headers = sorted((name, "" if name == "date" else value) for name, value in answer.headers.multi_items())
    if not id_given:
        headers = [(name, value) for name, value in headers if name != "request-id"]
        assert "request-id" in answer.headers
    return answer.status_code, UNLIKE.sub("", answer.text), headers


async def assert_alike(ways: tuple[httpx.AsyncClient, ...], path: str, **options: Any) -> int:
    given = dict(options.get("headers", {})).get("request-id") == "given"
    fast, framework = [await way.post(f"{API}/{path}", **options) for way in ways]
    assert comparable(fast, id_given=given) == comparable(framework, id_given=given), (path, str(options)[:200])
    return fast.status_code


async def test_all_paths_bodies_and_headers_give_the_same_responses(
    ways: tuple[httpx.AsyncClient, ...], owner: Owner
) -> None:
    statuses = [await assert_alike(ways, path, content=BODY, headers=JSON) for path in PATHS]
    statuses += [await assert_alike(ways, PATHS[0], content=body, headers=JSON) for body in BODIES]
    for content in (BODY, b""):
        statuses += [await assert_alike(ways, PATHS[0], content=content, headers=headers) for headers in HEADERS]
    assert {*statuses} == {200, 400, 401, 404, 405, 413, 415}
    rows = await owner.fetch(
        "SELECT array_agg((user_email, interaction_count, total_interaction_count) ORDER BY user_email) AS counters"
        " FROM interaction GROUP BY workspace_id"
    )
    assert rows[0] == rows[1]


RATINGS = [
    b'{"user_email": "u@x.com", "rating": 8, "source": "voluntary"}',
    b'{"user_email": "u@x.com", "rating": 8.0, "source": "prompted", "comment": "Good", "user_agent": null}',
    b'{"user_email": "u@x.com", "rating": 11, "source": "voluntary"}',
    b'{"user_email": "u@x.com", "rating": "8", "source": "voluntary"}',
    b'{"user_email": "u@x.com", "rating": 8, "source": "other"}',
    b'{"user_email": "u@x.com"}',
    b"{",
]


async def test_rejections_and_ratings_give_the_same_responses(ways: tuple[httpx.AsyncClient, ...]) -> None:
    for operation, bodies in (("reject", BODIES), ("feedbacks", RATINGS)):
        path = PATHS[0].replace("increment", operation)
        statuses = {await assert_alike(ways, path, content=body, headers=JSON) for body in bodies}
        assert statuses >= {201 if operation == "feedbacks" else 200, 400}
        assert await assert_alike(ways, path.replace("pms", "nothing"), content=bodies[0] or BODY, headers=JSON) in (
            400,
            404,
        )


async def test_a_key_without_the_scope_is_forbidden(
    make: Factory, ways: tuple[httpx.AsyncClient, ...], client: Client
) -> None:
    key = await make.key(client.workspace, Scope.READ, Scope.MANAGE)
    assert await assert_alike(ways, PATHS[0], content=BODY, headers=JSON | {"authorization": f"Bearer {key}"}) == 403


async def test_a_chunked_body_gives_the_same_response(ways: tuple[httpx.AsyncClient, ...]) -> None:
    answers = []
    for way in ways:

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(BODY), 3):
                yield BODY[start : start + 3]
                yield b""

        answers.append(comparable(await way.post(f"{API}/{PATHS[0]}", content=pieces(), headers=JSON), id_given=False))
    assert answers[0] == answers[1]
    assert answers[0][0] == 200


async def test_other_methods_go_to_the_framework(ways: tuple[httpx.AsyncClient, ...]) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"):
        fast, framework = [await way.request(method, f"{API}/{PATHS[0]}") for way in ways]
        assert comparable(fast, id_given=False) == comparable(framework, id_given=False)
