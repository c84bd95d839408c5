"""Adds to the counts and reads them; the last thing a transaction does before its commit."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from voxpop.db.pool import Tx
from voxpop.metrics import scores, store
from voxpop.metrics.models import Drift, Grain, Period, ScoreIncrement, Series, Stage, SurveyIncrement, series_kind
from voxpop.metrics.store import AskKey, ScoreKey
from voxpop.types import WorkspaceId


async def add(
    tx: Tx, workspace: WorkspaceId, scored: Iterable[ScoreIncrement] = (), moved: Iterable[SurveyIncrement] = ()
) -> None:
    """Adds ratings and steps of surveys to the counts of their series, by day and by month.

    The conductor's last call: the rows it locks are those that everybody wants.
    """
    if asks := _sum_asks(moved):
        await store.add_asks(tx, workspace, asks)
    if counts := _sum_scores(scored):
        await store.add_scores(tx, workspace, counts)


async def months(tx: Tx, workspace: WorkspaceId, series: Series, survey_type: str) -> Sequence[Period]:
    """The months of a series that have ratings, latest first."""
    return await store.list_periods(tx, workspace, series, survey_type, Grain.MONTH)


async def all_time(tx: Tx, workspace: WorkspaceId, series: Series, survey_type: str) -> Sequence[int]:
    """The counts by score of a series, ever; empty where nobody answered."""
    return pool(await months(tx, workspace, series, survey_type))


async def lock_recount(tx: Tx, workspace: WorkspaceId) -> None:
    """First of all: two recounts at once would both add the same difference."""
    await store.lock_recount(tx, workspace)


async def find_drift(tx: Tx, workspace: WorkspaceId, month: date) -> list[Drift]:
    """Where the counts of a month and its days differ from the ratings; `month` is its first day."""
    return await store.list_drift(tx, workspace, month)


async def repair_counts(tx: Tx, workspace: WorkspaceId, drift: Iterable[Drift]) -> None:
    """Adds what is missing. Not the truth is set: that would lose ratings that commit beside it."""
    sums: dict[ScoreKey, list[int]] = {}
    for one in drift:
        key = (Series(series_kind(one.series_kind), one.series_id), one.survey_type, Grain(one.grain), one.date)
        _place(sums.setdefault(key, []), one.step, one.missing)
    await store.add_scores(tx, workspace, sums)


def pool(periods: Iterable[Period]) -> Sequence[int]:
    """Periods are pooled by adding their counts, never by averaging their scores."""
    total: Sequence[int] = []
    for period in periods:
        total = scores.add(total, period.counts)
    return total


def _sum_scores(scored: Iterable[ScoreIncrement]) -> dict[ScoreKey, list[int]]:
    sums: dict[ScoreKey, list[int]] = {}
    for one in scored:
        for series in one.series:
            for grain in Grain:
                _place(sums.setdefault((series, one.survey_type, grain, grain.start(one.day)), []), one.step, 1)
    return sums


def _place(counts: list[int], step: int, count: int) -> None:
    counts.extend([0] * (step + 1 - len(counts)))
    counts[step] += count


def _sum_asks(moved: Iterable[SurveyIncrement]) -> dict[AskKey, Counter[Stage]]:
    sums: dict[AskKey, Counter[Stage]] = defaultdict(Counter)
    for one in moved:
        for series in one.series:
            for grain in Grain:
                sums[series, grain, grain.start(one.day)][one.stage] += one.count
    return sums
