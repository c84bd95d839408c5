"""Saved views: named lists of the inbox, a member's own or shared with the workspace."""

from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.errors import Invalid, NotFound
from voxpop.i18n import N_
from voxpop.tickets.errors import ViewAlreadyExists
from voxpop.tickets.limits import MAX_VIEW_QUERY, MAX_VIEWS
from voxpop.tickets.lists import saved_views_store as store
from voxpop.tickets.lists.models import SavedView
from voxpop.types import AccountId, Audit, WorkspaceId, uuid7

TOO_MANY_VIEWS = N_("There are {limit} views already. Delete one first.", limit=MAX_VIEWS)
VIEW_TOO_LONG = N_("This view has too many filters to be saved.")


class NewView(Struct, frozen=True):
    """A view to save. It is shared where it has no owner; `query` is the query string of its address."""

    name: str
    query: str
    owner: AccountId | None


async def list_views(tx: Tx, workspace: WorkspaceId, account: AccountId | None) -> list[SavedView]:
    """The account's own views, then the shared ones, in the order in which they were saved."""
    return await store.list_views(tx, workspace, account)


async def save_view(tx: Tx, workspace: WorkspaceId, new: NewView, audit: Audit) -> SavedView:
    """Saves a view. ViewAlreadyExists for a name in use; Invalid for one view too many and for a long query."""
    others = [each for each in await list_views(tx, workspace, new.owner) if each.account_id == new.owner]
    if new.name in [each.name for each in others]:
        raise ViewAlreadyExists
    if len(others) >= MAX_VIEWS:
        raise Invalid(TOO_MANY_VIEWS)
    if len(new.query) > MAX_VIEW_QUERY:
        raise Invalid(VIEW_TOO_LONG)
    return await store.insert_view(tx, workspace, SavedView(uuid7(), new.owner, new.name, new.query), audit)


async def delete_view(tx: Tx, workspace: WorkspaceId, view: UUID, account: AccountId) -> None:
    """Deletes the account's own view or a shared one; NotFound for the view of another member."""
    if not await store.delete_view(tx, workspace, view, account):
        raise NotFound.of("View", view)
