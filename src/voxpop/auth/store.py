"""Statements on rate limits."""

from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import WorkspaceId


class Window(Struct):
    """The attempts counted since the window began."""

    began_at: datetime
    count: int


# Adds one attempt to the current window, or begins a new window when the old one is over.
COUNTED_ATTEMPT = Query(
    """
    INSERT INTO rate_limit AS t (workspace_id, name, subject, began_at, count)
    VALUES (:workspace, :name, :subject, :now, 1)
    ON CONFLICT (workspace_id, name, subject) DO UPDATE SET
        count = CASE WHEN t.began_at <= :expired_before THEN 1 ELSE t.count + 1 END,
        began_at = CASE WHEN t.began_at <= :expired_before THEN excluded.began_at ELSE t.began_at END
    RETURNING began_at, count
    """,
    Window,
)
OLD_WINDOWS = Query("DELETE FROM rate_limit WHERE began_at < :before", NoRows, system=True)


async def record_attempt(
    tx: Tx, workspace: WorkspaceId, name: str, subject: str, now: datetime, expired_before: datetime
) -> Window:
    """Counts one attempt. A window that began at `expired_before` or earlier is over."""
    return await COUNTED_ATTEMPT.one(
        tx, workspace=workspace, name=name, subject=subject, now=now, expired_before=expired_before
    )


async def delete_old_windows(tx: Tx, before: datetime) -> None:
    """Deletes the windows of every workspace that began before that time."""
    await OLD_WINDOWS.run(tx, before=before)
