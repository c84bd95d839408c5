"""Statements that insert the bulk rows of features. The rows have their own times; only the demo uses them."""

from collections.abc import Sequence

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query, arrays_of
from voxpop.demo.features.rows import FeedbackRow, InteractionRow, StoredFeature, SurveyRow
from voxpop.features.models import SURVEY_TYPE
from voxpop.types import Origin, WorkspaceId

FEATURES = Query(
    """
    SELECT p.key AS product_key, f.key AS feature_key, p.id AS product_id, f.id AS feature_id
    FROM feature f JOIN product p ON p.workspace_id = :workspace AND p.id = f.product_id
    WHERE f.workspace_id = :workspace
    """,
    StoredFeature,
)

NEW_INTERACTIONS = Query(
    """
    INSERT INTO interaction (workspace_id, feature_id, user_email, id, interaction_count, total_interaction_count,
                             rejection_count, first_used_at, updated_at, feedback_at, open_survey_id)
    SELECT :workspace, * FROM unnest(
        :feature::uuid[], :email::text[], :id::uuid[], :uses::bigint[], :total::bigint[], :rejections::bigint[],
        :first_used_at::timestamptz[], :updated_at::timestamptz[], :feedback_at::timestamptz[], :open_survey::uuid[])
    """,
    NoRows,
    values=InteractionRow,
)

NEW_SURVEYS = Query(
    """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, user_email, status, scheduled_at,
                        completed_at, create_time, last_update_time)
    SELECT :workspace, id, :survey_type, :origin, feature_id, user_email, status, opened_at,
           CASE WHEN status = 'COMPLETED' THEN changed_at END, opened_at, changed_at
    FROM unnest(:id::uuid[], :feature::uuid[], :email::text[], :status::text[], :opened_at::timestamptz[],
                :changed_at::timestamptz[])
        AS past (id, feature_id, user_email, status, opened_at, changed_at)
    """,
    NoRows,
    values=SurveyRow,
)

# The series come as text, because unnest would flatten an array of arrays.
NEW_FEEDBACK = Query(
    """
    INSERT INTO feedback (workspace_id, id, survey_id, survey_type_code, origin, origin_id, source, user_email, score,
                          comment, user_agent, day, series_kinds, series_ids, create_time, last_update_time)
    SELECT :workspace, id, survey_id, :survey_type, :origin, feature_id, source, user_email, score, comment, user_agent,
           day, kinds::text[], ids::uuid[], at, at
    FROM unnest(:id::uuid[], :survey::uuid[], :feature::uuid[], :source::text[], :email::text[], :score::int[],
                :comment::text[], :user_agent::text[], :day::date[], :series_kinds::text[], :series_ids::text[],
                :at::timestamptz[])
        AS past (id, survey_id, feature_id, source, user_email, score, comment, user_agent, day, kinds, ids, at)
    """,
    NoRows,
    values=FeedbackRow,
)

# Rows without a use come from a rating alone, and do not count.
NEW_SUMS = Query(
    """
    INSERT INTO interaction_sum (workspace_id, feature_id, user_count, total_sum, total_max)
    SELECT :workspace, feature_id, count(*), sum(total_interaction_count), max(total_interaction_count)
    FROM interaction WHERE workspace_id = :workspace AND first_used_at IS NOT NULL
    GROUP BY feature_id ORDER BY feature_id
    """,
    NoRows,
)


async def list_features(tx: Tx, workspace: WorkspaceId) -> list[StoredFeature]:
    return await FEATURES.all(tx, workspace=workspace)


async def insert_interactions(tx: Tx, workspace: WorkspaceId, rows: Sequence[InteractionRow]) -> None:
    await NEW_INTERACTIONS.run(tx, workspace=workspace, **arrays_of(rows))


async def insert_surveys(tx: Tx, workspace: WorkspaceId, rows: Sequence[SurveyRow]) -> None:
    kind = {"survey_type": SURVEY_TYPE, "origin": Origin.FEATURE}
    await NEW_SURVEYS.run(tx, workspace=workspace, **kind, **arrays_of(rows))


async def insert_feedback(tx: Tx, workspace: WorkspaceId, rows: Sequence[FeedbackRow]) -> None:
    kind = {"survey_type": SURVEY_TYPE, "origin": Origin.FEATURE}
    await NEW_FEEDBACK.run(tx, workspace=workspace, **kind, **arrays_of(rows))


async def insert_sums(tx: Tx, workspace: WorkspaceId) -> None:
    """The sums of every feature, computed from its interactions."""
    await NEW_SUMS.run(tx, workspace=workspace)
