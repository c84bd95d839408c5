"""Statements on saved views."""

from datetime import datetime
from uuid import UUID

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.tickets.lists.models import SavedView
from voxpop.types import AccountId, WorkspaceId

VIEWS = Query(
    """
    SELECT id, account_id, name, query FROM saved_view
    WHERE workspace_id = $1 AND (account_id = $2 OR account_id IS NULL) ORDER BY account_id IS NULL, create_time, id
    """,
    SavedView,
)

NEW_VIEW = Query(
    """
    INSERT INTO saved_view (workspace_id, id, account_id, name, query, create_time, create_user)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id, account_id, name, query
    """,
    SavedView,
)

DELETED_VIEW = Query(
    "DELETE FROM saved_view WHERE workspace_id = $1 AND id = $2 AND (account_id = $3 OR account_id IS NULL)", NoRows
)


async def list_views(tx: Tx, workspace: WorkspaceId, account: AccountId) -> list[SavedView]:
    """The account's own first, then the shared ones, in the order they were saved."""
    return await VIEWS.all(tx, workspace, account)


async def insert_view(tx: Tx, workspace: WorkspaceId, view: SavedView, by: tuple[datetime, str]) -> SavedView:
    """`by`: when and who."""
    return await NEW_VIEW.one(tx, workspace, view.id, view.account_id, view.name, view.query, *by)


async def delete_view(tx: Tx, workspace: WorkspaceId, view: UUID, account: AccountId) -> bool:
    """False where neither the account nor the workspace has it."""
    return await DELETED_VIEW.run(tx, workspace, view, account) == 1
