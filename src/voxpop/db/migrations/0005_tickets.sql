-- expand: tickets, their conversation, tags, log and rating.

-- The last number given; a ticket takes the next one under this row's lock, which is the ticket's first.
CREATE TABLE ticket_counter (
    workspace_id uuid NOT NULL,
    last_number bigint NOT NULL,
    CONSTRAINT ticket_counter_pkey PRIMARY KEY (workspace_id),
    CONSTRAINT ticket_counter_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspace
);

-- priority_rank is what lists sort by, kept by the application.
CREATE TABLE ticket (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text COLLATE "C" NOT NULL,
    subject text NOT NULL,
    description text NOT NULL,
    requester_name text NOT NULL,
    requester_email text NOT NULL,
    requester_email_folded text COLLATE "C" NOT NULL,
    requester_guid text,
    status text COLLATE "C" NOT NULL DEFAULT 'Open',
    priority text COLLATE "C" NOT NULL DEFAULT 'Medium',
    priority_rank smallint NOT NULL,
    assignee_id uuid,
    first_response_at timestamptz,
    last_reply_at timestamptz NOT NULL,
    last_replier_id uuid,
    resolved_at timestamptz,
    csat_rating smallint,
    csat_comment text,
    csat_rated_at timestamptz,
    csat_agent_id uuid,
    open_survey_id uuid,
    create_time timestamptz NOT NULL,
    create_user text NOT NULL DEFAULT 'system',
    updated_at timestamptz NOT NULL,
    last_update_user text NOT NULL DEFAULT 'system',
    CONSTRAINT ticket_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT ticket_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspace,
    CONSTRAINT ticket_ref_unique UNIQUE (workspace_id, ref),
    CONSTRAINT ticket_subject_fits CHECK (length(subject) BETWEEN 1 AND 200),
    CONSTRAINT ticket_description_fits CHECK (length(description) <= 50000),
    CONSTRAINT ticket_status_known CHECK (status IN ('Open', 'In progress', 'Resolved', 'Closed')),
    CONSTRAINT ticket_priority_known CHECK (
        (priority, priority_rank) IN (('Low', 1), ('Medium', 2), ('High', 3), ('Urgent', 4))),
    CONSTRAINT ticket_rating_whole CHECK ((csat_rating IS NULL) = (csat_rated_at IS NULL)),
    CONSTRAINT ticket_rating_fits CHECK (csat_rating BETWEEN 1 AND 5),
    CONSTRAINT ticket_comment_fits CHECK (length(csat_comment) <= 2000)
);

CREATE TABLE ticket_message (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    author_id uuid,
    author_name text NOT NULL,
    body text NOT NULL,
    create_time timestamptz NOT NULL,
    CONSTRAINT ticket_message_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT ticket_message_ticket_exists FOREIGN KEY (workspace_id, ticket_id) REFERENCES ticket,
    CONSTRAINT ticket_message_kind_known CHECK (kind IN ('customer', 'reply', 'note')),
    CONSTRAINT ticket_message_body_fits CHECK (length(body) BETWEEN 1 AND 50000)
);
CREATE INDEX ticket_message_in_order ON ticket_message (workspace_id, ticket_id, create_time, id);

-- What happened to a ticket beside what was said: the word of what changed, from what, to what.
CREATE TABLE ticket_activity (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    what text COLLATE "C" NOT NULL,
    actor_name text NOT NULL,
    old_value text,
    new_value text,
    create_time timestamptz NOT NULL,
    CONSTRAINT ticket_activity_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT ticket_activity_ticket_exists FOREIGN KEY (workspace_id, ticket_id) REFERENCES ticket,
    CONSTRAINT ticket_activity_known CHECK (what IN ('opened', 'status', 'priority', 'assignee', 'tags', 'rated'))
);
CREATE INDEX ticket_activity_in_order ON ticket_activity (workspace_id, ticket_id, create_time, id);

CREATE TABLE tag (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    create_time timestamptz NOT NULL,
    CONSTRAINT tag_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT tag_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspace,
    CONSTRAINT tag_name_unique UNIQUE (workspace_id, name),
    CONSTRAINT tag_name_fits CHECK (length(name) BETWEEN 1 AND 200)
);

CREATE TABLE ticket_tag (
    workspace_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    tag_id uuid NOT NULL,
    CONSTRAINT ticket_tag_pkey PRIMARY KEY (workspace_id, ticket_id, tag_id),
    CONSTRAINT ticket_tag_ticket_exists FOREIGN KEY (workspace_id, ticket_id) REFERENCES ticket,
    CONSTRAINT ticket_tag_tag_exists FOREIGN KEY (workspace_id, tag_id) REFERENCES tag
);
CREATE INDEX ticket_tag_by_tag ON ticket_tag (workspace_id, tag_id, ticket_id);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['ticket_counter', 'ticket', 'ticket_message', 'ticket_activity', 'tag',
                                 'ticket_tag'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY %I ON %I USING (workspace_id = '
            '(SELECT nullif(current_setting(''voxpop.workspace'', true), '''')::uuid))', owned || '_of_workspace', owned);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO voxpop_app', owned);
    END LOOP;
END $$;
