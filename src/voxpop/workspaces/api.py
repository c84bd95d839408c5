"""The API of the key's workspace. Parses, calls, shapes."""

from typing import Any

from litestar import Request, get, patch
from litestar.datastructures import State
from litestar.params import JSONBody

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.config.settings import Settings
from voxpop.db.pool import Tx
from voxpop.hosts import workspace_url
from voxpop.types import Scope, utcnow
from voxpop.workspaces import service
from voxpop.workspaces.errors import WorkspaceAlreadyExists
from voxpop.workspaces.models import Workspace
from voxpop.workspaces.schemas import WorkspaceOut, WorkspacePatchBody
from voxpop.workspaces.widget import service as widget

TAG = ["Workspace"]
ApiRequest = Request[Any, Any, State]


@get(
    "/api/v1/workspace",
    opt=requires_scope(Scope.MANAGE),
    tags=TAG,
    summary="The key's workspace",
    description="Its name and settings.",
)
async def show_workspace(request: ApiRequest, tx: Transaction, actor: CurrentActor) -> WorkspaceOut:
    return await _shape(request, tx, await service.get_workspace(tx, actor.workspace))


@patch(
    "/api/v1/workspace",
    opt=requires_scope(Scope.MANAGE) | {"errors": (WorkspaceAlreadyExists,)},
    tags=TAG,
    summary="Change the key's workspace",
    description="A new time zone affects future days only. `null` removes the accent.",
)
async def change_workspace(
    request: ApiRequest, tx: Transaction, actor: CurrentActor, data: JSONBody[WorkspacePatchBody]
) -> WorkspaceOut:
    return await _shape(
        request, tx, await service.change_workspace(tx, actor.workspace, data.change(), utcnow(), actor.name)
    )


async def _shape(request: ApiRequest, tx: Tx, workspace: Workspace) -> WorkspaceOut:
    settings: Settings = request.app.state.settings
    reports = await service.get_report_settings(tx, workspace.id)
    widget_settings = await widget.get_widget_settings(tx, workspace.id)
    return WorkspaceOut.of(workspace, reports, widget_settings, workspace_url(settings.public_url, workspace.slug))


ROUTES = [show_workspace, change_workspace]
