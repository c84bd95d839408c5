"""Statements on score counts and survey counts. Each writes its rows in the order of their keys."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query, array_text, arrays_of
from voxpop.metrics.models import (
    CountRange,
    Drift,
    Grain,
    PeriodCounts,
    Series,
    SeriesCounts,
    Stage,
    SurveySteps,
)
from voxpop.types import WorkspaceId


class ScoreKey(NamedTuple):
    """The key of a row of `score_count`."""

    series: Series
    survey_type: str
    grain: Grain
    date: date


class SurveyKey(NamedTuple):
    """The key of a row of `survey_count`."""

    series: Series
    grain: Grain
    date: date


class AddedScores(Struct):
    """The increments of one score count. The counts are an array as text, because `unnest` flattens nested arrays."""

    kind: str
    id: UUID
    survey_type: str
    grain: str
    date: date
    counts: str


class AddedSurveys(Struct):
    """The increments to add to one survey count."""

    kind: str
    id: UUID
    grain: str
    date: date
    opened: int
    shown: int
    completed: int
    dismissed: int
    expired: int
    withdrawn: int


class RangeRow(Struct):
    """A range of counts, for a statement that reads several with `unnest`."""

    period: int
    grain: str
    first: date
    last: date
    sign: int


class TypeCode(Struct):
    code: str


class LockHeld(Struct):
    held: bool


ADDED_SCORES = Query(
    """
    INSERT INTO score_count AS s (workspace_id, series_kind, series_id, survey_type_code, grain, date, counts)
    SELECT :workspace, kind, id, code, grain, date, counts::int[]
    FROM unnest(:kind::text[], :id::uuid[], :survey_type::text[], :grain::text[], :date::date[], :counts::text[])
        AS new (kind, id, code, grain, date, counts)
    ORDER BY kind COLLATE "C", id, code COLLATE "C", grain COLLATE "C", date
    ON CONFLICT (workspace_id, series_kind, series_id, survey_type_code, grain, date) DO UPDATE
    SET counts = ARRAY(
        SELECT coalesce(a, 0) + coalesce(b, 0)
        FROM unnest(s.counts, excluded.counts) WITH ORDINALITY AS pair (a, b, place) ORDER BY place)
    """,
    NoRows,
    values=AddedScores,
)

ADDED_SURVEYS = Query(
    """
    INSERT INTO survey_count AS s (workspace_id, series_kind, series_id, grain, date,
                                   opened, shown, completed, dismissed, expired, withdrawn)
    SELECT :workspace, kind, id, grain, date, opened, shown, completed, dismissed, expired, withdrawn
    FROM unnest(:kind::text[], :id::uuid[], :grain::text[], :date::date[], :opened::bigint[], :shown::bigint[],
                :completed::bigint[], :dismissed::bigint[], :expired::bigint[], :withdrawn::bigint[])
        AS new (kind, id, grain, date, opened, shown, completed, dismissed, expired, withdrawn)
    ORDER BY kind COLLATE "C", id, grain COLLATE "C", date
    ON CONFLICT (workspace_id, series_kind, series_id, grain, date) DO UPDATE
    SET opened = s.opened + excluded.opened, shown = s.shown + excluded.shown,
        completed = s.completed + excluded.completed, dismissed = s.dismissed + excluded.dismissed,
        expired = s.expired + excluded.expired, withdrawn = s.withdrawn + excluded.withdrawn
    """,
    NoRows,
    values=AddedSurveys,
)

PERIODS = Query(
    """
    SELECT date, counts FROM score_count
    WHERE workspace_id = :workspace AND series_kind = :kind AND series_id = :id AND survey_type_code = :survey_type
        AND grain = :grain
    ORDER BY date DESC
    """,
    PeriodCounts,
)

_FROM_RANGES = """FROM unnest(:period::int[], :grain::text[], :first::date[], :last::date[], :sign::int[])
        AS r (period, grain, first, last, sign)"""

SMALL_SCALE, LARGEST_SCALE = 11, 101  # numbers of scores


def _series_totals(size: int) -> str:
    """The counts of all series of some kinds in some periods, of scales with at most so many scores.

    OFFSET 0 makes PostgreSQL read each range from the index; it would guess far too many rows, and read the table.
    """
    sums = ", ".join(f"coalesce(sum(r.sign * s.counts[{index}]), 0)::int" for index in range(1, size + 1))
    return f"""
    SELECT s.series_kind AS kind, s.series_id AS id, s.survey_type_code AS survey_type, r.period,
           ARRAY[{sums}] AS counts
    {_FROM_RANGES} CROSS JOIN unnest(:kinds::text[]) AS wanted (kind) CROSS JOIN LATERAL (
        SELECT series_kind, series_id, survey_type_code, counts FROM score_count
        WHERE workspace_id = :workspace AND series_kind = wanted.kind AND grain = r.grain
            AND date >= r.first AND date <= r.last OFFSET 0) AS s
    GROUP BY s.series_kind, s.series_id, s.survey_type_code, r.period"""


SERIES_TOTALS = {size: Query(_series_totals(size), SeriesCounts) for size in (SMALL_SCALE, LARGEST_SCALE)}

# The counts of one series in some ranges, by date.
RANGE_COUNTS = Query(
    f"""
    SELECT s.date, s.counts {_FROM_RANGES}
    JOIN score_count s ON s.workspace_id = :workspace AND s.series_kind = :kind AND s.series_id = :id
        AND s.survey_type_code = :survey_type AND s.grain = r.grain AND s.date >= r.first AND s.date <= r.last
    ORDER BY s.date
    """,
    PeriodCounts,
    values=RangeRow,
)

SURVEY_STEPS = Query(
    f"""
    SELECT {", ".join(f"coalesce(sum(r.sign * s.{stage}), 0)::bigint AS {stage}" for stage in Stage)}
    {_FROM_RANGES}
    JOIN survey_count s ON s.workspace_id = :workspace AND s.series_kind = :kind AND s.series_id = :id
        AND s.grain = r.grain AND s.date >= r.first AND s.date <= r.last
    """,
    SurveySteps,
    values=RangeRow,
)

RATED_TYPES = Query(
    """
    SELECT DISTINCT survey_type_code AS code FROM score_count
    WHERE workspace_id = :workspace AND series_kind = :kind AND series_id = :id AND grain = 'month'
        AND EXISTS (SELECT FROM unnest(counts) AS given (count) WHERE given.count > 0)
    ORDER BY code
    """,
    TypeCode,
)

# Which counts of a month and its days differ from the ratings? One statement, so that both come from one snapshot.
SCORE_DRIFT = Query(
    """
    WITH rated AS (
        SELECT s.kind AS series_kind, s.id AS series_id, f.code, g.grain, g.date,
               f.score - t.scale_min AS index, sum(f.count)::bigint AS count
        FROM (SELECT survey_type_code AS code, day, score, series_kinds, series_ids, count(*) AS count FROM feedback
              WHERE workspace_id = :workspace AND day >= :month AND day < (:month::date + interval '1 month')::date
              GROUP BY survey_type_code, day, score, series_kinds, series_ids) f
        JOIN survey_type t ON t.workspace_id = :workspace AND t.code = f.code,
        unnest(f.series_kinds, f.series_ids) AS s (kind, id),
        LATERAL (VALUES ('day', f.day), ('month', :month::date)) AS g (grain, date)
        GROUP BY s.kind, s.id, f.code, g.grain, g.date, f.score, t.scale_min
    ), stored AS (
        SELECT series_kind, series_id, survey_type_code AS code, grain, date, c.place - 1 AS index, c.count
        FROM score_count, unnest(counts) WITH ORDINALITY AS c (count, place)
        WHERE workspace_id = :workspace AND date >= :month AND date < (:month::date + interval '1 month')::date
    )
    SELECT series_kind, series_id, code AS survey_type, grain, date, index::integer AS index,
           coalesce(r.count, 0) - coalesce(s.count, 0) AS difference
    FROM rated r FULL JOIN stored s USING (series_kind, series_id, code, grain, date, index)
    WHERE coalesce(r.count, 0) <> coalesce(s.count, 0)
    ORDER BY series_kind, series_id, code, grain, date, index
    """,
    Drift,
)


# Held until the transaction ends, so that a second recount reads after the first has committed.
RECOUNT_LOCK = Query(
    "SELECT pg_advisory_xact_lock(hashtextextended('recount ' || :workspace::uuid, 0)) IS NOT NULL AS held", LockHeld
)


async def lock_recount(tx: Tx, workspace: WorkspaceId) -> None:
    """A statement of its own, because the next one must take its snapshot after the lock."""
    await RECOUNT_LOCK.one(tx, workspace=workspace)


async def add_scores(tx: Tx, workspace: WorkspaceId, added: Mapping[ScoreKey, Sequence[int]]) -> None:
    rows = [
        AddedScores(key.series.kind, key.series.id, key.survey_type, key.grain, key.date, array_text(counts))
        for key, counts in added.items()
    ]
    await ADDED_SCORES.run(tx, workspace=workspace, **arrays_of(rows))


async def add_surveys(tx: Tx, workspace: WorkspaceId, added: Mapping[SurveyKey, Counter[Stage]]) -> None:
    rows = [
        AddedSurveys(key.series.kind, key.series.id, key.grain, key.date, *(stages[stage] for stage in Stage))
        for key, stages in added.items()
    ]
    await ADDED_SURVEYS.run(tx, workspace=workspace, **arrays_of(rows))


async def list_periods(
    tx: Tx, workspace: WorkspaceId, series: Series, survey_type: str, grain: Grain
) -> Sequence[PeriodCounts]:
    """The periods of a series that have ratings, latest first."""
    return await PERIODS.all(
        tx, workspace=workspace, kind=series.kind, id=series.id, survey_type=survey_type, grain=grain
    )


async def list_series_totals(
    tx: Tx, workspace: WorkspaceId, kinds: Sequence[str], periods: Sequence[Sequence[CountRange]], scale_size: int
) -> list[SeriesCounts]:
    """The counts of all series of these kinds in each period. `scale_size` is the most scores that a scale has."""
    query = SERIES_TOTALS[SMALL_SCALE if scale_size <= SMALL_SCALE else LARGEST_SCALE]
    return await query.all(tx, workspace=workspace, kinds=kinds, **_range_arrays(periods))


async def list_range_counts(
    tx: Tx, workspace: WorkspaceId, series: Series, survey_type: str, ranges: Sequence[CountRange]
) -> list[PeriodCounts]:
    """The counts of one series in these ranges, by date."""
    named = {"kind": series.kind, "id": series.id, "survey_type": survey_type}
    return await RANGE_COUNTS.all(tx, workspace=workspace, **named, **_range_arrays([ranges]))


async def count_survey_steps(
    tx: Tx, workspace: WorkspaceId, series: Series, ranges: Sequence[CountRange]
) -> SurveySteps:
    """How many surveys of a series reached each stage."""
    return await SURVEY_STEPS.one(tx, workspace=workspace, kind=series.kind, id=series.id, **_range_arrays([ranges]))


async def list_rated_types(tx: Tx, workspace: WorkspaceId, series: Series) -> list[str]:
    """The codes of the survey types that the series ever had ratings of."""
    return [row.code for row in await RATED_TYPES.all(tx, workspace=workspace, kind=series.kind, id=series.id)]


def _range_arrays(periods: Sequence[Sequence[CountRange]]) -> dict[str, Sequence[object]]:
    return arrays_of(
        [
            RangeRow(period, each.grain, each.first, each.last, each.sign)
            for period, ranges in enumerate(periods)
            for each in ranges
        ]
    )


async def list_drift(tx: Tx, workspace: WorkspaceId, month: date) -> list[Drift]:
    """`month` is its first day."""
    return await SCORE_DRIFT.all(tx, workspace=workspace, month=month)
