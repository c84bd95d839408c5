"""When the demo is loaded, and when not; all of it or nothing."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import pytest
from tests.support.clients import Client
from tests.support.features import Feature
from tests.support.tickets import NEW

from voxpop import demo
from voxpop.db.pool import Database
from voxpop.demo import helpdesk, service, shoppers
from voxpop.demo.behaviour import lives
from voxpop.demo.courses import COURSES
from voxpop.demo.plan import Year
from voxpop.demo.shoppers import Shop
from voxpop.demo.staff import STAFF, Member
from voxpop.tickets.models import Tag
from voxpop.types import AccountId, WorkspaceId, utcnow
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace

TABLES = (
    "product", "feature", "campaign", "interaction", "survey", "feedback", "interaction_sum", "score_count",
    "survey_count", "daily_metrics", "member", "ticket_counter", "ticket", "ticket_message", "ticket_activity", "tag",
    "ticket_tag", "ticket_search",
)  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough customers for every table, few enough for many loads."""
    monkeypatch.setattr(service, "CUSTOMERS", 60)
    monkeypatch.setattr(service, "SHOPPERS", 60)
    monkeypatch.setattr(helpdesk, "TICKETS", 40)
    few = (msgspec.structs.replace(course, events=200) for course in COURSES)
    monkeypatch.setattr(shoppers, "COURSES", tuple(few))


def silent(what: str, share: float) -> None:
    """Nobody looks."""


async def ours(database: Database, ident: WorkspaceId) -> Workspace:
    async with database.transaction(ident) as tx:
        return await workspaces.get_workspace(tx, ident)


async def sizes(owner: "asyncpg.Connection[Any]", workspace: WorkspaceId) -> list[int]:
    return [
        await owner.fetchval(f"SELECT count(*) FROM {table} WHERE workspace_id = $1", workspace) for table in TABLES
    ]


async def test_only_its_own_workspace_is_filled(
    database: Database, client: Client, other_client: Client, owner: "asyncpg.Connection[Any]"
) -> None:
    assert await demo.load(database, await ours(database, client.workspace), silent)
    assert min(await sizes(owner, client.workspace)) > 0
    assert set(await sizes(owner, other_client.workspace)) == {0}


async def test_two_workspaces_may_have_it(database: Database, client: Client, other_client: Client) -> None:
    for one in (client, other_client):
        assert await demo.load(database, await ours(database, one.workspace), silent)


async def test_a_workspace_in_use_is_left_alone(
    database: Database, client: Client, owner: "asyncpg.Connection[Any]"
) -> None:
    await client.post("/api/csat/v1/products", json={"key": "mine", "name": "Mine"})
    assert not await demo.load(database, await ours(database, client.workspace), silent)
    assert await sizes(owner, client.workspace) == [1] + [0] * 17


async def test_a_workspace_with_campaigns_is_left_alone(
    database: Database, client: Client, owner: "asyncpg.Connection[Any]"
) -> None:
    campaign = {"name": "Mine", "survey_type_code": "NPS", "trigger_type": "ORDER_COMPLETED"}
    assert (await client.post("/api/v1/campaigns", json=campaign)).status_code == 201
    assert not await demo.load(database, await ours(database, client.workspace), silent)
    assert await sizes(owner, client.workspace) == [0, 0, 1] + [0] * 15


async def test_a_workspace_with_tickets_is_left_alone(
    database: Database, client: Client, owner: "asyncpg.Connection[Any]"
) -> None:
    assert (await client.post("/api/v1/tickets", json=NEW)).status_code == 201
    before = await sizes(owner, client.workspace)
    assert not await demo.load(database, await ours(database, client.workspace), silent)
    assert await sizes(owner, client.workspace) == before


async def test_it_is_never_loaded_twice(database: Database, client: Client, owner: "asyncpg.Connection[Any]") -> None:
    workspace = await ours(database, client.workspace)
    done = await asyncio.gather(*(demo.load(database, workspace, silent) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]
    before = await sizes(owner, client.workspace)
    assert before[:3] == [2, 8, 2]
    assert not await demo.load(database, workspace, silent)
    assert await sizes(owner, client.workspace) == before


@pytest.mark.parametrize("at", [0.5, 0.8, 0.94])
async def test_half_of_it_is_never_there(
    database: Database, client: Client, owner: "asyncpg.Connection[Any]", at: float
) -> None:
    def break_down(what: str, share: float) -> None:
        if share > at:
            raise KeyboardInterrupt

    workspace = await ours(database, client.workspace)
    with pytest.raises(KeyboardInterrupt):
        await demo.load(database, workspace, break_down)
    assert set(await sizes(owner, client.workspace)) == {0}
    assert await demo.load(database, workspace, silent)


async def test_life_goes_on_after_it(database: Database, client: Client) -> None:
    await demo.load(database, await ours(database, client.workspace), silent)
    feature = Feature(client, "pms", "dashboard")
    before = await feature.summary(), await feature.summary("interactions")
    await feature.use()
    await feature.rate(9)
    after = await feature.summary(), await feature.summary("interactions")
    assert after[0]["total_feedbacks"] == before[0]["total_feedbacks"] + 1
    assert after[1]["users_with_interactions"] == before[1]["users_with_interactions"] + 1


def told(seed: int, year: Year) -> list[tuple[Any, ...]]:
    return [
        (journey.customer, journey.id, journey.total, journey.asks, journey.ratings)
        for life in lives(Random(seed), year, 180, 30)  # noqa: S311
        for journey in life
    ]


def told_of_a_shop(seed: int, year: Year) -> list[Any]:
    return list(Shop(Random(seed), year, ZoneInfo("UTC"), 30).tell())  # noqa: S311


def told_of_tickets(seed: int, year: Year) -> list[Any]:
    place = Workspace(WorkspaceId(UUID(int=1)), "x", "UTC", 180)
    members = [Member(agent, AccountId(UUID(int=number))) for number, agent in enumerate(STAFF)]
    tags = [Tag(UUID(int=1), "channels")]
    cases = helpdesk.Helpdesk(Random(seed), place, year.now, members).cases(tags)  # noqa: S311
    return [(case.ticket, case.tags, case.messages, case.activities, case.asks, case.feedback) for case in cases]


@pytest.mark.parametrize("tell", [told, told_of_a_shop, told_of_tickets])
def test_the_same_seed_tells_the_same_story(tell: Callable[[int, Year], list[Any]]) -> None:
    year = Year.up_to(utcnow())
    assert tell(1, year) == tell(1, year)
    assert tell(1, year) != tell(2, year)
