"""What agents' open pages ask again and again: which tickets have changed."""

from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.types import WorkspaceId


class Changed(Struct, frozen=True):
    ref: str
    updated_at: datetime


CHANGES = Query(
    """
    SELECT ref, updated_at FROM ticket WHERE workspace_id = $1 AND updated_at > $2
    ORDER BY updated_at DESC, id DESC LIMIT $3
    """,
    Changed,
)


async def list_changes(tx: Tx, workspace: WorkspaceId, since: datetime, most: int) -> list[Changed]:
    """The latest first."""
    return await CHANGES.all(tx, workspace, since, most)
