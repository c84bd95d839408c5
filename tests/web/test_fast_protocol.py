"""The HTTP protocol serves fast endpoints: bodies in parts, pipelining, connections that end, and a stop in between."""

import asyncio
import gc
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import pytest
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.features import API, Feature
from tests.support.served import serving

from voxpop.errors import Forbidden
from voxpop.types import Actor, Scope, WorkspaceId, uuid7
from voxpop.web.credentials import Credentials
from voxpop.web.fast_path import FastPost, Operation
from voxpop.web.middleware import AppMiddleware

ACTOR = Actor(WorkspaceId(uuid7()), "key:test", frozenset(Scope))
STATUS = re.compile(rb"HTTP/1\.1 (\d+) ")


class Number(msgspec.Struct):
    number: int


class Doubler:
    """An application with one fast endpoint, `POST /double/{name}`, that waits while `open` is not set."""

    def __init__(self) -> None:
        self.open, self.called, self.calls = asyncio.Event(), asyncio.Event(), list[int]()
        self.open.set()
        operation = Operation("/double/{name}", self.double, status=201)
        self.app = AppMiddleware(self.framework, (FastPost(operation, self.authenticate, Number),))

    async def authenticate(self, credentials: Credentials) -> Actor:
        if credentials.authorization == "no":
            raise Forbidden
        return ACTOR

    async def double(self, actor: Actor, name: str, body: Number) -> Number:
        self.calls.append(body.number)
        self.called.set()
        await self.open.wait()
        return Number(2 * body.number)

    async def framework(self, scope: Any, receive: Any, send: Any) -> None:
        """Responds with 299, so that tests see which requests it gets."""
        while (await receive()).get("more_body"):
            """Reads the body."""
        await send({"type": "http.response.start", "status": 299, "headers": [(b"content-length", b"1")]})
        await send({"type": "http.response.body", "body": b"f"})


@pytest.fixture
def doubler() -> Doubler:
    return Doubler()


@pytest.fixture
async def port(doubler: Doubler, make: Factory) -> AsyncIterator[int]:
    async with serving(doubler.app, make.settings) as client:
        assert client.base_url.port
        yield client.base_url.port


def post(number: int, *headers: str, path: str = "/double/x", version: str = "1.1") -> bytes:
    body = b'{"number": %d}' % number
    lines = [f"POST {path} HTTP/{version}", "host: x", "content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


async def exchange(port: int, *parts: bytes, responses: int = 1) -> bytes:
    """Sends the parts one after the other and returns what comes back, up to the number of responses."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = b""
    async with asyncio.timeout(10):
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.01)
        while len(STATUS.findall(received)) < responses or not received.endswith((b"}", b"f")):
            chunk = await reader.read(65536)
            if not chunk:
                break
            received += chunk
    writer.close()
    await writer.wait_closed()
    return received


def statuses(received: bytes) -> Sequence[int]:
    return [int(status) for status in STATUS.findall(received)]


async def test_a_body_in_parts_is_complete_before_the_operation_runs(doubler: Doubler, port: int) -> None:
    request = post(21)
    received = await exchange(port, *(request[start : start + 7] for start in range(0, len(request), 7)))
    assert (statuses(received), received.rpartition(b"\r\n")[2]) == ([201], b'{"number":42}')
    assert doubler.calls == [21]


async def test_pipelined_requests_get_responses_in_their_order(doubler: Doubler, port: int) -> None:
    pipelined = post(1) + b"GET /other HTTP/1.1\r\nhost: x\r\n\r\n" + post(2) + post(3)
    received = await exchange(port, pipelined, responses=4)
    # While a request is in progress, the framework serves those that wait behind it.
    assert statuses(received) == [201, 299, 299, 299]
    received = await exchange(port, post(1), post(2), responses=2)
    assert (statuses(received), re.findall(rb"\{.*\}", received)) == ([201, 201], [b'{"number":2}', b'{"number":4}'])


@pytest.mark.parametrize(
    "request_text",
    [
        post(1, path="/double/%78"),
        post(1, path="/double/x?y=1"),
        post(1, path="/double/"),
        post(1, "expect: 100-continue"),
        post(1, "accept: a", "accept: b"),
        post(1, version="1.0"),
        post(1).replace(b"POST", b"PUT"),
        b"POST /double/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /double/x HTTP/1.1\r\nhost: x\r\ncontent-length: 70000\r\n\r\n" + b"x" * 70_000,
    ],
)
async def test_the_framework_serves_unusual_requests(doubler: Doubler, port: int, request_text: bytes) -> None:
    assert statuses(await exchange(port, request_text))[-1] == 299
    assert doubler.calls == []


async def test_a_connection_closes_when_the_client_asks_for_it(port: int) -> None:
    received = await exchange(port, post(1, "connection: close"), responses=2)
    assert statuses(received) == [201]
    assert b"\r\nconnection: close\r\n" in received


async def test_errors_have_the_envelope_and_count_by_status(port: int, client: Client) -> None:
    assert statuses(await exchange(port, post(1, "authorization: no"))) == [403]
    received = await exchange(port, post(1).replace(b"number", b"nimber"))
    assert statuses(received) == [400]
    assert b'"endpoint":"/double/x"' in received
    metrics = (await client.get("/metrics")).text
    for status in (403, 400):
        assert f'voxpop_requests_total{{method="POST",route="/double/{{name}}",status="{status}"}} 1.0' in metrics


async def test_a_client_that_leaves_early_harms_no_other(doubler: Doubler, port: int) -> None:
    doubler.open.clear()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(1))
    await writer.drain()
    await asyncio.wait_for(doubler.called.wait(), 10)
    writer.transport.abort()
    await asyncio.sleep(0.01)
    doubler.open.set()
    assert statuses(await exchange(port, post(2))) == [201]


async def test_a_request_that_a_stop_cancels_gets_a_503(doubler: Doubler, port: int) -> None:
    doubler.open.clear()
    request = asyncio.create_task(exchange(port, post(1)))
    await asyncio.wait_for(doubler.called.wait(), 10)
    doubler.app.stop()
    for task in asyncio.all_tasks():
        if getattr(task.get_coro(), "__name__", "") == "_serve":
            task.cancel()
    received = await request
    assert statuses(received) == [503]
    assert b"\r\nretry-after: " in received


async def test_increments_leave_no_reference_cycles(make: Factory, client: Client) -> None:
    await Feature.open(client)
    path, user = f"{API}/products/pms/features/dashboard/increment", {"user_email": "u@x.com"}
    async with serving(make.app, make.settings, authorization=client.headers["authorization"]) as fast:
        body = msgspec.json.encode(user)
        head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: {client.headers['authorization']}\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", fast.base_url.port)
        gc.collect()
        gc.disable()
        try:
            for number in range(1, 101):
                writer.write(head.encode() + body)
                received = await reader.readuntil(b"}")
                assert b'"total_interaction_count":%d,' % number in received
            assert gc.collect() < 20
        finally:
            gc.enable()
        writer.close()
        await writer.wait_closed()
