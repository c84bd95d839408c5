-- expand: what the dashboards need: settings of a workspace, counts of all series by date, and the list of ratings.

-- minimum_answers: answers that a score needs to be shown. agents_see_all: whether agents see each other's ratings.
ALTER TABLE workspace
    ADD COLUMN minimum_answers integer NOT NULL DEFAULT 5,
    ADD COLUMN week_start text NOT NULL DEFAULT 'monday',
    ADD COLUMN agents_see_all boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT workspace_minimum_answers_fits CHECK (minimum_answers BETWEEN 1 AND 100),
    ADD CONSTRAINT workspace_week_start_known CHECK (week_start IN ('monday', 'saturday', 'sunday'));

-- All series of a kind over a period. A count changes in place (HOT), so this index grows with new days only.
CREATE INDEX score_count_by_date ON score_count (workspace_id, series_kind, grain, date);

-- Ratings of all origins in one list --------------------------------------------------------------------------------

-- Read and handled are the workspace's marks. tag_ids begin as the ticket's tags; the series of a rating never change.
ALTER TABLE feedback
    ADD COLUMN read_at timestamptz,
    ADD COLUMN read_by text,
    ADD COLUMN handled_at timestamptz,
    ADD COLUMN handled_by text,
    ADD COLUMN tag_ids uuid[] NOT NULL DEFAULT '{}';
CREATE INDEX feedback_newest ON feedback (workspace_id, create_time DESC, id DESC);
CREATE INDEX feedback_read ON feedback (workspace_id, create_time DESC, id DESC) WHERE read_at IS NOT NULL;
CREATE INDEX feedback_changed ON feedback (workspace_id, last_update_time) WHERE last_update_time > create_time;
CREATE INDEX feedback_handled ON feedback (workspace_id, create_time DESC, id DESC) WHERE handled_at IS NOT NULL;

-- The ratings of a series or a tag in the order of their time. The arrays of feedback have all series of a rating, but
-- no index under a policy, because array operators are not leakproof. Missing here are series that columns of feedback
-- tell: the workspace, campaigns and features. A label is a tag that a rating has now.
CREATE TABLE feedback_link (
    workspace_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    target_id uuid NOT NULL,
    create_time timestamptz NOT NULL,
    feedback_id uuid NOT NULL,
    CONSTRAINT feedback_link_pkey PRIMARY KEY (workspace_id, kind, target_id, create_time, feedback_id),
    CONSTRAINT feedback_link_kind_known CHECK (kind IN ('tickets', 'product', 'agent', 'tag', 'label'))
);

-- The words of comments. Each word begins with its workspace and its week, so that a search reads few weeks at a time.
CREATE TABLE feedback_search (
    workspace_id uuid NOT NULL,
    feedback_id uuid NOT NULL,
    create_time timestamptz NOT NULL,
    words tsvector NOT NULL,
    CONSTRAINT feedback_search_pkey PRIMARY KEY (workspace_id, feedback_id)
);
CREATE INDEX feedback_search_by_word ON feedback_search USING gin (words) WITH (gin_pending_list_limit = 256);

INSERT INTO feedback_link (workspace_id, kind, target_id, create_time, feedback_id)
SELECT f.workspace_id, s.kind, s.id, f.create_time, f.id
FROM feedback f, unnest(f.series_kinds, f.series_ids) AS s (kind, id)
WHERE s.kind IN ('tickets', 'product', 'agent', 'tag')
UNION ALL
SELECT f.workspace_id, 'label', s.id, f.create_time, f.id
FROM feedback f, unnest(f.series_kinds, f.series_ids) AS s (kind, id) WHERE s.kind = 'tag';
UPDATE feedback f
SET tag_ids = ARRAY(SELECT s.id FROM unnest(f.series_kinds, f.series_ids) AS s (kind, id) WHERE s.kind = 'tag')
WHERE f.origin = 'ticket';

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['feedback_link', 'feedback_search'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY %I ON %I USING (workspace_id = '
            '(SELECT nullif(current_setting(''voxpop.workspace'', true), '''')::uuid))', owned || '_of_workspace', owned);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO voxpop_app', owned);
    END LOOP;
END $$;

-- Text search is not leakproof, so a policy of the workspace keeps it from its index. The system role reads across it.
CREATE POLICY feedback_search_of_system ON feedback_search FOR SELECT TO voxpop_system USING (true);
GRANT SELECT ON feedback_search TO voxpop_system;

-- The series whose badge is public.
CREATE TABLE series_badge (
    workspace_id uuid NOT NULL,
    series_kind text COLLATE "C" NOT NULL,
    series_id uuid NOT NULL,
    create_time timestamptz NOT NULL,
    create_user text NOT NULL,
    CONSTRAINT series_badge_pkey PRIMARY KEY (workspace_id, series_kind, series_id),
    CONSTRAINT series_badge_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspace
);
ALTER TABLE series_badge ENABLE ROW LEVEL SECURITY;
CREATE POLICY series_badge_of_workspace ON series_badge
    USING (workspace_id = (SELECT nullif(current_setting('voxpop.workspace', true), '')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON series_badge TO voxpop_app;
