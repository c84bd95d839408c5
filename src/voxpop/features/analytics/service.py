"""What is known of a feature, read from kept sums and score counts; nothing is scanned.

A product or feature that does not exist has no figures, like one that nobody has used (C52).
"""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby

from msgspec import Struct

from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.features import store
from voxpop.features.models import (
    SATISFIED_MIN,
    SCALE_MAX,
    SCALE_MIN,
    SURVEY_TYPE,
    FeaturePath,
    FeatureState,
    UsageSum,
    User,
    source_series,
)
from voxpop.feedback import service as feedback
from voxpop.feedback.models import Feedback, Source
from voxpop.metrics import scores
from voxpop.metrics import service as metrics
from voxpop.metrics.models import PeriodCounts, Series
from voxpop.types import Actor, Origin


class Usage(Struct, frozen=True):
    sums: UsageSum
    exhausted: int


class Figures(Struct, frozen=True):
    """The figures of a set of ratings; the mean, the median and the share are 0 where there are none."""

    count: int
    mean: float
    median: float
    satisfied: float


class Summary(Struct, frozen=True):
    all: Figures
    prompted: int
    voluntary: int


async def usage(tx: Tx, actor: Actor, path: FeaturePath) -> Usage:
    if (feature := await store.find_feature_ids(tx, actor.workspace, path)) is None:
        return Usage(UsageSum(0, 0, 0), 0)
    exhausted = await store.count_exhausted(tx, actor.workspace, feature)
    return Usage(await store.find_sum(tx, actor.workspace, feature.id), exhausted)


async def summary(tx: Tx, actor: Actor, path: FeaturePath) -> Summary:
    if (feature := await store.find_feature_ids(tx, actor.workspace, path)) is None:
        return Summary(figures([]), 0, 0)
    prompted, voluntary = [
        await metrics.get_all_time_counts(tx, actor.workspace, source_series(source, feature.id), SURVEY_TYPE)
        for source in (Source.PROMPTED, Source.VOLUNTARY)
    ]
    return Summary(figures(scores.add(prompted, voluntary)), scores.total(prompted), scores.total(voluntary))


async def months(tx: Tx, actor: Actor, path: FeaturePath) -> Sequence[PeriodCounts]:
    """The months that have ratings, latest first."""
    if (feature := await store.find_feature_ids(tx, actor.workspace, path)) is None:
        return []
    return await metrics.list_months(tx, actor.workspace, Series(Origin.FEATURE, feature.id), SURVEY_TYPE)


async def list_users(tx: Tx, actor: Actor, path: FeaturePath, before: Position, limit: int) -> list[User]:
    if (feature := await store.find_feature_ids(tx, actor.workspace, path)) is None:
        return []
    return await store.list_users(tx, actor.workspace, feature.id, before, limit)


async def list_ratings(tx: Tx, actor: Actor, path: FeaturePath, before: Position, limit: int) -> list[Feedback]:
    if (feature := await store.find_feature_ids(tx, actor.workspace, path)) is None:
        return []
    return await feedback.list_feedback(tx, actor.workspace, Origin.FEATURE, feature.id, before, limit)


async def list_states(tx: Tx, actor: Actor, product: str, email: str) -> list[FeatureState]:
    """Every feature of a product as one customer has used it; NotFound without the product."""
    if not await store.product_exists(tx, actor.workspace, product):
        raise NotFound.of("Product", product)
    return await store.list_states(tx, actor.workspace, product, email)


def figures(counts: Sequence[int]) -> Figures:
    """Mean and share with two decimals, exact ties up; the median is exact."""
    mean = scores.mean(counts, SCALE_MIN)
    median = scores.median(counts, SCALE_MIN)
    share = scores.share(counts, SCALE_MIN, SATISFIED_MIN, SCALE_MAX)
    if mean is None or median is None or share is None:
        return Figures(0, 0, 0, 0)
    return Figures(scores.total(counts), scores.half_up(mean, 2), float(median), scores.half_up(share, 2))


def by_period(
    periods: Sequence[PeriodCounts], period_of: Callable[[date], tuple[int, int]]
) -> list[tuple[tuple[int, int], Figures]]:
    """Consecutive periods pooled by adding their counts."""
    pooled = groupby(periods, key=lambda period: period_of(period.date))
    return [(period, figures(metrics.pool_counts(within))) for period, within in pooled]
