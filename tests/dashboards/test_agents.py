"""What agents see of each other's ratings, by session."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from tests.support.clients import Client, error_code, expect_ok
from tests.support.dashboards import SERIES, TODAY, Ratings
from tests.support.metrics import Clock
from tests.support.sites import AGENT, Browser, Site, closing, member_id

from voxpop.db.pool import Database
from voxpop.metrics.models import Series, SeriesKind
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import WorkspaceChange

OTHER = "other@example.com"


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    async with closing(await Site(database).set_up()) as made:
        yield made


async def rated_agents(site: Site, owner: Browser) -> list[str]:
    """The ids of two agents, each with six ratings."""
    ids = [await member_id(owner, email) for email in (AGENT, OTHER)]
    client = Client()
    client.workspace = site.workspace_id()
    ratings = Ratings(site.database, client, Clock())
    for agent, score in zip(ids, (5, 2), strict=True):
        await ratings.give(TODAY, [score] * 6, Series(SeriesKind.AGENT, UUID(agent)), survey_type="CSAT")
    return ids


async def names(browser: Browser, **query: str) -> list[str]:
    return sorted(row["name"] for row in expect_ok(await browser.get(SERIES, params=query))["data"])


async def test_agents_see_their_own_ratings_only_unless_the_workspace_allows_all(site: Site) -> None:
    owner = await site.owner()
    agent = await site.accept_invitation(owner, AGENT, "agent")
    await site.accept_invitation(owner, OTHER, "agent")
    mine, other = await rated_agents(site, owner)
    assert len(await names(owner, kind="agent")) == 2
    assert len(await names(agent, kind="agent")) == 1
    assert len(await names(agent)) == 2  # their own, and the workspace
    assert expect_ok(await agent.get(f"{SERIES}/agent/{mine}"))["total"]["score"] == 100.0
    assert error_code(await agent.get(f"{SERIES}/agent/{other}")) == (404, "NOT_FOUND")
    assert expect_ok(await owner.get(f"{SERIES}/agent/{other}"))["total"]["score"] == 0.0
    async with site.database.transaction(site.workspace_id()) as tx:
        change = WorkspaceChange(agents_see_all=True)
        await workspaces.change_workspace(tx, site.workspace_id(), change, Clock().now, "test")
    assert len(await names(agent, kind="agent")) == 2
    assert expect_ok(await agent.get(f"{SERIES}/agent/{other}"))["total"]["responses"] == 6


async def test_series_need_a_session_or_a_key(site: Site) -> None:  # G1
    visitor = site.browser()
    for path in (SERIES, f"{SERIES}.csv", f"{SERIES}/tag/{UUID(int=1)}"):
        assert error_code(await visitor.get(path)) == (401, "UNAUTHORIZED")
