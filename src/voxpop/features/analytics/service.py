"""Figures of a feature, read from totals and score counts; no list is scanned.

An unknown product or feature has no figures, like a feature without uses (C52).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
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
    ExhaustedUser,
    FeaturePath,
    FeatureState,
    UsageTotals,
    UserUsage,
    source_series,
)
from voxpop.feedback import service as feedback
from voxpop.feedback.models import Feedback, Source
from voxpop.metrics import scores
from voxpop.metrics import service as metrics
from voxpop.metrics.models import PeriodCounts, Series
from voxpop.types import Actor, Origin


class Usage(Struct, frozen=True):
    totals: UsageTotals
    exhausted_users: int


class Figures(Struct, frozen=True):
    """The figures of a set of ratings. Without ratings all are 0."""

    count: int
    mean: float
    median: float
    satisfied: float


class RatingSummary(Struct, frozen=True):
    figures: Figures
    prompted: int
    voluntary: int


class MonthFigures(Struct, frozen=True):
    year: int
    month: int
    figures: Figures


class QuarterFigures(Struct, frozen=True):
    year: int
    quarter: int
    figures: Figures


async def get_usage(tx: Tx, actor: Actor, path: FeaturePath) -> Usage:
    if (feature := await store.find_feature_ids(tx, actor.workspace, path)) is None:
        return Usage(UsageTotals(0, 0, 0), 0)
    exhausted = await store.count_exhausted(tx, actor.workspace, feature)
    return Usage(await store.get_totals(tx, actor.workspace, feature.id), exhausted)


async def list_exhausted(tx: Tx, actor: Actor, path: FeaturePath, before: Position, limit: int) -> list[ExhaustedUser]:
    """The users who refused so often that they are not prompted any more, the last changed first."""
    if (feature := await store.find_feature_ids(tx, actor.workspace, path)) is None:
        return []
    return await store.list_exhausted(tx, actor.workspace, feature, before, limit)


async def get_summary(tx: Tx, actor: Actor, path: FeaturePath) -> RatingSummary:
    if (feature := await store.find_feature_ids(tx, actor.workspace, path)) is None:
        return RatingSummary(figures_of([]), 0, 0)
    prompted, voluntary = [
        await metrics.get_all_time_counts(tx, actor.workspace, source_series(source, feature.id), SURVEY_TYPE)
        for source in (Source.PROMPTED, Source.VOLUNTARY)
    ]
    return RatingSummary(figures_of(scores.add(prompted, voluntary)), scores.total(prompted), scores.total(voluntary))


async def list_months(tx: Tx, actor: Actor, path: FeaturePath) -> Sequence[PeriodCounts]:
    """The months that have ratings, latest first."""
    if (feature := await store.find_feature_ids(tx, actor.workspace, path)) is None:
        return []
    return await metrics.list_months(tx, actor.workspace, Series(Origin.FEATURE, feature.id), SURVEY_TYPE)


async def list_users(tx: Tx, actor: Actor, path: FeaturePath, before: Position, limit: int) -> list[UserUsage]:
    if (feature := await store.find_feature_ids(tx, actor.workspace, path)) is None:
        return []
    return await store.list_users(tx, actor.workspace, feature.id, before, limit)


async def list_ratings(tx: Tx, actor: Actor, path: FeaturePath, before: Position, limit: int) -> list[Feedback]:
    if (feature := await store.find_feature_ids(tx, actor.workspace, path)) is None:
        return []
    return await feedback.list_feedback(tx, actor.workspace, Origin.FEATURE, feature.id, before, limit)


async def list_states(tx: Tx, actor: Actor, product: str, user_email: str, now: datetime) -> list[FeatureState]:
    """Every feature of a product with the user's counters. Raises NotFound for an unknown product."""
    if not await store.product_exists(tx, actor.workspace, product):
        raise NotFound.of("Product", product)
    return await store.list_states(tx, actor.workspace, product, user_email, now)


def figures_of(counts: Sequence[int]) -> Figures:
    """Mean and share with two decimals, exact ties up; the median is exact."""
    mean = scores.mean(counts, SCALE_MIN)
    median = scores.median(counts, SCALE_MIN)
    share = scores.share(counts, SCALE_MIN, SATISFIED_MIN, SCALE_MAX)
    if mean is None or median is None or share is None:
        return Figures(0, 0, 0, 0)
    return Figures(scores.total(counts), scores.half_up(mean, 2), float(median), scores.half_up(share, 2))


def by_month(months: Sequence[PeriodCounts]) -> Iterator[MonthFigures]:
    for one in months:
        yield MonthFigures(one.date.year, one.date.month, figures_of(one.counts))


def by_quarter(months: Sequence[PeriodCounts]) -> Iterator[QuarterFigures]:
    """The months of a quarter are pooled by adding their counts."""
    for (year, quarter), within in groupby(months, key=lambda one: (one.date.year, (one.date.month + 2) // 3)):
        yield QuarterFigures(year, quarter, figures_of(metrics.pool_counts(within)))
