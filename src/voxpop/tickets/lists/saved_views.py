"""Saved views: lists of the inbox under a name, an agent's own or shared with his workspace."""

from datetime import datetime
from uuid import UUID

from voxpop.db.pool import Tx
from voxpop.errors import Invalid, NotFound
from voxpop.i18n import N_
from voxpop.tickets.lists import saved_views_store as store
from voxpop.tickets.lists.models import SavedView
from voxpop.types import AccountId, WorkspaceId, uuid7

MAX_VIEWS = 30
MAX_VIEW_QUERY = 2000
TOO_MANY_VIEWS = N_("There are 30 views already. Delete one first.")
VIEW_TOO_LONG = N_("This view has too many criteria to be saved.")
NO_ACCOUNT = AccountId(UUID(int=0))


async def list_views(tx: Tx, workspace: WorkspaceId, account: AccountId) -> list[SavedView]:
    """The account's own first, then the shared ones, in the order they were saved."""
    return await store.list_views(tx, workspace, account)


async def save_view(
    tx: Tx, workspace: WorkspaceId, view: tuple[str, str], owner: AccountId | None, user: str, now: datetime
) -> SavedView:
    """`view`: name and query string; no owner: shared. ViewAlreadyExists where the owner has a view of that name.

    Invalid for one too many, as each is counted whenever the inbox is shown, and for a query that is too long.
    """
    owned = [each for each in await list_views(tx, workspace, owner or NO_ACCOUNT) if each.account_id == owner]
    if len(owned) >= MAX_VIEWS:
        raise Invalid(TOO_MANY_VIEWS)
    if len(view[1]) > MAX_VIEW_QUERY:
        raise Invalid(VIEW_TOO_LONG)
    return await store.insert_view(tx, workspace, SavedView(uuid7(), owner, *view), (now, user))


async def delete_view(tx: Tx, workspace: WorkspaceId, view: UUID, account: AccountId) -> None:
    """His own, or a shared one, which anybody may tidy away; NotFound for another's."""
    if not await store.delete_view(tx, workspace, view, account):
        raise NotFound.of("View", view)
