-- contract: two more names become the field's words. Processes of an earlier version must be stopped first.
-- PostgreSQL does not rename inside function bodies, so the functions that use the old names are made again.

ALTER TABLE idempotency_key RENAME COLUMN answer TO response;

-- Old keys are purged across workspaces.
DROP INDEX idempotency_key_by_time;
CREATE INDEX idempotency_key_by_time ON idempotency_key (create_time);

-- Deletes keys from before a moment, a limited number at a time, and returns the number. It waits for no transaction.
CREATE FUNCTION prune_idempotency_keys(before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    deleted bigint;
BEGIN
    DELETE FROM idempotency_key WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM idempotency_key WHERE create_time < before LIMIT most FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$;
REVOKE ALL ON FUNCTION prune_idempotency_keys(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prune_idempotency_keys(timestamptz, integer) TO voxpop_app;

ALTER TABLE mailed_link RENAME TO magic_link;
ALTER TABLE magic_link RENAME CONSTRAINT mailed_link_pkey TO magic_link_pkey;
ALTER TABLE magic_link RENAME CONSTRAINT mailed_link_workspace_exists TO magic_link_workspace_exists;
ALTER TABLE magic_link RENAME CONSTRAINT mailed_link_kind_known TO magic_link_kind_known;
ALTER TABLE magic_link RENAME CONSTRAINT mailed_link_role_known TO magic_link_role_known;
ALTER TABLE magic_link RENAME CONSTRAINT mailed_link_has_aim TO magic_link_has_aim;
ALTER INDEX mailed_link_invited RENAME TO magic_link_invited;
ALTER POLICY mailed_link_of_workspace ON magic_link RENAME TO magic_link_of_workspace;

CREATE OR REPLACE FUNCTION join_account(new_id uuid, new_email text, new_email_folded text, new_name text,
                                        is_verified boolean, moment timestamptz)
RETURNS TABLE (id uuid, is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    claimed uuid;
BEGIN
    INSERT INTO account AS a (id, email, email_folded, name, create_time, last_update_time)
    VALUES (new_id, new_email, new_email_folded, new_name, moment, moment) ON CONFLICT (email_folded) DO NOTHING;
    IF is_verified THEN
        UPDATE account a SET email_verified_at = moment, password_hash = NULL
        WHERE a.email_folded = new_email_folded AND a.email_verified_at IS NULL RETURNING a.id INTO claimed;
        DELETE FROM session s WHERE s.account_id = claimed;
        DELETE FROM magic_link l WHERE l.account_id = claimed AND l.used_at IS NULL;
    END IF;
    RETURN QUERY SELECT a.id, a.id = new_id FROM account a WHERE a.email_folded = new_email_folded;
END $$;

CREATE OR REPLACE FUNCTION delete_expired(moment timestamptz, old timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM session WHERE expires_at < moment OR last_seen_at < moment - make_interval(secs => idle_seconds);
    DELETE FROM magic_link WHERE expires_at < old;
    DELETE FROM rate_limit WHERE began_at < old;
    DELETE FROM outbox WHERE kind = 'mail' AND failed_at < old;
END $$;

CREATE OR REPLACE FUNCTION end_account_sessions(owner uuid, but uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM session s WHERE s.account_id = owner AND s.id <> but
        AND EXISTS (SELECT FROM member m WHERE m.account_id = owner
                    AND m.workspace_id = nullif(current_setting('voxpop.workspace', true), '')::uuid);
    DELETE FROM magic_link l WHERE l.account_id = owner AND l.used_at IS NULL
        AND EXISTS (SELECT FROM member m WHERE m.account_id = owner
                    AND m.workspace_id = nullif(current_setting('voxpop.workspace', true), '')::uuid);
END $$;
