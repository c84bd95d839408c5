"""The API matches its document: requests are generated from the document and sent over a real connection."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import schemathesis
import uvicorn
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.invariants import Owner
from tests.support.tickets import NEW, member
from tests.support.widget import WidgetPage

from voxpop.features import catalogue
from voxpop.features.models import Product
from voxpop.web.openapi.walk import operations

FEATURE = "/api/csat/v1/products/pms/features/dashboard"
USER = {"user_email": "user@example.com"}
# Operations whose example cannot succeed here, for example because nothing has the id of the example.
WITHOUT_SUCCESS = {
    "GET /api/v1/series/{kind}/{series}",
    "GET /badge/{slug}/{file}",
    "PUT /api/v1/series/{kind}/{series}/badge",
    "PATCH /api/csat/v1/feedbacks/{feedback}/notes",
    "DELETE /api/csat/v1/products/{product}",
    "DELETE /api/csat/v1/products/{product}/features/{feature}",
    "POST /api/v1/events/dead-letters/{dead_letter}/replay",
    "POST /api/v1/feedback/submit",
    "POST /api/v1/surveys",
    "POST /api/v1/widget/track",  # the key of these tests is a secret one
    "POST /api/v1/widget/surveys",
    "POST /api/v1/widget/answer",
    "POST /api/v1/widget/dismiss",
    "POST /api/v1/widget/form",
}


# A request that matches the schema can still break another rule: an end before its start, an unknown assignee.
OFF = {"enabled": False}
MORE_RULES_THAN_THE_SCHEMA = (
    "/api/v1/campaigns",
    "/api/v1/campaigns/filter",
    "/api/v1/campaigns/{campaign}",
    "/api/v1/survey-types",
    "/api/v1/survey-types/{code}",
    "/api/v1/workspace",
    "/badge/{slug}/{file}",
    "/api/v1/series/{kind}/{series}/badge",
    "/api/v1/feedback",
    "/api/v1/feedback.csv",
    "/api/v1/feedback.jsonl",
    "/api/v1/feedback/{feedback}",
    "/api/v1/series",
    "/api/v1/series.csv",
    "/api/v1/series.json",
    "/api/v1/series/{kind}/{series}",
    "/api/v1/tickets",
    "/api/v1/tickets.csv",
    "/api/v1/tickets/{ref}",
    "/api/v1/tickets/{ref}/replies",
)


schemathesis.openapi.format(
    "time-zone", st.sampled_from(["UTC", "Europe/Moscow", "America/St_Johns", "Asia/Kathmandu"])
)


def config(authorization: str, *rules: dict[str, Any]) -> SchemathesisConfig:
    """Few requests, the same each time. To search for more failures, raise the number and remove the seed."""
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "max-failures": 3,
            "auth": {"openapi": {"key": {"bearer": authorization.removeprefix("Bearer ")}}},
            "generation": {"allow-x00": False, "max-examples": 5, "no-shrink": True, "database": "none"},
            # The framework handles OPTIONS, and lists only the methods of a path's first handler.
            "checks": {"allow_header_conformance": {"enabled": False}},
            "operations": [
                *(
                    {"include-path": path, "checks": {"positive_data_acceptance": OFF}}
                    for path in MORE_RULES_THAN_THE_SCHEMA
                ),
                {"include-path": "/api/v1/events", "checks": {"negative_data_rejection": OFF}},  # bad items fail alone
                *rules,
            ],
        }
    )


@pytest.fixture(autouse=True)
def short_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream of changes ends at once."""
    monkeypatch.setattr("voxpop.auth.streams.LIFETIME_SECONDS", 0)


@pytest.fixture
async def address(make: Factory) -> AsyncIterator[str]:
    """The URL of the app, which runs in this test's own event loop."""
    # The protocol is named, because otherwise the event loop leaves Nagle's algorithm on: 40 ms for each request.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make.app, http="httptools", lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
async def client(client: Client, owner: Owner) -> Client:
    """A client of a workspace that has what the document's examples name."""
    await member(owner, client.workspace, "ann")
    await client.post("/api/v1/tickets", json=NEW)
    await client.post("/api/csat/v1/products", json={"key": "pms", "name": "Property management"})
    thresholds = {"interaction_threshold": 5, "rejection_threshold": 3}
    await client.post("/api/csat/v1/products/pms/features", json={"feature_key": "dashboard"} | thresholds)
    await client.post(f"{FEATURE}/increment", json=USER)
    await client.post(f"{FEATURE}/feedbacks", json=USER | {"rating": 8, "source": "prompted"})
    return client


@pytest.fixture
async def document(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get("/openapi.json")).json()
    return found


class Examination:
    """The requests by phase, the operations that succeeded, and every response that did not match the document."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.succeeded: set[str] = set()
        self.failures: list[str] = []

    def record(self, event: events.EngineEvent) -> None:
        if isinstance(event, events.FatalError | events.NonFatalError):
            self.failures.append(str(event))
        if isinstance(event, events.ScenarioFinished):
            self.requests[event.phase] += len(event.recorder.interactions)
            for name, checks in event.recorder.checks.items():
                self._record_response(event.recorder.cases[name].value, event.recorder.interactions[name].response)
                found = [check.failure_info for check in checks if check.failure_info]
                self.failures += [f"{event.recorder.label}: {one.failure.title}\n{one.code_sample}" for one in found]

    def _record_response(self, case: schemathesis.Case, response: schemathesis.Response | None) -> None:
        """Requests with another method prove nothing about the operation."""
        if response and response.status_code < 300 and case.method == case.operation.method.upper():
            self.succeeded.add(case.operation.label)


def examine(address: str, authorization: str, *rules: dict[str, Any]) -> Examination:
    """Sends the requests. More rules about operations can switch some off."""
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json", config=config(authorization, *rules))
    examination = Examination()
    for event in from_schema(schema).execute():
        examination.record(event)
    return examination


@pytest.mark.slow
async def test_responses_match_the_document(
    address: str, client: Client, document: dict[str, Any]
) -> None:  # C1, C4, C11
    examination = await asyncio.to_thread(examine, address, client.headers["authorization"])
    assert examination.failures == [], "\n".join(examination.failures)
    assert set(examination.requests) == {"examples", "coverage", "fuzzing", "stateful"}
    labels = {f"{method.upper()} {path}" for path, method, _ in operations(document)}
    assert labels - examination.succeeded == WITHOUT_SUCCESS


async def test_the_examination_finds_a_response_that_does_not_match(
    address: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def list_products(*_: object) -> list[Product]:
        return [cast(Product, SimpleNamespace(key=1, name=None))]

    monkeypatch.setattr(catalogue, "list_products", list_products)
    examination = await asyncio.to_thread(
        examine, address, client.headers["authorization"], {"exclude-path": "/api/csat/v1/products", "enabled": False}
    )
    assert any(
        fault.startswith("GET /api/csat/v1/products: Response violates schema") for fault in examination.failures
    )


async def test_examples_work_unchanged(
    client: Client, document: dict[str, Any], make: Factory, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example succeeds, or fails with 404 or 409; it is never a 400."""
    page = await WidgetPage.open(make, client.workspace)
    await owner.execute("UPDATE workspace SET widget_secret = 'wsec_test_0123456789'")
    monkeypatch.setattr("voxpop.widget.api.time.time", lambda: 1767225000.0)  # the signature of the examples is valid
    for path, method, operation in operations(document):
        query = {one["name"]: one["example"] for one in operation.get("parameters", ()) if one["in"] == "query"}
        where = {one["name"]: one["example"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        caller = page.client if path.startswith("/api/v1/widget/") else client
        response = await caller.request(method, path.format(**where), params=query, json=body)
        assert response.status_code in {200, 201, 202, 204, 404, 409}, (method, path, response.text)


async def test_every_operation_documents_its_errors_with_the_envelope(document: dict[str, Any]) -> None:  # G2
    for path, method, operation in operations(document):
        refusals = {status: one for status, one in operation["responses"].items() if status >= "400"}
        assert {"500", "503"} <= set(refusals), (method, path)
        assert ("security" in operation) == ({"401", "403"} <= set(refusals)), (method, path)
        assert ("requestBody" in operation) == ({"400", "413", "415"} <= set(refusals)), (method, path)
        for status, refusal in refusals.items():
            media = resolved(document, refusal)["content"]["application/json"]
            assert media["schema"] == {"$ref": "#/components/schemas/Problem"}, (method, path, status)
            for example in media["examples"].values():
                assert str(example["value"]["statusCode"]) == status


async def test_every_operation_has_an_example_of_a_success(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        successes = [one for one in operation["responses"].items() if one[0] < "400"]
        assert successes, (method, path)
        for status, success in successes:
            shown = [media["example"] for media in success.get("content", {}).values()]
            assert shown or status == "204" or path.startswith("/health/"), (method, path)


def resolved(document: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    name = response.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["responses"][name] if name else response
    return found
