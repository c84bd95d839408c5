"""Statements on saved views."""

from uuid import UUID

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.tickets.lists.models import SavedView
from voxpop.types import AccountId, Audit, WorkspaceId

VIEWS = Query(
    """
    SELECT id, account_id, name, query FROM saved_view
    WHERE workspace_id = :workspace AND (account_id = :account OR account_id IS NULL)
    ORDER BY account_id IS NULL, create_time, id
    """,
    SavedView,
)

NEW_VIEW = Query(
    """
    INSERT INTO saved_view (workspace_id, id, account_id, name, query, create_time, create_user)
    VALUES (:workspace, :id, :account_id, :name, :query, :at, :by) RETURNING id, account_id, name, query
    """,
    SavedView,
    values=SavedView,
)

DELETED_VIEW = Query(
    """
    DELETE FROM saved_view
    WHERE workspace_id = :workspace AND id = :view AND (account_id = :account OR account_id IS NULL)
    """,
    NoRows,
)


async def list_views(tx: Tx, workspace: WorkspaceId, account: AccountId | None) -> list[SavedView]:
    """The account's own views, then the shared ones, in the order in which they were saved."""
    return await VIEWS.all(tx, workspace=workspace, account=account)


async def insert_view(tx: Tx, workspace: WorkspaceId, view: SavedView, audit: Audit) -> SavedView:
    """Stores a new view."""
    return await NEW_VIEW.one(tx, view, audit, workspace=workspace)


async def delete_view(tx: Tx, workspace: WorkspaceId, view: UUID, account: AccountId) -> bool:
    """Deletes the account's own view or a shared one; False where there is none."""
    return await DELETED_VIEW.run(tx, workspace=workspace, view=view, account=account) == 1
