"""Adds to the counts of series, reads them and repairs them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from voxpop.db.pool import Tx
from voxpop.metrics import store
from voxpop.metrics.models import (
    CountRange,
    Drift,
    Grain,
    PeriodCounts,
    ScoreIncrement,
    Series,
    SeriesCounts,
    Stage,
    SurveyIncrement,
    SurveySteps,
    series_kind,
)
from voxpop.metrics.periods import Period, cover, cover_sparsely
from voxpop.metrics.scores import add
from voxpop.metrics.store import ScoreKey, SurveyKey
from voxpop.types import WorkspaceId


async def add_counts(
    tx: Tx, workspace: WorkspaceId, scores: Iterable[ScoreIncrement] = (), surveys: Iterable[SurveyIncrement] = ()
) -> None:
    """Adds ratings and stages of surveys to the counts of their series, by day and by month.

    Call it last in a transaction, because most transactions lock the same counts.
    """
    if survey_counts := _sum_surveys(surveys):
        await store.add_surveys(tx, workspace, survey_counts)
    if score_counts := _sum_scores(scores):
        await store.add_scores(tx, workspace, score_counts)


async def list_months(tx: Tx, workspace: WorkspaceId, series: Series, survey_type: str) -> Sequence[PeriodCounts]:
    """The months of a series that have ratings, latest first."""
    return await store.list_periods(tx, workspace, series, survey_type, Grain.MONTH)


async def get_all_time_counts(tx: Tx, workspace: WorkspaceId, series: Series, survey_type: str) -> Sequence[int]:
    """The counts of a series over all time; empty without ratings."""
    return pool_counts(await list_months(tx, workspace, series, survey_type))


async def list_series_totals(
    tx: Tx, workspace: WorkspaceId, kinds: Sequence[str], periods: Sequence[Period], today: date, scale_size: int
) -> list[SeriesCounts]:
    """The counts of all series of these kinds in each period; a series without a count is left out.

    `scale_size` is the most scores that a survey type has.
    """
    ranges = [list(cover_sparsely(period, today)) for period in periods]
    return await store.list_series_totals(tx, workspace, kinds, ranges, scale_size)


async def list_days(
    tx: Tx, workspace: WorkspaceId, series: Series, survey_type: str, period: Period
) -> list[PeriodCounts]:
    """The days of a period that have ratings, the first one first."""
    ranges = [CountRange(Grain.DAY, period.first, period.last)]
    return await store.list_range_counts(tx, workspace, series, survey_type, ranges)


async def list_months_and_days(
    tx: Tx, workspace: WorkspaceId, series: Series, survey_type: str, period: Period
) -> list[PeriodCounts]:
    """The months within a period that have ratings, and the days of months that it cuts, the first one first."""
    return await store.list_range_counts(tx, workspace, series, survey_type, list(cover(period)))


async def count_survey_steps(tx: Tx, workspace: WorkspaceId, series: Series, period: Period) -> SurveySteps:
    """How many surveys of a series reached each stage in a period."""
    return await store.count_survey_steps(tx, workspace, series, list(cover(period)))


async def list_rated_types(tx: Tx, workspace: WorkspaceId, series: Series) -> list[str]:
    """The codes of the survey types that the series ever had ratings of."""
    return await store.list_rated_types(tx, workspace, series)


async def lock_recount(tx: Tx, workspace: WorkspaceId) -> None:
    """Call it before `list_drift`, because two recounts at once would both add the same difference."""
    await store.lock_recount(tx, workspace)


async def list_drift(tx: Tx, workspace: WorkspaceId, month: date) -> list[Drift]:
    """Where the counts of a month and its days differ from the ratings; `month` is its first day."""
    return await store.list_drift(tx, workspace, month)


async def repair_counts(tx: Tx, workspace: WorkspaceId, drift: Iterable[Drift]) -> None:
    """Adds the difference instead of overwriting, so that ratings committed meanwhile are kept."""
    sums: dict[ScoreKey, list[int]] = {}
    for one in drift:
        series = Series(series_kind(one.series_kind), one.series_id)
        key = ScoreKey(series, one.survey_type, Grain(one.grain), one.date)
        _add_at(sums.setdefault(key, []), one.index, one.difference)
    await store.add_scores(tx, workspace, sums)


def pool_counts(periods: Iterable[PeriodCounts]) -> Sequence[int]:
    """The counts of all periods together. Adding counts is exact; averaging scores would not be."""
    total: Sequence[int] = []
    for period in periods:
        total = add(total, period.counts)
    return total


def _sum_scores(increments: Iterable[ScoreIncrement]) -> dict[ScoreKey, list[int]]:
    sums: dict[ScoreKey, list[int]] = {}
    for one, count in Counter(increments).items():  # many ratings of a batch are alike
        for series in one.series:
            for grain in Grain:
                key = ScoreKey(series, one.survey_type, grain, grain.start(one.day))
                _add_at(sums.setdefault(key, []), one.index, count)
    return sums


def _add_at(counts: list[int], index: int, count: int) -> None:
    counts.extend([0] * (index + 1 - len(counts)))
    counts[index] += count


def _sum_surveys(increments: Iterable[SurveyIncrement]) -> dict[SurveyKey, Counter[Stage]]:
    sums: dict[SurveyKey, Counter[Stage]] = defaultdict(Counter)
    for one in increments:
        for series in one.series:
            for grain in Grain:
                sums[SurveyKey(series, grain, grain.start(one.day))][one.stage] += one.count
    return sums
