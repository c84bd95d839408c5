"""Steps of statements of other packages, which add to the counts together with their own rows in one statement."""

from collections.abc import Mapping

from voxpop.metrics.models import Stage


def _counted_surveys(counts: Mapping[Stage, str]) -> str:
    """`counts`: the number of surveys that reach each stage, in SQL."""
    return f"""
    INSERT INTO survey_count AS s (workspace_id, series_kind, series_id, grain, date, {", ".join(counts)})
    SELECT :workspace, kind, id, grain, start, {", ".join(counts.values())}
    FROM reached, today,
        LATERAL (VALUES ('day', today.date), ('month', date_trunc('month', today.date)::date)) AS period (grain, start)
    GROUP BY kind, id, grain, start
    ORDER BY kind COLLATE "C", id, grain COLLATE "C", start
    ON CONFLICT (workspace_id, series_kind, series_id, grain, date) DO UPDATE
    SET {", ".join(f"{stage} = s.{stage} + excluded.{stage}" for stage in counts)}"""


# Counts the surveys that reach a stage on the date of `today`. `reached` has a row (kind, id) for each of their series.
COUNTED_SURVEYS = {stage: _counted_surveys({stage: "count(*)"}) for stage in Stage}

# Counts surveys that open and surveys that are shown. Here each row of `reached` has its stage too.
COUNTED_STAGES = _counted_surveys(
    {stage: f"count(*) FILTER (WHERE stage = '{stage}')" for stage in (Stage.OPENED, Stage.SHOWN)}
)
