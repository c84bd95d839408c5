"""Statements on low ratings."""

from datetime import datetime
from uuid import UUID

from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.tickets.lists.models import LowRating, TagCount
from voxpop.types import WorkspaceId

# The last low ratings before a position. Each score is read in the order of an index of its own.
LOW_RATINGS = Query(
    """
    SELECT t.id, t.ref, t.subject, t.csat_rating, t.csat_comment, t.csat_rated_at, t.csat_agent_id,
           a.name AS agent_name, t.tag_names AS tags
    FROM (VALUES (1::smallint), (2::smallint)) AS low (score) CROSS JOIN LATERAL (
        SELECT * FROM ticket
        WHERE workspace_id = :workspace AND csat_rating = low.score AND csat_rating IS NOT NULL
            AND csat_rated_at >= :since AND (csat_rated_at, id) < (:after_time, :after_id::uuid)
            AND (:tag::uuid IS NULL OR EXISTS (
                SELECT FROM ticket_tag f
                WHERE f.workspace_id = :workspace AND f.ticket_id = ticket.id AND f.tag_id = :tag))
        ORDER BY csat_rated_at DESC, id DESC LIMIT :limit
    ) AS t LEFT JOIN account a ON a.id = t.csat_agent_id
    ORDER BY t.csat_rated_at DESC, t.id DESC LIMIT :limit
    """,
    LowRating,
)

# The number of low ratings per tag since a time, the most first.
LOW_RATINGS_BY_TAG = Query(
    """
    SELECT g.id, g.name, low.count
    FROM tag g CROSS JOIN LATERAL (
        SELECT count(*)::int AS count FROM ticket_tag t
        WHERE t.workspace_id = :workspace AND t.tag_id = g.id AND t.csat_rating IN (1, 2) AND t.csat_rated_at >= :since
    ) AS low
    WHERE g.workspace_id = :workspace AND low.count > 0 ORDER BY low.count DESC, g.name_folded
    """,
    TagCount,
)


async def list_low_ratings(
    tx: Tx, workspace: WorkspaceId, since: datetime, tag: UUID | None, after: Position, limit: int
) -> list[LowRating]:
    """The newest first; without a tag, those of all tickets."""
    return await LOW_RATINGS.all(
        tx, workspace=workspace, since=since, tag=tag, after_time=after.at, after_id=after.id, limit=limit
    )


async def list_tag_counts(tx: Tx, workspace: WorkspaceId, since: datetime) -> list[TagCount]:
    """The tags with low ratings since a time, those with the most first."""
    return await LOW_RATINGS_BY_TAG.all(tx, workspace=workspace, since=since)
