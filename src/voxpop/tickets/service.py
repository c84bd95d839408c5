"""What can be done with a ticket. Each begins with the ticket's lock; counts come last."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec.structs import replace

from voxpop.campaigns import event_ingest
from voxpop.campaigns.models import ContextType, Event, Trigger
from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.metrics import service as metrics
from voxpop.metrics.models import SurveyIncrement
from voxpop.tickets import notifications, ratings, store
from voxpop.tickets.models import ActivityKind, Author, Message, MessageKind, NewTicket, Priority, Status, Ticket
from voxpop.tickets.tags import normalize_tags
from voxpop.types import AccountId, TicketId, WorkspaceId, uuid7
from voxpop.workspaces import service as workspaces

Change = tuple[TicketId, ActivityKind, str | None, str | None]


async def open_ticket(tx: Tx, workspace: WorkspaceId, new: NewTicket, author: Author, now: datetime) -> Ticket:
    """By the requester, or by an agent or another system for him."""
    ticket = await store.insert_ticket(tx, workspace, TicketId(uuid7()), new, (now, author.name))
    await store.set_tags(tx, workspace, ticket.id, normalize_tags(new.tags), now)
    await store.insert_activities(tx, workspace, [(ticket.id, ActivityKind.OPENED, None, None)], (author.name, now))
    return ticket


async def reply(
    tx: Tx, workspace: WorkspaceId, ref: str, body: str, author: Author, address: str, now: datetime
) -> Message:
    """An agent's public reply: mailed to the requester; the first one takes an open ticket into progress.

    `address` is where customers reach the workspace, for the link in the mail.
    """
    ticket = await get_locked(tx, workspace, ref)
    message = await _add_message(tx, workspace, ticket, (MessageKind.REPLY, body), author, now)
    changed = replace(
        ticket,
        first_response_at=ticket.first_response_at or now,
        last_reply_at=now,
        last_replier_id=author.account_id or ticket.last_replier_id,
    )
    if ticket.state is Status.OPEN:
        changed = await _transition(tx, workspace, changed, Status.IN_PROGRESS, author, now)
    await _save(tx, workspace, changed, author, now)
    await notifications.send_reply(tx, await workspaces.get_workspace(tx, workspace), changed, message, address, now)
    return message


async def note(tx: Tx, workspace: WorkspaceId, ref: str, body: str, author: Author, now: datetime) -> Message:
    """For agents alone; changes nothing but when the ticket was touched."""
    ticket = await get_locked(tx, workspace, ref)
    message = await _add_message(tx, workspace, ticket, (MessageKind.NOTE, body), author, now)
    await _save(tx, workspace, ticket, author, now)
    return message


async def customer_reply(tx: Tx, workspace: WorkspaceId, ref: str, body: str, author: Author, now: datetime) -> Message:
    """The requester's: reopens a ticket that was resolved or closed. The caller has seen that the ticket is his."""
    ticket = await get_locked(tx, workspace, ref)
    message = await _add_message(tx, workspace, ticket, (MessageKind.CUSTOMER, body), author, now)
    moved: list[SurveyIncrement] = []
    changed = replace(ticket, last_reply_at=now)
    if ticket.state.is_done:
        changed, moved = await _set_status(tx, workspace, changed, Status.OPEN, author, now)
    await _save(tx, workspace, changed, author, now)
    await metrics.add(tx, workspace, moved=moved)
    return message


async def set_status(
    tx: Tx, workspace: WorkspaceId, refs: Sequence[str], status: Status, author: Author, now: datetime
) -> int:
    """Resolves, closes, reopens or takes up tickets, all of them or none: how many changed. Closing is an event too."""
    tickets = await _get_all_locked(tx, workspace, refs)
    moved: list[SurveyIncrement] = []
    changing = [ticket for ticket in tickets if ticket.state is not status]
    for ticket in changing:
        changed, steps = await _set_status(tx, workspace, ticket, status, author, now)
        moved += steps
        await _save(tx, workspace, changed, author, now)
    if status is Status.CLOSED:
        moved += await _announce_closed(tx, workspace, changing, now)
    await metrics.add(tx, workspace, moved=moved)
    return len(changing)


async def assign(
    tx: Tx,
    workspace: WorkspaceId,
    refs: Sequence[str],
    assignee: tuple[AccountId, str] | None,
    author: Author,
    now: datetime,
) -> int:
    """Gives tickets to a member (id and name), or to nobody: how many changed."""
    account, name = assignee or (None, None)
    tickets = await _get_all_locked(tx, workspace, refs)
    changing = [ticket for ticket in tickets if ticket.assignee_id != account]
    for ticket in changing:
        await _log(tx, workspace, (ticket.id, ActivityKind.ASSIGNEE, None, name), author, now)
        await _save(tx, workspace, replace(ticket, assignee_id=account), author, now)
    return len(changing)


async def set_priority(
    tx: Tx, workspace: WorkspaceId, ref: str, priority: Priority, author: Author, now: datetime
) -> None:
    ticket = await get_locked(tx, workspace, ref)
    if ticket.priority != priority:
        await _log(tx, workspace, (ticket.id, ActivityKind.PRIORITY, ticket.priority, priority), author, now)
        await _save(tx, workspace, replace(ticket, priority=priority), author, now)


async def set_tags(
    tx: Tx, workspace: WorkspaceId, ref: str, names: Sequence[str], author: Author, now: datetime
) -> None:
    ticket = await get_locked(tx, workspace, ref)
    old = [tag.name for tag in await store.list_ticket_tags(tx, workspace, ticket.id)]
    new = normalize_tags(names)
    if old != new:
        await store.set_tags(tx, workspace, ticket.id, new, now)
        await _log(
            tx, workspace, (ticket.id, ActivityKind.TAGS, ", ".join(old) or None, ", ".join(new) or None), author, now
        )
        await _save(tx, workspace, ticket, author, now)


async def get_ticket(tx: Tx, workspace: WorkspaceId, ref: str) -> Ticket:
    """NotFound where there is none; references are compared whatever their case."""
    return _found(await store.find_ticket(tx, workspace, ref.upper()), ref)


async def get_locked(tx: Tx, workspace: WorkspaceId, ref: str) -> Ticket:
    return _found(await store.lock_ticket(tx, workspace, ref.upper()), ref)


async def _get_all_locked(tx: Tx, workspace: WorkspaceId, refs: Sequence[str]) -> list[Ticket]:
    wanted = {ref.upper() for ref in refs}
    tickets = await store.lock_tickets(tx, workspace, sorted(wanted))
    if missing := wanted - {ticket.ref for ticket in tickets}:
        raise NotFound.of("Ticket", min(missing))
    return tickets


async def _set_status(
    tx: Tx, workspace: WorkspaceId, ticket: Ticket, status: Status, author: Author, now: datetime
) -> tuple[Ticket, list[SurveyIncrement]]:
    """The ticket in its new status with its survey opened or withdrawn, and what that adds to the funnel."""
    changed = await _transition(tx, workspace, ticket, status, author, now)
    place = await workspaces.get_workspace(tx, workspace)
    if status.is_done:
        return await ratings.ask(tx, place, changed, now)
    return await ratings.withdraw(tx, place, changed, now)


async def _transition(
    tx: Tx, workspace: WorkspaceId, ticket: Ticket, status: Status, author: Author, now: datetime
) -> Ticket:
    await _log(tx, workspace, (ticket.id, ActivityKind.STATUS, ticket.status, status), author, now)
    resolved = (ticket.resolved_at or now) if status.is_done else None
    return replace(ticket, status=status, resolved_at=resolved)


async def _announce_closed(
    tx: Tx, workspace: WorkspaceId, tickets: Sequence[Ticket], now: datetime
) -> list[SurveyIncrement]:
    """A closed ticket is an event like any other, in the same transaction: a campaign may wait for it."""
    events = [_closed(ticket, now.date()) for ticket in tickets]
    _, moved = await event_ingest.ask(tx, workspace, events, now)
    return moved


def _closed(ticket: Ticket, day: date) -> Event:
    guid = ticket.requester_guid or ticket.requester_email
    return Event(Trigger.TICKET_CLOSED, guid, ContextType.TICKET, ticket.ref, day)


async def _add_message(
    tx: Tx, workspace: WorkspaceId, ticket: Ticket, said: tuple[MessageKind, str], author: Author, now: datetime
) -> Message:
    message = Message(uuid7(), said[0], author.account_id, author.name, said[1], now)
    return await store.insert_message(tx, workspace, ticket.id, message)


async def _log(tx: Tx, workspace: WorkspaceId, change: Change, author: Author, now: datetime) -> None:
    await store.insert_activities(tx, workspace, [change], (author.name, now))


async def _save(tx: Tx, workspace: WorkspaceId, ticket: Ticket, author: Author, now: datetime) -> None:
    await store.set_ticket(tx, workspace, replace(ticket, updated_at=now), author.name)


def _found(ticket: Ticket | None, ref: str) -> Ticket:
    if ticket is None:
        raise NotFound.of("Ticket", ref)
    return ticket
