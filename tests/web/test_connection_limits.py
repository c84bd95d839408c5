"""Slow senders, too many connections and large forms cannot exhaust the process."""

import asyncio
import resource
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import msgspec
import pytest
from structlog.testing import capture_logs
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.served import serving
from tests.support.sites import Site

from voxpop.app import MAX_BODY_BYTES
from voxpop.db.pool import Database
from voxpop.web import http_protocol
from voxpop.web.forms import MAX_PUBLIC_FORM_BYTES
from voxpop.web.http_protocol import SPARE_FILES, possible_connections

CHECK = b"GET /health/check HTTP/1.1\r\nhost: x\r\n\r\n"
HALF_A_HEAD = CHECK[:-5]
POST = b"POST /api/csat/v1/products HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900000\r\n"
PUBLIC_FORMS = ["/login", "/login/mail", "/login/link", "/login/invitation", "/login/owner", "/logout", "/demo"]
PUBLIC_FORMS += ["/tickets/login", "/tickets/login/link", "/tickets/logout"]
UNSUBSCRIBE = "/unsubscribe/{token}"


@pytest.fixture
async def server(make: Factory, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A client of a server with short times and four connections."""
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(http_protocol, "BODY_TICK_SECONDS", 0.1)
    monkeypatch.setattr(http_protocol, "LINGER_SECONDS", 0.2)
    settings = msgspec.structs.replace(make.settings, max_connections=4)
    key = await make.key(await make.workspace("ours"))
    async with serving(make.app, settings, authorization=f"Bearer {key}") as client:  # type: ignore[arg-type]
        yield client  # type: ignore[misc]


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def seconds_until_closed(client: Client, *parts: bytes, pause: float = 0) -> float:
    """Sends the parts with a pause after each, and waits for the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    clock = asyncio.get_running_loop().time
    began = clock()
    end = asyncio.create_task(reader.read())
    for part in parts:
        if end.done():
            break
        writer.write(part)
        await asyncio.sleep(pause)
    async with asyncio.timeout(10):
        await asyncio.wait([end])
    assert end.exception() is None or isinstance(end.exception(), ConnectionError)
    await close(writer)
    return clock() - began


@pytest.mark.parametrize("parts", [[], [HALF_A_HEAD], [HALF_A_HEAD[:9]], [b"\r\n"], [CHECK + HALF_A_HEAD]])
async def test_a_head_that_is_not_whole_in_time_ends_its_connection(server: Client, parts: Sequence[bytes]) -> None:
    assert 0.4 < await seconds_until_closed(server, *parts) < 5


async def test_a_head_in_small_pieces_ends_its_connection_too(server: Client) -> None:
    pieces = [CHECK[:30], *(b"a: b\r\n" for _ in range(40))]
    assert 0.4 < await seconds_until_closed(server, *pieces, pause=0.1) < 3
    assert 0.4 < await seconds_until_closed(server, *(b"\r\n" for _ in range(40)), pause=0.1) < 3


async def test_a_body_that_stands_still_ends_its_connection(server: Client) -> None:
    authorization = f"authorization: {server.headers['authorization']}\r\n\r\n".encode()
    for body in (b"", b"{", b"x" * 70_000):
        assert 0.5 < await seconds_until_closed(server, POST + authorization + body) < 5


async def test_a_body_that_is_too_slow_ends_its_connection_and_a_steady_one_does_not(
    server: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = POST + f"authorization: {server.headers['authorization']}\r\n\r\n".encode()
    slow = [b" " * 400] * 40  # 24 KB in the time of six ticks
    assert 0.5 < await seconds_until_closed(server, head, *slow, pause=0.01) < 5
    monkeypatch.setattr(http_protocol, "MIN_BODY_BYTES", 1000)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.base_url.port)
    writer.write(head.replace(b"900000", b"15000"))
    for _ in range(15):
        writer.write(b" " * 1000)
        await asyncio.sleep(0.1)
    async with asyncio.timeout(5):
        assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
    await close(writer)


async def test_a_sender_that_waits_for_the_server_is_not_slow(server: Client) -> None:
    """The connection is idle between two requests for as long as uvicorn allows, and while the server works."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.base_url.port)
    for _ in range(2):
        writer.write(CHECK)
        async with asyncio.timeout(5):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        await asyncio.sleep(1)  # more than a head may take
    await close(writer)


async def test_further_connections_get_a_503_and_are_closed(server: Client) -> None:
    port = server.base_url.port
    with capture_logs() as logs:
        waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        await asyncio.sleep(0.05)
        for _ in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(CHECK)
            async with asyncio.timeout(5):
                response = await reader.read()
            assert response.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nretry-after: 1\r\n" in response.lower()
            assert b'"code":"UNAVAILABLE"' in response
            await close(writer)
        for _, writer in waiting:
            await close(writer)
        await asyncio.sleep(0.1)
        assert (await server.get("/health/check")).status_code == 200
    assert [line["event"] for line in logs] == ["connections.limit_reached"]


def test_there_are_no_more_connections_than_open_files() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, before[1]))
        assert possible_connections(50) == 50
        assert possible_connections(500) == 300 - SPARE_FILES
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_public_forms_are_small_and_that_of_a_ticket_is_not(database: Database) -> None:
    site = await Site(database).set_up()
    browser = site.browser()
    for path in (*PUBLIC_FORMS, UNSUBSCRIBE):
        too_large = await browser.submit(path, email="x" * MAX_PUBLIC_FORM_BYTES)
        assert (path, too_large.status_code) == (path, 413)
        assert "too long" in too_large.text
        allowed = await browser.submit(path, email="x" * (MAX_PUBLIC_FORM_BYTES - 10))
        assert (path, allowed.status_code < 500, allowed.status_code == 413) == (path, True, False)
    for size, is_too_large in ((MAX_BODY_BYTES - 20, False), (MAX_BODY_BYTES, True)):
        answer = await browser.submit("/tickets/new", description="x" * size)
        assert (answer.status_code == 413) is is_too_large
    await browser.aclose()


async def test_every_public_form_is_in_the_list(make: Factory) -> None:
    """A new form that anyone can send must be small too, unless it takes long texts."""
    public = {
        route.path_format
        for route in make.app.app.routes  # type: ignore[attr-defined]
        if "POST" in route.methods
        for handler, _ in [route.route_handler_map["POST"]]
        if (access := handler.opt.get("page")) and access.role is None and not access.customers
    }
    assert public == {*PUBLIC_FORMS, "/tickets/new", "/s/{token}", UNSUBSCRIBE, f"{UNSUBSCRIBE}/undo"}
