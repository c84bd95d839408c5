-- contract: processes of the version before call the functions that go.
-- Statements that must see rows of every workspace run as the role `voxpop_system`, instead of functions that bypass the
-- policies. `privileges.sql` grants what these statements need.

-- A member has the name and address of the account, which belongs to no workspace and is the system's alone.
ALTER TABLE member ADD COLUMN name text, ADD COLUMN email text, ADD COLUMN email_folded text COLLATE "C";
UPDATE member m SET name = a.name, email = a.email, email_folded = a.email_folded
    FROM account a WHERE a.id = m.account_id;
ALTER TABLE member ALTER COLUMN name SET NOT NULL, ALTER COLUMN email SET NOT NULL,
    ALTER COLUMN email_folded SET NOT NULL,
    ADD CONSTRAINT member_name_fits CHECK (length(name) BETWEEN 1 AND 200),
    ADD CONSTRAINT member_email_fits
        CHECK (length(email) BETWEEN 3 AND 254 AND length(email_folded) BETWEEN 3 AND 254);
DROP POLICY account_of_members ON account;

CREATE POLICY api_key_of_system ON api_key TO voxpop_system USING (true);
CREATE POLICY publishable_key_of_system ON publishable_key TO voxpop_system USING (true);
CREATE POLICY session_of_system ON session TO voxpop_system USING (true);
CREATE POLICY member_of_system ON member TO voxpop_system USING (true);
CREATE POLICY account_of_system ON account TO voxpop_system USING (true);
CREATE POLICY workspace_of_system ON workspace TO voxpop_system USING (true);
CREATE POLICY survey_type_of_system ON survey_type TO voxpop_system USING (true);
CREATE POLICY magic_link_of_system ON magic_link TO voxpop_system USING (true);
CREATE POLICY rate_limit_of_system ON rate_limit TO voxpop_system USING (true);
CREATE POLICY outbox_of_system ON outbox TO voxpop_system USING (true);
CREATE POLICY survey_email_of_system ON survey_email TO voxpop_system USING (true);
CREATE POLICY job_slot_of_system ON job_slot TO voxpop_system USING (true);
CREATE POLICY idempotency_key_of_system ON idempotency_key TO voxpop_system USING (true);

DROP FUNCTION create_workspace(uuid, text), free_slug(text), list_workspaces(), find_workspaces(text[]),
    find_keys(uuid[]), find_sessions(uuid[]), delete_expired(timestamptz, timestamptz),
    list_job_progress(text), take_lease(text, uuid, integer), drop_lease(text, uuid),
    unsent_messages(text[], integer), mark_sent(bigint[], timestamptz), due_mail(timestamptz, integer),
    settle_mail(bigint, timestamptz, timestamptz, timestamptz, text, text),
    prune_outbox(timestamptz, timestamptz, integer), prune_idempotency_keys(timestamptz, integer),
    find_login_elsewhere(uuid, text), join_account(uuid, text, text, text, boolean, timestamptz),
    end_account_sessions(uuid, uuid);

-- Policies without a subquery: a cluster refuses those on tables that it distributes.
DO $$
DECLARE
    tenant record;
BEGIN
    FOR tenant IN SELECT policyname, tablename, CASE tablename WHEN 'workspace' THEN 'id' ELSE 'workspace_id' END AS column
        FROM pg_policies WHERE schemaname = 'public' AND qual LIKE '%SELECT%'
    LOOP
        EXECUTE format('ALTER POLICY %I ON %I USING (%I = nullif(current_setting(''voxpop.workspace'', true), '''')::uuid)',
                       tenant.policyname, tenant.tablename, tenant.column);
    END LOOP;
END $$;
