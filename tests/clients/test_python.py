"""The Python client against the running product, and its retries against a fake transport."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from tests.support.api_calls import ExampleCall

from voxpop.client import (
    ApiError,
    AsyncClient,
    Client,
    ConnectionFailed,
    InvalidRequest,
    NotFound,
    RequestConflict,
    Unauthorized,
    UnexpectedResponse,
    retries,
    sign,
)
from voxpop.types import utcnow

ANN = "ann@example.com"
PROBLEM = {"message": "Busy", "statusCode": 503, "code": "UNAVAILABLE", "details": [], "traceId": "t"}
EXAMPLE = "v1.1767225600.4JDfoL4Vbz1fC8VIvdl7dBZ1byREDzwG85VagkZKgWY"

Answer = httpx.Response | Exception


async def outcome_of(api: AsyncClient, call: ExampleCall) -> str:
    """The code of a refusal; nothing for a result, which had the type of the document."""
    named = call.body if isinstance(call.body, dict) and call.name != "sendEvents" else None
    segments = [*call.segments, *([call.body] if call.body and named is None else [])]
    values = {{"from": "from_"}.get(name, name): value for name, value in (named or call.query).items()}
    result = getattr(api, call.python_name)(*segments, **values)
    try:
        if hasattr(result, "__aiter__"):
            assert [part async for part in result] != [] or call.query
        else:
            await result
    except ApiError as error:
        return error.code
    return ""


async def test_every_call_of_the_document_works(url: str, key: str, calls: list[ExampleCall]) -> None:
    async with AsyncClient(url, key) as api:
        outcomes = {call.name: await outcome_of(api, call) for call in calls}
    assert outcomes == {call.name: call.outcome for call in calls}


def use_the_product(url: str, key: str) -> None:
    with Client(url, key) as api:
        api.open_product(key="my-app", name="My app")
        api.open_feature("my-app", feature_key="export", interaction_threshold=2, rejection_threshold=2)
        uses = [api.increment("my-app", "export", user_email=ANN) for _ in range(2)]
        assert [use.should_request_feedback for use in uses] == [False, True]
        for number in (1, 1, 2, 3):
            api.rate("my-app", "export", user_email=ANN, rating=9, source="prompted", idempotency_key=f"r-{number}")
        assert len(list(api.list_feature_ratings.all("my-app", "export", limit=1))) == 3
        day = utcnow().date() - timedelta(days=1)
        found = api.list_feedback(has_comment=False, from_=day, limit=2)
        assert (len(found.data), found.has_more, found.data[0].score) == (2, True, 9)
        assert b"".join(api.export_feedback_as_csv(origin="feature")).count(b"prompted") == 3
        refuse(api)


def refuse(api: Client) -> None:
    with pytest.raises(RequestConflict) as conflict:
        api.open_product(key="my-app", name="Again")
    assert (conflict.value.status, conflict.value.code) == (409, "PRODUCT_ALREADY_EXISTS")
    with pytest.raises(InvalidRequest) as invalid:
        api.increment("my-app", "export", user_email="nothing")
    assert [detail.field for detail in invalid.value.details] == ["user_email"]
    with pytest.raises(NotFound):
        api.show_ticket("TK-99")


async def test_a_program_without_asyncio_uses_the_product(url: str, key: str) -> None:
    await asyncio.to_thread(use_the_product, url, key)
    async with AsyncClient(url, f"{key}x") as api:
        with pytest.raises(Unauthorized):
            await api.list_products()


class FakeServer:
    """Gives these answers in turn, and keeps the requests and the pauses before them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> None:
        self.answers, self.requests, self.pauses = [*answers], list[httpx.Request](), list[float]()
        monkeypatch.setattr("time.sleep", self.pauses.append)

    def client(self, **options: int) -> Client:
        return Client("http://voxpop.test", "vxp_x", transport=httpx.MockTransport(self._answer), **options)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def busy(status: int = 503, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=PROBLEM | {"statusCode": status}, headers={"retry-after": "1"} | headers)


def counted() -> httpx.Response:
    names = "interaction_count total_interaction_count interaction_threshold rejection_count rejection_threshold"
    texts = {"user_email": ANN, "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z"}
    return httpx.Response(200, json=dict.fromkeys(names.split(), 1) | texts | {"should_request_feedback": True})


def increment(api: Client) -> object:
    return api.increment("a", "b", user_email=ANN)


def open_campaign(api: Client) -> object:
    return api.open_campaign(name="x", survey_type_code="NPS", trigger_type="ORDER_COMPLETED")


@pytest.mark.parametrize(
    ("call", "failure", "is_repeated"),
    [
        (increment, httpx.ReadTimeout("late"), True),
        (increment, httpx.ConnectError("refused"), True),
        (increment, busy(), True),
        (increment, busy(502), True),
        (increment, busy(429), True),
        (increment, busy(500), False),
        (increment, busy(503, **{"retry-after": "3600"}), False),
        (increment, httpx.UnsupportedProtocol("x"), False),
        (lambda api: api.list_tickets(), httpx.RemoteProtocolError("closed"), True),
        (lambda api: api.send_events([]), httpx.ReadError("reset"), True),
        (open_campaign, httpx.ReadTimeout("late"), False),  # it may have been opened
        (open_campaign, busy(), False),
        (open_campaign, httpx.ConnectError("refused"), True),
        (open_campaign, busy(429), True),
    ],
)
def test_a_call_is_sent_again_where_that_is_safe(
    monkeypatch: pytest.MonkeyPatch, call: Callable[[Client], object], failure: Answer, is_repeated: bool
) -> None:
    server = FakeServer(monkeypatch, failure, httpx.Response(400, json=PROBLEM | {"statusCode": 400, "code": "END"}))
    with server.client() as api, pytest.raises((ApiError, ConnectionFailed)) as raised:
        call(api)
    assert getattr(raised.value, "code", "") == "END" if is_repeated else len(server.requests) == 1
    assert len(server.pauses) == is_repeated


def test_attempts_share_a_key_and_wait_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeServer(monkeypatch, busy(**{"retry-after": "7"}), *[httpx.ReadTimeout("late")] * 3, counted())
    with server.client() as api:
        increment(api)
        server.answers = [counted()]
        increment(api)
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert (len(keys), len(set(keys[:5])), keys[5] != keys[0]) == (6, 1, True)
    assert server.pauses[0] == 7
    assert 0.25 <= server.pauses[1] <= 0.5 <= server.pauses[2] <= 1 <= server.pauses[3] <= 2


def test_attempts_end(monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeServer(monkeypatch, *[httpx.ConnectError("refused")] * 3)
    with server.client(retries=2) as api, pytest.raises(ConnectionFailed, match="refused"):
        increment(api)
    assert (server.answers, len(server.pauses)) == ([], 2)


@pytest.mark.parametrize("text", ["<h1>Bad gateway</h1>", "[]", '{"data": 1}', ""])
def test_an_answer_of_another_server_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    for status in (200, 404):
        server = FakeServer(monkeypatch, httpx.Response(status, text=text))
        with server.client() as api, pytest.raises(UnexpectedResponse):
            api.list_tickets()


def test_a_value_cannot_lead_to_another_path(monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeServer(monkeypatch, counted())
    with server.client() as api:
        api.increment("a/../b?c#d", "ж%2F", user_email=ANN)
        assert server.requests[0].url.raw_path.startswith(
            b"/api/csat/v1/products/a%2F..%2Fb%3Fc%23d/features/%D0%B6%252F/"
        )
        for wrong in ("", ".", ".."):
            with pytest.raises(ValueError, match="part of a path"):
                api.delete_feature("my-app", wrong)


def test_a_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("vxp_1\nx", "vxp_1 x", "vxp_ж", ""):
        with pytest.raises(ValueError, match="ASCII") as raised:
            Client("http://voxpop.test", wrong)
        assert "vxp_" not in str(raised.value)
    server = FakeServer(monkeypatch, counted())
    with Client("http://voxpop.test", "vxp_1\n", transport=httpx.MockTransport(server._answer)) as api:
        increment(api)
        assert server.requests[0].headers["authorization"] == "Bearer vxp_1"
        assert "vxp_1" not in repr(vars(api))


def test_a_word_of_a_later_version_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"status": "postponed", "surveys": [], "message": None, "more": 1}
    with FakeServer(monkeypatch, httpx.Response(202, json={"results": [event]})).client() as api:
        assert api.send_events([]).results[0].status == "postponed"


@pytest.mark.parametrize(
    ("text", "seconds"), [("3", 3), ("Fri, 01 Jan 2021 00:00:00 GMT", 0), ("soon", None), ("", None)]
)
def test_retry_after_is_read(text: str, seconds: float | None) -> None:
    assert retries.retry_after(httpx.Response(503, headers={"retry-after": text})) == seconds


def test_a_user_is_signed_for_the_widget() -> None:
    assert sign("wsec_test_0123456789", "email", ANN, 1767225600) == EXAMPLE
    with pytest.raises(ValueError, match="email or guid"):
        sign("secret", "phone", "1", 1)  # type: ignore[arg-type]


def test_importing_the_client_imports_no_part_of_the_server() -> None:
    code = "import sys, voxpop.client; print(*(name for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {name for name in done.stdout.split() if name.startswith("voxpop.") and not name.startswith("voxpop.client")}
    assert ours | {"litestar", "asyncpg", "structlog", "uvicorn"} & set(done.stdout.split()) == set()
