-- expand: the widget: its keys and secrets, how a survey type is shown, and users of features who have a guid only.

-- How a type is shown, and its further texts. Translations may have the three texts too.
ALTER TABLE survey_type
    ADD COLUMN display text COLLATE "C" NOT NULL DEFAULT 'auto',
    ADD COLUMN label_min text,
    ADD COLUMN label_max text,
    ADD COLUMN comment_label text,
    ADD CONSTRAINT survey_type_display_known CHECK (display IN ('auto', 'stars', 'numbers', 'smileys', 'thumbs')),
    ADD CONSTRAINT survey_type_labels_fit
        CHECK (length(label_min) BETWEEN 1 AND 100 AND length(label_max) BETWEEN 1 AND 100
               AND length(comment_label) BETWEEN 1 AND 100);
ALTER TABLE builtin_survey_type
    ADD COLUMN display text COLLATE "C" NOT NULL DEFAULT 'auto',
    ADD COLUMN label_min text,
    ADD COLUMN label_max text,
    ADD COLUMN comment_label text;

-- The words at the ends of the built-in scales. Types whose texts a workspace has changed stay as they are.
CREATE TEMPORARY TABLE label ON COMMIT DROP AS
SELECT code, b.translations AS old, CASE WHEN b.language = 'ru' THEN ru_min ELSE en_min END AS label_min,
       CASE WHEN b.language = 'ru' THEN ru_max ELSE en_max END AS label_max,
       jsonb_build_object(
           'ru', b.translations::jsonb -> 'ru' || jsonb_build_object('label_min', ru_min, 'label_max', ru_max),
           'en', b.translations::jsonb -> 'en' || jsonb_build_object('label_min', en_min, 'label_max', en_max)
       )::text AS translations
FROM builtin_survey_type b JOIN (VALUES
    ('NPS', 'Точно не порекомендую', 'Точно порекомендую', 'Not at all likely', 'Extremely likely'),
    ('CSAT', 'Очень плохо', 'Отлично', 'Very poor', 'Excellent'),
    ('CES', 'Очень сложно', 'Очень легко', 'Very difficult', 'Very easy'),
    ('CSAT10', 'Совсем не нравится', 'Очень нравится', 'Not at all satisfied', 'Very satisfied')
) AS words (code, ru_min, ru_max, en_min, en_max) USING (code);
UPDATE survey_type s SET label_min = l.label_min, label_max = l.label_max, translations = l.translations
    FROM label l JOIN builtin_survey_type b USING (code)
    WHERE s.code = l.code AND s.translations = l.old AND s.question = b.question AND s.thanks = b.thanks;
UPDATE builtin_survey_type b
    SET label_min = l.label_min, label_max = l.label_max, translations = l.translations FROM label l WHERE b.code = l.code;

-- A user of a feature has an address or a guid. A guid that is equal to an address is another user.
ALTER TABLE interaction
    ADD COLUMN is_guid boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT interaction_pkey,
    ADD CONSTRAINT interaction_pkey PRIMARY KEY (workspace_id, feature_id, user_email, is_guid);

-- A publishable key is public: any visitor of a page can read it. So its secret is stored as it is, to show it again.
CREATE TABLE publishable_key (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    secret text COLLATE "C" NOT NULL,
    origins text[] COLLATE "C" NOT NULL,
    create_time timestamptz NOT NULL,
    create_user text NOT NULL,
    seen_at timestamptz,
    seen_origin text COLLATE "C",
    revoked_at timestamptz,
    CONSTRAINT publishable_key_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT publishable_key_name_fits CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT publishable_key_origins_fit CHECK (cardinality(origins) BETWEEN 1 AND 20)
);
CREATE INDEX publishable_key_by_id ON publishable_key (id);
CREATE INDEX publishable_key_by_origin ON publishable_key USING gin (origins) WHERE revoked_at IS NULL;
ALTER TABLE publishable_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY publishable_key_of_workspace ON publishable_key USING (workspace_id =
    (SELECT nullif(current_setting('voxpop.workspace', true), '')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON publishable_key TO voxpop_app;

-- The secret that signs users, and the one before it, which stays valid until it is retired.
ALTER TABLE workspace
    ADD COLUMN widget_signature_required boolean NOT NULL DEFAULT true,
    ADD COLUMN widget_secret text COLLATE "C",
    ADD COLUMN widget_secret_at timestamptz,
    ADD COLUMN widget_previous_secret text COLLATE "C",
    ADD CONSTRAINT workspace_widget_secret_whole
        CHECK ((widget_secret IS NULL) = (widget_secret_at IS NULL)
               AND (widget_previous_secret IS NULL OR widget_secret IS NOT NULL));
