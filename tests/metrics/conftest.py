"""Campaigns of two workspaces, with a clock that tests set."""

import pytest
from tests.support.clients import Client
from tests.support.metrics import Campaigns, Clock

from voxpop.db.pool import Database


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("voxpop.worker.jobs.utcnow", clock)
    return clock


@pytest.fixture
def ours(database: Database, client: Client, clock: Clock) -> Campaigns:
    return Campaigns(database, client.workspace, clock)


@pytest.fixture
def theirs(database: Database, other_client: Client, clock: Clock) -> Campaigns:
    return Campaigns(database, other_client.workspace, clock)
