-- What the two roles may do, applied by each run of the migrations. Nothing else is granted to them.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM voxpop_app, voxpop_system;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM voxpop_app, voxpop_system;

-- voxpop_app works in one workspace: the policies of these tables show it no other.
DO $$
DECLARE
    owned text;
BEGIN
    FOR owned IN SELECT c.oid::regclass::text FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1 AND a.attname = 'workspace_id'
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relrowsecurity
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO voxpop_app', owned);
    END LOOP;
END $$;
GRANT SELECT ON customer_feedback TO voxpop_app;
GRANT SELECT, UPDATE ON workspace TO voxpop_app;

-- voxpop_system finds callers before their workspace is known, and serves the queues of all workspaces.
GRANT SELECT (id, workspace_id, name, scopes, secret_hash, last_used_at, revoked_at), UPDATE (last_used_at)
    ON api_key TO voxpop_system;
GRANT SELECT (id, workspace_id, secret, origins, seen_at, revoked_at) ON publishable_key TO voxpop_system;
GRANT SELECT (id, workspace_id, secret_hash, kind, account_id, email, name, ticket_id, expires_at, last_seen_at,
              idle_seconds), UPDATE (last_seen_at), DELETE ON session TO voxpop_system;
GRANT SELECT (workspace_id, account_id, name, email, role, language, is_read_only, removed_at),
    UPDATE (name, last_update_time) ON member TO voxpop_system;
GRANT SELECT, INSERT, UPDATE (name, password_hash, email_verified_at, last_update_time) ON account TO voxpop_system;
GRANT SELECT (id, name, slug, time_zone, cool_down_days, portal_enabled, csat_enabled, accent, logo_hash, logo_width,
              logo_height, has_demo_data, create_time, widget_signature_required, widget_secret,
              widget_previous_secret), INSERT (id, name, slug) ON workspace TO voxpop_system;
GRANT SELECT ON builtin_survey_type TO voxpop_system;
GRANT INSERT ON survey_type TO voxpop_system;
GRANT SELECT (account_id, used_at, expires_at), DELETE ON magic_link TO voxpop_system;
GRANT SELECT (began_at), DELETE ON rate_limit TO voxpop_system;
GRANT SELECT, UPDATE (sent_at), DELETE ON outbox TO voxpop_system;
GRANT SELECT (workspace_id, due_at) ON survey_email TO voxpop_system;
GRANT SELECT (workspace_id, key, create_time), UPDATE (create_time), DELETE ON idempotency_key TO voxpop_system;
GRANT SELECT (workspace_id, job, day, done_at) ON job_slot TO voxpop_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON lease TO voxpop_system;
GRANT SELECT, INSERT, UPDATE ON health_check TO voxpop_system;

-- Text search is not leakproof, so a policy of the workspace would keep it from its index.
GRANT SELECT ON feedback_search TO voxpop_system;

GRANT EXECUTE ON FUNCTION stems, words_and_stems, search_tickets TO voxpop_app;
