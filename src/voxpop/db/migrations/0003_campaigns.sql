-- expand: campaigns, the surveys they ask, and the daily metrics of their answers.

ALTER TABLE builtin_survey_type ADD COLUMN higher_is_better boolean NOT NULL DEFAULT true;
ALTER TABLE builtin_survey_type ADD COLUMN translations text NOT NULL DEFAULT '{}';
ALTER TABLE survey_type ADD COLUMN higher_is_better boolean NOT NULL DEFAULT true;
-- JSON: a language to its question and thanks. The columns themselves are the fallback.
ALTER TABLE survey_type ADD COLUMN translations text NOT NULL DEFAULT '{}';
ALTER TABLE survey_type ADD CONSTRAINT survey_type_texts_fit
    CHECK (length(code) BETWEEN 1 AND 100 AND length(name) BETWEEN 1 AND 200
           AND length(question) BETWEEN 1 AND 500 AND length(thanks) BETWEEN 1 AND 500);

INSERT INTO builtin_survey_type (code, name, question, thanks, scale_min, scale_max, formula, satisfied_min,
                                 satisfied_max, formula_description, translations) VALUES
('NPS', 'Net Promoter Score', 'Оцените от 0 до 10, порекомендуете ли вы нас?', 'Спасибо за ваш отзыв!',
 0, 10, 'nps', NULL, NULL, '(promoters - detractors) / total * 100',
 '{"ru": {"question": "Оцените от 0 до 10, порекомендуете ли вы нас?", "thanks": "Спасибо за ваш отзыв!"},
   "en": {"question": "How likely are you to recommend us, from 0 to 10?", "thanks": "Thank you for your feedback!"}}'),
('CSAT', 'Customer Satisfaction Score', 'Оцените качество обслуживания', 'Спасибо за ваш отзыв!',
 1, 5, 'share', 4, 5, 'satisfied (4-5) / total * 100',
 '{"ru": {"question": "Оцените качество обслуживания", "thanks": "Спасибо за ваш отзыв!"},
   "en": {"question": "How would you rate our service?", "thanks": "Thank you for your feedback!"}}'),
('CES', 'Customer Effort Score', 'Насколько легко было решить вопрос?', 'Спасибо за ваш отзыв!',
 1, 5, 'mean', NULL, NULL, 'SUM(score) / total',
 '{"ru": {"question": "Насколько легко было решить вопрос?", "thanks": "Спасибо за ваш отзыв!"},
   "en": {"question": "How easy was it to solve your question?", "thanks": "Thank you for your feedback!"}}');
UPDATE builtin_survey_type SET translations =
 '{"en": {"question": "How satisfied are you with this feature?", "thanks": "Thank you for your feedback!"},
   "ru": {"question": "Насколько вы довольны этой функцией?", "thanks": "Спасибо за ваш отзыв!"}}' WHERE code = 'CSAT10';

CREATE OR REPLACE FUNCTION create_workspace(new_id uuid, new_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO workspace (id, name) VALUES (new_id, new_name) ON CONFLICT (name) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO survey_type (workspace_id, code, name, question, thanks, scale_min, scale_max, formula, satisfied_min,
                             satisfied_max, formula_description, higher_is_better, translations)
    SELECT new_id, code, name, question, thanks, scale_min, scale_max, formula, satisfied_min,
           satisfied_max, formula_description, higher_is_better, translations FROM builtin_survey_type;
    RETURN true;
END $$;

-- Workspaces that exist already get the new types too.
INSERT INTO survey_type (workspace_id, code, name, question, thanks, scale_min, scale_max, formula, satisfied_min,
                         satisfied_max, formula_description, higher_is_better, translations)
SELECT w.id, b.code, b.name, b.question, b.thanks, b.scale_min, b.scale_max, b.formula, b.satisfied_min,
       b.satisfied_max, b.formula_description, b.higher_is_better, b.translations
FROM workspace w CROSS JOIN builtin_survey_type b ON CONFLICT DO NOTHING;

CREATE TABLE campaign (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    name_folded text NOT NULL,
    survey_type_code text NOT NULL,
    trigger_type text NOT NULL,
    delay_hours integer NOT NULL,
    active boolean NOT NULL,
    start_date timestamptz NOT NULL,
    end_date timestamptz,
    deleted boolean NOT NULL DEFAULT false,
    create_time timestamptz NOT NULL,
    create_user text NOT NULL DEFAULT 'system',
    last_update_time timestamptz NOT NULL,
    last_update_user text NOT NULL DEFAULT 'system',
    CONSTRAINT campaign_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT campaign_survey_type_exists FOREIGN KEY (workspace_id, survey_type_code) REFERENCES survey_type,
    CONSTRAINT campaign_name_fits CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT campaign_trigger_known CHECK (trigger_type IN ('ORDER_COMPLETED', 'TICKET_CLOSED')),
    CONSTRAINT campaign_delay_fits CHECK (delay_hours >= 0),
    CONSTRAINT campaign_ends_after_start CHECK (end_date >= start_date)
);
CREATE INDEX campaign_by_time ON campaign (workspace_id, create_time DESC, id DESC) WHERE NOT deleted;

-- What a campaign's survey knows of the event that made it. context_date is the day of the event, in UTC.
ALTER TABLE survey ADD COLUMN campaign_id uuid;
ALTER TABLE survey ADD COLUMN context_type text;
ALTER TABLE survey ADD COLUMN context_id text;
ALTER TABLE survey ADD COLUMN context_date date;
ALTER TABLE survey ADD CONSTRAINT survey_campaign_exists FOREIGN KEY (workspace_id, campaign_id) REFERENCES campaign;
ALTER TABLE survey ADD CONSTRAINT survey_campaign_has_context CHECK (
    (origin = 'campaign') = (campaign_id IS NOT NULL) AND (campaign_id IS NULL OR campaign_id = origin_id)
    AND (campaign_id IS NULL OR (guid IS NOT NULL AND context_type IS NOT NULL AND context_id IS NOT NULL)));
ALTER TABLE survey ADD CONSTRAINT survey_context_known CHECK (context_type IN ('ORDER', 'TICKET'));
-- One survey for a campaign and what happened, whatever became of it: the dedupe of events. Without the surveys of
-- features, whose many equal keys make it so small that it was read in place of the primary key, whole.
CREATE UNIQUE INDEX survey_event_once ON survey (workspace_id, campaign_id, context_id) WHERE campaign_id IS NOT NULL;
CREATE INDEX survey_due_to_customer ON survey (workspace_id, guid, scheduled_at DESC)
    WHERE status = 'PENDING' AND origin = 'campaign';
CREATE INDEX survey_open_by_sent ON survey (workspace_id, sent_at) WHERE status = 'PENDING' AND sent_at IS NOT NULL;
CREATE INDEX survey_open_unsent ON survey (workspace_id, create_time) WHERE status = 'PENDING' AND sent_at IS NULL;

CREATE TABLE daily_metrics (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    date date NOT NULL,
    survey_type_code text NOT NULL,
    total_responses integer NOT NULL,
    score_value numeric(5, 2) NOT NULL,
    promoters integer,
    passives integer,
    detractors integer,
    counts integer[] NOT NULL,
    create_time timestamptz NOT NULL,
    create_user text NOT NULL DEFAULT 'system',
    last_update_time timestamptz NOT NULL,
    last_update_user text NOT NULL DEFAULT 'system',
    CONSTRAINT daily_metrics_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT daily_metrics_campaign_exists FOREIGN KEY (workspace_id, campaign_id) REFERENCES campaign,
    CONSTRAINT daily_metrics_survey_type_exists FOREIGN KEY (workspace_id, survey_type_code) REFERENCES survey_type,
    CONSTRAINT daily_metrics_one_a_day UNIQUE (workspace_id, campaign_id, date)
);
CREATE INDEX daily_metrics_by_date ON daily_metrics (workspace_id, date DESC);

-- Part of the ledger of answers under the names that the description of campaigns uses.
CREATE VIEW customer_feedback WITH (security_invoker = true) AS
SELECT workspace_id, id, survey_id, guid, score, comment, create_time, create_user, last_update_time, last_update_user
FROM feedback;

-- A message that can't be used: its place in the topic is its dedupe, so a batch may come again.
CREATE TABLE dead_event (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    topic text NOT NULL,
    "partition" integer NOT NULL,
    "offset" bigint NOT NULL,
    named_workspace text,
    reason text NOT NULL,
    message bytea NOT NULL,
    create_time timestamptz NOT NULL,
    replayed_at timestamptz,
    CONSTRAINT dead_event_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT dead_event_message_fits CHECK (octet_length(message) <= 65536),
    CONSTRAINT dead_event_place_once UNIQUE (workspace_id, topic, "partition", "offset")
);
CREATE INDEX dead_event_by_time ON dead_event (workspace_id, create_time DESC, id DESC);

-- Messages that must leave, written in the transaction that makes them true. A queue over all workspaces: no foreign keys.
CREATE TABLE outbox (
    workspace_id uuid NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    key text NOT NULL,
    body text NOT NULL,
    create_time timestamptz NOT NULL,
    sent_at timestamptz,
    CONSTRAINT outbox_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT outbox_kind_known CHECK (kind IN ('daily-metrics', 'feedback'))
);
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;

-- Who may do what only one process may, until when. The product's own.
CREATE TABLE lease (
    name text NOT NULL,
    holder uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT lease_pkey PRIMARY KEY (name)
);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['campaign', 'daily_metrics', 'dead_event', 'outbox'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY %I ON %I USING (workspace_id = '
            '(SELECT nullif(current_setting(''voxpop.workspace'', true), '''')::uuid))', owned || '_of_workspace', owned);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO voxpop_app', owned);
    END LOOP;
END $$;
GRANT SELECT ON customer_feedback TO voxpop_app;

-- More doors past the policies, for the relay alone.

-- True when the caller holds the lease from now on: it was free, had run out, or was the caller's already.
CREATE FUNCTION take_lease(wanted text, caller uuid, seconds integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO lease VALUES (wanted, caller, clock_timestamp() + make_interval(secs => seconds))
    ON CONFLICT (name) DO UPDATE SET holder = caller, expires_at = excluded.expires_at
    WHERE lease.holder = caller OR lease.expires_at < clock_timestamp();
    RETURN FOUND;
END $$;

CREATE FUNCTION drop_lease(held text, caller uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM lease WHERE name = held AND holder = caller;
END $$;

-- The oldest messages of some kinds that have not left.
CREATE FUNCTION unsent_messages(kinds text[], most integer)
RETURNS TABLE (workspace_id uuid, id bigint, kind text, key text, body text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT o.workspace_id, o.id, o.kind, o.key, o.body FROM outbox o
        WHERE o.sent_at IS NULL AND o.kind = ANY (kinds) ORDER BY o.id LIMIT most;
END $$;

CREATE FUNCTION mark_sent(sent bigint[], moment timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE outbox SET sent_at = moment WHERE id = ANY (sent) AND sent_at IS NULL;
END $$;

-- How many messages went, some of them at a time: sent before one moment, or written and never sent before another
-- (null keeps those).
CREATE FUNCTION prune_outbox(sent_before timestamptz, unsent_before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM outbox WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM outbox WHERE sent_at < sent_before OR (sent_at IS NULL AND create_time < unsent_before)
        LIMIT most));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

REVOKE ALL ON FUNCTION take_lease(text, uuid, integer), drop_lease(text, uuid), unsent_messages(text[], integer),
    mark_sent(bigint[], timestamptz), prune_outbox(timestamptz, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_lease(text, uuid, integer), drop_lease(text, uuid), unsent_messages(text[], integer),
    mark_sent(bigint[], timestamptz), prune_outbox(timestamptz, timestamptz, integer) TO voxpop_app;
