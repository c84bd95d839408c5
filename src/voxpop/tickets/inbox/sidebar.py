"""The figures about tickets in the sidebar of every member page."""

from collections.abc import Mapping
from typing import Any

from voxpop.db.pool import Database
from voxpop.tickets.inbox import store
from voxpop.tickets.lists.service import COUNT_LIMIT
from voxpop.types import WorkspaceId


async def load_sidebar(database: Database, workspace: WorkspaceId) -> Mapping[str, Any]:
    """The number of unresolved tickets, beside the link to the inbox."""
    async with database.transaction(workspace) as tx:
        return {"open_count": await store.count_unresolved(tx, workspace, COUNT_LIMIT)}
