"""Ratings of two workspaces, on a fixed date."""

import pytest
from tests.support.clients import Client
from tests.support.dashboards import Ratings, set_today
from tests.support.metrics import Clock

from voxpop.db.pool import Database


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    set_today(monkeypatch)


@pytest.fixture
def ours(database: Database, client: Client) -> Ratings:
    return Ratings(database, client, Clock())


@pytest.fixture
def theirs(database: Database, other_client: Client) -> Ratings:
    return Ratings(database, other_client, Clock())
