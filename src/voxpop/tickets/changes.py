"""Several changes of a ticket in one request, each done as if alone."""

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from voxpop.db.pool import Tx
from voxpop.tickets import assignees, service
from voxpop.tickets.models import Author, Priority, Status
from voxpop.types import WorkspaceId


class Change(Struct, frozen=True):
    """What to change of a ticket; null takes the assignee away."""

    status: Status | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    assignee: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET


async def change(tx: Tx, workspace: WorkspaceId, ref: str, wanted: Change, author: Author, now: datetime) -> None:
    """All or nothing. The status is last, since it is what touches counts."""
    await service.get_locked(tx, workspace, ref)
    if wanted.assignee is not UNSET:
        named = wanted.assignee
        assignee = None if named is None else await assignees.get_assignee(tx, workspace, named)
        await service.assign(tx, workspace, [ref], assignee, author, now)
    if wanted.priority is not UNSET:
        await service.set_priority(tx, workspace, ref, wanted.priority, author, now)
    if wanted.tags is not UNSET:
        await service.set_tags(tx, workspace, ref, wanted.tags, author, now)
    if wanted.status is not UNSET:
        await service.set_status(tx, workspace, [ref], wanted.status, author, now)
