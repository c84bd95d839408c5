"""A customer's own tickets: which they are, and what he reads of one. Nobody else's, and never a note."""

from collections.abc import Sequence
from datetime import datetime

from voxpop.accounts.models import Customer
from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.tickets import store
from voxpop.tickets.models import ActivityKind, Message, MessageKind, Ticket
from voxpop.tickets.portal import customer_tickets_store
from voxpop.tickets.portal.customer_tickets_store import OwnTicket
from voxpop.types import WorkspaceId
from voxpop.workspaces.models import Workspace

PUBLIC = (MessageKind.CUSTOMER, MessageKind.REPLY)


async def list_own(
    tx: Tx, workspace: WorkspaceId, customer: Customer, after: Position, most: int
) -> Sequence[OwnTicket]:
    """In every status, the latest reply first; a guest's are the one his session was made for."""
    return await customer_tickets_store.list_own_tickets(
        tx, workspace, customer.email_folded, customer.ticket_id, after, most
    )


async def get_own(tx: Tx, workspace: WorkspaceId, customer: Customer, ref: str) -> Ticket:
    """NotFound for other people's, in the words of one that does not exist."""
    ticket = await store.find_ticket(tx, workspace, ref.upper())
    if ticket is None or ticket.requester_email_folded != customer.email_folded:
        raise NotFound
    if customer.ticket_id not in (None, ticket.id):
        raise NotFound
    return ticket


async def get_own_to_rate(tx: Tx, place: Workspace, customer: Customer, ref: str) -> Ticket:
    """NotFound also where the workspace does not ask (T10)."""
    if not place.asks_customers:
        raise NotFound
    return await get_own(tx, place.id, customer, ref)


async def list_said(tx: Tx, workspace: WorkspaceId, ticket: Ticket) -> list[Message]:
    """The conversation as its requester reads it: his description, then what both sides have said."""
    asked = Message(
        ticket.id, MessageKind.CUSTOMER, None, ticket.requester_name, ticket.description, ticket.create_time
    )
    return [asked, *await store.list_messages(tx, workspace, ticket.id, PUBLIC)]


async def get_since(tx: Tx, workspace: WorkspaceId, ticket: Ticket) -> datetime:
    """Since when the ticket has been in its status."""
    done = await store.list_activities(tx, workspace, ticket.id)
    return max((each.create_time for each in done if each.kind == ActivityKind.STATUS), default=ticket.create_time)
