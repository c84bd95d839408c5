"""The settings page "Install": the lines for a page, whether they work, a preview, and how to sign users."""

from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromQuery

from voxpop.accounts.models import Role
from voxpop.auth.dependencies import CurrentActor, CurrentWorkspace, PageRequest, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.config.settings import Settings
from voxpop.features import catalogue
from voxpop.features.models import FeaturePath
from voxpop.hosts import workspace_url
from voxpop.surveys import survey_types
from voxpop.web.widget_files import part_name
from voxpop.widget.schemas import QuestionOut
from voxpop.workspaces.widget import service as widget_settings

INSTALL = "widget/install.html"
EXAMPLE = FeaturePath("shop", "search")  # until the workspace has a feature


@get("/settings/install", opt=members_only(Role.ADMIN), include_in_schema=False)
async def show_install(
    request: PageRequest,
    tx: Transaction,
    actor: CurrentActor,
    workspace: CurrentWorkspace,
    render: Renderer,
    key: FromQuery[str] = "",
) -> Response[Any]:
    """For one key, the newest by default. A publishable key is no secret, so the visitor of a demo sees it too."""
    settings: Settings = request.app.state.settings
    keys = await widget_settings.list_publishable_keys(tx, workspace.id)
    types = await survey_types.list_survey_types(tx, actor)
    features = await catalogue.list_features_with_use(tx, actor)
    return render(
        INSTALL,
        active="settings",
        section="install",
        keys=keys,
        chosen=next((each for each in keys if str(each.id) == key), keys[0] if keys else None),
        has_signatures=(await widget_settings.get_widget_settings(tx, workspace.id)).signature_required,
        url=workspace_url(settings.public_url, workspace.slug),
        example=features[0].path if features else EXAMPLE,
        parts={part: f"/widget/{part_name(part)}" for part in ("core", "survey")},
        previews={
            each.code: msgspec.json.encode(QuestionOut.of(each.code, each, render.locale)).decode() for each in types
        },
    )


ROUTES = [show_install]
