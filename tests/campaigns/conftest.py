"""Two workspaces' ways in."""

import pytest
from tests.conftest import Client
from tests.support.campaigns import Door


@pytest.fixture
def door(client: Client) -> Door:
    return Door(client)


@pytest.fixture
def theirs(neighbour: Client) -> Door:
    return Door(neighbour)
