-- expand: how a workspace looks to customers, the language of a member, and read-only members who look at demo data.

ALTER TABLE workspace
    ADD COLUMN accent text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN logo bytea,
    ADD COLUMN logo_hash text COLLATE "C",
    ADD COLUMN logo_type text COLLATE "C",
    ADD COLUMN logo_width integer,
    ADD COLUMN logo_height integer,
    ADD COLUMN has_demo_data boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT workspace_accent_is_colour CHECK (accent ~ '^(#[0-9a-f]{6})?$'),
    ADD CONSTRAINT workspace_logo_small CHECK (octet_length(logo) <= 262144),
    ADD CONSTRAINT workspace_logo_whole
        CHECK (num_nonnulls(logo, logo_hash, logo_type, logo_width, logo_height) IN (0, 5));

ALTER TABLE member
    ADD COLUMN language text COLLATE "C",
    ADD COLUMN is_read_only boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT member_language_known CHECK (language IN ('en', 'ru'));

DROP FUNCTION list_workspaces();
CREATE FUNCTION list_workspaces()
RETURNS TABLE (id uuid, name text, time_zone text, cool_down_days integer, slug text, portal_enabled boolean,
               csat_enabled boolean, accent text, logo_hash text, logo_width integer, logo_height integer,
               has_demo_data boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT w.id, w.name, w.time_zone, w.cool_down_days, w.slug, w.portal_enabled, w.csat_enabled,
            w.accent, w.logo_hash, w.logo_width, w.logo_height, w.has_demo_data
        FROM workspace w ORDER BY w.create_time, w.id;
END $$;

DROP FUNCTION find_workspaces(text[]);
CREATE FUNCTION find_workspaces(slugs text[])
RETURNS TABLE (id uuid, name text, time_zone text, cool_down_days integer, slug text, portal_enabled boolean,
               csat_enabled boolean, accent text, logo_hash text, logo_width integer, logo_height integer,
               has_demo_data boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT w.id, w.name, w.time_zone, w.cool_down_days, w.slug, w.portal_enabled, w.csat_enabled,
            w.accent, w.logo_hash, w.logo_width, w.logo_height, w.has_demo_data
        FROM workspace w WHERE w.slug = ANY (slugs);
END $$;

DROP FUNCTION find_sessions(uuid[]);
CREATE FUNCTION find_sessions(wanted uuid[])
RETURNS TABLE (id uuid, workspace_id uuid, secret_hash bytea, kind text, account_id uuid, email text, name text,
               ticket_id uuid, role text, language text, is_read_only boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE session s SET last_seen_at = now() WHERE s.id IN (
        SELECT idle.id FROM session idle
        WHERE idle.id = ANY (wanted) AND idle.expires_at > now() AND idle.last_seen_at < now() - interval '1 minute'
            AND idle.last_seen_at > now() - make_interval(secs => idle.idle_seconds)
        FOR UPDATE SKIP LOCKED);
    RETURN QUERY
        SELECT s.id, s.workspace_id, s.secret_hash, s.kind, s.account_id, coalesce(a.email, s.email),
               coalesce(a.name, s.name), s.ticket_id, m.role, m.language, coalesce(m.is_read_only, false)
        FROM session s
        LEFT JOIN member m ON m.workspace_id = s.workspace_id AND m.account_id = s.account_id AND m.removed_at IS NULL
        LEFT JOIN account a ON a.id = m.account_id
        WHERE s.id = ANY (wanted) AND s.expires_at > now() AND (s.kind <> 'member' OR m.role IS NOT NULL)
            AND s.last_seen_at > now() - make_interval(secs => s.idle_seconds);
END $$;

REVOKE ALL ON FUNCTION list_workspaces(), find_workspaces(text[]), find_sessions(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION list_workspaces(), find_workspaces(text[]), find_sessions(uuid[]) TO voxpop_app;
