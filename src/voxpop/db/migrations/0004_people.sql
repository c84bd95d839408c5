-- expand: accounts and members, sessions, mailed links, throttles, mail in the outbox; a workspace's label and switches.

-- Where a workspace lives: the label before the host of the base address ----------------------------------------

ALTER TABLE workspace ADD COLUMN slug text;
ALTER TABLE workspace ADD COLUMN portal_enabled boolean NOT NULL DEFAULT true;
ALTER TABLE workspace ADD COLUMN csat_enabled boolean NOT NULL DEFAULT true;

-- A label for a name that no workspace has yet: its letters and digits, with a number where that is taken.
CREATE FUNCTION free_slug(wanted text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    base text := trim(both '-' FROM left(regexp_replace(lower(wanted), '[^a-z0-9]+', '-', 'g'), 50));
    free text;
BEGIN
    base := coalesce(nullif(trim(both '-' FROM base), ''), 'workspace');
    free := base;
    FOR number IN 2..100000 LOOP
        EXIT WHEN NOT EXISTS (SELECT FROM workspace w WHERE w.slug = free);
        free := base || '-' || number;
    END LOOP;
    RETURN free;
END $$;
REVOKE ALL ON FUNCTION free_slug(text) FROM PUBLIC;

DO $$
DECLARE
    known record;
BEGIN
    UPDATE workspace SET slug = 'default'  -- what the bare host shows, whatever its name is by now
    WHERE id = (SELECT w.id FROM workspace w ORDER BY w.create_time, w.id LIMIT 1);
    FOR known IN SELECT w.id, w.name FROM workspace w WHERE w.slug IS NULL ORDER BY w.create_time, w.id LOOP
        UPDATE workspace SET slug = free_slug(known.name) WHERE id = known.id;
    END LOOP;
END $$;

ALTER TABLE workspace ALTER COLUMN slug SET NOT NULL;
ALTER TABLE workspace ADD CONSTRAINT workspace_slug_unique UNIQUE (slug);
ALTER TABLE workspace ADD CONSTRAINT workspace_slug_is_label
    CHECK (slug ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$' AND length(slug) <= 63);

CREATE OR REPLACE FUNCTION create_workspace(new_id uuid, new_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO workspace (id, name, slug) VALUES (new_id, new_name, free_slug(new_name)) ON CONFLICT (name) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO survey_type (workspace_id, code, name, question, thanks, scale_min, scale_max, formula, satisfied_min,
                             satisfied_max, formula_description, higher_is_better, translations)
    SELECT new_id, code, name, question, thanks, scale_min, scale_max, formula, satisfied_min,
           satisfied_max, formula_description, higher_is_better, translations FROM builtin_survey_type;
    RETURN true;
END $$;

-- People ---------------------------------------------------------------------------------------------------------

-- A person's login, above workspaces. proven_at: since when it is known that its address is its owner's.
CREATE TABLE account (
    id uuid NOT NULL,
    email text NOT NULL,
    email_folded text COLLATE "C" NOT NULL,
    name text NOT NULL,
    password_hash text,
    proven_at timestamptz,
    create_time timestamptz NOT NULL,
    last_update_time timestamptz NOT NULL,
    CONSTRAINT account_pkey PRIMARY KEY (id),
    CONSTRAINT account_email_unique UNIQUE (email_folded),
    CONSTRAINT account_email_fits CHECK (length(email) BETWEEN 3 AND 254 AND length(email_folded) BETWEEN 3 AND 254),
    CONSTRAINT account_name_fits CHECK (length(name) BETWEEN 1 AND 200)
);

-- An account's place in a workspace. Who leaves keeps the row: what he wrote still has a name.
CREATE TABLE member (
    workspace_id uuid NOT NULL,
    account_id uuid NOT NULL,
    role text NOT NULL,
    removed_at timestamptz,
    create_time timestamptz NOT NULL,
    create_user text NOT NULL,
    last_update_time timestamptz NOT NULL,
    last_update_user text NOT NULL,
    CONSTRAINT member_pkey PRIMARY KEY (workspace_id, account_id),
    CONSTRAINT member_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspace,
    CONSTRAINT member_account_exists FOREIGN KEY (account_id) REFERENCES account,
    CONSTRAINT member_role_known CHECK (role IN ('owner', 'admin', 'agent'))
);

-- Found before a workspace is known, so without foreign keys: on a cluster it stays in one place.
CREATE TABLE session (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    kind text NOT NULL,
    account_id uuid,
    email text,
    email_folded text COLLATE "C",
    name text,
    ticket_id uuid,
    user_agent text,
    address text,
    create_time timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    idle_seconds integer NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT session_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT session_kind_known CHECK (kind IN ('member', 'customer', 'guest')),
    CONSTRAINT session_has_person CHECK (
        (kind = 'member') = (account_id IS NOT NULL) AND (kind = 'member') = (email IS NULL)
        AND (kind = 'guest') = (ticket_id IS NOT NULL))
);
CREATE INDEX session_by_id ON session (id);
CREATE INDEX session_by_account ON session (workspace_id, account_id) WHERE account_id IS NOT NULL;
CREATE INDEX session_by_email ON session (workspace_id, email_folded) WHERE kind = 'customer';

-- A link that opens something once: a session, a place in the workspace, the workspace itself for its first owner.
CREATE TABLE mailed_link (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    kind text NOT NULL,
    account_id uuid,
    email text,
    email_folded text COLLATE "C",
    name text,
    role text,
    next_path text,
    create_time timestamptz NOT NULL,
    create_user text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT mailed_link_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT mailed_link_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspace,
    CONSTRAINT mailed_link_kind_known CHECK (kind IN ('member', 'customer', 'invitation', 'owner')),
    CONSTRAINT mailed_link_role_known CHECK (role IN ('owner', 'admin', 'agent')),
    CONSTRAINT mailed_link_has_aim CHECK (
        (kind = 'member') = (account_id IS NOT NULL) AND (kind = 'invitation') = (role IS NOT NULL)
        AND (kind IN ('customer', 'invitation')) = (email IS NOT NULL AND email_folded IS NOT NULL))
);
CREATE INDEX mailed_link_invited ON mailed_link (workspace_id, email_folded) WHERE kind = 'invitation';

-- How often somebody came to a door since a moment; whom it is about is kept as a hash.
CREATE TABLE throttle (
    workspace_id uuid NOT NULL,
    door text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    began_at timestamptz NOT NULL,
    count integer NOT NULL,
    CONSTRAINT throttle_pkey PRIMARY KEY (workspace_id, door, subject)
);

-- Mail leaves by the outbox too. A message that could not leave waits longer each time, and is given up at last.
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_known;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_known CHECK (kind IN ('daily-metrics', 'feedback', 'mail'));
ALTER TABLE outbox ADD COLUMN attempt_count integer NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN retry_at timestamptz;
ALTER TABLE outbox ADD COLUMN failed_at timestamptz;
ALTER TABLE outbox ADD COLUMN failure text;
CREATE INDEX outbox_mail ON outbox (workspace_id, id DESC) WHERE kind = 'mail';
CREATE INDEX outbox_mail_due ON outbox (id) WHERE kind = 'mail' AND sent_at IS NULL AND failed_at IS NULL;

-- Nobody sees a neighbour ----------------------------------------------------------------------------------------

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['member', 'session', 'mailed_link', 'throttle'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY %I ON %I USING (workspace_id = '
            '(SELECT nullif(current_setting(''voxpop.workspace'', true), '''')::uuid))', owned || '_of_workspace', owned);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO voxpop_app', owned);
    END LOOP;
END $$;
ALTER TABLE account ENABLE ROW LEVEL SECURITY;
CREATE POLICY account_of_members ON account USING (id IN (
    SELECT m.account_id FROM member m
    WHERE m.workspace_id = (SELECT nullif(current_setting('voxpop.workspace', true), '')::uuid)));
GRANT SELECT, UPDATE ON account TO voxpop_app;

-- More doors past the policies, like those of 0001 ---------------------------------------------------------------

DROP FUNCTION list_workspaces();
CREATE FUNCTION list_workspaces()
RETURNS TABLE (id uuid, name text, time_zone text, cool_down_days integer, slug text, portal_enabled boolean,
               csat_enabled boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT w.id, w.name, w.time_zone, w.cool_down_days, w.slug, w.portal_enabled, w.csat_enabled
        FROM workspace w ORDER BY w.create_time, w.id;
END $$;

-- Workspaces by their labels.
CREATE FUNCTION find_workspaces(slugs text[])
RETURNS TABLE (id uuid, name text, time_zone text, cool_down_days integer, slug text, portal_enabled boolean,
               csat_enabled boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT w.id, w.name, w.time_zone, w.cool_down_days, w.slug, w.portal_enabled, w.csat_enabled
        FROM workspace w WHERE w.slug = ANY (slugs);
END $$;

-- Sessions that are neither over nor idle for too long, a member's with the role he has now; notes their use, at most
-- once a minute and never waiting for another.
CREATE FUNCTION find_sessions(wanted uuid[])
RETURNS TABLE (id uuid, workspace_id uuid, secret_hash bytea, kind text, account_id uuid, email text, name text,
               ticket_id uuid, role text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE session s SET last_seen_at = now() WHERE s.id IN (
        SELECT idle.id FROM session idle
        WHERE idle.id = ANY (wanted) AND idle.expires_at > now() AND idle.last_seen_at < now() - interval '1 minute'
            AND idle.last_seen_at > now() - make_interval(secs => idle.idle_seconds)
        FOR UPDATE SKIP LOCKED);
    RETURN QUERY
        SELECT s.id, s.workspace_id, s.secret_hash, s.kind, s.account_id, coalesce(a.email, s.email),
               coalesce(a.name, s.name), s.ticket_id, m.role
        FROM session s
        LEFT JOIN member m ON m.workspace_id = s.workspace_id AND m.account_id = s.account_id AND m.removed_at IS NULL
        LEFT JOIN account a ON a.id = m.account_id
        WHERE s.id = ANY (wanted) AND s.expires_at > now() AND (s.kind <> 'member' OR m.role IS NOT NULL)
            AND s.last_seen_at > now() - make_interval(secs => s.idle_seconds);
END $$;

-- The account with an address, if it has a place in another workspace: what its owner must prove before it gets one here.
CREATE FUNCTION find_login_elsewhere(here uuid, address text)
RETURNS TABLE (account_id uuid, name text, email text, password_hash text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT a.id, a.name, a.email, a.password_hash FROM account a
        WHERE a.email_folded = address AND EXISTS (SELECT FROM member m
            WHERE m.account_id = a.id AND m.workspace_id <> here AND m.removed_at IS NULL);
END $$;

-- The account with an address, made where there is none. is_proven: a mail to the address has just been answered. Then
-- whoever has claimed the address before without proof loses what he has set up for it: a password, sessions, links.
CREATE FUNCTION join_account(new_id uuid, new_email text, new_email_folded text, new_name text, is_proven boolean,
                             moment timestamptz)
RETURNS TABLE (id uuid, is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    claimed uuid;
BEGIN
    INSERT INTO account AS a (id, email, email_folded, name, create_time, last_update_time)
    VALUES (new_id, new_email, new_email_folded, new_name, moment, moment) ON CONFLICT (email_folded) DO NOTHING;
    IF is_proven THEN
        UPDATE account a SET proven_at = moment, password_hash = NULL
        WHERE a.email_folded = new_email_folded AND a.proven_at IS NULL RETURNING a.id INTO claimed;
        DELETE FROM session s WHERE s.account_id = claimed;
        DELETE FROM mailed_link l WHERE l.account_id = claimed AND l.used_at IS NULL;
    END IF;
    RETURN QUERY SELECT a.id, a.id = new_id FROM account a WHERE a.email_folded = new_email_folded;
END $$;

-- Ends an account's sessions in every workspace but one, and its links that nobody used: after its password has changed.
CREATE FUNCTION end_account_sessions(owner uuid, but uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM session s WHERE s.account_id = owner AND s.id <> but
        AND EXISTS (SELECT FROM member m WHERE m.account_id = owner
                    AND m.workspace_id = nullif(current_setting('voxpop.workspace', true), '')::uuid);
    DELETE FROM mailed_link l WHERE l.account_id = owner AND l.used_at IS NULL
        AND EXISTS (SELECT FROM member m WHERE m.account_id = owner
                    AND m.workspace_id = nullif(current_setting('voxpop.workspace', true), '')::uuid);
END $$;

-- Mail that nobody sent or could send goes as well, when it is old: no broker that is away keeps it waiting.
CREATE OR REPLACE FUNCTION prune_outbox(sent_before timestamptz, unsent_before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM outbox WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM outbox WHERE sent_at < sent_before OR (sent_at IS NULL AND create_time < unsent_before)
            OR (kind = 'mail' AND create_time < coalesce(unsent_before, sent_before))
        LIMIT most));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

-- The oldest mail that may leave now.
CREATE FUNCTION due_mail(moment timestamptz, most integer)
RETURNS TABLE (workspace_id uuid, id bigint, body text, create_time timestamptz, attempt_count integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT o.workspace_id, o.id, o.body, o.create_time, o.attempt_count FROM outbox o
        WHERE o.kind = 'mail' AND o.sent_at IS NULL AND o.failed_at IS NULL
            AND (o.retry_at IS NULL OR o.retry_at <= moment)
        ORDER BY o.id LIMIT most;
END $$;

-- What became of a mail: sent or given up, with a body that tells its text no more, or to be tried again later.
CREATE FUNCTION settle_mail(mail bigint, left_at timestamptz, gave_up_at timestamptz, again_at timestamptz, why text,
                            rest text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE outbox SET sent_at = left_at, failed_at = gave_up_at, retry_at = again_at, failure = why, body = rest,
        attempt_count = attempt_count + 1
    WHERE id = mail AND kind = 'mail' AND sent_at IS NULL;
END $$;

-- Takes away sessions and links that are over, and throttles and given-up mail of before a moment.
CREATE FUNCTION prune_people(moment timestamptz, old timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM session WHERE expires_at < moment OR last_seen_at < moment - make_interval(secs => idle_seconds);
    DELETE FROM mailed_link WHERE expires_at < old;
    DELETE FROM throttle WHERE began_at < old;
    DELETE FROM outbox WHERE kind = 'mail' AND failed_at < old;
END $$;

REVOKE ALL ON FUNCTION list_workspaces(), find_workspaces(text[]), find_sessions(uuid[]),
    find_login_elsewhere(uuid, text), join_account(uuid, text, text, text, boolean, timestamptz),
    end_account_sessions(uuid, uuid), due_mail(timestamptz, integer),
    settle_mail(bigint, timestamptz, timestamptz, timestamptz, text, text), prune_people(timestamptz, timestamptz)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION list_workspaces(), find_workspaces(text[]), find_sessions(uuid[]),
    find_login_elsewhere(uuid, text), join_account(uuid, text, text, text, boolean, timestamptz),
    end_account_sessions(uuid, uuid), due_mail(timestamptz, integer),
    settle_mail(bigint, timestamptz, timestamptz, timestamptz, text, text), prune_people(timestamptz, timestamptz)
    TO voxpop_app;
