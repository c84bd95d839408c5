"""Statements on the daily metrics of campaigns, and on the counts that they are computed from."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query, array_text, arrays_of
from voxpop.metrics.models import DailyCounts, DailyMetric, Grain, MetricsCriteria
from voxpop.metrics.store import LockHeld
from voxpop.types import Audit, CampaignId, Origin, WorkspaceId, uuid7


class StoredCounts(Struct, frozen=True):
    campaign_id: CampaignId
    counts: list[int]


class SavedMetric(Struct):
    """A row of `daily_metrics`; the counts are an array as text."""

    id: UUID
    campaign: CampaignId
    date: date
    survey_type: str
    total: int
    score: float
    promoters: int | None
    passives: int | None
    detractors: int | None
    counts: str

    @classmethod
    def of(cls, metric: DailyMetric) -> "SavedMetric":
        return cls(
            uuid7(),
            metric.campaign_id,
            metric.date,
            metric.survey_type_code,
            metric.total_responses,
            metric.score_value,
            metric.promoters,
            metric.passives,
            metric.detractors,
            array_text(metric.counts),
        )


# Held until the transaction ends, so that a second run reads the counts after the first has committed.
AGGREGATION_LOCK = Query(
    "SELECT pg_advisory_xact_lock(hashtextextended('daily metrics ' || :workspace::uuid, 0)) IS NOT NULL AS held",
    LockHeld,
)

_MEASURE = "t.formula, t.scale_min, t.scale_max, t.satisfied_min, t.satisfied_max"

# What are the counts of each campaign and day? Campaigns first, so that each is one range of the counts' key.
DAILY_COUNTS = Query(
    f"""
    SELECT c.id AS campaign_id, c.name AS campaign_name, s.date, s.survey_type_code, {_MEASURE}, s.counts
    FROM campaign c
    JOIN survey_type t ON t.workspace_id = :workspace AND t.code = c.survey_type_code
    JOIN score_count s ON s.workspace_id = :workspace AND s.series_kind = :kind AND s.series_id = c.id
        AND s.survey_type_code = c.survey_type_code AND s.grain = :grain
    WHERE c.workspace_id = :workspace AND c.id = coalesce(:campaign, c.id)
        AND c.survey_type_code = coalesce(:survey_type, c.survey_type_code)
        AND s.date >= coalesce(:date_from::date, '-infinity') AND s.date <= coalesce(:date_to::date, 'infinity')
    ORDER BY c.id, s.date
    """,
    DailyCounts,
    values=MetricsCriteria,
)

STORED_COUNTS = Query(
    "SELECT campaign_id, counts FROM daily_metrics WHERE workspace_id = :workspace AND date = :day", StoredCounts
)

SAVED_METRICS = Query(
    """
    INSERT INTO daily_metrics (workspace_id, id, campaign_id, date, survey_type_code, total_responses, score_value,
                               promoters, passives, detractors, counts,
                               create_time, create_user, last_update_time, last_update_user)
    SELECT :workspace, id, campaign_id, date, code, total, score, promoters, passives, detractors, counts::int[],
           :now, :user, :now, :user
    FROM unnest(:id::uuid[], :campaign::uuid[], :date::date[], :survey_type::text[], :total::int[], :score::float8[],
                :promoters::int[], :passives::int[], :detractors::int[], :counts::text[])
        AS new (id, campaign_id, date, code, total, score, promoters, passives, detractors, counts)
    ORDER BY campaign_id, date
    ON CONFLICT (workspace_id, campaign_id, date) DO UPDATE
    SET survey_type_code = excluded.survey_type_code, total_responses = excluded.total_responses,
        score_value = excluded.score_value, promoters = excluded.promoters, passives = excluded.passives,
        detractors = excluded.detractors, counts = excluded.counts,
        last_update_time = excluded.last_update_time, last_update_user = excluded.last_update_user
    """,
    NoRows,
    values=SavedMetric,
)

# Which metrics are stored for these days? A row can say zero responses, if a repair removed them; it is left out.
DAILY_METRICS = Query(
    f"""
    SELECT m.campaign_id, c.name AS campaign_name, m.date, m.survey_type_code, {_MEASURE}, m.counts,
           m.total_responses, m.score_value::float8 AS score_value, m.promoters, m.passives, m.detractors
    FROM daily_metrics m
    JOIN campaign c ON c.workspace_id = :workspace AND c.id = m.campaign_id
    JOIN survey_type t ON t.workspace_id = :workspace AND t.code = m.survey_type_code
    WHERE m.workspace_id = :workspace AND m.total_responses > 0
        AND (:campaign::uuid IS NULL OR m.campaign_id = :campaign)
        AND (:survey_type::text IS NULL OR m.survey_type_code = :survey_type)
        AND m.date >= coalesce(:date_from::date, '-infinity') AND m.date <= coalesce(:date_to::date, 'infinity')
    """,
    DailyMetric,
    values=MetricsCriteria,
)


async def lock_aggregation(tx: Tx, workspace: WorkspaceId) -> None:
    """One run at a time in a workspace, until the transaction ends."""
    await AGGREGATION_LOCK.one(tx, workspace=workspace)


async def list_daily_counts(tx: Tx, workspace: WorkspaceId, criteria: MetricsCriteria) -> list[DailyCounts]:
    """By campaign id, then by day; those of deleted campaigns too."""
    return await DAILY_COUNTS.all(tx, criteria, workspace=workspace, kind=Origin.CAMPAIGN, grain=Grain.DAY)


async def list_daily_metrics(tx: Tx, workspace: WorkspaceId, criteria: MetricsCriteria) -> list[DailyMetric]:
    """In no order; those of deleted campaigns too."""
    return await DAILY_METRICS.all(tx, criteria, workspace=workspace)


async def list_stored_counts(tx: Tx, workspace: WorkspaceId, day: date) -> list[StoredCounts]:
    """The counts that the stored metrics of a day were computed from."""
    return await STORED_COUNTS.all(tx, workspace=workspace, day=day)


async def upsert_daily_metrics(tx: Tx, workspace: WorkspaceId, metrics: Sequence[DailyMetric], audit: Audit) -> None:
    """One row for a campaign and day. A row that exists keeps its id and its creation columns."""
    rows = arrays_of([SavedMetric.of(metric) for metric in metrics])
    await SAVED_METRICS.run(tx, workspace=workspace, now=audit.at, user=audit.by, **rows)
