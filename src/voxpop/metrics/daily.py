"""The daily metrics of campaigns: computed from score counts, kept, and sent on. The clock is the caller's."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from voxpop import outbox
from voxpop.db.pool import Tx
from voxpop.metrics import daily_store, formulas, scores
from voxpop.metrics.daily_store import DailyMetric, Tally, Wanted
from voxpop.metrics.formulas import Formula, Measure
from voxpop.outbox import Kind, Message
from voxpop.types import CampaignId, Instant, WorkspaceId, instant

DAY = timedelta(days=1)
RECOUNTED_DAYS = 7  # a night looks so far back, since counts may be mended afterwards


class DailyMetricsAggregated(Struct, frozen=True, kw_only=True, tag_field="event_type", tag="DAILY_METRICS_AGGREGATED"):
    """The message that leaves for a row, in the words and order of its description (F87)."""

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


async def aggregate(tx: Tx, workspace: WorkspaceId, day: date, now: datetime, *, resend: bool) -> list[DailyMetric]:
    """Keeps what the answers of a day amount to, and returns all of its rows.

    A message leaves for every row that changed; with `resend` for every row that has answers too.
    """
    rows, changed = await keep(tx, workspace, day, now)
    sending = [row for row in rows if row in changed or (resend and row.total_responses)]
    await outbox.record(tx, workspace, [_message(row, now) for row in sending], now)
    return rows


async def keep(tx: Tx, workspace: WorkspaceId, day: date, now: datetime) -> tuple[list[DailyMetric], list[DailyMetric]]:
    """The same without a message: all rows of the day, one for each campaign that has answers, and those that changed.

    A day that is not over may be kept as far as it is, and again later.
    """
    await daily_store.lock_aggregation(tx, workspace)
    kept = {row.campaign_id: row.counts for row in await daily_store.list_kept(tx, workspace, day)}
    tallies = await daily_store.list_tallies(tx, workspace, Wanted(date_from=day, date_to=day))
    rows = [measured(tally) for tally in tallies if any(tally.counts) or tally.campaign_id in kept]
    changed = [row for row in rows if row.counts != kept.get(row.campaign_id)]
    if changed:
        await daily_store.set_daily_metrics(tx, workspace, changed, now)
    return rows, changed


async def aggregate_night(tx: Tx, workspace: WorkspaceId, day: date, now: datetime) -> list[DailyMetric]:
    """The night's work: `day` itself, and of the days before it what has changed. Returns the rows of `day`."""
    for back in range(RECOUNTED_DAYS - 1, 0, -1):  # oldest first, so that messages of a campaign leave by date
        await aggregate(tx, workspace, day - back * DAY, now, resend=False)
    return await aggregate(tx, workspace, day, now, resend=True)


def measured(tally: Tally) -> DailyMetric:
    """What a tally amounts to; pure, the one way from counts to metrics."""
    measure = measure_of(tally)
    groups = formulas.groups(measure, tally.counts)
    promoters, passives, detractors = msgspec.structs.astuple(groups) if groups else (None, None, None)
    return DailyMetric(
        **msgspec.structs.asdict(tally),
        total_responses=scores.total(tally.counts),
        score_value=formulas.score(measure, tally.counts),
        promoters=promoters,
        passives=passives,
        detractors=detractors,
    )


def measure_of(tally: Tally) -> Measure:
    return Measure(Formula(tally.formula), tally.scale_min, tally.satisfied_min, tally.satisfied_max)


def total_responses(rows: Sequence[DailyMetric]) -> int:
    return sum(row.total_responses for row in rows)


def _message(row: DailyMetric, now: datetime) -> Message:
    body = DailyMetricsAggregated(
        campaign_id=row.campaign_id,
        campaign_name=row.campaign_name,
        date=row.date,
        type=row.survey_type_code,
        total_responses=row.total_responses,
        score_value=row.score_value,
        promoters=row.promoters,
        passives=row.passives,
        detractors=row.detractors,
        timestamp=instant(now),
    )
    return Message(Kind.DAILY_METRICS, str(row.campaign_id), msgspec.json.encode(body).decode())
