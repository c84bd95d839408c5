"""Fixtures: one broker per session, topics per test, and a workspace with a campaign."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.kafka import Kafka
from tests.support.kafka_broker import Broker, running

from voxpop.campaigns import service as campaigns
from voxpop.campaigns.models import CampaignPlan, Trigger
from voxpop.db.pool import Database
from voxpop.surveys import new_workspaces
from voxpop.types import Actor, Scope, WorkspaceId, utcnow

StartTask = Callable[[Awaitable[None]], "asyncio.Task[None]"]


@pytest.fixture(scope="session")
def session_broker() -> Iterator[Broker]:
    with running() as broker:
        yield broker


@pytest.fixture
def broker(session_broker: Broker) -> Broker:
    """A running broker, even if an earlier test stopped it."""
    if not session_broker.is_up:
        session_broker.start()
    return session_broker


@pytest.fixture
def kafka(broker: Broker, tmp_path: Path) -> Kafka:
    return Kafka(broker, tmp_path)


async def open_workspace_with_campaign(database: Database, name: str) -> WorkspaceId:
    """A workspace with one campaign, for completed orders."""
    workspace = (await new_workspaces.open_workspace(database, name)).id
    actor = Actor(workspace, "test", frozenset(Scope))
    plan = CampaignPlan(
        name="After an order",
        survey_type_code="NPS",
        trigger_type=Trigger.ORDER_COMPLETED,
        start_date=datetime(2024, 1, 1, tzinfo=UTC),
    )
    async with database.transaction(workspace) as tx:
        await campaigns.open_campaign(tx, actor, plan, utcnow())
    return workspace


@pytest.fixture
async def workspace(database: Database) -> WorkspaceId:
    """The workspace of events without a workspace header."""
    return await open_workspace_with_campaign(database, "default")


@pytest.fixture
async def start_task() -> AsyncIterator[StartTask]:
    """Starts a background task; it is cancelled at the end of the test, and must not have failed."""
    tasks: list[asyncio.Task[Any]] = []

    def start(work: Awaitable[None]) -> "asyncio.Task[None]":
        tasks.append(asyncio.ensure_future(work))
        return tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        assert result is None or isinstance(result, asyncio.CancelledError), result
