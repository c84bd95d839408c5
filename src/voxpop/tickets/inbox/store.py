"""The statement that live updates of open inbox pages repeat: which tickets have changed."""

from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.types import WorkspaceId


class ChangedTicket(Struct, frozen=True):
    """A ticket that changed, and when it last did."""

    ref: str
    updated_at: datetime


CHANGED_TICKETS = Query(
    """
    SELECT ref, updated_at FROM ticket WHERE workspace_id = :workspace AND updated_at > :since
    ORDER BY updated_at DESC, id DESC LIMIT :limit
    """,
    ChangedTicket,
)


async def list_changed_tickets(tx: Tx, workspace: WorkspaceId, since: datetime, limit: int) -> list[ChangedTicket]:
    """The tickets that changed after a time, the latest first."""
    return await CHANGED_TICKETS.all(tx, workspace=workspace, since=since, limit=limit)
