"""Statements that write a year of history at once: the rows carry their own times. Nothing but the demo uses them."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import FeatureId, ProductId, WorkspaceId

Row = tuple[object, ...]


class Locked(Struct, frozen=True):
    id: UUID


class Place(Struct, frozen=True):
    """Where a feature stands."""

    product_key: str
    feature_key: str
    product_id: ProductId
    feature_id: FeatureId


LOCKED_WORKSPACE = Query("SELECT id FROM workspace WHERE id = $1 FOR UPDATE", Locked)

PLACES = Query(
    """
    SELECT p.key AS product_key, f.key AS feature_key, p.id AS product_id, f.id AS feature_id
    FROM feature f JOIN product p ON p.workspace_id = $1 AND p.id = f.product_id
    WHERE f.workspace_id = $1
    """,
    Place,
)

PAST_INTERACTIONS = Query(
    """
    INSERT INTO interaction (workspace_id, feature_id, user_email, id, interaction_count, total_interaction_count,
                             rejection_count, first_used_at, updated_at, feedback_at, open_survey_id)
    SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[],
                             $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::uuid[])
    """,
    NoRows,
)

PAST_SURVEYS = Query(
    """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, user_email, status, scheduled_at,
                        completed_at, create_time, last_update_time)
    SELECT $1, id, $2, $3, origin_id, user_email, status, asked_at,
           CASE WHEN status = 'COMPLETED' THEN changed_at END, asked_at, changed_at
    FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[])
        AS past (id, origin_id, user_email, status, asked_at, changed_at)
    """,
    NoRows,
)

# The series come as text, since unnest would flatten an array of arrays.
PAST_FEEDBACK = Query(
    """
    INSERT INTO feedback (workspace_id, id, survey_id, survey_type_code, origin, origin_id, source, user_email, score,
                          comment, user_agent, day, series_kinds, series_ids, create_time, last_update_time)
    SELECT $1, id, survey_id, $2, $3, origin_id, source, user_email, score, comment, user_agent, day,
           kinds::text[], ids::uuid[], at, at
    FROM unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::int[], $10::text[], $11::text[],
                $12::date[], $13::text[], $14::text[], $15::timestamptz[])
        AS past (id, survey_id, origin_id, source, user_email, score, comment, user_agent, day, kinds, ids, at)
    """,
    NoRows,
)

# Surveys of campaigns, of which nothing but the times of their steps is told.
PAST_ASKED = Query(
    """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, campaign_id, guid, status, context_type,
                        context_id, context_date, scheduled_at, sent_at, completed_at, create_time, last_update_time)
    SELECT $1, id, code, 'campaign', campaign_id, campaign_id, guid,
           CASE WHEN completed_at IS NOT NULL THEN 'COMPLETED' WHEN expired_at IS NOT NULL THEN 'EXPIRED'
                ELSE 'PENDING' END,
           context_type, context_id, (asked_at AT TIME ZONE 'UTC')::date,
           asked_at + make_interval(hours => delay_hours), sent_at, completed_at, asked_at,
           coalesce(completed_at, expired_at, sent_at, asked_at)
    FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::int[],
                $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[])
        AS past (id, code, campaign_id, guid, context_type, context_id, delay_hours,
                 asked_at, sent_at, completed_at, expired_at)
    """,
    NoRows,
)

PAST_ANSWERS = Query(
    """
    INSERT INTO feedback (workspace_id, id, survey_id, survey_type_code, origin, origin_id, source, guid, score,
                          comment, day, series_kinds, series_ids, create_time, last_update_time)
    SELECT $1, id, survey_id, code, 'campaign', campaign_id, 'prompted', guid, score, comment, day,
           $2::text[], ARRAY[$1, campaign_id], at, at
    FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::int[], $9::text[], $10::date[],
                $11::timestamptz[])
        AS past (id, survey_id, code, campaign_id, guid, score, comment, day, at)
    """,
    NoRows,
)

# What the sums of every feature are, taken from its rows; those that only a rating made don't count.
PAST_SUMS = Query(
    """
    INSERT INTO interaction_sum (workspace_id, feature_id, user_count, total_sum, total_max)
    SELECT $1, feature_id, count(*), sum(total_interaction_count), max(total_interaction_count)
    FROM interaction WHERE workspace_id = $1 AND first_used_at IS NOT NULL
    GROUP BY feature_id ORDER BY feature_id
    """,
    NoRows,
)


async def lock_workspace(tx: Tx, workspace: WorkspaceId) -> None:
    """Until the transaction ends nobody else locks it, nor opens a product in it."""
    await LOCKED_WORKSPACE.one(tx, workspace)


async def list_places(tx: Tx, workspace: WorkspaceId) -> list[Place]:
    return await PLACES.all(tx, workspace)


async def insert_past(
    tx: Tx, workspace: WorkspaceId, query: "Query[NoRows]", rows: Sequence[Row], *same: object
) -> None:
    """Runs one of the statements above; `same` are the values that all rows share."""
    if rows:
        await query.run(tx, workspace, *same, *zip(*rows, strict=True))


async def insert_sums(tx: Tx, workspace: WorkspaceId) -> None:
    await PAST_SUMS.run(tx, workspace)
