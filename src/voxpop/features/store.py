"""Statements on interactions: each touches the rows of a whole batch, locked in the order of their keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.features.models import (
    Added,
    FeatureIds,
    FeaturePath,
    FeatureState,
    FeatureUser,
    InteractionRow,
    UsageSum,
    User,
)
from voxpop.types import FeatureId, SurveyId, WorkspaceId, uuid7


class Count(Struct, frozen=True):
    count: int


# A batch names features by their keys; what names none is left out here, and so comes back to nobody.
_WANTED = """
    WITH wanted AS (
        SELECT w.place, w.user_email, w.size, w.new_id, f.id AS feature_id, f.product_id,
               f.interaction_threshold, f.rejection_threshold
        FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::uuid[])
            WITH ORDINALITY AS w (product_key, feature_key, user_email, size, new_id, place)
        JOIN product p ON p.workspace_id = $1 AND p.key = w.product_key
        JOIN feature f ON f.workspace_id = $1 AND f.product_id = p.id AND f.key = w.feature_key
        WHERE p.workspace_id = $1
    )"""

_COOLING = """coalesce(i.feedback_at > $7 - make_interval(
            hours => 24 * (SELECT cool_down_days FROM workspace WHERE id = $1)), false)"""

_TOUCHED = f"""
    RETURNING i.feature_id, i.user_email, i.id, i.interaction_count, i.total_interaction_count, i.rejection_count,
              i.first_used_at, i.updated_at, i.open_survey_id, {_COOLING} AS in_cooldown
    )
    SELECT w.place, w.feature_id, w.product_id, w.interaction_threshold, w.rejection_threshold,
           t.interaction_count, t.total_interaction_count, t.rejection_count, t.first_used_at, t.updated_at,
           t.open_survey_id, t.in_cooldown, t.id = w.new_id AS fresh
    FROM touched t JOIN wanted w USING (feature_id, user_email)"""

_FIRST_USE = """first_used_at = coalesce(i.first_used_at, excluded.first_used_at),
        id = CASE WHEN i.first_used_at IS NULL THEN excluded.id ELSE i.id END,
        updated_at = greatest(i.updated_at, excluded.updated_at)"""

# What are the counters after these uses? While a rating is in_cooldown, a use counts in the total only.
USED = Query(
    f"""{_WANTED}, touched AS (
    INSERT INTO interaction AS i (workspace_id, feature_id, user_email, id, interaction_count,
                                  total_interaction_count, first_used_at, updated_at)
    SELECT $1, feature_id, user_email, new_id, size, size, $7, $7 FROM wanted
    ORDER BY feature_id, user_email COLLATE "C"
    ON CONFLICT (workspace_id, feature_id, user_email) DO UPDATE
    SET interaction_count = i.interaction_count + CASE WHEN {_COOLING} THEN 0 ELSE excluded.interaction_count END,
        total_interaction_count = i.total_interaction_count + excluded.total_interaction_count,
        {_FIRST_USE}{_TOUCHED}""",
    InteractionRow,
)

# What are the counters after these refusals? The count starts anew, the total stays.
REJECTED = Query(
    f"""{_WANTED}, touched AS (
    INSERT INTO interaction AS i (workspace_id, feature_id, user_email, id, rejection_count, first_used_at, updated_at)
    SELECT $1, feature_id, user_email, new_id, size, $7, $7 FROM wanted
    ORDER BY feature_id, user_email COLLATE "C"
    ON CONFLICT (workspace_id, feature_id, user_email) DO UPDATE
    SET interaction_count = 0, rejection_count = i.rejection_count + excluded.rejection_count,
        {_FIRST_USE}{_TOUCHED}""",
    InteractionRow,
)

# A rating sets both counters to zero and begins the cool-down. A row made here is unused and so listed nowhere.
RATED = Query(
    f"""{_WANTED}, touched AS (
    INSERT INTO interaction AS i (workspace_id, feature_id, user_email, id, updated_at, feedback_at)
    SELECT $1, feature_id, user_email, new_id, $7, $7 FROM wanted
    ORDER BY feature_id, user_email COLLATE "C"
    ON CONFLICT (workspace_id, feature_id, user_email) DO UPDATE
    SET interaction_count = 0, rejection_count = 0, feedback_at = greatest(i.feedback_at, excluded.feedback_at),
        updated_at = greatest(i.updated_at, excluded.updated_at){_TOUCHED}""",
    InteractionRow,
)

SURVEYED = Query(
    """
    UPDATE interaction i SET open_survey_id = new.survey_id
    FROM unnest($2::uuid[], $3::text[], $4::uuid[]) AS new (feature_id, user_email, survey_id)
    WHERE i.workspace_id = $1 AND i.feature_id = new.feature_id AND i.user_email = new.user_email
    """,
    NoRows,
)

ADDED_SUMS = Query(
    """
    INSERT INTO interaction_sum AS s (workspace_id, feature_id, user_count, total_sum, total_max)
    SELECT $1, feature_id, users, uses, most
    FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[]) AS new (feature_id, users, uses, most)
    ORDER BY feature_id
    ON CONFLICT (workspace_id, feature_id) DO UPDATE
    SET user_count = s.user_count + excluded.user_count, total_sum = s.total_sum + excluded.total_sum,
        total_max = greatest(s.total_max, excluded.total_max)
    """,
    NoRows,
)

# By what do the kept sums of each feature fall short of its interactions? One statement, so one snapshot of both.
SUM_DRIFT = Query(
    """
    SELECT feature_id AS feature, coalesce(i.users, 0) - coalesce(s.user_count, 0) AS users,
           coalesce(i.uses, 0) - coalesce(s.total_sum, 0) AS uses, coalesce(i.most, 0) AS most
    FROM (SELECT feature_id, count(first_used_at) AS users, sum(total_interaction_count)::bigint AS uses,
                 max(total_interaction_count) AS most
          FROM interaction WHERE workspace_id = $1 GROUP BY feature_id) i
    FULL JOIN (SELECT feature_id, user_count, total_sum, total_max FROM interaction_sum WHERE workspace_id = $1) s
        USING (feature_id)
    WHERE coalesce(i.users, 0) <> coalesce(s.user_count, 0) OR coalesce(i.uses, 0) <> coalesce(s.total_sum, 0)
        OR coalesce(i.most, 0) > coalesce(s.total_max, 0)
    ORDER BY feature_id
    """,
    Added,
)

SUM_OF_FEATURE = Query(
    "SELECT user_count, total_sum, total_max FROM interaction_sum WHERE workspace_id = $1 AND feature_id = $2",
    UsageSum,
)

EXHAUSTED_COUNT = Query(
    """
    SELECT count(*) AS count FROM interaction
    WHERE workspace_id = $1 AND feature_id = $2 AND rejection_count >= $3 AND rejection_count > 0
    """,
    Count,
)

PRODUCT_COUNT = Query("SELECT count(*) AS count FROM product WHERE workspace_id = $1 AND key = $2", Count)

FEATURE_IDS = Query(
    """
    SELECT f.id, f.product_id, f.rejection_threshold FROM feature f JOIN product p ON p.workspace_id = $1
        AND p.id = f.product_id
    WHERE f.workspace_id = $1 AND p.key = $2 AND f.key = $3
    """,
    FeatureIds,
)

# How has this customer used every feature of a product? Those never used have zeros.
FEATURE_STATES = Query(
    """
    SELECT f.key AS feature_key, f.description, coalesce(i.interaction_count, 0) AS interaction_count,
           coalesce(i.total_interaction_count, 0) AS total_interaction_count, f.interaction_threshold,
           coalesce(i.rejection_count, 0) AS rejection_count, f.rejection_threshold, i.feedback_at
    FROM product p JOIN feature f ON f.workspace_id = $1 AND f.product_id = p.id
    LEFT JOIN interaction i ON i.workspace_id = $1 AND i.feature_id = f.id AND i.user_email = $3
    WHERE p.workspace_id = $1 AND p.key = $2
    ORDER BY f.key
    """,
    FeatureState,
)

USERS_BEFORE = Query(
    """
    SELECT i.id, i.user_email, i.interaction_count, i.total_interaction_count, i.rejection_count,
           f.interaction_threshold, f.rejection_threshold, i.first_used_at, i.updated_at
    FROM interaction i JOIN feature f ON f.workspace_id = $1 AND f.id = i.feature_id
    WHERE i.workspace_id = $1 AND i.feature_id = $2 AND i.first_used_at IS NOT NULL
        AND (i.updated_at, i.id) < ($3, $4)
    ORDER BY i.updated_at DESC, i.id DESC LIMIT $5
    """,
    User,
)


async def upsert_interactions(
    tx: Tx, workspace: WorkspaceId, query: "Query[InteractionRow]", people: Mapping[FeatureUser, int], now: datetime
) -> list[InteractionRow]:
    """Runs USED, REJECTED or RATED for people and how often each stands in the batch.

    Who names a feature that does not exist is not in what comes back.
    """
    keys = zip(*people, strict=True)
    return await query.all(tx, workspace, *keys, list(people.values()), [uuid7() for _ in people], now)


async def set_open_surveys(
    tx: Tx, workspace: WorkspaceId, surveys: Sequence[tuple[FeatureId, str, SurveyId | None]]
) -> None:
    """Notes on rows that are locked already which survey is open; None for none."""
    if surveys:
        await SURVEYED.run(tx, workspace, *zip(*surveys, strict=True))


async def add_sums(tx: Tx, workspace: WorkspaceId, added: Sequence[Added]) -> None:
    rows = [(one.feature, one.users, one.uses, one.most) for one in added]
    await ADDED_SUMS.run(tx, workspace, *zip(*rows, strict=True))


async def find_sum(tx: Tx, workspace: WorkspaceId, feature: FeatureId) -> UsageSum:
    """Zeros where nobody has used the feature."""
    return await SUM_OF_FEATURE.find(tx, workspace, feature) or UsageSum(0, 0, 0)


async def count_exhausted(tx: Tx, workspace: WorkspaceId, feature: FeatureIds) -> int:
    """Customers who have refused as often as the threshold allows."""
    return (await EXHAUSTED_COUNT.one(tx, workspace, feature.id, feature.rejection_threshold)).count


async def product_exists(tx: Tx, workspace: WorkspaceId, key: str) -> bool:
    return (await PRODUCT_COUNT.one(tx, workspace, key)).count > 0


async def find_feature_ids(tx: Tx, workspace: WorkspaceId, path: FeaturePath) -> FeatureIds | None:
    return await FEATURE_IDS.find(tx, workspace, *path)


async def list_states(tx: Tx, workspace: WorkspaceId, product: str, email: str) -> list[FeatureState]:
    return await FEATURE_STATES.all(tx, workspace, product, email)


async def list_users(tx: Tx, workspace: WorkspaceId, feature: FeatureId, before: Position, limit: int) -> list[User]:
    """Users of a feature, the latest changed first, those before (time, id) only."""
    return await USERS_BEFORE.all(tx, workspace, feature, before.at, before.id, limit)


async def list_sum_drift(tx: Tx, workspace: WorkspaceId) -> list[Added]:
    """What to add to the kept sums so that they are right; nothing of features whose sums are."""
    return await SUM_DRIFT.all(tx, workspace)
