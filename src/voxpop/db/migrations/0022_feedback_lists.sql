-- expand: lists of ratings read few rows, however rare the wanted ones are among all. Comments of before 0016 are marked,
-- so that the job rebuild-search stores their words.
SET LOCAL statement_timeout = 0;  -- tables of before the first release may be large

-- The comments of a type of survey, of a subject, and of a series or tag, newest first.
CREATE INDEX feedback_commented ON feedback (workspace_id, survey_type_code, create_time DESC, id DESC)
    WHERE comment IS NOT NULL;
CREATE INDEX feedback_commented_subject ON feedback (workspace_id, origin, origin_id, create_time DESC, id DESC)
    WHERE comment IS NOT NULL;
ALTER TABLE feedback_link ADD COLUMN has_comment boolean NOT NULL DEFAULT false;
ALTER TABLE feedback_link ALTER COLUMN has_comment DROP DEFAULT;
UPDATE feedback_link l SET has_comment = true
FROM feedback f WHERE f.workspace_id = l.workspace_id AND f.id = l.feedback_id AND f.comment IS NOT NULL;
CREATE INDEX feedback_link_commented
    ON feedback_link (workspace_id, kind, target_id, create_time DESC, feedback_id DESC) WHERE has_comment;

-- The ratings of one score, newest first.
CREATE INDEX feedback_by_score ON feedback (workspace_id, survey_type_code, score, create_time DESC, id DESC);

ALTER TABLE feedback_search ADD COLUMN is_outdated boolean NOT NULL DEFAULT false;
INSERT INTO feedback_search (workspace_id, feedback_id, create_time, words, is_outdated)
SELECT workspace_id, id, create_time, '', true FROM feedback WHERE comment IS NOT NULL ON CONFLICT DO NOTHING;
CREATE INDEX feedback_search_outdated ON feedback_search (workspace_id, feedback_id) WHERE is_outdated;
