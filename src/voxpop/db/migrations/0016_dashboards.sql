-- expand: what the dashboards need: settings of a workspace, and counts of all series by date.

-- minimum_answers: answers that a score needs to be shown. agents_see_all: whether agents see each other's ratings.
ALTER TABLE workspace
    ADD COLUMN minimum_answers integer NOT NULL DEFAULT 5,
    ADD COLUMN week_start text NOT NULL DEFAULT 'monday',
    ADD COLUMN agents_see_all boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT workspace_minimum_answers_fits CHECK (minimum_answers BETWEEN 1 AND 100),
    ADD CONSTRAINT workspace_week_start_known CHECK (week_start IN ('monday', 'saturday', 'sunday'));

-- All series of a kind over a period. A count changes in place (HOT), so this index grows with new days only.
CREATE INDEX score_count_by_date ON score_count (workspace_id, series_kind, grain, date);
