"""The actions on a ticket. Each locks the ticket first and updates counts last."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from msgspec.structs import replace

from voxpop.campaigns import event_ingest
from voxpop.campaigns.models import ContextType, Event, Trigger
from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.metrics import service as metrics
from voxpop.metrics.models import SurveyIncrement
from voxpop.tickets import notifications, ratings, store
from voxpop.tickets.models import (
    ActivityKind,
    Assignee,
    Author,
    Message,
    MessageKind,
    NewActivity,
    NewTicket,
    Priority,
    Status,
    Tag,
    Ticket,
)
from voxpop.tickets.ratings import SurveyChange
from voxpop.tickets.tags import distinct_tags, fold_tag
from voxpop.types import Audit, TicketId, WorkspaceId, uuid7
from voxpop.workspaces import service as workspaces


async def open_ticket(tx: Tx, workspace: WorkspaceId, new: NewTicket, author: Author, now: datetime) -> Ticket:
    """The author is the requester, or the agent or system that opens the ticket for them."""
    tags = distinct_tags(new.tags)
    ticket = await store.insert_ticket(tx, workspace, TicketId(uuid7()), new, Audit(now, author.name))
    await store.set_tags(tx, workspace, ticket.id, tags, now)
    await _log(tx, workspace, NewActivity(ticket.id, ActivityKind.OPENED), author, now)
    return ticket


async def reply(
    tx: Tx, workspace: WorkspaceId, ref: str, body: str, author: Author, address: str, now: datetime
) -> Message:
    """Adds a public reply and emails it to the requester. A reply to an open ticket sets it in progress.

    `address` is the base URL of the workspace's portal, for the link in the email.
    """
    ticket = await lock_ticket(tx, workspace, ref)
    message = await _add_message(tx, workspace, ticket, MessageKind.REPLY, body, author, now)
    changed = replace(
        ticket,
        first_response_at=ticket.first_response_at or now,
        last_reply_at=now,
        last_replier_id=author.account_id or ticket.last_replier_id,
    )
    if ticket.status == Status.OPEN:
        changed = await _transition(tx, workspace, changed, Status.IN_PROGRESS, author, now)
    await _save(tx, workspace, changed, author, now)
    await notifications.send_reply(tx, await workspaces.get_workspace(tx, workspace), ticket, message, address, now)
    return message


async def note(tx: Tx, workspace: WorkspaceId, ref: str, body: str, author: Author, now: datetime) -> Message:
    """Adds an internal note. Of the ticket itself it changes the time of the last update, and nothing else."""
    ticket = await lock_ticket(tx, workspace, ref)
    message = await _add_message(tx, workspace, ticket, MessageKind.NOTE, body, author, now)
    await _save(tx, workspace, ticket, author, now)
    return message


async def customer_reply(tx: Tx, workspace: WorkspaceId, ref: str, body: str, author: Author, now: datetime) -> Message:
    """Adds the requester's message; reopens a resolved or closed ticket. The caller checks whose ticket it is."""
    ticket = await lock_ticket(tx, workspace, ref)
    message = await _add_message(tx, workspace, ticket, MessageKind.CUSTOMER, body, author, now)
    change = SurveyChange(replace(ticket, last_reply_at=now))
    if ticket.is_done:
        change = await _set_status(tx, workspace, change.ticket, Status.OPEN, author, now)
    await _save(tx, workspace, change.ticket, author, now)
    await metrics.add_counts(tx, workspace, surveys=change.increments)
    return message


async def set_status(
    tx: Tx, workspace: WorkspaceId, refs: Sequence[str], status: Status, author: Author, now: datetime
) -> int:
    """Changes all of these tickets or none, and returns how many changed. Closing also triggers campaigns."""
    return await set_statuses(tx, workspace, dict.fromkeys(refs, status), author, now)


async def set_statuses(
    tx: Tx, workspace: WorkspaceId, statuses: Mapping[str, Status], author: Author, now: datetime
) -> int:
    """Like `set_status`, with a status for each reference."""
    by_ref = {ref.upper(): status for ref, status in statuses.items()}
    increments: list[SurveyIncrement] = []
    changing = [each for each in await lock_tickets(tx, workspace, list(by_ref)) if each.status != by_ref[each.ref]]
    for ticket in changing:
        change = await _set_status(tx, workspace, ticket, by_ref[ticket.ref], author, now)
        increments += change.increments
        await _save(tx, workspace, change.ticket, author, now)
    if closed := [each for each in changing if by_ref[each.ref] is Status.CLOSED]:
        increments += await _trigger_campaigns(tx, workspace, closed, now)
    await metrics.add_counts(tx, workspace, surveys=increments)
    return len(changing)


async def assign(
    tx: Tx, workspace: WorkspaceId, refs: Sequence[str], assignee: Assignee | None, author: Author, now: datetime
) -> int:
    """Assigns all of these tickets or none, and returns how many changed. None unassigns them."""
    account, name = (assignee.account_id, assignee.name) if assignee else (None, None)
    tickets = await lock_tickets(tx, workspace, refs)
    changing = [ticket for ticket in tickets if ticket.assignee_id != account]
    for ticket in changing:
        await _log(tx, workspace, NewActivity(ticket.id, ActivityKind.ASSIGNEE, None, name), author, now)
        await _save(tx, workspace, replace(ticket, assignee_id=account), author, now)
    return len(changing)


async def set_priority(
    tx: Tx, workspace: WorkspaceId, ref: str, priority: Priority, author: Author, now: datetime
) -> None:
    ticket = await lock_ticket(tx, workspace, ref)
    if ticket.priority != priority:
        activity = NewActivity(ticket.id, ActivityKind.PRIORITY, ticket.priority, priority)
        await _log(tx, workspace, activity, author, now)
        await _save(tx, workspace, replace(ticket, priority=priority), author, now)


async def set_tags(
    tx: Tx, workspace: WorkspaceId, ref: str, names: Sequence[str], author: Author, now: datetime
) -> None:
    """Replaces all tags of the ticket."""
    new = distinct_tags(names)
    ticket = await lock_ticket(tx, workspace, ref)
    before = await store.list_ticket_tags(tx, workspace, ticket.id)
    if [fold_tag(tag.name) for tag in before] != list(new):
        after = await store.set_tags(tx, workspace, ticket.id, new, now)
        old_value, new_value = (", ".join(tag.name for tag in tags) or None for tags in (before, after))
        activity = NewActivity(ticket.id, ActivityKind.TAGS, old_value, new_value)
        await _log(tx, workspace, activity, author, now)
        await _save(tx, workspace, ticket, author, now)


async def open_tags(tx: Tx, workspace: WorkspaceId, names: Sequence[str], now: datetime) -> list[Tag]:
    """The tags with these names; new ones are added to the workspace. Invalid for a tag that breaks a rule."""
    distinct = distinct_tags(names)
    return await store.upsert_tags(tx, workspace, distinct, now) if distinct else []


async def find_tag(tx: Tx, workspace: WorkspaceId, name: str) -> Tag | None:
    """The tag with this name, in any case."""
    return next(iter(await store.list_tags_by_name(tx, workspace, [fold_tag(name)])), None)


async def get_ticket(tx: Tx, workspace: WorkspaceId, ref: str) -> Ticket:
    """NotFound where the workspace has no such ticket. The case of a reference does not matter."""
    return _require(await store.find_ticket(tx, workspace, ref.upper()), ref)


async def lock_ticket(tx: Tx, workspace: WorkspaceId, ref: str) -> Ticket:
    """Like `get_ticket`, and locks the ticket until the transaction ends."""
    return _require(await store.lock_ticket(tx, workspace, ref.upper()), ref)


async def lock_tickets(tx: Tx, workspace: WorkspaceId, refs: Sequence[str]) -> list[Ticket]:
    """Like `lock_ticket`, for several in the order of their ids. NotFound where one of them does not exist."""
    requested = {ref.upper() for ref in refs}
    tickets = await store.lock_tickets(tx, workspace, sorted(requested))
    if missing := requested - {ticket.ref for ticket in tickets}:
        raise NotFound.of("Ticket", min(missing))
    return tickets


async def _set_status(
    tx: Tx, workspace: WorkspaceId, ticket: Ticket, status: Status, author: Author, now: datetime
) -> SurveyChange:
    """Sets the status and opens or withdraws the survey; the caller stores the ticket."""
    changed = await _transition(tx, workspace, ticket, status, author, now)
    change_survey = ratings.open_survey if status.is_done else ratings.withdraw_survey
    return await change_survey(tx, await workspaces.get_workspace(tx, workspace), changed, now)


async def _transition(
    tx: Tx, workspace: WorkspaceId, ticket: Ticket, status: Status, author: Author, now: datetime
) -> Ticket:
    """Logs the new status and returns the ticket with it; the caller stores the ticket."""
    await _log(tx, workspace, NewActivity(ticket.id, ActivityKind.STATUS, ticket.status, status), author, now)
    resolved_at = (ticket.resolved_at or now) if status.is_done else None
    return replace(ticket, status=status, resolved_at=resolved_at)


async def _trigger_campaigns(
    tx: Tx, workspace: WorkspaceId, tickets: Sequence[Ticket], now: datetime
) -> list[SurveyIncrement]:
    """Ingests the event "ticket closed" in the same transaction: it opens the surveys of campaigns that wait for it."""
    events = [_closed_event(ticket, now.date()) for ticket in tickets]
    return list((await event_ingest.open_surveys(tx, workspace, events, now)).increments)


def _closed_event(ticket: Ticket, day: date) -> Event:
    guid = ticket.requester_guid or ticket.requester_email_folded
    return Event(Trigger.TICKET_CLOSED, guid, ContextType.TICKET, ticket.ref, day)


async def _add_message(
    tx: Tx, workspace: WorkspaceId, ticket: Ticket, kind: MessageKind, body: str, author: Author, now: datetime
) -> Message:
    message = Message(uuid7(), kind, author.account_id, author.name, body, now)
    return await store.insert_message(tx, workspace, ticket.id, message)


async def _log(tx: Tx, workspace: WorkspaceId, activity: NewActivity, author: Author, now: datetime) -> None:
    await store.insert_activity(tx, workspace, activity, Audit(now, author.name))


async def _save(tx: Tx, workspace: WorkspaceId, ticket: Ticket, author: Author, now: datetime) -> None:
    await store.set_ticket(tx, workspace, replace(ticket, updated_at=now), author.name)


def _require(ticket: Ticket | None, ref: str) -> Ticket:
    if ticket is None:
        raise NotFound.of("Ticket", ref)
    return ticket
