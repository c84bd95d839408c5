"""Fixtures: the product over HTTP, with what the document's examples name."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.api_calls import ExampleCall, example_calls
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.invariants import Owner
from tests.support.served import serving
from tests.support.tickets import member


@pytest.fixture
async def url(make: Factory) -> AsyncIterator[str]:
    """The address of the product."""
    async with serving(make.app, make.settings) as client:
        yield str(client.base_url)


@pytest.fixture
def key(client: Client) -> str:
    """An API key with all scopes."""
    return client.headers["authorization"].removeprefix("Bearer ")


@pytest.fixture
async def calls(client: Client, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> list[ExampleCall]:
    """Every call with its examples, which name the member Ann. A stream of changes ends at once."""
    monkeypatch.setattr("voxpop.auth.streams.LIFETIME_SECONDS", 0)
    await member(owner, client.workspace, "ann")
    document: dict[str, Any] = (await client.get("/openapi.json")).json()
    return example_calls(document)
