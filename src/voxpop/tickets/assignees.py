"""Who may be given a ticket: members of the workspace, named by their account's id or their address."""

from voxpop.accounts import members
from voxpop.accounts.models import MemberRow
from voxpop.db.pool import Tx
from voxpop.errors import FieldError, Invalid
from voxpop.types import AccountId, WorkspaceId, folded


async def find_assignee(tx: Tx, workspace: WorkspaceId, named: str) -> MemberRow | None:
    """The member with that id or address, whatever its case; None where there is none."""
    for member in await members.list_members(tx, workspace):
        if str(member.account_id) == named.strip().lower() or folded(member.email) == folded(named):
            return member
    return None


async def get_assignee(tx: Tx, workspace: WorkspaceId, named: str, *, field: str = "assignee") -> tuple[AccountId, str]:
    """His id and name; Invalid, naming the field of the body, where there is none."""
    member = await find_assignee(tx, workspace, named)
    if member is None:
        reason = "must be the id or the address of a member of the workspace"
        raise Invalid(f"body/{field} {reason}", details=[FieldError(field, reason)])
    return member.account_id, member.name
