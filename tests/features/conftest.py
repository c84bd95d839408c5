"""A feature, and a clock that tests can set."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.support.clients import Client
from tests.support.features import Feature

SetClock = Callable[..., None]


@pytest.fixture
async def feature(client: Client) -> Feature:
    """Prompts after 3 uses and stops after 2 refusals."""
    return await Feature.open(client)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Sets the clock of features to a UTC time, given as the arguments of `datetime`."""

    def set_clock(*moment: int) -> None:
        now = datetime(*moment, tzinfo=UTC)
        for module in ("service", "api"):
            monkeypatch.setattr(f"voxpop.features.{module}.utcnow", lambda: now)

    return set_clock
