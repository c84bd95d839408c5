-- expand: the one row that the readiness check writes, to see whether the database takes writes.
CREATE TABLE health_check (
    id boolean NOT NULL DEFAULT true,
    written_at timestamptz NOT NULL,
    CONSTRAINT health_check_pkey PRIMARY KEY (id),
    CONSTRAINT health_check_is_one_row CHECK (id)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE ON health_check TO voxpop_app;
