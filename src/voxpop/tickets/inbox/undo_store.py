"""Statements on changes that their author can undo."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import AccountId, WorkspaceId


class StoredChange(Struct, frozen=True):
    """A change as JSON, and whether it was undone."""

    id: UUID
    change: str
    is_undone: bool


NEW_CHANGE = Query(
    """
    INSERT INTO ticket_undo (workspace_id, id, account_id, change, is_undone, create_time)
    VALUES (:workspace, :id, :account, :change, false, :now)
    """,
    NoRows,
)
CHANGE = Query(
    """
    SELECT id, change, is_undone FROM ticket_undo
    WHERE workspace_id = :workspace AND account_id = :account AND id = :id
    """,
    StoredChange,
)
LOCKED_CHANGE = Query(
    """
    SELECT id, change, is_undone FROM ticket_undo
    WHERE workspace_id = :workspace AND account_id = :account AND id = :id FOR UPDATE
    """,
    StoredChange,
)
UNDONE_CHANGE = Query(
    "UPDATE ticket_undo SET is_undone = true WHERE workspace_id = :workspace AND account_id = :account AND id = :id",
    NoRows,
)
OLD_CHANGES = Query(
    "DELETE FROM ticket_undo WHERE workspace_id = :workspace AND account_id = :account AND create_time < :before",
    NoRows,
)


async def insert_change(
    tx: Tx, workspace: WorkspaceId, account: AccountId, change: UUID, text: str, now: datetime
) -> None:
    await NEW_CHANGE.run(tx, workspace=workspace, account=account, id=change, change=text, now=now)


async def find_change(tx: Tx, workspace: WorkspaceId, account: AccountId, change: UUID) -> StoredChange | None:
    """The account's own change."""
    return await CHANGE.find(tx, workspace=workspace, account=account, id=change)


async def lock_change(tx: Tx, workspace: WorkspaceId, account: AccountId, change: UUID) -> StoredChange | None:
    """The account's own change, locked until the transaction ends."""
    return await LOCKED_CHANGE.find(tx, workspace=workspace, account=account, id=change)


async def set_undone(tx: Tx, workspace: WorkspaceId, account: AccountId, change: UUID) -> None:
    await UNDONE_CHANGE.run(tx, workspace=workspace, account=account, id=change)


async def delete_changes(tx: Tx, workspace: WorkspaceId, account: AccountId, before: datetime) -> None:
    """Deletes the account's changes from before a time."""
    await OLD_CHANGES.run(tx, workspace=workspace, account=account, before=before)
