"""The settings pages for API keys, the workspace and outgoing email. Parses, calls, shows."""

from typing import Any
from zoneinfo import available_timezones

from litestar import Response, get, post
from litestar.params import FromPath

from voxpop.accounts.models import Member, Role
from voxpop.auth.dependencies import CurrentMember, CurrentWorkspace, PageRequest, Renderer, Submission, Transaction
from voxpop.auth.form_submissions import FormAlreadySent
from voxpop.auth.guards import limit_by_member, members_only
from voxpop.auth.rate_limits import RateLimit
from voxpop.config.settings import Settings
from voxpop.db.pool import Tx
from voxpop.errors import Conflict, FieldError, Invalid
from voxpop.hosts import workspace_url
from voxpop.i18n import N_
from voxpop.types import KeyId, Scope, utcnow
from voxpop.web.forms import read_file, read_form
from voxpop.web.pages import redirect
from voxpop.web.validation import read_id
from voxpop.web.versions import ChangedMeanwhile
from voxpop.workspaces import outgoing_email, service
from voxpop.workspaces.errors import WorkspaceAlreadyExists
from voxpop.workspaces.logos import MAX_LOGO_BYTES, read_logo
from voxpop.workspaces.models import WeekStart, Workspace
from voxpop.workspaces.schemas import KeyForm, ReportsForm, WorkspaceForm
from voxpop.workspaces.widget import service as widget

KEYS, WORKSPACE, EMAIL = "workspaces/keys.html", "workspaces/workspace.html", "workspaces/email.html"
KEY_ALREADY_CREATED = N_(
    "This form was sent twice, and one key was created. It was shown once. If you did not copy it, revoke it and "
    "create another one."
)
MAX_UPLOAD_BYTES = 2**23  # a photo gets an error beside its field; larger files get an error page
NO_MAIL_SERVER = N_("No mail server is set up. Set VOXPOP_SMTP_URL, then try again.")
TOASTS = {
    "created": N_("Publishable key created"),
    "revoked": N_("Key revoked"),
    "rotated": N_("New secret created. The previous one stays valid until you retire it."),
    "retired": N_("Previous secret retired"),
    "saved": N_("Saved"),
    "tested": N_("Test email queued. Reload in a few seconds."),
}
WEEK_STARTS = {WeekStart.MONDAY: N_("Monday"), WeekStart.SATURDAY: N_("Saturday"), WeekStart.SUNDAY: N_("Sunday")}
SCOPE_NAMES = {Scope.INGEST: N_("ingest"), Scope.READ: N_("read"), Scope.MANAGE: N_("manage")}
SCOPE_HINTS = {
    Scope.INGEST: N_("record usage, send events and answers"),
    Scope.READ: N_("read everything"),
    Scope.MANAGE: N_("change everything else"),
}


@get("/settings/keys", opt=members_only(Role.ADMIN, in_demo=False), include_in_schema=False)
async def show_keys(tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    """The API keys in use, the newest first."""
    return render(KEYS, **await _keys_context(tx, member, KeyForm("")))


async def _keys_context(tx: Tx, member: Member, form: KeyForm, created: str | None = None) -> dict[str, Any]:
    workspace = member.workspace_id
    rows = await service.list_keys(tx, workspace)
    return {
        "active": "settings",
        "section": "keys",
        "toasts": TOASTS,
        "rows": [row for row in reversed(rows) if row.revoked_at is None],
        "publishable": await widget.list_publishable_keys(tx, workspace),
        "widget": await widget.get_widget_settings(tx, workspace),
        "scopes": SCOPE_NAMES,
        "scope_hints": SCOPE_HINTS,
        "form": form,
        "created": created,
    }


@post("/settings/keys", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=200)
async def create_key(
    request: PageRequest, tx: Transaction, member: CurrentMember, render: Renderer, submission: Submission
) -> Response[Any]:
    """Creates an API key. Only this response shows it, as only its hash is stored."""
    form = await read_form(request, KeyForm)
    try:
        form.check()
        await submission.require_first(tx)
    except FormAlreadySent:
        error = Conflict(KEY_ALREADY_CREATED)
        raise render.with_errors(KEYS, error, **await _keys_context(tx, member, KeyForm(""))) from None
    except Invalid as error:
        raise render.with_errors(KEYS, error, **await _keys_context(tx, member, form)) from None
    key = await service.create_api_key(tx, member.workspace_id, form.scopes, form.name, utcnow())
    return render(KEYS, **await _keys_context(tx, member, KeyForm(""), created=key))


@post("/settings/keys/{key:str}/revoke", opt=members_only(Role.ADMIN), include_in_schema=False)
async def revoke_key(tx: Transaction, member: CurrentMember, key: FromPath[str]) -> Response[Any]:
    """Revokes an API key."""
    await service.revoke_key(tx, member.workspace_id, KeyId(read_id(key, "key")), utcnow())
    return redirect("/settings/keys?done=revoked")


@get("/settings/workspace", opt=members_only(Role.ADMIN), include_in_schema=False)
async def show_workspace(
    request: PageRequest, tx: Transaction, workspace: CurrentWorkspace, render: Renderer
) -> Response[Any]:
    """The settings of the workspace."""
    return render(WORKSPACE, **await _workspace_context(request, tx, workspace))


async def _workspace_context(
    request: PageRequest,
    tx: Tx,
    workspace: Workspace,
    form: WorkspaceForm | None = None,
    reports: ReportsForm | None = None,
) -> dict[str, Any]:
    """`form`, `reports`: what was entered, if a form is shown again."""
    settings: Settings = request.app.state.settings
    stored = await service.get_report_settings(tx, workspace.id)
    return {
        "active": "settings",
        "section": "workspace",
        "toasts": TOASTS,
        "form": form or WorkspaceForm.of(workspace),
        "reports": reports or ReportsForm.of(stored),
        "week_starts": WEEK_STARTS,
        "max_minimum_answers": service.MAX_MINIMUM_ANSWERS,
        "zones": sorted(available_timezones()),
        "max_logo_kib": MAX_LOGO_BYTES // 1024,
        "address": workspace_url(settings.public_url, workspace.slug),
    }


@post("/settings/workspace", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def change_workspace(
    request: PageRequest, tx: Transaction, workspace: CurrentWorkspace, member: CurrentMember, render: Renderer
) -> Response[Any]:
    """Changes the settings of the workspace."""
    form = await read_form(request, WorkspaceForm)
    stored = await service.lock_workspace(tx, workspace.id)
    try:
        change = form.change()
        if change.differs(stored):
            form.check_version(WorkspaceForm.of(stored))
        await service.change_workspace(tx, workspace.id, change, utcnow(), member.actor().name)
    except (Invalid, ChangedMeanwhile) as error:
        raise render.with_errors(WORKSPACE, error, **await _workspace_context(request, tx, workspace, form)) from None
    except WorkspaceAlreadyExists as error:
        taken = Conflict(error.message, details=[FieldError("name", error.message)])
        raise render.with_errors(WORKSPACE, taken, **await _workspace_context(request, tx, workspace, form)) from None
    return redirect("/settings/workspace?done=saved")


@post("/settings/workspace/dashboards", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def change_reports(
    request: PageRequest, tx: Transaction, workspace: CurrentWorkspace, member: CurrentMember, render: Renderer
) -> Response[Any]:
    """Changes what dashboards show, and to whom."""
    form = await read_form(request, ReportsForm)
    await service.lock_workspace(tx, workspace.id)
    stored = await service.get_report_settings(tx, workspace.id)
    try:
        change = form.change()
        if change.differs(stored):
            form.check_version(ReportsForm.of(stored))
        await service.change_workspace(tx, workspace.id, change, utcnow(), member.actor().name)
    except (Invalid, ChangedMeanwhile) as error:
        context = await _workspace_context(request, tx, workspace, reports=form)
        raise render.with_errors(WORKSPACE, error, **context) from None
    return redirect("/settings/workspace?done=saved")


@post(
    "/settings/workspace/logo",
    opt=members_only(Role.ADMIN),
    request_max_body_size=MAX_UPLOAD_BYTES,
    include_in_schema=False,
    status_code=303,
)
async def upload_logo(
    request: PageRequest, tx: Transaction, workspace: CurrentWorkspace, member: CurrentMember, render: Renderer
) -> Response[Any]:
    """Replaces the logo. Its bytes say what it is, not its name or its media type."""
    try:
        logo = read_logo(await read_file(request, "logo"))
    except Invalid as error:
        raise render.with_errors(WORKSPACE, error, **await _workspace_context(request, tx, workspace)) from None
    await service.set_logo(tx, workspace.id, logo, utcnow(), member.actor().name)
    return redirect("/settings/workspace?done=saved")


@post("/settings/workspace/logo/remove", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def remove_logo(tx: Transaction, workspace: CurrentWorkspace, member: CurrentMember) -> Response[Any]:
    """Removes the logo. A second click changes nothing."""
    await service.remove_logo(tx, workspace.id, utcnow(), member.actor().name)
    return redirect("/settings/workspace?done=saved")


@get("/settings/mail", opt=members_only(Role.OWNER, in_demo=False), include_in_schema=False)
async def show_email(tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    """The latest outgoing emails. For owners only, because unsent emails can hold sign-in links."""
    return render(
        EMAIL,
        active="settings",
        section="email",
        toasts=TOASTS,
        emails=await outgoing_email.list_emails(tx, member.workspace_id),
        last=await outgoing_email.find_last_delivery(tx, member.workspace_id),
    )


@post(
    "/settings/mail/test",
    opt=members_only(Role.OWNER),
    guards=[limit_by_member(RateLimit.TEST_EMAIL)],
    include_in_schema=False,
    status_code=303,
)
async def send_test_email(
    request: PageRequest,
    tx: Transaction,
    workspace: CurrentWorkspace,
    member: CurrentMember,
    render: Renderer,
    submission: Submission,
) -> Response[Any]:
    """Sends a test email to the owner. The page shows its delivery as it shows that of any other email."""
    settings: Settings = request.app.state.settings
    if not settings.sends_email:
        raise Conflict(NO_MAIL_SERVER)

    async def work() -> str:
        await outgoing_email.send_test_email(tx, workspace, member, render.locale, utcnow())
        return "/settings/mail?done=tested"

    return redirect(await submission.run_once(tx, work))


ROUTES = [
    show_keys,
    create_key,
    revoke_key,
    show_workspace,
    change_workspace,
    change_reports,
    upload_logo,
    remove_logo,
    show_email,
    send_test_email,
]
