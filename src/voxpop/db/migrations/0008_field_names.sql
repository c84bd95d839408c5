-- contract: renames tables and columns to the field's words. Processes of an earlier version must be stopped first.
-- PostgreSQL does not rename inside function bodies, so the functions that use the old names are made again.

ALTER TABLE throttle RENAME TO rate_limit;
ALTER TABLE rate_limit RENAME COLUMN door TO name;
ALTER TABLE rate_limit RENAME CONSTRAINT throttle_pkey TO rate_limit_pkey;
ALTER POLICY throttle_of_workspace ON rate_limit RENAME TO rate_limit_of_workspace;

-- Since when the account is known to own its email address.
ALTER TABLE account RENAME COLUMN proven_at TO email_verified_at;

ALTER TABLE dead_event RENAME TO dead_letter;
ALTER TABLE dead_letter RENAME CONSTRAINT dead_event_pkey TO dead_letter_pkey;
ALTER TABLE dead_letter RENAME CONSTRAINT dead_event_message_fits TO dead_letter_message_fits;
ALTER TABLE dead_letter RENAME CONSTRAINT dead_event_place_once TO dead_letter_offset_unique;
ALTER INDEX dead_event_by_time RENAME TO dead_letter_by_time;
ALTER POLICY dead_event_of_workspace ON dead_letter RENAME TO dead_letter_of_workspace;

ALTER TABLE ask_count RENAME TO survey_count;
ALTER TABLE survey_count RENAME COLUMN asked TO opened;
ALTER TABLE survey_count RENAME COLUMN seen TO shown;
ALTER TABLE survey_count RENAME COLUMN answered TO completed;
ALTER TABLE survey_count RENAME CONSTRAINT ask_count_pkey TO survey_count_pkey;
ALTER TABLE survey_count RENAME CONSTRAINT ask_count_grain_known TO survey_count_grain_known;
ALTER POLICY ask_count_of_workspace ON survey_count RENAME TO survey_count_of_workspace;

-- Finds or creates the account of an address. is_verified: the caller has just answered a mail to this address. Anything
-- that was set up for the address without verification is removed then: password, sessions, links.
DROP FUNCTION join_account(uuid, text, text, text, boolean, timestamptz);
CREATE FUNCTION join_account(new_id uuid, new_email text, new_email_folded text, new_name text, is_verified boolean,
                             moment timestamptz)
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
        DELETE FROM mailed_link l WHERE l.account_id = claimed AND l.used_at IS NULL;
    END IF;
    RETURN QUERY SELECT a.id, a.id = new_id FROM account a WHERE a.email_folded = new_email_folded;
END $$;

-- Deletes expired sessions and links, and rate limits and failed mail from before a moment.
DROP FUNCTION prune_people(timestamptz, timestamptz);
CREATE FUNCTION delete_expired(moment timestamptz, old timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM session WHERE expires_at < moment OR last_seen_at < moment - make_interval(secs => idle_seconds);
    DELETE FROM mailed_link WHERE expires_at < old;
    DELETE FROM rate_limit WHERE began_at < old;
    DELETE FROM outbox WHERE kind = 'mail' AND failed_at < old;
END $$;

-- For each workspace: its zone, and how far a daily job has come.
ALTER FUNCTION job_standings(text) RENAME TO list_job_progress;

REVOKE ALL ON FUNCTION join_account(uuid, text, text, text, boolean, timestamptz),
    delete_expired(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION join_account(uuid, text, text, text, boolean, timestamptz),
    delete_expired(timestamptz, timestamptz) TO voxpop_app;
