"""A page with the widget, and a feature that prompts after three uses."""

import pytest
from tests.support.campaigns import CampaignApi
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.features import Feature
from tests.support.widget import WidgetPage


@pytest.fixture
async def feature(client: Client) -> Feature:
    """Prompts after 3 uses and stops after 2 refusals."""
    return await Feature.open(client)


@pytest.fixture
def campaigns(client: Client) -> CampaignApi:
    return CampaignApi(client)


@pytest.fixture
async def page(make: Factory, client: Client) -> WidgetPage:
    """A page of the same workspace."""
    return await WidgetPage.open(make, client.workspace)
