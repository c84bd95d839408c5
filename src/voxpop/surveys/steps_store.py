"""Steps of statements of other packages, which write surveys together with their own rows in one statement."""

# Opens the survey of a feature for each row of `due` (survey_id, feature_id, user_email, is_guid, is_shown).
OPENED_FEATURE_SURVEYS = """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, guid, user_email, scheduled_at, sent_at,
                        create_time, create_user, last_update_time, last_update_user)
    SELECT :workspace, survey_id, :survey_type, 'feature', feature_id, CASE WHEN is_guid THEN user_email END,
           CASE WHEN NOT is_guid THEN user_email END, :now, CASE WHEN is_shown THEN :now::timestamptz END,
           :now, :user, :now, :user
    FROM due ORDER BY survey_id
    RETURNING origin_id AS feature_id, sent_at IS NOT NULL AS is_shown"""

# Marks the surveys of `prompted` (survey_id) that were open before and not shown yet. Their users are locked.
SHOWN_FEATURE_SURVEYS = """
    UPDATE survey s SET sent_at = :now, last_update_time = :now, last_update_user = :user
    WHERE s.workspace_id = :workspace AND s.id = ANY (ARRAY(SELECT survey_id FROM prompted)) AND s.sent_at IS NULL
    RETURNING s.origin_id AS feature_id"""

# The survey type of features, for `models.decode_survey_type`.
FEATURE_TYPE_AS_JSON = """
        SELECT to_json(t)::text FROM survey_type t WHERE t.workspace_id = :workspace AND t.code = :survey_type"""
