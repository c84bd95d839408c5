"""Steps of statements of other packages, which add to the counts together with their own rows in one statement."""

# Counts surveys as opened on the date of `today`; `opened_series` (kind, id) has a row for each survey and series.
COUNTED_OPENED_SURVEYS = """
    INSERT INTO survey_count AS s (workspace_id, series_kind, series_id, grain, date, opened)
    SELECT :workspace, kind, id, grain, start, count(*)
    FROM opened_series, today,
        LATERAL (VALUES ('day', today.date), ('month', date_trunc('month', today.date)::date)) AS period (grain, start)
    GROUP BY kind, id, grain, start
    ORDER BY kind COLLATE "C", id, grain COLLATE "C", start
    ON CONFLICT (workspace_id, series_kind, series_id, grain, date) DO UPDATE
    SET opened = s.opened + excluded.opened"""
