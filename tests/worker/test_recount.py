"""The nightly recount repairs counts, and keeps ratings that are committed meanwhile."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.support.clients import Client
from tests.support.features import Feature

from voxpop.db.pool import Database
from voxpop.metrics import service as metrics
from voxpop.types import WorkspaceId, utcnow
from voxpop.worker import jobs

Owner = "asyncpg.Connection[asyncpg.Record]"
KEPT = "SELECT * FROM score_count ORDER BY workspace_id, series_kind, series_id, survey_type_code, grain, date"
SUMS = "SELECT * FROM interaction_sum ORDER BY workspace_id, feature_id"


@pytest.fixture
async def feature(client: Client, other_client: Client) -> Feature:
    """A feature with uses and ratings; the other workspace has one with the same key."""
    for one in (client, other_client):
        made = await Feature.open(one)
        for rating in (1, 7, 7, 10):
            await made.rate(rating)
        for _ in range(3):
            await made.use()
    return Feature(client)


async def recount(database: Database, workspace: WorkspaceId) -> None:
    async with database.transaction(workspace) as tx:
        await jobs.recount_scores(tx, workspace, tomorrow())


def tomorrow() -> date:
    return utcnow().date() + timedelta(days=1)


async def kept(owner: Any) -> list[list[tuple[Any, ...]]]:
    return [[tuple(row) for row in await owner.fetch(query)] for query in (KEPT, SUMS)]


async def test_correct_counts_are_left_unchanged(database: Database, owner: Any, feature: Feature) -> None:
    before = await kept(owner)
    async with database.transaction(feature.client.workspace) as tx:
        assert await metrics.list_drift(tx, feature.client.workspace, utcnow().date().replace(day=1)) == []
    await recount(database, feature.client.workspace)
    assert await kept(owner) == before


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE score_count SET counts = ARRAY[5, 0, 0, 0, 0, 0, 9, 0, 0, 3]",
        "UPDATE score_count SET counts = '{1}' WHERE grain = 'day'",
        "DELETE FROM score_count WHERE grain = 'month'",
        "UPDATE interaction_sum SET user_count = 7, total_sum = 1, total_max = 0",
        "DELETE FROM interaction_sum",
    ],
)
async def test_wrong_counts_are_repaired(database: Database, owner: Any, feature: Feature, damage: str) -> None:
    right = await kept(owner)
    await owner.execute(damage)
    assert await kept(owner) != right
    await recount(database, feature.client.workspace)
    after = await kept(owner)
    ours = feature.client.workspace
    assert [[row for row in table if row[0] == ours] for table in after] == [
        [row for row in table if row[0] == ours] for table in right
    ]
    assert after != right  # each recount repairs one workspace


async def test_a_rating_committed_during_the_recount_is_kept(database: Database, owner: Any, feature: Feature) -> None:
    ours = feature.client.workspace
    await owner.execute("UPDATE score_count SET counts = '{9,9}' WHERE grain = 'day'")
    async with database.transaction(ours) as tx:
        drift = await metrics.list_drift(tx, ours, utcnow().date().replace(day=1))
        await feature.rate(3)
        await metrics.repair_counts(tx, ours, drift)
    (row,) = await owner.fetch(
        "SELECT counts FROM score_count WHERE workspace_id = $1 AND series_kind = 'feature' AND grain = 'day'", ours
    )
    assert row["counts"] == [1, 0, 1, 0, 0, 0, 2, 0, 0, 1]
