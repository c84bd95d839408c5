"""Statements on score counts and survey counts. Every writer passes its rows in the order of their keys."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.metrics.models import Drift, Grain, Period, Series, Stage
from voxpop.types import WorkspaceId


class Held(Struct):
    held: bool


ScoreKey = tuple[Series, str, Grain, date]
AskKey = tuple[Series, Grain, date]

# The arrays of counts come as text, since unnest would flatten an array of arrays.
ADDED_SCORES = Query(
    """
    INSERT INTO score_count AS s (workspace_id, series_kind, series_id, survey_type_code, grain, date, counts)
    SELECT $1, kind, id, code, grain, date, counts::int[]
    FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::date[], $7::text[])
        AS new (kind, id, code, grain, date, counts)
    ORDER BY kind COLLATE "C", id, code COLLATE "C", grain COLLATE "C", date
    ON CONFLICT (workspace_id, series_kind, series_id, survey_type_code, grain, date) DO UPDATE
    SET counts = ARRAY(
        SELECT coalesce(a, 0) + coalesce(b, 0)
        FROM unnest(s.counts, excluded.counts) WITH ORDINALITY AS pair (a, b, place) ORDER BY place)
    """,
    NoRows,
)

ADDED_ASKS = Query(
    """
    INSERT INTO survey_count AS a (workspace_id, series_kind, series_id, grain, date,
                                opened, shown, completed, dismissed, expired, withdrawn)
    SELECT $1, kind, id, grain, date, opened, shown, completed, dismissed, expired, withdrawn
    FROM unnest($2::text[], $3::uuid[], $4::text[], $5::date[],
                $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
        AS new (kind, id, grain, date, opened, shown, completed, dismissed, expired, withdrawn)
    ORDER BY kind COLLATE "C", id, grain COLLATE "C", date
    ON CONFLICT (workspace_id, series_kind, series_id, grain, date) DO UPDATE
    SET opened = a.opened + excluded.opened, shown = a.shown + excluded.shown,
        completed = a.completed + excluded.completed, dismissed = a.dismissed + excluded.dismissed,
        expired = a.expired + excluded.expired,
        withdrawn = a.withdrawn + excluded.withdrawn
    """,
    NoRows,
)

PERIODS = Query(
    """
    SELECT date, counts FROM score_count
    WHERE workspace_id = $1 AND series_kind = $2 AND series_id = $3 AND survey_type_code = $4 AND grain = $5
    ORDER BY date DESC
    """,
    Period,
)

# Which counts of a month and its days differ from the ratings that froze them? One statement, so one snapshot of both.
SCORE_DRIFT = Query(
    """
    WITH given AS (
        SELECT s.kind AS series_kind, s.id AS series_id, f.code, g.grain, g.date,
               f.score - t.scale_min AS step, sum(f.count)::bigint AS count
        FROM (SELECT survey_type_code AS code, day, score, series_kinds, series_ids, count(*) AS count FROM feedback
              WHERE workspace_id = $1 AND day >= $2 AND day < ($2::date + interval '1 month')::date
              GROUP BY survey_type_code, day, score, series_kinds, series_ids) f
        JOIN survey_type t ON t.workspace_id = $1 AND t.code = f.code,
        unnest(f.series_kinds, f.series_ids) AS s (kind, id),
        LATERAL (VALUES ('day', f.day), ('month', $2::date)) AS g (grain, date)
        GROUP BY s.kind, s.id, f.code, g.grain, g.date, f.score, t.scale_min
    ), kept AS (
        SELECT series_kind, series_id, survey_type_code AS code, grain, date, c.place - 1 AS step, c.count
        FROM score_count, unnest(counts) WITH ORDINALITY AS c (count, place)
        WHERE workspace_id = $1 AND date >= $2 AND date < ($2::date + interval '1 month')::date
    )
    SELECT series_kind, series_id, code AS survey_type, grain, date, step::integer AS step,
           coalesce(g.count, 0) - coalesce(k.count, 0) AS missing
    FROM given g FULL JOIN kept k USING (series_kind, series_id, code, grain, date, step)
    WHERE coalesce(g.count, 0) <> coalesce(k.count, 0)
    ORDER BY series_kind, series_id, code, grain, date, step
    """,
    Drift,
)


# Held until the transaction ends, so that of two recounts the later one looks after the earlier has committed.
RECOUNT_LOCK = Query(
    "SELECT pg_advisory_xact_lock(hashtextextended('recount ' || $1::uuid, 0)) IS NOT NULL AS held", Held
)


async def lock_recount(tx: Tx, workspace: WorkspaceId) -> None:
    """A statement of its own, since what is counted is seen as of the statement that counts."""
    await RECOUNT_LOCK.one(tx, workspace)


async def add_scores(tx: Tx, workspace: WorkspaceId, added: dict[ScoreKey, list[int]]) -> None:
    rows = [
        (series.kind, series.id, code, grain, day, "{" + ",".join(map(str, counts)) + "}")
        for (series, code, grain, day), counts in added.items()
    ]
    await ADDED_SCORES.run(tx, workspace, *zip(*rows, strict=True))


async def add_asks(tx: Tx, workspace: WorkspaceId, added: dict[AskKey, Counter[Stage]]) -> None:
    rows = [
        (series.kind, series.id, grain, day, *(stages[stage] for stage in Stage))
        for (series, grain, day), stages in added.items()
    ]
    await ADDED_ASKS.run(tx, workspace, *zip(*rows, strict=True))


async def list_periods(tx: Tx, workspace: WorkspaceId, series: Series, code: str, grain: Grain) -> Sequence[Period]:
    """The periods of a series that have ratings, latest first."""
    return await PERIODS.all(tx, workspace, series.kind, series.id, code, grain)


async def list_drift(tx: Tx, workspace: WorkspaceId, month: date) -> list[Drift]:
    return await SCORE_DRIFT.all(tx, workspace, month)
