"""Steps of statements of other packages, which read the workspace in the same statement."""

# The date in the workspace's time zone.
TODAY = "SELECT (:now AT TIME ZONE time_zone)::date AS date FROM workspace WHERE id = :workspace"
