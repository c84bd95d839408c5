"""Two workspaces' ways in."""

import pytest
from tests.campaigns.kit import Door
from tests.conftest import Client


@pytest.fixture
def door(client: Client) -> Door:
    return Door(client)


@pytest.fixture
def theirs(neighbour: Client) -> Door:
    return Door(neighbour)
