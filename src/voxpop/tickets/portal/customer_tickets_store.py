"""Statements on a customer's own tickets."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.types import TicketId, WorkspaceId


class OwnTicket(Struct, frozen=True):
    """A ticket as its requester's list shows it."""

    id: TicketId
    ref: str
    subject: str
    status: str
    last_reply_at: datetime
    create_time: datetime

    @property
    def is_answered(self) -> bool:
        """Whether anybody has written since it was opened."""
        return self.last_reply_at != self.create_time


class Called(Struct):
    requester_name: str


# By the latest reply: an order by update would move a ticket whenever agents write a note.
OWN_TICKETS = Query(
    """
    SELECT id, ref, subject, status, last_reply_at, create_time FROM ticket
    WHERE workspace_id = $1 AND requester_email_folded = $2 AND ($3::uuid IS NULL OR id = $3)
        AND (last_reply_at, id) < ($4, $5::uuid)
    ORDER BY last_reply_at DESC, id DESC LIMIT $6
    """,
    OwnTicket,
)

LATEST_NAME = Query(
    """
    SELECT requester_name FROM ticket WHERE workspace_id = $1 AND requester_email_folded = $2
    ORDER BY updated_at DESC, id DESC LIMIT 1
    """,
    Called,
)


async def list_own_tickets(
    tx: Tx, workspace: WorkspaceId, email_folded: str, only: UUID | None, after: Position, most: int
) -> list[OwnTicket]:
    """Those behind a place, the latest reply first; `only`: none but this one."""
    return await OWN_TICKETS.all(tx, workspace, email_folded, only, after.at, after.id, most)


async def find_name(tx: Tx, workspace: WorkspaceId, email_folded: str) -> str | None:
    """What somebody called himself in his latest ticket."""
    found = await LATEST_NAME.find(tx, workspace, email_folded)
    return found.requester_name if found else None
