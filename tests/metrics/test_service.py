"""Counts: every rating and every stage of a survey counts once per day, month and series."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.support.factories import Factory
from tests.support.invariants import Owner

from voxpop.db.pool import Database
from voxpop.feedback import service as feedback
from voxpop.feedback.models import NewFeedback, Source
from voxpop.metrics import service as metrics
from voxpop.metrics.models import Grain, PeriodCounts, ScoreIncrement, Series, SeriesKind, Stage, SurveyIncrement
from voxpop.types import FeedbackId, Origin, WorkspaceId, uuid7

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
ONE, TWO = (Series(Origin.FEATURE, UUID(int=number)) for number in (1, 2))
PRODUCT = Series(SeriesKind.PRODUCT, UUID(int=1))
JANUARY, MARCH = date(2026, 1, 31), date(2026, 3, 5)


@pytest.fixture
async def ours(make: Factory) -> WorkspaceId:
    return await make.workspace("ours")


@pytest.fixture
async def theirs(make: Factory) -> WorkspaceId:
    return await make.workspace("theirs")


def scored(score: int, day: date = MARCH, series: Sequence[Series] = (ONE,), code: str = "CSAT10") -> ScoreIncrement:
    return ScoreIncrement(code, score - 1, day, tuple(series))


async def add(database: Database, workspace: WorkspaceId, *added: ScoreIncrement) -> None:
    async with database.transaction(workspace) as tx:
        await metrics.add_counts(tx, workspace, added)


async def counts(database: Database, workspace: WorkspaceId, series: Series, code: str = "CSAT10") -> list[int]:
    async with database.transaction(workspace) as tx:
        return list(await metrics.get_all_time_counts(tx, workspace, series, code))


async def stored(owner: Owner, workspace: WorkspaceId) -> dict[tuple[str, UUID, str, date], list[int]]:
    rows = await owner.fetch("SELECT * FROM score_count WHERE workspace_id = $1", workspace)
    return {(row["series_kind"], row["series_id"], row["grain"], row["date"]): row["counts"] for row in rows}


def by_hand(ratings: Iterable[ScoreIncrement]) -> dict[tuple[str, UUID, str, date], list[int]]:
    """The slow way: one tally for each series, day and month, then as long as its highest score."""
    tallies: dict[tuple[str, UUID, str, date], Counter[int]] = {}
    for one in ratings:
        for series in one.series:
            for grain, start in (("day", one.day), ("month", one.day.replace(day=1))):
                tallies.setdefault((series.kind, series.id, grain, start), Counter())[one.index] += 1
    return {key: [tally[step] for step in range(max(tally) + 1)] for key, tally in tallies.items()}


async def test_a_rating_counts_by_day_and_by_month_in_each_series(
    database: Database, owner: Owner, ours: WorkspaceId
) -> None:
    await add(database, ours, scored(3, series=(ONE, PRODUCT)))
    assert await stored(owner, ours) == {
        (series.kind, series.id, grain, start): [0, 0, 1]
        for series in (ONE, PRODUCT)
        for grain, start in ((Grain.DAY, MARCH), (Grain.MONTH, MARCH.replace(day=1)))
    }


async def test_counts_grow_to_the_highest_score(database: Database, ours: WorkspaceId) -> None:
    for score in (3, 10, 1):
        await add(database, ours, scored(score))
    assert await counts(database, ours, ONE) == [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]


async def test_types_series_and_workspaces_are_never_mixed(
    database: Database, ours: WorkspaceId, theirs: WorkspaceId
) -> None:
    await add(database, ours, scored(1), scored(2, code="CSAT"), scored(3, series=(TWO,)))
    await add(database, theirs, scored(4))
    assert await counts(database, ours, ONE) == [1]
    assert await counts(database, ours, ONE, "CSAT") == [0, 1]
    assert await counts(database, ours, TWO) == [0, 0, 1]
    assert await counts(database, ours, PRODUCT) == []
    assert await counts(database, theirs, ONE) == [0, 0, 0, 1]


async def test_months_are_listed_latest_first_and_without_the_empty(database: Database, ours: WorkspaceId) -> None:
    await add(database, ours, scored(2, JANUARY), scored(1), scored(2, date(2025, 12, 1)), scored(1, JANUARY))
    async with database.transaction(ours) as tx:
        months = await metrics.list_months(tx, ours, ONE, "CSAT10")
    assert months == [
        PeriodCounts(date(2026, 3, 1), [1]),
        PeriodCounts(date(2026, 1, 1), [1, 1]),
        PeriodCounts(date(2025, 12, 1), [0, 1]),
    ]


async def test_nothing_to_add_is_nothing_done(database: Database, owner: Owner, ours: WorkspaceId) -> None:
    await add(database, ours)
    assert await stored(owner, ours) == {}


def test_periods_are_pooled_by_adding_counts() -> None:
    assert metrics.pool_counts([]) == []
    assert metrics.pool_counts([PeriodCounts(MARCH, [1]), PeriodCounts(JANUARY, [1, 0, 5])]) == [2, 0, 5]


async def test_however_ratings_are_batched_the_counts_are_those_by_hand(
    database: Database, owner: Owner, ours: WorkspaceId
) -> None:
    """Forty transactions at once over the same rows, each in its own order: none is lost, none waits in a ring."""
    chance = random.Random(11)  # noqa: S311 - the same each time
    all_series = [Series(kind, UUID(int=number)) for kind in (*SeriesKind, *Origin) for number in (1, 2)]
    batches = [
        [
            scored(chance.randint(1, 10), MARCH + timedelta(chance.randint(-40, 0)), chance.sample(all_series, 4))
            for _ in range(chance.randint(1, 12))
        ]
        for _ in range(40)
    ]
    async with asyncio.timeout(30):
        await asyncio.gather(*(add(database, ours, *batch) for batch in batches))
    assert await stored(owner, ours) == by_hand(one for batch in batches for one in batch)


async def test_steps_of_surveys_count_in_the_funnel(database: Database, owner: Owner, ours: WorkspaceId) -> None:
    moved = [SurveyIncrement(Stage.OPENED, JANUARY, (ONE, PRODUCT)), SurveyIncrement(Stage.OPENED, MARCH, (ONE,))]
    moved += [SurveyIncrement(stage, MARCH, (ONE,)) for stage in Stage]
    async with database.transaction(ours) as tx:
        await metrics.add_counts(tx, ours, surveys=moved)
    async with database.transaction(ours) as tx:
        await metrics.add_counts(tx, ours, surveys=[SurveyIncrement(Stage.COMPLETED, MARCH, (ONE,))])
    rows = await owner.fetch("SELECT * FROM survey_count WHERE workspace_id = $1", ours)
    funnel = {(row["series_kind"], row["grain"], row["date"]): [row[stage] for stage in Stage] for row in rows}
    assert funnel == {
        ("feature", "day", JANUARY): [1, 0, 0, 0, 0, 0],
        ("feature", "month", date(2026, 1, 1)): [1, 0, 0, 0, 0, 0],
        ("product", "day", JANUARY): [1, 0, 0, 0, 0, 0],
        ("product", "month", date(2026, 1, 1)): [1, 0, 0, 0, 0, 0],
        ("feature", "day", MARCH): [2, 1, 2, 1, 1, 1],
        ("feature", "month", date(2026, 3, 1)): [2, 1, 2, 1, 1, 1],
    }


def rating(score: int, day: date = MARCH) -> NewFeedback:
    return NewFeedback(
        id=FeedbackId(uuid7()),
        survey_id=None,
        survey_type="CSAT10",
        scale_min=1,
        origin=Origin.FEATURE,
        origin_id=uuid4(),
        source=Source.VOLUNTARY,
        score=score,
        day=day,
        series=(ONE, PRODUCT),
    )


async def rate(database: Database, workspace: WorkspaceId, *ratings: NewFeedback) -> None:
    async with database.transaction(workspace) as tx:
        await metrics.add_counts(tx, workspace, await feedback.record(tx, workspace, ratings, NOW))


async def test_there_is_no_drift_where_all_was_counted(
    database: Database, ours: WorkspaceId, theirs: WorkspaceId
) -> None:
    for workspace in (ours, theirs):
        await rate(database, workspace, rating(1), rating(10), rating(10, JANUARY))
    async with database.transaction(ours) as tx:
        assert [await metrics.list_drift(tx, ours, day.replace(day=1)) for day in (JANUARY, MARCH)] == [[], []]


async def test_wrong_counts_are_found_and_repaired(database: Database, owner: Owner, ours: WorkspaceId) -> None:
    await rate(database, ours, rating(2), rating(2), rating(10), rating(5, JANUARY))
    truth = await stored(owner, ours)
    await owner.execute("UPDATE score_count SET counts = '{7}' WHERE series_kind = 'feature' AND grain = 'day'")
    await owner.execute("DELETE FROM score_count WHERE series_kind = 'product' AND grain = 'month'")
    for day in (JANUARY, MARCH):
        async with database.transaction(ours) as tx:
            drift = await metrics.list_drift(tx, ours, day.replace(day=1))
            await metrics.repair_counts(tx, ours, drift)
        assert {(one.series_kind, one.grain) for one in drift} == {("feature", "day"), ("product", "month")}
    found = await stored(owner, ours)
    assert {key: trimmed(counts) for key, counts in found.items()} == truth


def trimmed(counts: list[int]) -> list[int]:
    return counts[: max(place for place, count in enumerate(counts, 1) if count)]


async def test_a_rating_committed_during_a_repair_is_kept(database: Database, owner: Owner, ours: WorkspaceId) -> None:
    await rate(database, ours, rating(2))
    await owner.execute("UPDATE score_count SET counts = '{0,5}'")
    async with database.transaction(ours) as tx:
        drift = await metrics.list_drift(tx, ours, MARCH.replace(day=1))
        await rate(database, ours, rating(2), rating(3))
        await metrics.repair_counts(tx, ours, drift)
    assert await counts(database, ours, ONE) == await counts(database, ours, PRODUCT) == [0, 2, 1]
    async with database.transaction(ours) as tx:
        assert await metrics.list_drift(tx, ours, MARCH.replace(day=1)) == []
