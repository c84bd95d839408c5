"""What the sidebar of every member page shows: the number of open tickets, and the member's start page."""

from collections.abc import Mapping
from typing import Any

from voxpop.accounts import members
from voxpop.accounts.models import Member
from voxpop.db.pool import Database
from voxpop.tickets.inbox import store
from voxpop.tickets.lists.service import COUNT_LIMIT


async def load_sidebar(database: Database, member: Member) -> Mapping[str, Any]:
    """The number of unresolved tickets, and the page to which the name of the workspace leads."""
    workspace = member.workspace_id
    async with database.transaction(workspace) as tx:
        return {
            "open_count": await store.count_unresolved(tx, workspace, COUNT_LIMIT),
            "start_path": await members.get_start_path(tx, workspace, member.account_id),
        }
