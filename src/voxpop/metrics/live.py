"""Reads the metrics of campaigns by day: as aggregated each night, or live from the current counts."""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.i18n import name_key
from voxpop.metrics import daily_store, formulas, scores
from voxpop.metrics.daily import measure_of, metric_of, total_responses
from voxpop.metrics.models import DailyMetric, MetricsCriteria
from voxpop.types import WorkspaceId


class MetricsSummary(Struct, frozen=True):
    """Several days together. Without days in the criteria and without rows, the period is None."""

    total_responses: int
    average_score: float
    period_from: date | None
    period_to: date | None


async def list_aggregated(tx: Tx, workspace: WorkspaceId, criteria: MetricsCriteria) -> list[DailyMetric]:
    """Newest first, then by the campaign's name."""
    return _sorted(await daily_store.list_daily_metrics(tx, workspace, criteria))


async def list_live(tx: Tx, workspace: WorkspaceId, criteria: MetricsCriteria) -> list[DailyMetric]:
    """Newest first, then by the campaign's name."""
    counts = await daily_store.list_daily_counts(tx, workspace, criteria)
    return _sorted(metric_of(one) for one in counts if any(one.counts))


def summarise(metrics: Sequence[DailyMetric], criteria: MetricsCriteria) -> MetricsSummary:
    """`metrics` are newest first. The average is the score of all responses together (F75), 0 without responses."""
    first, last = (metrics[-1].date, metrics[0].date) if metrics else (None, None)
    return MetricsSummary(
        total_responses(metrics), _average(metrics), criteria.date_from or first, criteria.date_to or last
    )


def _sorted(metrics: Iterable[DailyMetric]) -> list[DailyMetric]:
    by_name = sorted(metrics, key=lambda row: (name_key(row.campaign_name), row.campaign_name, row.campaign_id))
    return sorted(by_name, key=lambda row: row.date, reverse=True)


def _average(metrics: Sequence[DailyMetric]) -> float:
    """For one survey type the score of the pooled counts.

    Counts of several types cannot be added, so their average is the mean of the days weighted by their responses.
    """
    if len({metric.survey_type_code for metric in metrics}) == 1:
        counts: Sequence[int] = []
        for metric in metrics:
            counts = scores.add(counts, metric.counts)
        return formulas.score(measure_of(metrics[0]), counts)
    responses = total_responses(metrics)
    weighted = sum(Fraction(str(metric.score_value)) * metric.total_responses for metric in metrics)
    return scores.half_up(Fraction(weighted, responses), 2) if responses else 0.0
