"""Every error has the same envelope, every response has its headers, and no request of a caller causes a 500."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest
from structlog.testing import capture_logs
from tests.support.clients import Client, error_code, expect_ok
from tests.support.factories import Factory
from tests.support.features import API, USER, Feature
from tests.support.invariants import Owner
from tests.support.waiting import until

from voxpop.config.loading import load
from voxpop.db.pool import Database

JSON = {"content-type": "application/json"}
FEATURE = f"{API}/products/pms/features/dashboard"
RATING = {"user_email": USER, "rating": 8, "source": "voluntary"}
NEW_FEATURE = {"feature_key": "k", "interaction_threshold": 1, "rejection_threshold": 1}
ENVELOPE = ["message", "statusCode", "type", "code", "details", "data", "subcode", "traceId"]
# Every operation with a body, and a valid body.
WITH_BODY: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", f"{API}/products", {"key": "other", "name": "Other"}),
    ("PATCH", f"{API}/products/pms", {"name": "New"}),
    ("POST", f"{API}/products/pms/features", NEW_FEATURE),
    ("PATCH", FEATURE, {"description": "New"}),
    ("PUT", f"{FEATURE}/thresholds", {"interaction_threshold": 1, "rejection_threshold": 1}),
    ("POST", f"{FEATURE}/increment", {"user_email": USER}),
    ("POST", f"{FEATURE}/reject", {"user_email": USER}),
    ("POST", f"{FEATURE}/feedbacks", RATING),
    ("PATCH", f"{API}/feedbacks/{{feedback}}/notes", {"notes": "Called", "updated_by": USER}),
    ("PATCH", "/api/v1/workspace", {"cool_down_days": 90}),
]


@pytest.fixture
async def client(client: Client) -> Client:
    """A client of a workspace that has a feature."""
    await Feature.open(client)
    return client


def is_envelope(response: httpx.Response, status: int, kind: str, code: str | None = None) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    extra = ["error"] if "error" in body else []
    assert list(body) == ENVELOPE + extra
    assert (response.status_code, body["statusCode"], body["type"], body["code"]) == (
        status,
        status,
        kind,
        code or kind,
    )
    assert response.headers["content-type"] == "application/json"
    assert body["subcode"] is None
    assert "Traceback" not in response.text
    return body


async def test_every_kind_of_error_is_the_envelope(make: Factory, client: Client) -> None:  # C4, G2
    bad = {"authorization": "Bearer no"}
    ingest = await make.client(client.workspace, "ingest")  # type: ignore[arg-type]
    product = {"key": "pms", "name": "PMS"}
    many = b'"' + b"x" * 2**20 + b'"'
    for caller, method, path, options, *expected in (
        (client, "POST", f"{API}/products", {"json": {}}, 400, "VALIDATION_ERROR"),
        (client, "GET", f"{API}/products", {"headers": bad}, 401, "UNAUTHORIZED"),
        (ingest, "GET", f"{API}/products", {}, 403, "FORBIDDEN"),
        (client, "POST", f"{API}/products/no/features", {"json": NEW_FEATURE}, 404, "NOT_FOUND"),
        (client, "PUT", f"{API}/products", {"json": {}}, 405, "METHOD_NOT_ALLOWED"),
        (client, "POST", f"{API}/products", {"json": product}, 409, "CONFLICT", "PRODUCT_ALREADY_EXISTS"),
        (client, "POST", f"{API}/products", {"content": many, "headers": JSON}, 413, "PAYLOAD_TOO_LARGE"),
        (client, "POST", f"{API}/products", {"data": product}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ):
        is_envelope(await caller.request(method, path, **options), *expected)


async def test_the_envelope_names_the_endpoint_and_the_field(client: Client) -> None:  # C4, C31
    path = f"{FEATURE}/feedbacks?ä=1&x=y%20z"
    responses = [await client.post(path, json=RATING | {"user_email": "u"}) for _ in range(2)]
    body = is_envelope(responses[0], 400, "VALIDATION_ERROR")
    assert body["message"] == "body/user_email Invalid email address"
    assert body["details"] == [{"field": "user_email", "message": "Invalid email address"}]
    assert body["data"] == {"endpoint": f"{FEATURE}/feedbacks?%C3%A4=1&x=y%20z"}
    assert UUID(body["traceId"]) != UUID(responses[1].json()["traceId"])
    unknown = await client.post(f"{API}/products/pms/features/no/increment", json={"user_email": USER})
    body = is_envelope(unknown, 404, "NOT_FOUND")
    assert (body["message"], body["details"]) == ("Feature with id pms/no not found", [])
    query = is_envelope(await client.get(f"{API}/products/pms/feature-interactions"), 400, "VALIDATION_ERROR")
    assert query["details"][0]["field"] == "user_email"


async def test_an_unexpected_error_is_a_500_without_details(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:  # G2
    """Through the framework, and through the batchers behind both kinds of endpoints."""

    async def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("voxpop.features.catalogue.list_products", fail)
    monkeypatch.setattr("voxpop.features.store.add_uses", fail)
    monkeypatch.setattr("voxpop.features.store.add_rejections", fail)
    with capture_logs() as logs:
        responses = [await client.get(f"{API}/products?user_email={USER}")]
        responses += [await Feature(client).post(what) for what in ("increment", "reject")]
    for response, line in zip(responses, logs, strict=True):
        body = is_envelope(response, 500, "INTERNAL_ERROR")
        assert body["message"] == "Something went wrong."
        assert "secret" not in response.text
        assert (line["log_level"], str(line["trace"])) == ("error", body["traceId"])
        assert USER not in line["endpoint"]


def _with_bad_unknown_field(body: dict[str, Any]) -> list[bytes]:
    """A valid body, except for the value of an unknown field."""
    deep = b"[" * 50_000 + b"]" * 50_000
    return [b'{"unknown":%s,%s' % (value, msgspec.json.encode(body)[1:]) for value in (deep, b'"\xff"', b'"\\ud800"')]


async def test_a_body_that_is_no_json_object_is_rejected(client: Client) -> None:  # C2, G2
    bodies = [
        b"",
        b" ",
        b"[]",
        b'"text"',
        b"null",
        b"1",
        b"true",
        b"NaN",
        b"{",
        b'{"a":',
        b"{'a': 1}",
        b"{} {}",
        b"\x00",
    ]
    bodies += [b"nonsense", b"\xff", b"\xef\xbb\xbf{}", "{}".encode("utf-16"), b'{"unknown": "\xff"}', b'{"\xff": 1}']
    bodies += [b"[" * 100_000, b'{"x":' * 100_000]
    for method, path, good_body in WITH_BODY:
        path = path.format(feedback=UUID(int=1))
        for body in (*bodies, *_with_bad_unknown_field(good_body)):
            response = await client.request(method, path, content=body, headers=JSON)
            is_envelope(response, 400, "VALIDATION_ERROR")
        is_envelope(await client.request(method, path), 400, "VALIDATION_ERROR")


async def test_the_error_names_a_missing_field_or_one_of_another_type(client: Client) -> None:  # C2, G2
    for method, path, body in WITH_BODY:
        path = path.format(feedback=UUID(int=1))
        for field in body:
            for wrong in ([], {}, True, 5 if isinstance(body[field], str) else "5"):
                response = await client.request(method, path, json=body | {field: wrong})
                refused = is_envelope(response, 400, "VALIDATION_ERROR")
                assert refused["details"][0]["field"] == field
                assert refused["message"].startswith(f"body/{field} ")


async def test_a_body_must_be_sent_as_json(client: Client) -> None:  # C3
    await_json = ("application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", "")
    for path in (f"{FEATURE}/increment", f"{FEATURE}/reject"):
        for media, expected in (
            *((media, (415, "UNSUPPORTED_MEDIA_TYPE")) for media in await_json),
            ("text/plain", (400, "VALIDATION_ERROR")),
            ("text/plain; charset=utf-8", (400, "VALIDATION_ERROR")),
        ):
            response = await client.post(path, content=b'{"user_email": "u@x.com"}', headers={"content-type": media})
            assert error_code(response) == expected, media
        for media in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
            response = await client.post(path, content=b'{"user_email": "u@x.com"}', headers={"content-type": media})
            assert response.status_code == 200, media
            assert response.headers["content-type"] == "application/json"  # C1


async def test_unknown_fields_are_ignored(client: Client) -> None:  # C5
    rated = await Feature(client).rate()
    unknown = {"extra": {"deep": [1, None, "x"]}, "id": 7, "workspace_id": "x", "created_at": None}
    for method, path, body in WITH_BODY:
        response = await client.request(method, path.format(feedback=rated["id"]), json=unknown | body)
        assert response.status_code in (200, 201), path
        assert "extra" not in response.json()


async def test_an_email_address_is_stored_as_sent(client: Client) -> None:  # C6, G5
    feature = Feature(client)
    written = ["U@x.com", "u@x.com", "u+t@x.com", "u@X.com", "o'neil_1-2.a@mail.ex-ample.co.uk"]
    for email in written:
        assert (await feature.use(email=email))["user_email"] == email
        assert (await feature.rate(email=email))["user_email"] == email
    listed = (await feature.analytics("interactions/users"))["data"]
    assert [(row["user_email"], row["total_interaction_count"]) for row in listed] == [
        (email, 1) for email in reversed(written)
    ]
    assert await feature.counts("U@X.com") == (0, 0, 0)
    wrong = [" u@x.com ", " u@x.com", "u@x.com ", "u@localhost", "u", "", "@x.com", "u@", "u@x", "u@.com", "u@x..com"]
    wrong += ["u@x.com\n", "a@b@x.com", "u@x.c", "ü@x.com", "u@ü.com", "u u@x.com", "u@-x.com", ".u@x.com", "u.@x.com"]
    for email in wrong:
        for what in ("increment", "reject", "feedbacks"):
            assert error_code(await feature.post(what, email, rating=8, source="voluntary"))[0] == 400, email
        query = await client.get(f"{API}/products/pms/feature-interactions", params={"user_email": email})
        assert error_code(query) == (400, "VALIDATION_ERROR"), email


async def test_unknown_routes_are_404_and_unknown_methods_are_405(client: Client) -> None:  # C7, C1
    for method, path, status, error in (
        ("GET", "/nothing", 404, "Not Found"),
        ("GET", f"{API}/nothing", 404, "Not Found"),
        ("GET", "/products", 404, "Not Found"),
        ("POST", f"{FEATURE}/increments", 404, "Not Found"),
        ("GET", f"{FEATURE}/increment", 405, "Method Not Allowed"),
        ("DELETE", f"{API}/products", 405, "Method Not Allowed"),
        ("BREW", f"{API}/products", 405, "Method Not Allowed"),
    ):
        response = await client.request(method, path)
        kind = "NOT_FOUND" if status == 404 else "METHOD_NOT_ALLOWED"
        assert is_envelope(response, status, kind)["error"] == error
    unknown_id = await client.post(f"{API}/products/no/features/no/reject", json={"user_email": USER})
    assert "error" not in unknown_id.json()


async def test_every_response_has_a_request_id_and_the_version(client: Client) -> None:  # C8
    for method, path, options in (
        ("GET", "/", {}),
        ("GET", "/nothing", {}),
        ("GET", "/%00", {}),
        ("GET", "/health/check", {}),
        ("GET", f"{API}/products", {}),
        ("DELETE", f"{API}/products", {}),
        ("GET", f"{API}/products", {"headers": {"authorization": ""}}),
        ("POST", f"{FEATURE}/increment", {"json": {"user_email": USER}}),
        ("POST", f"{FEATURE}/increment", {"json": {}}),
        ("POST", f"{FEATURE}/reject", {"content": b"x" * 2**21, "headers": JSON}),
    ):
        first, second = [await client.request(method, path, **options) for _ in range(2)]
        assert UUID(first.headers["request-id"]) != UUID(second.headers["request-id"])
        assert first.headers["version"] == "0.1.0"
        options = options | {"headers": options.get("headers", {}) | {"Request-Id": "my-id/1"}}
        given = await client.request(method, path, **options)
        assert given.headers.get_list("request-id") == ["my-id/1"]


async def test_an_unsafe_request_id_is_replaced(client: Client) -> None:  # C8
    for bad in (b"", b"two words", b"x" * 201, b"\xe4", b"tab\there"):
        response = await client.get(f"{API}/products", headers={"request-id": bad})
        assert UUID(response.headers["request-id"]), bad
    assert (await client.get("/", headers={"request-id": "x" * 200})).headers["request-id"] == "x" * 200


LONGEST: list[tuple[str, str, dict[str, Any], str, int, str]] = [
    ("POST", f"{API}/products", {"key": "a", "name": "A"}, "key", 100, "k"),
    ("POST", f"{API}/products", {"key": "b", "name": "A"}, "name", 200, "ё"),
    ("PATCH", f"{API}/products/pms", {}, "name", 200, "👍"),
    ("POST", f"{API}/products/pms/features", NEW_FEATURE, "feature_key", 100, "k"),
    ("POST", f"{API}/products/pms/features", NEW_FEATURE | {"feature_key": "d"}, "description", 1000, "ё"),
    ("PATCH", FEATURE, {}, "name", 200, "ё"),
    ("PATCH", FEATURE, {}, "description", 1000, "👍"),
    ("POST", f"{FEATURE}/feedbacks", RATING, "comment", 10_000, "👍"),
    ("POST", f"{FEATURE}/feedbacks", RATING, "user_agent", 1000, "ё"),
    ("PATCH", f"{API}/feedbacks/{{feedback}}/notes", {"updated_by": USER}, "notes", 10_000, "👍"),
    ("PATCH", "/api/v1/workspace", {}, "name", 200, "ё"),
]


async def test_text_limits_are_in_characters(client: Client) -> None:  # G4
    rated = await Feature(client).rate()
    for method, path, body, field, longest, letter in LONGEST:
        path = path.format(feedback=rated["id"])
        beyond = await client.request(method, path, json=body | {field: letter * (longest + 1)})
        assert is_envelope(beyond, 400, "VALIDATION_ERROR")["details"][0]["field"] == field, (path, field)
        within = await client.request(method, path, json=body | {field: letter * longest})
        assert within.status_code in (200, 201), (path, field, within.text)
        if field in within.json():
            assert within.json()[field] == letter * longest


async def test_an_email_address_has_at_most_254_characters(client: Client) -> None:  # G4
    rated = await Feature(client).rate()
    for length, fits in ((254, True), (255, False)):
        email = "u" * (length - 6) + "@x.com"
        query = f"{API}/products/pms/feature-interactions?user_email={email}"
        responses = [await client.get(query)]
        responses += [await Feature(client).post(what, email) for what in ("increment", "reject")]
        responses += [await client.post(f"{FEATURE}/feedbacks", json=RATING | {"user_email": email})]
        notes = {"notes": None, "updated_by": email}
        responses += [await client.patch(f"{API}/feedbacks/{rated['id']}/notes", json=notes)]
        assert [response.status_code for response in responses] == ([200, 200, 200, 201, 200] if fits else [400] * 5)
    too_long = await client.get(f"{API}/features", params={"name_part": "ё" * 201})
    assert error_code(too_long) == (400, "VALIDATION_ERROR")
    assert (await client.get(f"{API}/features", params={"name_part": "ё" * 200})).status_code == 200


async def test_a_nul_character_is_rejected_everywhere(client: Client, owner: Owner) -> None:  # G4
    before = await owner.fetch("TABLE feature"), await owner.fetch("TABLE workspace")
    for method, path, body in WITH_BODY:
        path = path.format(feedback=UUID(int=1))
        for field in (field for field, value in body.items() if isinstance(value, str)):
            for value in ("\x00", f"a\x00{body[field]}", f"{body[field]}\x00"):
                response = await client.request(method, path, json=body | {field: value})
                is_envelope(response, 400, "VALIDATION_ERROR")
    for path in (
        f"{API}/features?product_key=pms%00",
        f"{API}/features?product_key=a&product_key=%00",
        f"{API}/features?name_part=%00",
        f"{API}/products/pms/feature-interactions?user_email=u%00@x.com",
        f"{API}/products/pms%00/feature-interactions?user_email=u@x.com",
        f"{API}/analytics/products/%00/features/dashboard/interactions",
        f"{API}/analytics/products/pms/features/dashboard/feedbacks/users?cursor=%00",
        "/static/%00.css",
    ):
        is_envelope(await client.get(path), 400, "VALIDATION_ERROR")
    for path in ("products/pms%00/features/dashboard/increment", "products/pms/features/%00/increment"):
        is_envelope(await client.post(f"{API}/{path}", json={"user_email": USER}), 400, "VALIDATION_ERROR")
    assert before == (await owner.fetch("TABLE feature"), await owner.fetch("TABLE workspace"))
    literal = await client.post(f"{FEATURE}/feedbacks", content=LITERAL, headers=JSON)
    assert expect_ok(literal, 201)["comment"] == "\\u0000"


LITERAL = rb'{"user_email": "u@x.com", "rating": 8, "source": "prompted", "comment": "\\u0000"}'


def padded(size: int) -> bytes:
    """A body of that many bytes that is valid for every operation on a customer."""
    body = b'{"user_email": "u@x.com", "rating": 8, "source": "voluntary", "padding": "%s"}'
    return body % (b"x" * (size - len(body) + 2))


async def test_a_body_has_at_most_one_mebibyte(client: Client) -> None:  # G4

    async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), 2**16):
            yield body[start : start + 2**16]

    for what in ("increment", "reject", "feedbacks"):
        for size, fits in ((2**20, True), (2**20 + 1, False)):
            body = padded(size)
            assert len(body) == size
            for content in (body, in_pieces(body)):
                response = await client.post(f"{FEATURE}/{what}", content=content, headers=JSON)
                if fits:
                    assert response.status_code in (200, 201)
                else:
                    is_envelope(response, 413, "PAYLOAD_TOO_LARGE")


async def test_odd_paths_never_cause_a_500(client: Client) -> None:  # G2
    odd = ["%FF", "%ed%a0%80", "..", "%2e%2e", "a%2Fb", "'--", "p" * 5000, "%F0%9F%91%8D", "{x}", "%25", "\\", "*"]
    for name in odd:
        for path in (
            f"{API}/products/{name}/feature-interactions?user_email=u@x.com",
            f"{API}/analytics/products/{name}/features/{name}/interactions",
            f"{API}/features?product_key={name}&product_key[]={name}&{name}={name}",
            f"{API}/features?name_part={name[:200]}",
            f"/static/{name}",
            f"/{name}",
        ):
            assert (await client.get(path)).status_code in (200, 400, 404, 405), path
        response = await client.post(f"{API}/products/pms/features/{name}/increment", json={"user_email": USER})
        assert response.status_code in (404, 405), name


async def test_a_browser_gets_an_error_page_and_a_program_the_envelope(client: Client) -> None:  # G2
    browser = {"accept": "text/html,application/xhtml+xml"}
    page = await client.get("/nothing", headers=browser)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Page not found" in page.text
    is_envelope(await client.get(f"{API}/nothing", headers=browser), 404, "NOT_FOUND")
    is_envelope(await client.get("/nothing", headers={"accept": "*/*"}), 404, "NOT_FOUND")


WAITS = """
    SELECT bool_or(NOT granted) FROM pg_locks WHERE database = (SELECT oid FROM pg_database
    WHERE datname = current_database())
"""


async def queued(client: httpx.AsyncClient, number: int) -> bool:
    """Whether that many requests wait for their batch."""
    return f'voxpop_batch_queue_length{{batcher="increment"}} {number}.0' in (await client.get("/metrics")).text


async def test_a_full_queue_rejects_more_requests_with_503(
    database: Database, client: Client, live_db: str, owner: Owner
) -> None:  # G2
    """A lock blocks one batch, three more requests wait, and further ones are rejected."""
    make = Factory(database, load(env={"VOXPOP_QUEUE_LIMIT": "3"}))
    crowd = Feature(make.anonymous(headers=dict(client.headers)))
    holder = await asyncpg.connect(live_db)
    async with holder.transaction():
        await holder.execute("LOCK TABLE interaction IN EXCLUSIVE MODE")
        waiting = [asyncio.create_task(crowd.post("increment"))]
        await until(lambda: owner.fetchval(WAITS))
        for number in (1, 2, 3):
            waiting.append(asyncio.create_task(crowd.post("increment")))
            await until(lambda number=number: queued(crowd.client, number))
        for _ in range(3):
            response = await crowd.post("increment")
            is_envelope(response, 503, "UNAVAILABLE")
            assert response.headers["retry-after"] == "1"
    assert [(await task).status_code for task in waiting] == [200] * 4
    assert await crowd.counts() == (4, 4, 0)
    await holder.close()
    await crowd.client.aclose()


@asynccontextmanager
async def database_proxy(dsn: str) -> AsyncIterator[tuple[str, Any]]:
    """A DSN that leads through a proxy to the database, and a function that closes the proxy."""
    parts = urlsplit(dsn)
    ends: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(writer)
        while piece := await reader.read(65536):
            writer.write(piece)
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await asyncio.open_connection(parts.hostname, parts.port or 5432)
        await asyncio.gather(pump(reader, upstream[1]), pump(upstream[0], writer), return_exceptions=True)

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    def close() -> None:
        server.close()
        for writer in ends:
            writer.transport.abort()

    netloc = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}"
    yield parts._replace(netloc=netloc).geturl(), close
    close()


async def test_requests_are_503_while_the_database_is_unreachable(live_db: str, client: Client) -> None:  # G2, C10
    async with database_proxy(live_db) as (dsn, close):
        database = await Database.open(dsn, size=4)
        caller = Factory(database, load(env={})).anonymous(headers=dict(client.headers))
        feature = Feature(caller)
        await feature.use()
        assert (await caller.get("/health/ready")).status_code == 200
        close()
        with capture_logs() as logs:
            responses = [await caller.get(f"{API}/products")]
            responses += [await feature.post(what, rating=8, source="voluntary") for what in ("increment", "feedbacks")]
        assert {line["event"] for line in logs} == {"request.unavailable"}
        for response in responses:
            is_envelope(response, 503, "UNAVAILABLE")
            assert response.headers["retry-after"] == "1"
        assert (await caller.get("/health/ready")).status_code == 503
        assert (await caller.get("/health/check")).status_code == 200
        await caller.aclose()
        await database.close()


async def test_a_client_that_disconnects_is_logged_as_no_error(make: Factory, client: Client) -> None:  # G2
    """No response reaches it. The log must have no error, because errors alert an operator."""
    messages = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/csat/v1/products",
        "raw_path": b"/api/csat/v1/products",
        "query_string": b"",
        "headers": [
            (b"content-type", b"application/json"),
            (b"authorization", client.headers["authorization"].encode()),
        ],
    }

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await make.app(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 400
