"""Changes of one field of several tickets, as forms of the inbox make them, and undo them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.tickets import assignees, service, store
from voxpop.tickets.inbox import undo_store
from voxpop.tickets.models import Author, Priority, Status, Ticket
from voxpop.tickets.tags import fold_tag
from voxpop.types import AccountId, WorkspaceId, uuid7

UNDO_TIME = timedelta(days=1)


class Field(StrEnum):
    """A field of a ticket that a form changes."""

    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNEE = "assignee"
    TAGS = "tags"


Value = str | tuple[str, ...] | None  # an account id for an assignee, None for no assignee


class NewValue(Struct, frozen=True):
    """A field and the value to set it to."""

    field: Field
    value: Value


class Step(Struct, frozen=True):
    """The change of one ticket."""

    ref: str
    old: Value
    new: Value


class TagChange(Struct, frozen=True):
    """Tags to add to the tags of a ticket, or to remove from them."""

    names: tuple[str, ...]
    is_removal: bool

    def apply(self, tags: tuple[str, ...]) -> tuple[str, ...]:
        named, known = ({fold_tag(name) for name in names} for names in (self.names, tags))
        if self.is_removal:
            return tuple(name for name in tags if fold_tag(name) not in named)
        return tags + tuple(name for name in self.names if fold_tag(name) not in known)


class Change(Struct, frozen=True):
    """What changed in one field of some tickets; `path` is the page to show after it is undone."""

    field: Field
    steps: tuple[Step, ...]
    path: str = ""


class MadeChange(Struct, frozen=True):
    """A stored change, which `id` undoes."""

    id: UUID
    change: Change


async def change_field(
    tx: Tx, workspace: WorkspaceId, refs: Sequence[str], new: NewValue, author: Author, now: datetime
) -> Change:
    """Sets a field of all of these tickets or of none. Returns what changed."""
    tickets = await service.lock_tickets(tx, workspace, refs)
    steps = [Step(each.ref, await _value(tx, workspace, each, new.field), new.value) for each in tickets]
    return await _apply(tx, workspace, new.field, steps, author, now)


async def change_tags(
    tx: Tx, workspace: WorkspaceId, refs: Sequence[str], change: TagChange, author: Author, now: datetime
) -> Change:
    """Adds tags to all of these tickets or removes them from all, or from none. Returns what changed."""
    steps: list[Step] = []
    for ticket in await service.lock_tickets(tx, workspace, refs):
        old = await _tags(tx, workspace, ticket)
        steps.append(Step(ticket.ref, old, change.apply(old)))
    return await _apply(tx, workspace, Field.TAGS, steps, author, now)


async def store_change(tx: Tx, workspace: WorkspaceId, account: AccountId, change: Change, now: datetime) -> UUID:
    """Keeps a change for a day, so that its author can undo it. Returns its id."""
    await undo_store.delete_changes(tx, workspace, account, now - UNDO_TIME)
    new = uuid7()
    await undo_store.insert_change(tx, workspace, account, new, msgspec.json.encode(change).decode(), now)
    return new


async def find_change(tx: Tx, workspace: WorkspaceId, account: AccountId, change: UUID) -> MadeChange | None:
    """The account's own change; None where there is none, or where it was undone."""
    stored = await undo_store.find_change(tx, workspace, account, change)
    return None if stored is None or stored.is_undone else MadeChange(stored.id, _decode(stored.change))


async def undo_change(
    tx: Tx, workspace: WorkspaceId, account: AccountId, change: UUID, author: Author, now: datetime
) -> Change:
    """Undoes the account's own change once; NotFound without it. Tickets that were changed again since stay."""
    stored = await undo_store.lock_change(tx, workspace, account, change)
    if stored is None:
        raise NotFound
    undone = _decode(stored.change)
    if not stored.is_undone:
        await undo_store.set_undone(tx, workspace, account, change)
        tickets = {each.ref: each for each in await service.lock_tickets(tx, workspace, [s.ref for s in undone.steps])}
        back = [
            Step(each.ref, each.new, each.old)
            for each in undone.steps
            if _folded(await _value(tx, workspace, tickets[each.ref], undone.field)) == _folded(each.new)
        ]
        await _apply(tx, workspace, undone.field, back, author, now)
    return undone


def _decode(text: str) -> Change:
    return msgspec.json.decode(text, type=Change)


async def _value(tx: Tx, workspace: WorkspaceId, ticket: Ticket, field: Field) -> Value:
    """The present value of a field."""
    match field:
        case Field.STATUS:
            return ticket.status
        case Field.PRIORITY:
            return ticket.priority
        case Field.ASSIGNEE:
            return str(ticket.assignee_id) if ticket.assignee_id else None
        case Field.TAGS:
            return await _tags(tx, workspace, ticket)


def _folded(value: Value) -> object:
    """The value for comparisons: tags have neither case nor order."""
    return {fold_tag(name) for name in value} if isinstance(value, tuple) else value


async def _tags(tx: Tx, workspace: WorkspaceId, ticket: Ticket) -> tuple[str, ...]:
    return tuple(tag.name for tag in await store.list_ticket_tags(tx, workspace, ticket.id))


async def _apply(
    tx: Tx, workspace: WorkspaceId, field: Field, steps: Sequence[Step], author: Author, now: datetime
) -> Change:
    """Makes the steps that change something, on locked tickets, and returns them."""
    changing = [each for each in steps if _folded(each.old) != _folded(each.new)]
    match field:
        case Field.STATUS:
            statuses = {each.ref: Status(str(each.new)) for each in changing}
            await service.set_statuses(tx, workspace, statuses, author, now)
        case Field.ASSIGNEE:
            changing = await _assign(tx, workspace, changing, author, now)
        case Field.PRIORITY:
            for each in changing:
                await service.set_priority(tx, workspace, each.ref, Priority(str(each.new)), author, now)
        case Field.TAGS:
            for each in changing:
                await service.set_tags(tx, workspace, each.ref, each.new or (), author, now)
    return Change(field, tuple(changing))


async def _assign(tx: Tx, workspace: WorkspaceId, steps: Sequence[Step], author: Author, now: datetime) -> list[Step]:
    """Leaves out the tickets of a former member, to whom no ticket can be assigned."""
    done: list[Step] = []
    for value in dict.fromkeys(each.new for each in steps):
        assignee = await assignees.find_assignee(tx, workspace, str(value)) if value else None
        if value is None or assignee:
            group = [each for each in steps if each.new == value]
            await service.assign(tx, workspace, [each.ref for each in group], assignee, author, now)
            done += group
    return done
