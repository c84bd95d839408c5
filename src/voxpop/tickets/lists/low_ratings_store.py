"""Statements on low ratings."""

from datetime import datetime
from uuid import UUID

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.tickets.lists.models import LowRating, TagCount
from voxpop.types import AccountId, TicketId, WorkspaceId

# The last low ratings before a moment; each score is an index of its own in the order of time.
LOW_RATINGS = Query(
    """
    SELECT t.id, t.ref, t.subject, t.csat_rating, t.csat_comment, t.csat_rated_at, t.csat_agent_id,
           a.name AS agent_name, t.tag_names AS tags
    FROM (VALUES (1::smallint), (2::smallint)) AS low (score) CROSS JOIN LATERAL (
        SELECT * FROM ticket
        WHERE workspace_id = $1 AND csat_rating = low.score AND csat_rating IS NOT NULL
            AND csat_rated_at >= $2 AND (csat_rated_at, id) < ($3, $4::uuid)
            AND ($6::uuid IS NULL OR EXISTS (
                SELECT FROM ticket_tag f WHERE f.workspace_id = $1 AND f.ticket_id = ticket.id AND f.tag_id = $6))
            AND ($7::uuid IS NULL OR csat_agent_id = $7)
        ORDER BY csat_rated_at DESC, id DESC LIMIT $5
    ) AS t LEFT JOIN account a ON a.id = t.csat_agent_id
    ORDER BY t.csat_rated_at DESC, t.id DESC LIMIT $5
    """,
    LowRating,
)

# How many low ratings each tag has had since a moment, the most first?
LOW_RATINGS_BY_TAG = Query(
    """
    SELECT g.id, g.name, low.count
    FROM tag g CROSS JOIN LATERAL (
        SELECT count(*)::int AS count FROM ticket_tag t
        WHERE t.workspace_id = $1 AND t.tag_id = g.id AND t.csat_rating IN (1, 2) AND t.csat_rated_at >= $2
    ) AS low
    WHERE g.workspace_id = $1 AND low.count > 0 ORDER BY low.count DESC, g.name
    """,
    TagCount,
)


async def list_low_ratings(
    tx: Tx,
    workspace: WorkspaceId,
    since: datetime,
    before: tuple[datetime, TicketId],
    most: int,
    of: tuple[UUID | None, AccountId | None],
) -> list[LowRating]:
    """Newest first; `of`: a tag, an agent."""
    return await LOW_RATINGS.all(tx, workspace, since, *before, most, *of)


async def list_tag_counts(tx: Tx, workspace: WorkspaceId, since: datetime) -> list[TagCount]:
    return await LOW_RATINGS_BY_TAG.all(tx, workspace, since)
