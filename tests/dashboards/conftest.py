"""Ratings of two workspaces on a fixed date, over the API and on pages."""

import pytest
from tests.support.clients import Client
from tests.support.dashboards import Ratings, set_today
from tests.support.inbox import InboxSite
from tests.support.metrics import Clock
from tests.support.overview import ratings_of

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


@pytest.fixture
def site(inbox: InboxSite) -> InboxSite:
    """The site of the pages."""
    return inbox


@pytest.fixture
def given(site: InboxSite) -> Ratings:
    """Records ratings of the site's default workspace."""
    return ratings_of(site)
