"""The middleware: HEAD, request ids, request metrics and compression."""

from typing import Any

import pytest
from tests.support.clients import Client
from tests.support.factories import Factory

from voxpop.web.middleware import AppMiddleware


@pytest.mark.parametrize("path", ["/", "/health/check", "/docs"])
async def test_head_is_a_get_without_a_body(make: Factory, path: str) -> None:
    client = make.anonymous()
    head, get = await client.head(path), await client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_a_request_id_that_is_unsafe_in_a_log_is_replaced(make: Factory) -> None:
    client = make.anonymous()
    kept = await client.get("/health/check", headers={"request-id": "abc-1"})
    replaced = await client.get("/health/check", headers={"request-id": "a b" + "c" * 300})
    assert kept.headers["request-id"] == "abc-1"
    assert len(replaced.headers["request-id"]) == 36


async def test_unknown_paths_share_one_metrics_label(client: Client) -> None:
    for number in range(3):
        await client.get(f"/unknown/{number}")
    metrics = (await client.get("/metrics")).text
    assert 'route="unknown"' in metrics
    assert "/unknown/" not in metrics


SAME_ORIGIN = {"sec-fetch-site": "same-origin", "accept-encoding": "gzip", "accept": "text/html"}


async def test_a_page_is_compressed_for_same_origin_requests(make: Factory) -> None:
    client = make.anonymous()
    plain, compressed = await client.get("/"), await client.get("/", headers=SAME_ORIGIN)
    assert (plain.headers.get("content-encoding"), compressed.headers["content-encoding"]) == (None, "gzip")
    assert plain.text == compressed.text
    assert int(compressed.headers["content-length"]) < len(plain.content) / 2
    assert {plain.headers["vary"], compressed.headers["vary"]} == {"accept-encoding, sec-fetch-site"}
    head = await client.head("/", headers=SAME_ORIGIN)
    assert head.headers["content-length"] == compressed.headers["content-length"]


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": ""},
        {"accept-encoding": "br"},
    ],
)
async def test_a_page_is_not_compressed_for_requests_from_other_sites(make: Factory, headers: dict[str, str]) -> None:
    assert "content-encoding" not in (await make.anonymous().get("/", headers=SAME_ORIGIN | headers)).headers


@pytest.mark.parametrize("path", ["/health/check", "/openapi.json", "/favicon.ico"])
async def test_other_responses_are_not_compressed(make: Factory, path: str) -> None:
    response = await make.anonymous().get(path, headers=SAME_ORIGIN)
    assert response.headers.keys() & {"content-encoding", "vary"} == set()


async def test_streams_are_not_delayed_by_compression() -> None:
    sent: list[str] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        for part in (b"a" * 5000, b"b"):
            await send({"type": "http.response.body", "body": part, "more_body": part != b"b"})
            sent.append("part")

    async def send(message: Any) -> None:
        sent.append(message["type"].rpartition(".")[2])

    headers = [(name.encode(), value.encode()) for name, value in SAME_ORIGIN.items()]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    await AppMiddleware(app)(scope, None, send)  # type: ignore[arg-type]
    assert sent == ["start", "body", "part", "body", "part"]
