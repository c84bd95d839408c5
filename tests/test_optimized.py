"""The product under `python -OO`, which strips docstrings: every text that a caller reads is still there."""

import json
import subprocess
import sys
from typing import Any

import pytest

SCRIPT = """
import asyncio, json
from types import SimpleNamespace

import httpx

from voxpop.app import create_app
from voxpop.config.settings import Settings
from voxpop.db.notify import ChangeNotifier
from voxpop.errors import AppError


def messages(kind):
    return {kind.__name__: kind.message} | {k: v for each in kind.__subclasses__() for k, v in messages(each).items()}


async def main():
    transport = httpx.ASGITransport(create_app(SimpleNamespace(notifier=ChangeNotifier("", None)), Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        refused, document = [await client.get(path) for path in ("/api/csat/v1/products", "/openapi.json")]
    print(json.dumps([AppError.__doc__, messages(AppError), refused.json(), document.json()]))


asyncio.run(main())
"""


@pytest.fixture(scope="module")
def optimized() -> list[Any]:
    """The docstring of the base error, the message of each error, one refusal, and the OpenAPI document."""
    done = subprocess.run([sys.executable, "-OO", "-c", SCRIPT], capture_output=True, text=True, check=True)
    found: list[Any] = json.loads(done.stdout)
    assert found[0] is None, "the process kept its docstrings"
    return found[1:]


def test_every_error_has_a_message(optimized: list[Any]) -> None:
    messages, refused, _ = optimized
    assert {"FeatureAlreadyExists", "LastOwner", "IdempotencyKeyReused"} <= messages.keys()
    assert [name for name, message in messages.items() if not message] == []
    assert refused["message"] == messages["Unauthorized"]


def test_the_api_document_describes_every_operation(optimized: list[Any]) -> None:
    *_, document = optimized
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    assert len(operations) > 40
    undescribed = [operation["operationId"] for operation in operations if not operation.get("description")]
    assert undescribed == []


def test_the_api_document_describes_its_errors(optimized: list[Any]) -> None:
    messages, _, document = optimized
    described = document["components"]["responses"]["Unavailable"]["description"]
    assert described == messages["Unavailable"]
    conflict = document["paths"]["/api/csat/v1/products"]["post"]["responses"]["409"]
    assert conflict["description"] == messages["ProductAlreadyExists"]
