"""Statements on interactions. Each locks the rows of a whole batch in the order of their keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query, arrays_of
from voxpop.features.models import (
    SURVEY_TYPE,
    ExhaustedUser,
    FeatureIds,
    FeaturePath,
    FeatureState,
    FeatureUser,
    InteractionRow,
    OpenSurvey,
    PromptedUser,
    UsageIncrement,
    UsageTotals,
    UsedRow,
    UserUsage,
)
from voxpop.features.prompting import COOL_DOWN_START, IN_COOLDOWN, should_prompt_sql
from voxpop.metrics.models import Stage
from voxpop.metrics.steps_store import COUNTED_STAGES, COUNTED_SURVEYS
from voxpop.surveys.steps_store import FEATURE_TYPE_AS_JSON, OPENED_FEATURE_SURVEYS, SHOWN_FEATURE_SURVEYS
from voxpop.types import SYSTEM_USER, FeatureId, SurveyId, WorkspaceId, uuid7
from voxpop.workspaces.steps_store import TODAY


class Count(Struct, frozen=True):
    count: int


# A batch lists its features by their keys, and its users with the numbers of their features. An unknown feature is left
# out here, so no row comes back for it. OFFSET makes the planner look each feature up; it knows nothing of the arrays.
# The ids that a batch may need begin with its prefix and end with the position.
def _batch(*counts: str) -> str:
    """`counts`: further numbers of each user, which are parameters of that name."""
    columns, arrays = ("".join(f", {form.format(name)}" for name in counts) for form in ("{}", ":{}::bigint[]"))
    return f"""
    WITH named AS (
        SELECT n.number, f.*
        FROM unnest(:products::text[], :features::text[]) WITH ORDINALITY AS n (product_key, feature_key, number),
            LATERAL (
                SELECT f.id AS feature_id, f.product_id, f.interaction_threshold, f.rejection_threshold
                FROM product p JOIN feature f ON f.workspace_id = :workspace AND f.product_id = p.id
                    AND f.key = n.feature_key
                WHERE p.workspace_id = :workspace AND p.key = n.product_key OFFSET 0
            ) f
    ), batch AS (
        SELECT n.feature_id, user_email, is_guid, size{columns}, n.interaction_threshold, n.rejection_threshold,
               (:id_prefix || lpad(to_hex(position), 4, '0'))::uuid AS new_id
        FROM unnest(:numbers::bigint[], :user_emails::text[], :are_guids::boolean[], :sizes::bigint[]{arrays})
            WITH ORDINALITY AS b (number, user_email, is_guid, size{columns}, position)
        JOIN named n USING (number)
    ), cool_down AS (SELECT {COOL_DOWN_START} AS start)"""


_BATCH = _batch()
_IN_COOLDOWN = "coalesce(i.feedback_at > (SELECT start FROM cool_down), false)"
_IS_NEW = "BETWEEN (:id_prefix || '0000')::uuid AND (:id_prefix || 'ffff')::uuid"

_CHANGED = f"""
    RETURNING i.feature_id, i.user_email, i.is_guid, i.id, i.interaction_count, i.total_interaction_count,
              i.rejection_count, i.first_used_at, i.updated_at, i.open_survey_id, {_IN_COOLDOWN} AS in_cooldown
    )"""

_ROW = f"""
    SELECT n.number, c.user_email, c.is_guid, c.feature_id, n.product_id, n.interaction_threshold,
           n.rejection_threshold, c.interaction_count, c.total_interaction_count, c.rejection_count, c.first_used_at,
           c.updated_at, c.open_survey_id, c.in_cooldown, c.id {_IS_NEW} AS is_new_user"""
_ROWS = f"{_ROW}\n    FROM changed c JOIN named n USING (feature_id)"
_ROWS_AND_TYPE = f"""{_ROW}, CASE WHEN c.open_survey_id IS NOT NULL THEN ({FEATURE_TYPE_AS_JSON}) END AS survey_type
    FROM changed c JOIN named n USING (feature_id)"""

_FIRST_USE = """first_used_at = coalesce(i.first_used_at, excluded.first_used_at),
        id = CASE WHEN i.first_used_at IS NULL THEN excluded.id ELSE i.id END,
        updated_at = greatest(i.updated_at, excluded.updated_at)"""

_ADDED_SUMS = """ON CONFLICT (workspace_id, feature_id) DO UPDATE
    SET user_count = s.user_count + excluded.user_count, total_sum = s.total_sum + excluded.total_sum,
        total_max = greatest(s.total_max, excluded.total_max)"""

_IS_DUE_AT_FIRST = should_prompt_sql("size", "interaction_threshold", "0", "rejection_threshold")
_IS_DUE = should_prompt_sql(
    "i.interaction_count + excluded.interaction_count",
    "n.interaction_threshold",
    "i.rejection_count",
    "n.rejection_threshold",
)

# What are the counters after these uses? During a cool-down, a use counts in the total only. The first use that reaches
# the threshold opens a survey, whose id is that of the row in the batch. One statement writes everything, so that it
# commits by itself. Surveys read `summed` first: locks are taken in the order interaction, sum, survey, count.
_USED = f"""changed AS (
    INSERT INTO interaction AS i (workspace_id, feature_id, user_email, is_guid, id, interaction_count,
                                  total_interaction_count, first_used_at, updated_at, open_survey_id)
    SELECT :workspace, feature_id, user_email, is_guid, new_id, size, size, :now, :now,
           CASE WHEN {_IS_DUE_AT_FIRST} THEN new_id END
    FROM batch ORDER BY feature_id, user_email COLLATE "C", is_guid
    ON CONFLICT (workspace_id, feature_id, user_email, is_guid) DO UPDATE
    SET interaction_count = i.interaction_count + CASE WHEN {_IN_COOLDOWN} THEN 0 ELSE excluded.interaction_count END,
        total_interaction_count = i.total_interaction_count + excluded.total_interaction_count,
        open_survey_id = coalesce(i.open_survey_id, CASE WHEN NOT {_IN_COOLDOWN} AND (
            SELECT {_IS_DUE} FROM named n WHERE n.feature_id = i.feature_id) THEN excluded.id END),
        {_FIRST_USE}{_CHANGED}, summed AS (
    INSERT INTO interaction_sum AS s (workspace_id, feature_id, user_count, total_sum, total_max)
    SELECT :workspace, feature_id, users, uses, max_uses
    FROM (SELECT feature_id, count(*) FILTER (WHERE id {_IS_NEW}) AS users, max(total_interaction_count) AS max_uses
          FROM changed GROUP BY feature_id) c
    JOIN (SELECT feature_id, sum(size)::bigint AS uses FROM batch GROUP BY feature_id) b USING (feature_id)
    ORDER BY feature_id {_ADDED_SUMS}
    RETURNING s.feature_id
    )"""

_SERIES = """(VALUES
            ('workspace', :workspace::uuid), ('product', product_id), ('feature', feature_id)) AS series (kind, id)"""

INCREMENTED = Query(
    f"""{_BATCH}, {_USED}, due AS (
        SELECT open_survey_id AS survey_id, feature_id, user_email, is_guid, false AS is_shown FROM changed
        WHERE open_survey_id {_IS_NEW} AND (SELECT count(*) FROM summed) > 0
    ), opened AS ({OPENED_FEATURE_SURVEYS}
    ), reached AS (
        SELECT series.kind, series.id FROM opened JOIN named USING (feature_id), LATERAL {_SERIES}
    ), today AS ({TODAY}
    ), counted AS ({COUNTED_SURVEYS[Stage.OPENED]}
    ){_ROWS}""",
    InteractionRow,
)

# The same where some uses show their prompt. `prompted` has the surveys that users see: with the count after their last
# such use, as if no later use were in the batch. A survey is shown when it opens, or with a later use. `open` comes
# first, because few rows have a survey: a join of all rows with the whole batch would cost more than the rest.
_PROMPTED = should_prompt_sql(
    "c.interaction_count - size + last_shown", "interaction_threshold", "c.rejection_count", "rejection_threshold"
)
SHOWN_INCREMENTED = Query(
    f"""{_batch("last_shown")}, {_USED}, open AS MATERIALIZED (
        SELECT c.*, c.open_survey_id {_IS_NEW} AS is_new FROM changed c
        WHERE c.open_survey_id IS NOT NULL AND (SELECT count(*) FROM summed) > 0
    ), prompted AS (
        SELECT c.open_survey_id AS survey_id FROM open c JOIN batch USING (feature_id, user_email, is_guid)
        WHERE last_shown > 0 AND NOT c.in_cooldown AND {_PROMPTED}
    ), due AS (
        SELECT open_survey_id AS survey_id, feature_id, user_email, is_guid,
               open_survey_id IN (SELECT survey_id FROM prompted) AS is_shown
        FROM open WHERE is_new
    ), opened AS ({OPENED_FEATURE_SURVEYS}
    ), shown AS ({SHOWN_FEATURE_SURVEYS}
    ), reached AS (
        SELECT series.kind, series.id, stage
        FROM (SELECT feature_id, 'opened' AS stage FROM opened
              UNION ALL SELECT feature_id, 'shown' FROM opened WHERE is_shown
              UNION ALL SELECT feature_id, 'shown' FROM shown) s JOIN named USING (feature_id), LATERAL {_SERIES}
    ), today AS ({TODAY}
    ), counted AS ({COUNTED_STAGES}
    ){_ROWS_AND_TYPE}""",
    UsedRow,
)

# What are the counters after these rejections? The count of uses starts again, the total stays.
REJECTED = Query(
    f"""{_BATCH}, changed AS (
    INSERT INTO interaction AS i (workspace_id, feature_id, user_email, is_guid, id, rejection_count, first_used_at,
                                  updated_at)
    SELECT :workspace, feature_id, user_email, is_guid, new_id, size, :now, :now FROM batch
    ORDER BY feature_id, user_email COLLATE "C", is_guid
    ON CONFLICT (workspace_id, feature_id, user_email, is_guid) DO UPDATE
    SET interaction_count = 0, rejection_count = i.rejection_count + excluded.rejection_count,
        {_FIRST_USE}{_CHANGED}{_ROWS}""",
    InteractionRow,
)

# A rating resets both counters and starts the cool-down. A row that is new here counts as unused and is not listed.
RATED = Query(
    f"""{_BATCH}, changed AS (
    INSERT INTO interaction AS i (workspace_id, feature_id, user_email, is_guid, id, updated_at, feedback_at)
    SELECT :workspace, feature_id, user_email, is_guid, new_id, :now, :now FROM batch
    ORDER BY feature_id, user_email COLLATE "C", is_guid
    ON CONFLICT (workspace_id, feature_id, user_email, is_guid) DO UPDATE
    SET interaction_count = 0, rejection_count = 0, feedback_at = greatest(i.feedback_at, excluded.feedback_at),
        updated_at = greatest(i.updated_at, excluded.updated_at){_CHANGED}{_ROWS}""",
    InteractionRow,
)

# Which users do these surveys ask? Their rows are locked in the order of the keys.
LOCKED_PROMPTED_USERS = Query(
    """
    SELECT s.id AS survey, p.key AS product, f.key AS feature, i.user_email, i.is_guid
    FROM survey s
    JOIN interaction i ON i.workspace_id = :workspace AND i.feature_id = s.origin_id
        AND i.user_email = coalesce(s.guid, s.user_email) AND i.is_guid = (s.guid IS NOT NULL)
    JOIN feature f ON f.workspace_id = :workspace AND f.id = i.feature_id
    JOIN product p ON p.workspace_id = :workspace AND p.id = f.product_id
    WHERE s.workspace_id = :workspace AND s.id = ANY (:surveys::uuid[]) AND s.origin = 'feature'
    ORDER BY i.feature_id, i.user_email COLLATE "C", i.is_guid FOR UPDATE OF i
    """,
    PromptedUser,
)

OPEN_SURVEYS = Query(
    """
    UPDATE interaction i SET open_survey_id = new.survey_id
    FROM unnest(:feature::uuid[], :user_email::text[], :is_guid::boolean[], :survey::uuid[])
        AS new (feature_id, user_email, is_guid, survey_id)
    WHERE i.workspace_id = :workspace AND i.feature_id = new.feature_id AND i.user_email = new.user_email
        AND i.is_guid = new.is_guid
    """,
    NoRows,
    values=OpenSurvey,
)

ADDED_TOTALS = Query(
    f"""
    INSERT INTO interaction_sum AS s (workspace_id, feature_id, user_count, total_sum, total_max)
    SELECT :workspace, feature_id, users, uses, max_uses
    FROM unnest(:feature::uuid[], :users::bigint[], :uses::bigint[], :max_uses::bigint[])
        AS new (feature_id, users, uses, max_uses)
    ORDER BY feature_id {_ADDED_SUMS}
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

# The users of a feature who are not prompted any more, the last changed first.
EXHAUSTED_PAGE = Query(
    """
    SELECT id, user_email, is_guid, rejection_count, total_interaction_count, updated_at FROM interaction
    WHERE workspace_id = :workspace AND feature_id = :feature AND rejection_count >= :threshold AND rejection_count > 0
        AND (updated_at, id) < (:before, :before_id::uuid)
    ORDER BY updated_at DESC, id DESC LIMIT :limit
    """,
    ExhaustedUser,
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
        AND NOT i.is_guid
    WHERE p.workspace_id = :workspace AND p.key = :product
    ORDER BY f.key
    """,
    FeatureState,
)

# Which users of a feature come before a position, the last changed first? The index has the hours of the changes only.
USER_PAGE = Query(
    """
    SELECT i.id, i.user_email, i.is_guid, i.interaction_count, i.total_interaction_count, i.rejection_count,
           f.interaction_threshold, f.rejection_threshold, i.first_used_at, i.updated_at
    FROM interaction i JOIN feature f ON f.workspace_id = :workspace AND f.id = i.feature_id
    WHERE i.workspace_id = :workspace AND i.feature_id = :feature AND i.first_used_at IS NOT NULL
        AND (i.updated_at, i.id) < (:before, :before_id)
        AND i.updated_hour_at <= :before
    ORDER BY i.updated_hour_at DESC, i.updated_at DESC, i.id DESC LIMIT :limit
    """,
    UserUsage,
)


Row = TypeVar("Row", bound=InteractionRow)
Rows = Mapping[FeatureUser, InteractionRow]


async def add_uses(
    tx: Tx, workspace: WorkspaceId, users: Mapping[FeatureUser, int], shown: Mapping[FeatureUser, int], now: datetime
) -> Rows:
    """Counts as many uses for each user as `users` says, and opens the surveys that are due.

    `shown`: the position of each user's last use that shows its prompt, if there is one. Their rows are UsedRow.
    """
    named: dict[str, object] = {"survey_type": SURVEY_TYPE, "user": SYSTEM_USER}
    if not shown:
        return await _change(INCREMENTED, tx, workspace, users, now, **named)
    last_shown = [shown.get(user, 0) for user in users]
    return await _change(SHOWN_INCREMENTED, tx, workspace, users, now, last_shown=last_shown, **named)


async def add_rejections(tx: Tx, workspace: WorkspaceId, users: Mapping[FeatureUser, int], now: datetime) -> Rows:
    """Counts as many rejections for each user as `users` says. The open survey stays in the row."""
    return await _change(REJECTED, tx, workspace, users, now)


async def set_rated(tx: Tx, workspace: WorkspaceId, users: Mapping[FeatureUser, int], now: datetime) -> Rows:
    """Starts the cool-down of each user. The open survey stays in the row."""
    return await _change(RATED, tx, workspace, users, now)


async def _change(
    change: "Query[Row]",
    tx: Tx,
    workspace: WorkspaceId,
    users: Mapping[FeatureUser, int],
    now: datetime,
    **others: object,
) -> Rows:
    """Users of an unknown feature get no row."""
    paths = list(dict.fromkeys(user.path for user in users))
    numbers = {path: number for number, path in enumerate(paths, 1)}
    rows = await change.all(
        tx,
        workspace=workspace,
        products=[path.product for path in paths],
        features=[path.feature for path in paths],
        numbers=[numbers[user.path] for user in users],
        user_emails=[user.user_email for user in users],
        are_guids=[user.is_guid for user in users],
        sizes=list(users.values()),
        id_prefix=uuid7().hex[:-4],
        now=now,
        **others,
    )
    return {FeatureUser(*paths[row.number - 1], row.user_email, row.is_guid): row for row in rows}


async def lock_prompted_users(tx: Tx, workspace: WorkspaceId, surveys: Sequence[SurveyId]) -> list[PromptedUser]:
    return await LOCKED_PROMPTED_USERS.all(tx, workspace=workspace, surveys=surveys)


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


async def list_exhausted(
    tx: Tx, workspace: WorkspaceId, feature: FeatureIds, before: Position, limit: int
) -> list[ExhaustedUser]:
    """The users with so many rejections that they are not prompted any more, the last changed first."""
    return await EXHAUSTED_PAGE.all(
        tx,
        workspace=workspace,
        feature=feature.id,
        threshold=feature.rejection_threshold,
        before=before.at,
        before_id=before.id,
        limit=limit,
    )


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
