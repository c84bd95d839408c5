"""The outermost layer: HEAD, request ids, what is counted."""

from typing import Any

import pytest
from tests.conftest import Client, Make

from voxpop.web.middleware import AppMiddleware


@pytest.mark.parametrize("path", ["/", "/health/check", "/docs"])
async def test_head_is_a_get_without_its_body(make: Make, path: str) -> None:
    client = make.anonymous()
    head, get = await client.head(path), await client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_an_id_that_could_break_a_log_is_replaced(make: Make) -> None:
    client = make.anonymous()
    kept = await client.get("/health/check", headers={"request-id": "abc-1"})
    replaced = await client.get("/health/check", headers={"request-id": "a b" + "c" * 300})
    assert kept.headers["request-id"] == "abc-1"
    assert len(replaced.headers["request-id"]) == 36


async def test_unknown_addresses_are_one_label(client: Client) -> None:
    for number in range(3):
        await client.get(f"/nobody/{number}")
    metrics = (await client.get("/metrics")).text
    assert 'route="unknown"' in metrics
    assert "/nobody/" not in metrics


OWN = {"sec-fetch-site": "same-origin", "accept-encoding": "gzip", "accept": "text/html"}


async def test_a_page_is_packed_for_its_own_readers(make: Make) -> None:
    client = make.anonymous()
    plain, packed = await client.get("/"), await client.get("/", headers=OWN)
    assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
    assert plain.text == packed.text
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert {plain.headers["vary"], packed.headers["vary"]} == {"accept-encoding, sec-fetch-site"}
    head = await client.head("/", headers=OWN)
    assert head.headers["content-length"] == packed.headers["content-length"]


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": ""},
        {"accept-encoding": "br"},
    ],
)
async def test_a_page_that_another_site_asked_for_tells_nothing_by_its_length(
    make: Make, headers: dict[str, str]
) -> None:
    assert "content-encoding" not in (await make.anonymous().get("/", headers=OWN | headers)).headers


@pytest.mark.parametrize("path", ["/health/check", "/openapi.json", "/favicon.ico"])
async def test_what_is_no_page_is_left_alone(make: Make, path: str) -> None:
    answer = await make.anonymous().get(path, headers=OWN)
    assert answer.headers.keys() & {"content-encoding", "vary"} == set()


async def test_what_streams_is_not_held_back() -> None:
    sent: list[str] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        for part in (b"a" * 5000, b"b"):
            await send({"type": "http.response.body", "body": part, "more_body": part != b"b"})
            sent.append("part")

    async def send(message: Any) -> None:
        sent.append(message["type"].rpartition(".")[2])

    headers = [(name.encode(), value.encode()) for name, value in OWN.items()]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    await AppMiddleware(app)(scope, None, send)  # type: ignore[arg-type]
    assert sent == ["start", "body", "part", "body", "part"]
