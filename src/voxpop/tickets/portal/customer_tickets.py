"""The tickets that a customer may see, and what they see of one: never other customers' tickets, never notes."""

from collections.abc import Sequence
from datetime import datetime

from voxpop.accounts.models import Customer
from voxpop.cursors import Position
from voxpop.db.pool import Database, Tx
from voxpop.errors import NotFound
from voxpop.tickets import store
from voxpop.tickets.models import Ticket
from voxpop.tickets.portal import customer_tickets_store
from voxpop.tickets.portal.customer_tickets_store import CustomerTicket
from voxpop.types import WorkspaceId
from voxpop.workspaces.models import Workspace


async def find_name(tx: Tx, customer: Customer) -> str | None:
    """The customer's name: that of the session, or else of their latest ticket."""
    if customer.name:
        return customer.name
    return await customer_tickets_store.find_requester_name(tx, customer.workspace_id, customer.email_folded)


async def look_up_name(database: Database, customer: Customer) -> str | None:
    """As `find_name`, in a transaction of its own."""
    async with database.transaction(customer.workspace_id) as tx:
        return await find_name(tx, customer)


async def list_customer_tickets(
    tx: Tx, workspace: WorkspaceId, customer: Customer, after: Position, limit: int
) -> Sequence[CustomerTicket]:
    """The latest reply first, in every status. A guest sees only the ticket that their session belongs to."""
    return await customer_tickets_store.list_customer_tickets(
        tx, workspace, customer.email_folded, customer.ticket_id, after, limit
    )


async def get_customer_ticket(tx: Tx, workspace: WorkspaceId, customer: Customer, ref: str) -> Ticket:
    """NotFound for other customers' tickets, with the same response as for one that does not exist."""
    ticket = await store.find_ticket(tx, workspace, ref.upper())
    if ticket is None or ticket.requester_email_folded != customer.email_folded:
        raise NotFound
    if customer.ticket_id not in (None, ticket.id):
        raise NotFound
    return ticket


async def get_rateable_ticket(tx: Tx, workspace: Workspace, customer: Customer, ref: str) -> Ticket:
    """NotFound also where the workspace does not ask for ratings (T10)."""
    if not workspace.asks_customers:
        raise NotFound
    return await get_customer_ticket(tx, workspace.id, customer, ref)


async def get_status_time(tx: Tx, workspace: WorkspaceId, ticket: Ticket) -> datetime:
    """The time at which the ticket got its status."""
    return await store.find_status_time(tx, workspace, ticket.id) or ticket.create_time
