"""The API of the key's workspace. Parses, calls, shapes."""

from litestar import get, patch
from litestar.params import JSONBody

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.types import Scope, utcnow
from voxpop.workspaces import service
from voxpop.workspaces.errors import WorkspaceAlreadyExists
from voxpop.workspaces.schemas import WorkspaceOut, WorkspacePatchBody

TAG = ["Workspace"]


@get(
    "/api/v1/workspace",
    opt=requires_scope(Scope.MANAGE),
    tags=TAG,
    summary="The key's workspace",
    description="Its name and settings.",
)
async def show_workspace(tx: Transaction, actor: CurrentActor) -> WorkspaceOut:
    workspace = await service.get_workspace(tx, actor.workspace)
    return WorkspaceOut.of(workspace, await service.get_report_settings(tx, actor.workspace))


@patch(
    "/api/v1/workspace",
    opt=requires_scope(Scope.MANAGE) | {"errors": (WorkspaceAlreadyExists,)},
    tags=TAG,
    summary="Change the key's workspace",
    description="A new time zone affects future days only.",
)
async def change_workspace(tx: Transaction, actor: CurrentActor, data: JSONBody[WorkspacePatchBody]) -> WorkspaceOut:
    changed = await service.change_workspace(tx, actor.workspace, data.change(), utcnow(), actor.name)
    return WorkspaceOut.of(changed, await service.get_report_settings(tx, actor.workspace))


ROUTES = [show_workspace, change_workspace]
