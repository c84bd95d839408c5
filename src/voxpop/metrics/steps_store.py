"""Steps of statements of other packages, which add to the counts together with their own rows in one statement."""

from voxpop.metrics.models import Stage


def _counted_surveys(stage: Stage) -> str:
    return f"""
    INSERT INTO survey_count AS s (workspace_id, series_kind, series_id, grain, date, {stage})
    SELECT :workspace, kind, id, grain, start, count(*)
    FROM reached, today,
        LATERAL (VALUES ('day', today.date), ('month', date_trunc('month', today.date)::date)) AS period (grain, start)
    GROUP BY kind, id, grain, start
    ORDER BY kind COLLATE "C", id, grain COLLATE "C", start
    ON CONFLICT (workspace_id, series_kind, series_id, grain, date) DO UPDATE
    SET {stage} = s.{stage} + excluded.{stage}"""


# Counts the surveys that reach a stage on the date of `today`. `reached` has a row (kind, id) for each of their series.
COUNTED_SURVEYS = {stage: _counted_surveys(stage) for stage in Stage}
