-- expand: a use of a feature updates its row in place (HOT), because it changes no column of an index. The list of the
-- users changed last is read by the hour of the change, and sorted within that hour. The table is rewritten once.
ALTER TABLE interaction ADD COLUMN updated_hour_at timestamptz NOT NULL
    GENERATED ALWAYS AS (date_bin('1 hour', updated_at, '2000-01-01 00:00+00')) STORED;
DROP INDEX interaction_by_update;
CREATE INDEX interaction_by_hour ON interaction (workspace_id, feature_id, updated_hour_at DESC)
    WHERE first_used_at IS NOT NULL;

-- Updates in place need room in the page of the row.
ALTER TABLE interaction SET (fillfactor = 80);
-- At 20 % of dead rows, the default, a large table is cleaned too late. The outbox is a queue: all its rows go again.
ALTER TABLE interaction SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE survey SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.02);
