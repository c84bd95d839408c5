"""What agents' open pages ask again and again: which tickets have changed."""

from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.types import WorkspaceId


class ChangedTicket(Struct, frozen=True):
    ref: str
    updated_at: datetime


CHANGED_TICKETS = Query(
    """
    SELECT ref, updated_at FROM ticket WHERE workspace_id = $1 AND updated_at > $2
    ORDER BY updated_at DESC, id DESC LIMIT $3
    """,
    ChangedTicket,
)


async def list_changed_tickets(tx: Tx, workspace: WorkspaceId, since: datetime, most: int) -> list[ChangedTicket]:
    """The latest first."""
    return await CHANGED_TICKETS.all(tx, workspace, since, most)
