-- expand: what the dashboards need: settings of a workspace.

-- minimum_answers: answers that a score needs to be shown. agents_see_all: whether agents see each other's ratings.
ALTER TABLE workspace
    ADD COLUMN minimum_answers integer NOT NULL DEFAULT 5,
    ADD COLUMN week_start text NOT NULL DEFAULT 'monday',
    ADD COLUMN agents_see_all boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT workspace_minimum_answers_fits CHECK (minimum_answers BETWEEN 1 AND 100),
    ADD CONSTRAINT workspace_week_start_known CHECK (week_start IN ('monday', 'saturday', 'sunday'));
