"""Statements on interactions. Each locks the rows of a whole batch in the order of their keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum

from msgspec import Struct

from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query, arrays_of
from voxpop.features.models import (
    FeatureIds,
    FeaturePath,
    FeatureState,
    FeatureUser,
    InteractionRow,
    OpenSurvey,
    UsageIncrement,
    UsageTotals,
    UserUsage,
)
from voxpop.features.prompting import IN_COOLDOWN
from voxpop.types import FeatureId, WorkspaceId, uuid7


class Count(Struct, frozen=True):
    count: int


# A batch names features by their keys. An unknown feature is left out here, so no row comes back for it.
_BATCH = """
    WITH batch AS (
        SELECT b.position, b.user_email, b.size, b.new_id, f.id AS feature_id, f.product_id,
               f.interaction_threshold, f.rejection_threshold
        FROM unnest(:products::text[], :features::text[], :user_emails::text[], :sizes::bigint[], :new_ids::uuid[])
            WITH ORDINALITY AS b (product_key, feature_key, user_email, size, new_id, position)
        JOIN product p ON p.workspace_id = :workspace AND p.key = b.product_key
        JOIN feature f ON f.workspace_id = :workspace AND f.product_id = p.id AND f.key = b.feature_key
        WHERE p.workspace_id = :workspace
    )"""

_CHANGED = f"""
    RETURNING i.feature_id, i.user_email, i.id, i.interaction_count, i.total_interaction_count, i.rejection_count,
              i.first_used_at, i.updated_at, i.open_survey_id, {IN_COOLDOWN} AS in_cooldown
    )
    SELECT b.position, b.feature_id, b.product_id, b.interaction_threshold, b.rejection_threshold,
           c.interaction_count, c.total_interaction_count, c.rejection_count, c.first_used_at, c.updated_at,
           c.open_survey_id, c.in_cooldown, c.id = b.new_id AS is_new_user
    FROM changed c JOIN batch b USING (feature_id, user_email)"""

_FIRST_USE = """first_used_at = coalesce(i.first_used_at, excluded.first_used_at),
        id = CASE WHEN i.first_used_at IS NULL THEN excluded.id ELSE i.id END,
        updated_at = greatest(i.updated_at, excluded.updated_at)"""

# What are the counters after these uses? During a cool-down, a use counts in the total only.
INCREMENTED = Query(
    f"""{_BATCH}, changed AS (
    INSERT INTO interaction AS i (workspace_id, feature_id, user_email, id, interaction_count,
                                  total_interaction_count, first_used_at, updated_at)
    SELECT :workspace, feature_id, user_email, new_id, size, size, :now, :now FROM batch
    ORDER BY feature_id, user_email COLLATE "C"
    ON CONFLICT (workspace_id, feature_id, user_email) DO UPDATE
    SET interaction_count = i.interaction_count + CASE WHEN {IN_COOLDOWN} THEN 0 ELSE excluded.interaction_count END,
        total_interaction_count = i.total_interaction_count + excluded.total_interaction_count,
        {_FIRST_USE}{_CHANGED}""",
    InteractionRow,
)

# What are the counters after these rejections? The count of uses starts again, the total stays.
REJECTED = Query(
    f"""{_BATCH}, changed AS (
    INSERT INTO interaction AS i (workspace_id, feature_id, user_email, id, rejection_count, first_used_at, updated_at)
    SELECT :workspace, feature_id, user_email, new_id, size, :now, :now FROM batch
    ORDER BY feature_id, user_email COLLATE "C"
    ON CONFLICT (workspace_id, feature_id, user_email) DO UPDATE
    SET interaction_count = 0, rejection_count = i.rejection_count + excluded.rejection_count,
        {_FIRST_USE}{_CHANGED}""",
    InteractionRow,
)

# A rating resets both counters and starts the cool-down. A row that is new here counts as unused and is not listed.
RATED = Query(
    f"""{_BATCH}, changed AS (
    INSERT INTO interaction AS i (workspace_id, feature_id, user_email, id, updated_at, feedback_at)
    SELECT :workspace, feature_id, user_email, new_id, :now, :now FROM batch
    ORDER BY feature_id, user_email COLLATE "C"
    ON CONFLICT (workspace_id, feature_id, user_email) DO UPDATE
    SET interaction_count = 0, rejection_count = 0, feedback_at = greatest(i.feedback_at, excluded.feedback_at),
        updated_at = greatest(i.updated_at, excluded.updated_at){_CHANGED}""",
    InteractionRow,
)


class Change(Enum):
    """A change of interactions, as the statement that makes it."""

    INCREMENT = INCREMENTED
    REJECT = REJECTED
    RATE = RATED


OPEN_SURVEYS = Query(
    """
    UPDATE interaction i SET open_survey_id = new.survey_id
    FROM unnest(:feature::uuid[], :user_email::text[], :survey::uuid[]) AS new (feature_id, user_email, survey_id)
    WHERE i.workspace_id = :workspace AND i.feature_id = new.feature_id AND i.user_email = new.user_email
    """,
    NoRows,
    values=OpenSurvey,
)

ADDED_TOTALS = Query(
    """
    INSERT INTO interaction_sum AS s (workspace_id, feature_id, user_count, total_sum, total_max)
    SELECT :workspace, feature_id, users, uses, max_uses
    FROM unnest(:feature::uuid[], :users::bigint[], :uses::bigint[], :max_uses::bigint[])
        AS new (feature_id, users, uses, max_uses)
    ORDER BY feature_id
    ON CONFLICT (workspace_id, feature_id) DO UPDATE
    SET user_count = s.user_count + excluded.user_count, total_sum = s.total_sum + excluded.total_sum,
        total_max = greatest(s.total_max, excluded.total_max)
    """,
    NoRows,
    values=UsageIncrement,
)

# How far are the totals of each feature from its interactions? One statement, so that both come from one snapshot.
TOTALS_DRIFT = Query(
    """
    SELECT feature_id AS feature, coalesce(i.users, 0) - coalesce(s.user_count, 0) AS users,
           coalesce(i.uses, 0) - coalesce(s.total_sum, 0) AS uses, coalesce(i.max_uses, 0) AS max_uses
    FROM (SELECT feature_id, count(first_used_at) AS users, sum(total_interaction_count)::bigint AS uses,
                 max(total_interaction_count) AS max_uses
          FROM interaction WHERE workspace_id = :workspace GROUP BY feature_id) i
    FULL JOIN (SELECT feature_id, user_count, total_sum, total_max FROM interaction_sum
               WHERE workspace_id = :workspace) s USING (feature_id)
    WHERE coalesce(i.users, 0) <> coalesce(s.user_count, 0) OR coalesce(i.uses, 0) <> coalesce(s.total_sum, 0)
        OR coalesce(i.max_uses, 0) > coalesce(s.total_max, 0)
    ORDER BY feature_id
    """,
    UsageIncrement,
)

TOTALS_OF_FEATURE = Query(
    """
    SELECT user_count, total_sum, total_max FROM interaction_sum
    WHERE workspace_id = :workspace AND feature_id = :feature
    """,
    UsageTotals,
)

EXHAUSTED_COUNT = Query(
    """
    SELECT count(*) AS count FROM interaction
    WHERE workspace_id = :workspace AND feature_id = :feature AND rejection_count >= :threshold AND rejection_count > 0
    """,
    Count,
)

PRODUCT_COUNT = Query("SELECT count(*) AS count FROM product WHERE workspace_id = :workspace AND key = :key", Count)

FEATURE_IDS = Query(
    """
    SELECT f.id, f.product_id, f.rejection_threshold FROM feature f JOIN product p ON p.workspace_id = :workspace
        AND p.id = f.product_id
    WHERE f.workspace_id = :workspace AND p.key = :product AND f.key = :feature
    """,
    FeatureIds,
)

# What are the counters of this user on every feature of a product? Features never used have zeros.
FEATURE_STATES = Query(
    f"""
    SELECT f.key AS feature_key, f.description, coalesce(i.interaction_count, 0) AS interaction_count,
           coalesce(i.total_interaction_count, 0) AS total_interaction_count, f.interaction_threshold,
           coalesce(i.rejection_count, 0) AS rejection_count, f.rejection_threshold, {IN_COOLDOWN} AS in_cooldown
    FROM product p JOIN feature f ON f.workspace_id = :workspace AND f.product_id = p.id
    LEFT JOIN interaction i ON i.workspace_id = :workspace AND i.feature_id = f.id AND i.user_email = :user_email
    WHERE p.workspace_id = :workspace AND p.key = :product
    ORDER BY f.key
    """,
    FeatureState,
)

USER_PAGE = Query(
    """
    SELECT i.id, i.user_email, i.interaction_count, i.total_interaction_count, i.rejection_count,
           f.interaction_threshold, f.rejection_threshold, i.first_used_at, i.updated_at
    FROM interaction i JOIN feature f ON f.workspace_id = :workspace AND f.id = i.feature_id
    WHERE i.workspace_id = :workspace AND i.feature_id = :feature AND i.first_used_at IS NOT NULL
        AND (i.updated_at, i.id) < (:before, :before_id)
    ORDER BY i.updated_at DESC, i.id DESC LIMIT :limit
    """,
    UserUsage,
)


async def upsert_interactions(
    tx: Tx, workspace: WorkspaceId, change: Change, users: Mapping[FeatureUser, int], now: datetime
) -> list[InteractionRow]:
    """Applies a change for each user, as many times as `users` says. Users of an unknown feature get no row."""
    products, features, user_emails = zip(*users, strict=True)
    return await change.value.all(
        tx,
        workspace=workspace,
        products=products,
        features=features,
        user_emails=user_emails,
        sizes=list(users.values()),
        new_ids=[uuid7() for _ in users],
        now=now,
    )


async def set_open_surveys(tx: Tx, workspace: WorkspaceId, open_surveys: Sequence[OpenSurvey]) -> None:
    """For rows that are locked already."""
    if open_surveys:
        await OPEN_SURVEYS.run(tx, workspace=workspace, **arrays_of(open_surveys))


async def add_totals(tx: Tx, workspace: WorkspaceId, increments: Sequence[UsageIncrement]) -> None:
    await ADDED_TOTALS.run(tx, workspace=workspace, **arrays_of(increments))


async def get_totals(tx: Tx, workspace: WorkspaceId, feature: FeatureId) -> UsageTotals:
    """Zeros for a feature without uses."""
    return await TOTALS_OF_FEATURE.find(tx, workspace=workspace, feature=feature) or UsageTotals(0, 0, 0)


async def count_exhausted(tx: Tx, workspace: WorkspaceId, feature: FeatureIds) -> int:
    """The users with so many rejections that they are not prompted any more."""
    count = await EXHAUSTED_COUNT.one(
        tx, workspace=workspace, feature=feature.id, threshold=feature.rejection_threshold
    )
    return count.count


async def product_exists(tx: Tx, workspace: WorkspaceId, key: str) -> bool:
    return (await PRODUCT_COUNT.one(tx, workspace=workspace, key=key)).count > 0


async def find_feature_ids(tx: Tx, workspace: WorkspaceId, path: FeaturePath) -> FeatureIds | None:
    return await FEATURE_IDS.find(tx, workspace=workspace, product=path.product, feature=path.feature)


async def list_states(
    tx: Tx, workspace: WorkspaceId, product: str, user_email: str, now: datetime
) -> list[FeatureState]:
    return await FEATURE_STATES.all(tx, workspace=workspace, product=product, user_email=user_email, now=now)


async def list_users(
    tx: Tx, workspace: WorkspaceId, feature: FeatureId, before: Position, limit: int
) -> list[UserUsage]:
    """Users of a feature before a position, the last changed first."""
    return await USER_PAGE.all(
        tx, workspace=workspace, feature=feature, before=before.at, before_id=before.id, limit=limit
    )


async def list_totals_drift(tx: Tx, workspace: WorkspaceId) -> list[UsageIncrement]:
    """The increments that correct wrong totals."""
    return await TOTALS_DRIFT.all(tx, workspace=workspace)
