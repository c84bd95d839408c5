"""Finds the member that a ticket is assigned to, by account id or by email address."""

from voxpop.accounts import members
from voxpop.db.pool import Tx
from voxpop.email_addresses import normalize_email
from voxpop.errors import Invalid
from voxpop.tickets.lists.filters import NO_ASSIGNEE
from voxpop.tickets.models import Assignee
from voxpop.types import MAX_EMAIL, WorkspaceId


async def find_assignee(tx: Tx, workspace: WorkspaceId, id_or_email: str) -> Assignee | None:
    """None where the workspace has no such member. Case does not matter."""
    if len(id_or_email) > MAX_EMAIL:
        return None
    account, email = id_or_email.strip().lower(), normalize_email(id_or_email)
    for member in await members.list_members(tx, workspace):
        if str(member.account_id) == account or normalize_email(member.email) == email:
            return Assignee(member.account_id, member.name)
    return None


async def get_assignee(tx: Tx, workspace: WorkspaceId, id_or_email: str, *, field: str = "assignee") -> Assignee:
    """Invalid, naming the field of the body, where the workspace has no such member."""
    assignee = await find_assignee(tx, workspace, id_or_email)
    if assignee is None:
        raise Invalid.of("body", field, "must be the id or the address of a member of the workspace")
    return assignee


async def parse_assignee(tx: Tx, workspace: WorkspaceId, value: str) -> Assignee | None:
    """The member that a form names; None for the option that unassigns a ticket."""
    return None if value == NO_ASSIGNEE else await get_assignee(tx, workspace, value)
