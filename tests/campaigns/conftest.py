"""The campaign API of two workspaces."""

import pytest
from tests.support.campaigns import CampaignApi
from tests.support.clients import Client


@pytest.fixture
def api(client: Client) -> CampaignApi:
    return CampaignApi(client)


@pytest.fixture
def theirs(other_client: Client) -> CampaignApi:
    return CampaignApi(other_client)
