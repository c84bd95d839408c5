"""The workspace of the key. Parses, calls, shapes."""

from litestar import get, patch
from litestar.params import JSONBody

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.types import Scope, utcnow
from voxpop.workspaces import service
from voxpop.workspaces.errors import WorkspaceAlreadyExists
from voxpop.workspaces.models import SomeWorkspaceChange, WorkspaceOut

TAG = ["Workspace"]


@get("/api/v1/workspace", opt=requires_scope(Scope.MANAGE), tags=TAG, summary="The key's workspace")
async def show_workspace(tx: Transaction, actor: CurrentActor) -> WorkspaceOut:
    """Its name and settings."""
    return WorkspaceOut.of(await service.get_workspace(tx, actor.workspace))


@patch(
    "/api/v1/workspace",
    opt=requires_scope(Scope.MANAGE) | {"errors": (WorkspaceAlreadyExists,)},
    tags=TAG,
    summary="Change the key's workspace",
)
async def change_workspace(tx: Transaction, actor: CurrentActor, data: JSONBody[SomeWorkspaceChange]) -> WorkspaceOut:
    """A change of zone touches later days only."""
    return WorkspaceOut.of(await service.change_workspace(tx, actor.workspace, data, utcnow(), actor.name))


ROUTES = [show_workspace, change_workspace]
