"""The start page: what the three modules do, a first step for each, and for admins what is set up and what is not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from voxpop.accounts.models import Role
from voxpop.auth.dependencies import CurrentMember, PageRequest, Submission, Transaction
from voxpop.auth.form_submissions import FormAlreadySent
from voxpop.auth.guards import members_only
from voxpop.config.settings import Settings
from voxpop.db.pool import Database, Tx
from voxpop.errors import Conflict
from voxpop.hosts import DEFAULT_LABEL
from voxpop.i18n import N_
from voxpop.types import Scope, WorkspaceId, utcnow
from voxpop.web.openapi.sections import ApiSection
from voxpop.web.pages import ANONYMOUS_LAYOUT, SHOWS_MEMBER
from voxpop.web.rendering import PageRenderer
from voxpop.workspaces import outgoing_email, service
from voxpop.workspaces.outgoing_email import Email
from voxpop.workspaces.settings_pages import KEY_ALREADY_CREATED

START = "workspaces/start.html"
KEY_NAME = "start page"


class Step(Struct, frozen=True):
    """A module: what it does, its commands in the template `_step_<name>.txt`, and its page of the guide."""

    name: str
    title: str
    text: str
    guide: str


STEPS = (
    Step(
        "features",
        N_("Product features"),
        N_(
            "Tell Voxpop each time a customer uses a feature. Its response says when to ask that customer for a rating."
        ),
        "/guide/contract",
    ),
    Step(
        "tickets",
        N_("Support tickets"),
        N_("Answer customers in a shared inbox. When a ticket is resolved, its customer gives one to five stars."),
        "/guide/tickets",
    ),
    Step(
        "campaigns",
        N_("Campaigns"),
        N_("After an event, for example a completed order, ask the customer with an NPS, CSAT or CES survey."),
        "/guide/events",
    ),
)


class Setup(Struct, frozen=True):
    """What is set up: the keys in use, when one was used last, and the email that was tried last."""

    key_count: int
    key_used_at: datetime | None
    last_delivery: Email | None


def routes(sections: Sequence[ApiSection] = ()) -> list[HTTPRouteHandler]:
    """The start page, which links to the API documentation, and its form."""

    @get("/", opt=SHOWS_MEMBER, include_in_schema=False)
    async def start(request: PageRequest) -> Response[Any]:
        member = _layout(request)["member"]
        if member is None or member.is_read_only or not member.may(Role.ADMIN):
            return _renderer(request)(START, **_context(request, sections))
        database: Database = request.app.state.database
        async with database.transaction(member.workspace_id) as tx:
            setup = await _load_setup(tx, member.workspace_id)
        return _renderer(request)(START, **(_context(request, sections) | {"setup": setup}))

    @post("/start/key", opt=members_only(Role.ADMIN, in_demo=False), include_in_schema=False, status_code=200)
    async def create_key(
        request: PageRequest, tx: Transaction, member: CurrentMember, submission: Submission
    ) -> Response[Any]:
        """Creates a key with every scope. Only this response shows it, in the commands."""
        context = _context(request, sections)
        try:
            await submission.require_first(tx)
        except FormAlreadySent:
            context["setup"] = await _load_setup(tx, member.workspace_id)
            raise _renderer(request).with_errors(START, Conflict(KEY_ALREADY_CREATED), **context) from None
        context["key"] = await service.create_api_key(tx, member.workspace_id, Scope, KEY_NAME, utcnow())
        context["setup"] = await _load_setup(tx, member.workspace_id)
        return _renderer(request)(START, **context)

    return [start, create_key]


def _renderer(request: PageRequest) -> PageRenderer:
    return PageRenderer(request, **_layout(request))


def _layout(request: PageRequest) -> dict[str, Any]:
    """Without the database or at an unknown host there is no identity, and the page is shown all the same."""
    return {"sends_email": False, **request.scope["state"].get("layout_context", ANONYMOUS_LAYOUT)}


def _context(request: PageRequest, sections: Sequence[ApiSection]) -> dict[str, Any]:
    settings: Settings = request.app.state.settings
    workspace, member = (_layout(request)[name] for name in ("workspace", "member"))
    return {
        "url": settings.public_url,
        "slug": workspace.slug if workspace else DEFAULT_LABEL,
        "sections": sections,
        "steps": STEPS,
        "kafka": settings.kafka_bootstrap,
        "can_explore": bool(settings.demo and workspace and workspace.has_demo_data and not member),
        "key": None,
        "setup": None,
    }


async def _load_setup(tx: Tx, workspace: WorkspaceId) -> Setup:
    keys = [row for row in await service.list_keys(tx, workspace) if row.revoked_at is None]
    used = [row.last_used_at for row in keys if row.last_used_at]
    return Setup(len(keys), max(used, default=None), await outgoing_email.find_last_delivery(tx, workspace))
