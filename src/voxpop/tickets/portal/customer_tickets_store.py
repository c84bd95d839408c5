"""Statements on the tickets of one customer."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.types import TicketId, WorkspaceId


class CustomerTicket(Struct, frozen=True):
    """A ticket as its requester's list shows it."""

    id: TicketId
    ref: str
    subject: str
    status: str
    last_reply_at: datetime
    create_time: datetime

    @property
    def is_answered(self) -> bool:
        """Whether the conversation has a message after the description."""
        return self.last_reply_at != self.create_time


class RequesterName(Struct):
    requester_name: str


# Sorted by the latest reply: sorted by the update, a ticket would move whenever agents write a note.
CUSTOMER_TICKETS = Query(
    """
    SELECT id, ref, subject, status, last_reply_at, create_time FROM ticket
    WHERE workspace_id = :workspace AND requester_email_folded = :email_folded
        AND (:only_ticket::uuid IS NULL OR id = :only_ticket) AND (last_reply_at, id) < (:after_at, :after_id::uuid)
    ORDER BY last_reply_at DESC, id DESC LIMIT :limit
    """,
    CustomerTicket,
)

LATEST_REQUESTER_NAME = Query(
    """
    SELECT requester_name FROM ticket WHERE workspace_id = :workspace AND requester_email_folded = :email_folded
    ORDER BY updated_at DESC, id DESC LIMIT 1
    """,
    RequesterName,
)


async def list_customer_tickets(
    tx: Tx, workspace: WorkspaceId, email_folded: str, only_ticket: UUID | None, after: Position, limit: int
) -> list[CustomerTicket]:
    """The latest reply first, after a position. `only_ticket` leaves out all but one."""
    return await CUSTOMER_TICKETS.all(
        tx,
        workspace=workspace,
        email_folded=email_folded,
        only_ticket=only_ticket,
        after_at=after.at,
        after_id=after.id,
        limit=limit,
    )


async def find_requester_name(tx: Tx, workspace: WorkspaceId, email_folded: str) -> str | None:
    """The name that the customer gave in their latest ticket."""
    latest = await LATEST_REQUESTER_NAME.find(tx, workspace=workspace, email_folded=email_folded)
    return latest.requester_name if latest else None
