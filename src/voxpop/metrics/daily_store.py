"""Statements on the daily metrics of campaigns, and on the counts they are computed from."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.metrics.models import Grain
from voxpop.metrics.store import Held
from voxpop.types import CampaignId, Origin, WorkspaceId, uuid7

USER = "system"


class Wanted(Struct, frozen=True):
    """Which days of which campaigns; None is no criterion, both days are included."""

    campaign: CampaignId | None = None
    type: str | None = None
    date_from: date | None = None
    date_to: date | None = None


class Tally(Struct, frozen=True):
    """How often each score was given to a campaign on a day, and how its survey type is measured."""

    campaign_id: CampaignId
    campaign_name: str
    date: date
    survey_type_code: str
    formula: str
    scale_min: int
    satisfied_min: int | None
    satisfied_max: int | None
    counts: list[int]


class DailyMetric(Tally, frozen=True):
    """What a tally amounts to; the three groups are those of NPS, None for other formulas."""

    total_responses: int
    score_value: float
    promoters: int | None
    passives: int | None
    detractors: int | None


class Kept(Struct, frozen=True):
    campaign_id: CampaignId
    counts: list[int]


# Held until the transaction ends, so that of two runs the later one reads the counts after the earlier has committed.
AGGREGATION_LOCK = Query(
    "SELECT pg_advisory_xact_lock(hashtextextended('daily metrics ' || $1::uuid, 0)) IS NOT NULL AS held", Held
)

_MEASURE = "t.formula, t.scale_min, t.satisfied_min, t.satisfied_max"

# How often was each score given, by campaign and day? Campaigns first, so that each is one range of the counts' key.
TALLIES = Query(
    f"""
    SELECT c.id AS campaign_id, c.name AS campaign_name, s.date, s.survey_type_code, {_MEASURE}, s.counts
    FROM campaign c
    JOIN survey_type t ON t.workspace_id = $1 AND t.code = c.survey_type_code
    JOIN score_count s ON s.workspace_id = $1 AND s.series_kind = $2 AND s.series_id = c.id
        AND s.survey_type_code = c.survey_type_code AND s.grain = $3
    WHERE c.workspace_id = $1 AND c.id = coalesce($4, c.id) AND c.survey_type_code = coalesce($5, c.survey_type_code)
        AND s.date >= coalesce($6::date, '-infinity') AND s.date <= coalesce($7::date, 'infinity')
    ORDER BY c.id, s.date
    """,
    Tally,
)

KEPT = Query("SELECT campaign_id, counts FROM daily_metrics WHERE workspace_id = $1 AND date = $2", Kept)

# The arrays of counts come as text, since unnest would flatten an array of arrays.
SAVED = Query(
    """
    INSERT INTO daily_metrics (workspace_id, id, campaign_id, date, survey_type_code, total_responses, score_value,
                               promoters, passives, detractors, counts,
                               create_time, create_user, last_update_time, last_update_user)
    SELECT $1, id, campaign_id, date, code, total, score, promoters, passives, detractors, counts::int[],
           $12, $13, $12, $13
    FROM unnest($2::uuid[], $3::uuid[], $4::date[], $5::text[], $6::int[], $7::float8[], $8::int[], $9::int[],
                $10::int[], $11::text[])
        AS new (id, campaign_id, date, code, total, score, promoters, passives, detractors, counts)
    ORDER BY campaign_id, date
    ON CONFLICT (workspace_id, campaign_id, date) DO UPDATE
    SET survey_type_code = excluded.survey_type_code, total_responses = excluded.total_responses,
        score_value = excluded.score_value, promoters = excluded.promoters, passives = excluded.passives,
        detractors = excluded.detractors, counts = excluded.counts,
        last_update_time = excluded.last_update_time, last_update_user = excluded.last_update_user
    """,
    NoRows,
)

# What is kept of these days? A day whose answers turned out to be none is kept, but is no day with responses.
DAILY_METRICS = Query(
    f"""
    SELECT m.campaign_id, c.name AS campaign_name, m.date, m.survey_type_code, {_MEASURE}, m.counts,
           m.total_responses, m.score_value::float8 AS score_value, m.promoters, m.passives, m.detractors
    FROM daily_metrics m
    JOIN campaign c ON c.workspace_id = $1 AND c.id = m.campaign_id
    JOIN survey_type t ON t.workspace_id = $1 AND t.code = m.survey_type_code
    WHERE m.workspace_id = $1 AND m.total_responses > 0
        AND ($2::uuid IS NULL OR m.campaign_id = $2) AND ($3::text IS NULL OR m.survey_type_code = $3)
        AND m.date >= coalesce($4::date, '-infinity') AND m.date <= coalesce($5::date, 'infinity')
    """,
    DailyMetric,
)


async def lock_aggregation(tx: Tx, workspace: WorkspaceId) -> None:
    """One run at a time in a workspace, until the transaction ends."""
    await AGGREGATION_LOCK.one(tx, workspace)


async def list_tallies(tx: Tx, workspace: WorkspaceId, wanted: Wanted) -> list[Tally]:
    """By campaign's id, then by day; those of deleted campaigns too."""
    return await TALLIES.all(tx, workspace, Origin.CAMPAIGN, Grain.DAY, *_criteria(wanted))


async def list_daily_metrics(tx: Tx, workspace: WorkspaceId, wanted: Wanted) -> list[DailyMetric]:
    """In no order; those of deleted campaigns too."""
    return await DAILY_METRICS.all(tx, workspace, *_criteria(wanted))


async def list_kept(tx: Tx, workspace: WorkspaceId, day: date) -> list[Kept]:
    """The counts that a day's rows were computed from."""
    return await KEPT.all(tx, workspace, day)


async def set_daily_metrics(tx: Tx, workspace: WorkspaceId, rows: Sequence[DailyMetric], now: datetime) -> None:
    """Saves or updates, each campaign and day once; a row that exists keeps its id and who made it when."""
    await SAVED.run(tx, workspace, *zip(*map(_values, rows), strict=True), now, USER)


def _criteria(wanted: Wanted) -> tuple[UUID | str | date | None, ...]:
    return wanted.campaign, wanted.type, wanted.date_from, wanted.date_to


def _values(row: DailyMetric) -> tuple[object, ...]:
    return (
        uuid7(),
        row.campaign_id,
        row.date,
        row.survey_type_code,
        row.total_responses,
        row.score_value,
        row.promoters,
        row.passives,
        row.detractors,
        "{" + ",".join(map(str, row.counts)) + "}",
    )
