"""The daily metrics of campaigns: computed from score counts, stored and sent."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from voxpop import outbox
from voxpop.db.pool import Tx
from voxpop.metrics import daily_store, formulas, scores
from voxpop.metrics.formulas import Formula, Measure
from voxpop.metrics.models import DailyCounts, DailyMetric, MetricsCriteria
from voxpop.outbox import Kind, Message
from voxpop.types import SYSTEM_USER, Audit, CampaignId, Instant, WorkspaceId, instant

DAY = timedelta(days=1)
LOOK_BACK_DAYS = 7  # a nightly run also looks at the days before, because a recount can repair their counts


class DailyMetricsAggregated(Struct, frozen=True, kw_only=True, tag_field="event_type", tag="DAILY_METRICS_AGGREGATED"):
    """The message about one row, with the names and the order that the contract gives (F87)."""

    campaign_id: CampaignId
    campaign_name: Annotated[str, Meta(examples=["NPS после заказа"])]
    date: date
    type: Annotated[str, Meta(examples=["NPS"])]
    total_responses: int
    score_value: float
    promoters: int | None
    passives: int | None
    detractors: int | None
    timestamp: Instant


class StoredDay(Struct, frozen=True):
    """The metrics of a day, one for each campaign with ratings, and those among them that changed."""

    metrics: Sequence[DailyMetric]
    changed: Sequence[DailyMetric]


async def aggregate_day(
    tx: Tx, workspace: WorkspaceId, day: date, now: datetime, *, resend: bool
) -> Sequence[DailyMetric]:
    """Stores the metrics of a day and returns them all.

    It sends a message for each row that changed; with `resend` for each row with responses.
    """
    stored = await store_day(tx, workspace, day, now)
    sent = [row for row in stored.metrics if row in stored.changed or (resend and row.total_responses)]
    await outbox.record(tx, workspace, [_message(row, now) for row in sent], now)
    return stored.metrics


async def store_day(tx: Tx, workspace: WorkspaceId, day: date, now: datetime) -> StoredDay:
    """Stores the metrics of a day without sending messages. A day that is not over can be stored again later."""
    await daily_store.lock_aggregation(tx, workspace)
    stored = {row.campaign_id: row.counts for row in await daily_store.list_stored_counts(tx, workspace, day)}
    counts = await daily_store.list_daily_counts(tx, workspace, MetricsCriteria(date_from=day, date_to=day))
    metrics = [metric_of(one) for one in counts if any(one.counts) or one.campaign_id in stored]
    changed = [metric for metric in metrics if metric.counts != stored.get(metric.campaign_id)]
    if changed:
        await daily_store.upsert_daily_metrics(tx, workspace, changed, Audit(now, SYSTEM_USER))
    return StoredDay(metrics, changed)


async def aggregate_night(tx: Tx, workspace: WorkspaceId, day: date, now: datetime) -> Sequence[DailyMetric]:
    """The nightly run: all of `day`, and the changes of the days before it. Returns the metrics of `day`."""
    for days_ago in range(LOOK_BACK_DAYS - 1, 0, -1):  # oldest first, so that a campaign's messages are in date order
        await aggregate_day(tx, workspace, day - days_ago * DAY, now, resend=False)
    return await aggregate_day(tx, workspace, day, now, resend=True)


def metric_of(counts: DailyCounts) -> DailyMetric:
    """Computes the metrics of daily counts; pure. Stored and live metrics both come from here."""
    measure = measure_of(counts)
    groups = formulas.nps_groups(measure, counts.counts)
    promoters, passives, detractors = msgspec.structs.astuple(groups) if groups else (None, None, None)
    return DailyMetric(
        **msgspec.structs.asdict(counts),
        total_responses=scores.total(counts.counts),
        score_value=formulas.score(measure, counts.counts),
        promoters=promoters,
        passives=passives,
        detractors=detractors,
    )


def measure_of(counts: DailyCounts) -> Measure:
    return Measure(
        Formula(counts.formula), counts.scale_min, counts.scale_max, counts.satisfied_min, counts.satisfied_max
    )


def total_responses(metrics: Sequence[DailyMetric]) -> int:
    return sum(metric.total_responses for metric in metrics)


def _message(metric: DailyMetric, now: datetime) -> Message:
    body = DailyMetricsAggregated(
        campaign_id=metric.campaign_id,
        campaign_name=metric.campaign_name,
        date=metric.date,
        type=metric.survey_type_code,
        total_responses=metric.total_responses,
        score_value=metric.score_value,
        promoters=metric.promoters,
        passives=metric.passives,
        detractors=metric.detractors,
        timestamp=instant(now),
    )
    return Message(Kind.DAILY_METRICS, str(metric.campaign_id), msgspec.json.encode(body).decode())
