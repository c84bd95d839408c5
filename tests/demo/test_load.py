"""Loading the demo: into empty workspaces only, all of it or nothing, and without messages."""

import asyncio
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from msgspec import structs
from tests.support.clients import Client
from tests.support.features import Feature
from tests.support.tickets import NEW

from voxpop import demo
from voxpop.db.pool import Database
from voxpop.demo import year
from voxpop.demo.campaigns.shoppers import Shop
from voxpop.demo.features.behaviour import Behaviour
from voxpop.demo.service import NAME
from voxpop.demo.tickets.agents import AGENTS, AgentMember
from voxpop.demo.tickets.arrivals import TicketSimulation
from voxpop.demo.year import Year
from voxpop.types import AccountId, WorkspaceId
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace, WorkspaceChange

NOW = datetime(2026, 3, 31, 21, tzinfo=UTC)
SCALE = 0.1
TABLES = (
    "product", "feature", "campaign", "interaction", "survey", "feedback", "interaction_sum", "score_count",
    "survey_count", "daily_metrics", "member", "ticket_counter", "ticket", "ticket_message", "ticket_activity", "tag",
    "ticket_tag", "ticket_search",
)  # fmt: skip


@pytest.fixture(autouse=True)
def short_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough days for every table, and few enough for many loads."""
    monkeypatch.setattr(year, "DAYS", 30)


def ignore_progress(activity: str, share: float) -> None:
    """The progress callback of tests that do not check it."""


async def get_workspace(database: Database, workspace: WorkspaceId) -> Workspace:
    async with database.transaction(workspace) as tx:
        return await workspaces.get_workspace(tx, workspace)


async def load(database: Database, workspace: WorkspaceId) -> bool:
    return await demo.load(database, await get_workspace(database, workspace), ignore_progress, SCALE)


async def sizes(owner: "asyncpg.Connection[Any]", workspace: WorkspaceId) -> list[int]:
    return [
        await owner.fetchval(f"SELECT count(*) FROM {table} WHERE workspace_id = $1", workspace) for table in TABLES
    ]


async def test_only_its_own_workspace_is_filled(
    database: Database, client: Client, other_client: Client, owner: "asyncpg.Connection[Any]"
) -> None:
    assert await load(database, client.workspace)
    assert min(await sizes(owner, client.workspace)) > 0
    assert set(await sizes(owner, other_client.workspace)) == {0}


async def test_two_workspaces_may_have_it(database: Database, client: Client, other_client: Client) -> None:
    for one in (client, other_client):
        assert await load(database, one.workspace)


async def test_a_workspace_in_use_is_left_alone(
    database: Database, client: Client, owner: "asyncpg.Connection[Any]"
) -> None:
    await client.post("/api/csat/v1/products", json={"key": "mine", "name": "Mine"})
    assert not await load(database, client.workspace)
    assert await sizes(owner, client.workspace) == [1] + [0] * 17


async def test_a_workspace_with_campaigns_is_left_alone(
    database: Database, client: Client, owner: "asyncpg.Connection[Any]"
) -> None:
    campaign = {"name": "Mine", "survey_type_code": "NPS", "trigger_type": "ORDER_COMPLETED"}
    assert (await client.post("/api/v1/campaigns", json=campaign)).status_code == 201
    assert not await load(database, client.workspace)
    assert await sizes(owner, client.workspace) == [0, 0, 1] + [0] * 15


async def test_a_workspace_with_tickets_is_left_alone(
    database: Database, client: Client, owner: "asyncpg.Connection[Any]"
) -> None:
    assert (await client.post("/api/v1/tickets", json=NEW)).status_code == 201
    before = await sizes(owner, client.workspace)
    assert not await load(database, client.workspace)
    assert await sizes(owner, client.workspace) == before


async def test_the_demo_is_loaded_once(database: Database, client: Client, owner: "asyncpg.Connection[Any]") -> None:
    done = await asyncio.gather(*(load(database, client.workspace) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]
    before = await sizes(owner, client.workspace)
    assert before[:3] == [2, 8, 2]
    assert not await load(database, client.workspace)
    assert await sizes(owner, client.workspace) == before


@pytest.mark.parametrize("at", [0.2, 0.5, 0.9])
async def test_a_load_that_fails_leaves_nothing(
    database: Database, client: Client, owner: "asyncpg.Connection[Any]", at: float
) -> None:
    def fail(activity: str, share: float) -> None:
        if share > at:
            raise KeyboardInterrupt

    workspace = await get_workspace(database, client.workspace)
    with pytest.raises(KeyboardInterrupt):
        await demo.load(database, workspace, fail, SCALE)
    assert set(await sizes(owner, client.workspace)) == {0}
    assert await load(database, client.workspace)


async def test_changes_after_the_load_count_and_send_messages(
    database: Database, client: Client, owner: "asyncpg.Connection[Any]"
) -> None:
    await load(database, client.workspace)
    assert await owner.fetchval("SELECT count(*) FROM outbox") == 0
    feature = Feature(client, "pms", "dashboard")
    before = await feature.summary(), await feature.summary("interactions")
    await feature.use()
    await feature.rate(9)
    after = await feature.summary(), await feature.summary("interactions")
    assert after[0]["total_feedbacks"] == before[0]["total_feedbacks"] + 1
    assert after[1]["users_with_interactions"] == before[1]["users_with_interactions"] + 1
    assert await owner.fetchval("SELECT count(*) FROM outbox") == 1


async def test_only_the_default_workspace_gets_a_name(database: Database, client: Client, other_client: Client) -> None:
    async with database.transaction(client.workspace) as tx:
        change = WorkspaceChange(name=workspaces.DEFAULT)
        default = await workspaces.change_workspace(tx, client.workspace, change, NOW, "test")
    other = await get_workspace(database, other_client.workspace)
    for one in (client, other_client):
        await load(database, one.workspace)
    named = await get_workspace(database, client.workspace)
    assert (named.name, named.slug) == (NAME, default.slug)
    assert await get_workspace(database, other_client.workspace) == structs.replace(other, has_demo_data=True)
    assert await workspaces.get_workspace_by_name(database, default.slug) == named


def simulate(seed: int) -> tuple[object, object, object]:
    """What happens in the demo: journeys, the shop's events and visits, and tickets."""
    rngs = [Random(seed) for _ in range(3)]  # noqa: S311
    until = Year.up_to(NOW)
    workspace = Workspace(WorkspaceId(UUID(int=1)), "x", "UTC", 180)
    members = [AgentMember(agent, AccountId(UUID(int=number))) for number, agent in enumerate(AGENTS)]
    journeys = [
        (journey.customer, journey.id, journey.total, journey.surveys, journey.ratings)
        for customer in Behaviour(rngs[0], until, 180).simulate(30)
        for journey in customer
    ]
    shop = Shop(rngs[1], until, SCALE)
    return journeys, (shop.events, shop.visits), TicketSimulation(rngs[2], workspace, NOW, members).tickets(40)


def test_the_same_seed_makes_the_same_data() -> None:
    first, again, other = simulate(1), simulate(1), simulate(2)
    assert first == again
    assert all(part != different for part, different in zip(first, other, strict=True))
