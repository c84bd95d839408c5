"""The campaign API of two workspaces, and a second application on the same database."""

from collections.abc import AsyncIterator

import pytest
from tests.support.campaigns import CampaignApi
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.hosted import HostedSite
from tests.support.sites import closing

from voxpop.config.loading import load
from voxpop.db.pool import Database


@pytest.fixture
def api(client: Client) -> CampaignApi:
    return CampaignApi(client)


@pytest.fixture
def theirs(other_client: Client) -> CampaignApi:
    return CampaignApi(other_client)


@pytest.fixture
async def other_process(api: CampaignApi, live_db: str) -> AsyncIterator[CampaignApi]:
    """The same client at an application with its own batchers and pool."""
    database = await Database.open(live_db, size=4)
    client = Factory(database, load(env={})).anonymous(headers=dict(api.client.headers))
    yield CampaignApi(client)
    await client.aclose()
    await database.close()


@pytest.fixture
async def site(database: Database) -> AsyncIterator[HostedSite]:
    """A site with hosted surveys."""
    async with closing(await HostedSite(database).set_up()) as site:
        yield site
