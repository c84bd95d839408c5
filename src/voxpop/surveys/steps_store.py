"""Steps of statements of other packages, which write surveys together with their own rows in one statement."""

# Opens the survey of a feature for each row of `due` (survey_id, feature_id, user_email).
OPENED_FEATURE_SURVEYS = """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, user_email, scheduled_at,
                        create_time, create_user, last_update_time, last_update_user)
    SELECT :workspace, survey_id, :survey_type, 'feature', feature_id, user_email, :now, :now, :user, :now, :user
    FROM due ORDER BY survey_id
    RETURNING origin_id AS feature_id"""
