-- expand: the first schema. Ids are UUIDv7 made by the application, times are UTC, words are text with a CHECK.
-- Every table of a workspace begins with workspace_id, also in its keys, so that a workspace can be a shard.

-- Who asks -------------------------------------------------------------------------------------------------------

CREATE TABLE workspace (
    id uuid NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL DEFAULT 'UTC',
    cool_down_days integer NOT NULL DEFAULT 180,
    create_time timestamptz NOT NULL DEFAULT now(),
    create_user text NOT NULL DEFAULT 'system',
    last_update_time timestamptz NOT NULL DEFAULT now(),
    last_update_user text NOT NULL DEFAULT 'system',
    CONSTRAINT workspace_pkey PRIMARY KEY (id),
    CONSTRAINT workspace_name_unique UNIQUE (name),
    CONSTRAINT workspace_name_fits CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT workspace_cool_down_fits CHECK (cool_down_days BETWEEN 0 AND 3650)
);

-- Found before a workspace is known, so without foreign keys: on a cluster it stays in one place.
CREATE TABLE api_key (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    secret_hash bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    create_user text NOT NULL DEFAULT 'system',
    last_used_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_key_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT api_key_name_fits CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT api_key_scopes_known CHECK (scopes <@ ARRAY['ingest', 'read', 'manage'] AND cardinality(scopes) > 0)
);
CREATE INDEX api_key_by_id ON api_key (id);

-- What is asked --------------------------------------------------------------------------------------------------

-- The product's own: what every workspace starts with.
CREATE TABLE builtin_survey_type (
    code text NOT NULL,
    name text NOT NULL,
    question text NOT NULL,
    thanks text NOT NULL,
    scale_min integer NOT NULL,
    scale_max integer NOT NULL,
    formula text NOT NULL,
    satisfied_min integer,
    satisfied_max integer,
    formula_description text NOT NULL,
    CONSTRAINT builtin_survey_type_pkey PRIMARY KEY (code)
);
INSERT INTO builtin_survey_type VALUES (
    'CSAT10', 'Feature satisfaction', 'How satisfied are you with this feature?', 'Thank you for your feedback!',
    1, 10, 'share', 6, 10, 'satisfied (6-10) / total * 100'
);

CREATE TABLE survey_type (
    workspace_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    question text NOT NULL,
    thanks text NOT NULL,
    scale_min integer NOT NULL,
    scale_max integer NOT NULL,
    formula text NOT NULL,
    satisfied_min integer,
    satisfied_max integer,
    formula_description text NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    create_user text NOT NULL DEFAULT 'system',
    last_update_time timestamptz NOT NULL DEFAULT now(),
    last_update_user text NOT NULL DEFAULT 'system',
    CONSTRAINT survey_type_pkey PRIMARY KEY (workspace_id, code),
    CONSTRAINT survey_type_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspace,
    CONSTRAINT survey_type_scale_fits CHECK (0 <= scale_min AND scale_min < scale_max AND scale_max <= 100),
    CONSTRAINT survey_type_formula_known CHECK (formula IN ('nps', 'share', 'mean')),
    CONSTRAINT survey_type_satisfied_within CHECK (
        (formula = 'share') = (satisfied_min IS NOT NULL AND satisfied_max IS NOT NULL)
        AND scale_min <= satisfied_min AND satisfied_min <= satisfied_max AND satisfied_max <= scale_max
    )
);

CREATE TABLE product (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    name text NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    create_user text NOT NULL DEFAULT 'system',
    last_update_time timestamptz NOT NULL DEFAULT now(),
    last_update_user text NOT NULL DEFAULT 'system',
    CONSTRAINT product_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT product_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspace,
    CONSTRAINT product_key_unique UNIQUE (workspace_id, key)
);

CREATE TABLE feature (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    name text NOT NULL,
    name_folded text NOT NULL,
    description text,
    interaction_threshold integer NOT NULL,
    rejection_threshold integer NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    create_user text NOT NULL DEFAULT 'system',
    last_update_time timestamptz NOT NULL DEFAULT now(),
    last_update_user text NOT NULL DEFAULT 'system',
    CONSTRAINT feature_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT feature_product_exists FOREIGN KEY (workspace_id, product_id) REFERENCES product,
    CONSTRAINT feature_key_unique UNIQUE (workspace_id, product_id, key),
    CONSTRAINT feature_thresholds_positive CHECK (interaction_threshold >= 1 AND rejection_threshold >= 1)
);

-- The ledger of asks ---------------------------------------------------------------------------------------------

CREATE TABLE survey (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    survey_type_code text NOT NULL,
    origin text NOT NULL,
    origin_id uuid NOT NULL,
    guid text,
    user_email text,
    status text NOT NULL DEFAULT 'PENDING',
    scheduled_at timestamptz NOT NULL,
    sent_at timestamptz,
    completed_at timestamptz,
    create_time timestamptz NOT NULL,
    create_user text NOT NULL DEFAULT 'system',
    last_update_time timestamptz NOT NULL,
    last_update_user text NOT NULL DEFAULT 'system',
    CONSTRAINT survey_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT survey_type_exists FOREIGN KEY (workspace_id, survey_type_code) REFERENCES survey_type,
    CONSTRAINT survey_origin_known CHECK (origin IN ('feature', 'ticket', 'campaign')),
    CONSTRAINT survey_status_known CHECK (status IN ('PENDING', 'COMPLETED', 'EXPIRED', 'DISMISSED', 'WITHDRAWN')),
    CONSTRAINT survey_completed_has_time CHECK ((status = 'COMPLETED') = (completed_at IS NOT NULL))
);

-- A customer's counters on a feature. A row that only a rating made has no first_used_at and is passed over by lists;
-- its id is given when it is first used, so a returned id that is the new one tells that the row counts from now on.
CREATE TABLE interaction (
    workspace_id uuid NOT NULL,
    feature_id uuid NOT NULL,
    user_email text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    interaction_count bigint NOT NULL DEFAULT 0,
    total_interaction_count bigint NOT NULL DEFAULT 0,
    rejection_count bigint NOT NULL DEFAULT 0,
    first_used_at timestamptz,
    updated_at timestamptz NOT NULL,
    feedback_at timestamptz,
    open_survey_id uuid,
    CONSTRAINT interaction_pkey PRIMARY KEY (workspace_id, feature_id, user_email),
    CONSTRAINT interaction_feature_exists FOREIGN KEY (workspace_id, feature_id) REFERENCES feature
);
CREATE INDEX interaction_by_update ON interaction (workspace_id, feature_id, updated_at DESC, id DESC)
    WHERE first_used_at IS NOT NULL;
CREATE INDEX interaction_by_rejections ON interaction (workspace_id, feature_id, rejection_count)
    WHERE rejection_count > 0;

-- The ledger of answers ------------------------------------------------------------------------------------------

-- The only table of ratings. Day, survey type and series are frozen here; the counts can be recounted from them.
CREATE TABLE feedback (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    survey_id uuid,
    survey_type_code text NOT NULL,
    origin text NOT NULL,
    origin_id uuid NOT NULL,
    source text NOT NULL,
    guid text,
    user_email text,
    score integer NOT NULL,
    comment text,
    user_agent text,
    day date NOT NULL,
    series_kinds text[] NOT NULL,
    series_ids uuid[] NOT NULL,
    notes text,
    notes_updated_by text,
    notes_updated_at timestamptz,
    create_time timestamptz NOT NULL,
    create_user text NOT NULL DEFAULT 'system',
    last_update_time timestamptz NOT NULL,
    last_update_user text NOT NULL DEFAULT 'system',
    CONSTRAINT feedback_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT feedback_survey_exists FOREIGN KEY (workspace_id, survey_id) REFERENCES survey,
    CONSTRAINT feedback_survey_type_exists FOREIGN KEY (workspace_id, survey_type_code) REFERENCES survey_type,
    CONSTRAINT feedback_survey_answered_once UNIQUE (workspace_id, survey_id),
    CONSTRAINT feedback_origin_known CHECK (origin IN ('feature', 'ticket', 'campaign')),
    CONSTRAINT feedback_source_known CHECK (source IN ('prompted', 'voluntary')),
    CONSTRAINT feedback_series_paired CHECK (cardinality(series_kinds) = cardinality(series_ids))
);
CREATE INDEX feedback_by_time ON feedback (workspace_id, origin, origin_id, create_time DESC, id DESC);
CREATE INDEX feedback_by_day ON feedback (workspace_id, day);

-- Counts, the last rows a transaction touches ---------------------------------------------------------------------

CREATE TABLE interaction_sum (
    workspace_id uuid NOT NULL,
    feature_id uuid NOT NULL,
    user_count bigint NOT NULL,
    total_sum bigint NOT NULL,
    total_max bigint NOT NULL,
    CONSTRAINT interaction_sum_pkey PRIMARY KEY (workspace_id, feature_id)
) WITH (fillfactor = 50);

CREATE TABLE ask_count (
    workspace_id uuid NOT NULL,
    series_kind text COLLATE "C" NOT NULL,
    series_id uuid NOT NULL,
    grain text COLLATE "C" NOT NULL,
    date date NOT NULL,
    asked bigint NOT NULL DEFAULT 0,
    seen bigint NOT NULL DEFAULT 0,
    answered bigint NOT NULL DEFAULT 0,
    dismissed bigint NOT NULL DEFAULT 0,
    expired bigint NOT NULL DEFAULT 0,
    withdrawn bigint NOT NULL DEFAULT 0,
    CONSTRAINT ask_count_pkey PRIMARY KEY (workspace_id, series_kind, series_id, grain, date),
    CONSTRAINT ask_count_grain_known CHECK (grain IN ('day', 'month'))
) WITH (fillfactor = 50);

-- counts[i] is how often scale_min + i - 1 was given.
CREATE TABLE score_count (
    workspace_id uuid NOT NULL,
    series_kind text COLLATE "C" NOT NULL,
    series_id uuid NOT NULL,
    survey_type_code text COLLATE "C" NOT NULL,
    grain text COLLATE "C" NOT NULL,
    date date NOT NULL,
    counts integer[] NOT NULL,
    CONSTRAINT score_count_pkey PRIMARY KEY (workspace_id, series_kind, series_id, survey_type_code, grain, date),
    CONSTRAINT score_count_grain_known CHECK (grain IN ('day', 'month'))
) WITH (fillfactor = 50);

-- Nobody sees a neighbour ----------------------------------------------------------------------------------------

-- Not forced: the owner runs migrations and definer functions, every transaction of the pool runs as voxpop_app.
ALTER TABLE workspace ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspace_itself ON workspace
    USING (id = (SELECT nullif(current_setting('voxpop.workspace', true), '')::uuid));
GRANT SELECT, UPDATE ON workspace TO voxpop_app;

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['api_key', 'survey_type', 'product', 'feature', 'survey', 'interaction', 'feedback',
                                 'interaction_sum', 'ask_count', 'score_count'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY %I ON %I USING (workspace_id = '
            '(SELECT nullif(current_setting(''voxpop.workspace'', true), '''')::uuid))', owned || '_of_workspace', owned);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO voxpop_app', owned);
    END LOOP;
END $$;

-- What must be known before a workspace is: the only doors past the policies, all of them here -------------------

CREATE FUNCTION create_workspace(new_id uuid, new_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO workspace (id, name) VALUES (new_id, new_name) ON CONFLICT (name) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO survey_type (workspace_id, code, name, question, thanks, scale_min, scale_max, formula,
                             satisfied_min, satisfied_max, formula_description)
    SELECT new_id, code, name, question, thanks, scale_min, scale_max, formula,
           satisfied_min, satisfied_max, formula_description FROM builtin_survey_type;
    RETURN true;
END $$;

CREATE FUNCTION list_workspaces() RETURNS TABLE (id uuid, name text, time_zone text, cool_down_days integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT w.id, w.name, w.time_zone, w.cool_down_days FROM workspace w ORDER BY w.create_time, w.id;
END $$;

-- Keys by id, the revoked left out; notes their use, at most once a minute and never waiting for another.
CREATE FUNCTION find_keys(wanted uuid[])
RETURNS TABLE (id uuid, workspace_id uuid, name text, scopes text[], secret_hash bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE api_key k SET last_used_at = now() WHERE k.id IN (
        SELECT idle.id FROM api_key idle
        WHERE idle.id = ANY (wanted) AND coalesce(idle.last_used_at, '-infinity') < now() - interval '1 minute'
        FOR UPDATE SKIP LOCKED);
    RETURN QUERY SELECT k.id, k.workspace_id, k.name, k.scopes, k.secret_hash FROM api_key k
        WHERE k.id = ANY (wanted) AND k.revoked_at IS NULL;
END $$;

REVOKE ALL ON FUNCTION create_workspace(uuid, text), list_workspaces(), find_keys(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION create_workspace(uuid, text), list_workspaces(), find_keys(uuid[]) TO voxpop_app;
