-- expand: whether only an email carried a magic link; when an email was last tried.
ALTER TABLE magic_link ADD COLUMN email_only boolean NOT NULL DEFAULT false;

ALTER TABLE outbox ADD COLUMN attempted_at timestamptz;
CREATE INDEX outbox_mail_attempted ON outbox (workspace_id, attempted_at DESC)
    WHERE kind = 'mail' AND attempted_at IS NOT NULL;

-- The result of an attempt: sent, failed for good, or to be retried. `rest` replaces the body, and has no text if sent.
CREATE OR REPLACE FUNCTION settle_mail(mail bigint, left_at timestamptz, gave_up_at timestamptz, again_at timestamptz,
                                       why text, rest text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE outbox SET sent_at = left_at, failed_at = gave_up_at, retry_at = again_at, failure = why, body = rest,
        attempt_count = attempt_count + 1, attempted_at = coalesce(left_at, gave_up_at, now())
    WHERE id = mail AND kind = 'mail' AND sent_at IS NULL;
END $$;
