-- expand: the channels of campaigns, emails that ask for ratings, and addresses that want none.

-- reminder_after_days: NULL for no reminder. language: of emails and hosted pages; NULL for that of the survey type.
ALTER TABLE campaign
    ADD COLUMN channels text[] COLLATE "C" NOT NULL DEFAULT '{in_app}',
    ADD COLUMN reminder_after_days integer,
    ADD COLUMN language text COLLATE "C",
    ADD CONSTRAINT campaign_channels_known
        CHECK (channels <@ ARRAY['in_app', 'email', 'link'] AND cardinality(channels) BETWEEN 1 AND 3),
    ADD CONSTRAINT campaign_reminder_fits CHECK (reminder_after_days BETWEEN 1 AND 30),
    ADD CONSTRAINT campaign_language_fits CHECK (length(language) BETWEEN 2 AND 35);

-- The key that signs the links of surveys: 244 random bits.
ALTER TABLE workspace
    ADD COLUMN link_key bytea NOT NULL
        DEFAULT sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));

-- The emails about a survey: the first one, and a reminder. due_at is when the next one is written; NULL for none.
-- sent_at: when the mail server took the first one. A failure is what the server answered to the last one it refused.
CREATE TABLE survey_email (
    workspace_id uuid NOT NULL,
    survey_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    email text NOT NULL,
    email_folded text COLLATE "C" NOT NULL,
    due_at timestamptz,
    sent_at timestamptz,
    reminded_at timestamptz,
    failed_at timestamptz,
    failure text,
    CONSTRAINT survey_email_pkey PRIMARY KEY (workspace_id, survey_id),
    CONSTRAINT survey_email_survey_exists FOREIGN KEY (workspace_id, survey_id) REFERENCES survey (workspace_id, id),
    CONSTRAINT survey_email_fits CHECK (length(email) BETWEEN 3 AND 254 AND length(email_folded) BETWEEN 3 AND 254),
    CONSTRAINT survey_email_failure_has_time CHECK ((failed_at IS NULL) = (failure IS NULL))
);
CREATE INDEX survey_email_due ON survey_email (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX survey_email_of_campaign ON survey_email (workspace_id, campaign_id, failed_at DESC);

-- Addresses that get no emails about surveys.
CREATE TABLE unsubscribed_email (
    workspace_id uuid NOT NULL,
    email_folded text COLLATE "C" NOT NULL,
    create_time timestamptz NOT NULL,
    CONSTRAINT unsubscribed_email_pkey PRIMARY KEY (workspace_id, email_folded),
    CONSTRAINT unsubscribed_email_fits CHECK (length(email_folded) BETWEEN 3 AND 254)
);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['survey_email', 'unsubscribed_email'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY %I ON %I USING (workspace_id = '
            '(SELECT nullif(current_setting(''voxpop.workspace'', true), '''')::uuid))', owned || '_of_workspace', owned);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO voxpop_app', owned);
    END LOOP;
END $$;
