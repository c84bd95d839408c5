"""Several changes of one ticket in one request."""

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from voxpop.db.pool import Tx
from voxpop.errors import Invalid
from voxpop.tickets import assignees, service
from voxpop.tickets.models import Author, Priority, Status
from voxpop.types import WorkspaceId


class TicketChanges(Struct, frozen=True):
    """The fields to change. `assignee` is an account id or an address; None unassigns the ticket."""

    status: Status | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    assignee: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET


async def change_ticket(
    tx: Tx, workspace: WorkspaceId, ref: str, changes: TicketChanges, author: Author, now: datetime
) -> None:
    """Makes all changes or none; Invalid for an empty one. The status comes last, because it updates counts."""
    if changes == TicketChanges():
        raise Invalid("body must have status, priority, assignee or tags")
    await service.lock_ticket(tx, workspace, ref)
    if changes.assignee is not UNSET:
        member = changes.assignee
        assignee = None if member is None else await assignees.get_assignee(tx, workspace, member)
        await service.assign(tx, workspace, [ref], assignee, author, now)
    if changes.priority is not UNSET:
        await service.set_priority(tx, workspace, ref, changes.priority, author, now)
    if changes.tags is not UNSET:
        await service.set_tags(tx, workspace, ref, changes.tags, author, now)
    if changes.status is not UNSET:
        await service.set_status(tx, workspace, [ref], changes.status, author, now)
