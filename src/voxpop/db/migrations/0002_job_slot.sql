-- expand: the slots of daily jobs, one for each workspace, job and local day.
-- A queue over all workspaces, so without foreign keys: on a cluster it stays in one place.

CREATE TABLE job_slot (
    workspace_id uuid NOT NULL,
    job text COLLATE "C" NOT NULL,
    day date NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    CONSTRAINT job_slot_pkey PRIMARY KEY (workspace_id, job, day)
);
CREATE INDEX job_slot_open ON job_slot (workspace_id, job, day) WHERE done_at IS NULL;

ALTER TABLE job_slot ENABLE ROW LEVEL SECURITY;
CREATE POLICY job_slot_of_workspace ON job_slot
    USING (workspace_id = (SELECT nullif(current_setting('voxpop.workspace', true), '')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON job_slot TO voxpop_app;

-- A door past the policies, like those of 0001: how far a job is, in every workspace.
CREATE FUNCTION job_standings(wanted text)
RETURNS TABLE (workspace_id uuid, time_zone text, create_time timestamptz, last_day date, behind boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT w.id, w.time_zone, w.create_time,
        (SELECT max(s.day) FROM job_slot s WHERE s.workspace_id = w.id AND s.job = wanted),
        EXISTS (SELECT FROM job_slot s WHERE s.workspace_id = w.id AND s.job = wanted AND s.done_at IS NULL)
    FROM workspace w ORDER BY w.create_time, w.id;
END $$;

REVOKE ALL ON FUNCTION job_standings(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION job_standings(text) TO voxpop_app;
