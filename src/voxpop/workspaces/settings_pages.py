"""The settings' pages: members, keys, the workspace, outgoing mail, one's own profile and sessions."""

from typing import Annotated, Any
from zoneinfo import available_timezones

from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from voxpop import mail, outbox
from voxpop.accounts import invitations, members, sessions
from voxpop.accounts.invitations import ROLE_NAMES, Invitee
from voxpop.accounts.models import Member, Role
from voxpop.accounts.pages import Short, check_email
from voxpop.accounts.passwords import MAX_PASSWORD
from voxpop.auth.dependencies import CurrentMember, CurrentWorkspace, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.auth.rate_limits import RateLimit, record_attempt
from voxpop.config.settings import Settings
from voxpop.db.pool import Database, Tx
from voxpop.errors import AppError, FieldError, Invalid
from voxpop.hosts import address_of
from voxpop.i18n import N_
from voxpop.types import AccountId, KeyId, Scope, utcnow
from voxpop.web.forms import read_form
from voxpop.web.pages import redirect
from voxpop.web.rendering import PageRenderer
from voxpop.web.validation import read_id
from voxpop.workspaces import service
from voxpop.workspaces.models import Workspace, WorkspaceChange

Asked = Request[Any, Any, Any]
Name = Annotated[str, Meta(max_length=200)]
Secret = Annotated[str, Meta(max_length=MAX_PASSWORD)]

MOST_MAIL = 100
NO_NAME = N_("Give it a name.")
NO_SCOPE = N_("Choose at least one.")
NO_ZONE = N_("There is no such time zone. Try one like Europe/Berlin.")
NO_DAYS = N_("A whole number of days, 0 to 3650.")
TOASTS = {
    "welcome": N_("Welcome. Check your name, and choose a password if you like."),
    "invited": N_("Invitation sent"),
    "withdrawn": N_("Invitation withdrawn"),
    "role": N_("Role changed"),
    "removed": N_("Member removed"),
    "revoked": N_("Key revoked"),
    "saved": N_("Saved"),
    "password": N_("Password changed. You are signed out everywhere else."),
    "ended": N_("Session ended"),
}


class InviteForm(Struct):
    email: Short
    role: Role
    name: Name = ""


class RoleForm(Struct):
    role: Role


class KeyForm(Struct):
    name: Name
    scopes: list[Scope] = []


class WorkspaceForm(Struct):
    name: Name
    time_zone: Name
    cool_down_days: Annotated[str, Meta(max_length=10)]
    portal: str = ""
    csat: str = ""


class ProfileForm(Struct):
    name: Name


class PasswordForm(Struct):
    new: Secret
    current: Secret = ""


@get("/settings", opt=members_only(), include_in_schema=False)
async def show_members(tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    """Agents have settings of their own only."""
    if not member.may(Role.ADMIN):
        return redirect("/settings/profile")
    return render("workspaces/members.html", **await _members(tx, member))


async def _members(tx: Tx, member: Member, form: InviteForm | None = None) -> dict[str, Any]:
    return {
        "active": "settings",
        "section": "members",
        "toasts": TOASTS,
        "rows": await members.list_members(tx, member.workspace_id),
        "invited": await invitations.list_invitations(tx, member.workspace_id, utcnow()),
        "roles": ROLE_NAMES,
        "mine": [role for role in Role if member.may(role)],
        "form": form or InviteForm("", Role.AGENT),
    }


@post("/settings/invitations", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def invite(request: Asked, workspace: CurrentWorkspace, member: CurrentMember, render: Renderer) -> Response[Any]:
    form = await read_form(request, InviteForm)
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    await record_attempt(database, workspace.id, RateLimit.INVITE, str(member.account_id))
    async with database.transaction(workspace.id) as tx:
        try:
            invitee = Invitee(check_email(form.email), form.name.strip() or None, form.role)
            await invitations.invite(tx, workspace, member, invitee, render.locale, utcnow(), settings.public_url)
        except Invalid as fault:
            raise render.with_errors("workspaces/members.html", fault, **await _members(tx, member, form)) from None
    return redirect("/settings?done=invited")


@post("/settings/invitations/{invitation:str}/withdraw", opt=members_only(Role.ADMIN), include_in_schema=False)
async def withdraw(tx: Transaction, member: CurrentMember, invitation: FromPath[str]) -> Response[Any]:
    await invitations.withdraw(tx, member, read_id(invitation, "invitation"), utcnow())
    return redirect("/settings?done=withdrawn")


@post("/settings/members/{account:str}/role", opt=members_only(Role.ADMIN), include_in_schema=False)
async def change_role(
    request: Asked, tx: Transaction, member: CurrentMember, render: Renderer, account: FromPath[str]
) -> Response[Any]:
    form = await read_form(request, RoleForm)
    try:
        await members.change_role(tx, member, AccountId(read_id(account, "account")), form.role, utcnow())
    except AppError as fault:
        raise render.with_errors("workspaces/members.html", fault, **await _members(tx, member)) from None
    return redirect("/settings?done=role")


@post("/settings/members/{account:str}/remove", opt=members_only(Role.ADMIN), include_in_schema=False)
async def remove_member(
    tx: Transaction, member: CurrentMember, render: Renderer, account: FromPath[str]
) -> Response[Any]:
    try:
        await members.remove_member(tx, member, AccountId(read_id(account, "account")), utcnow())
    except AppError as fault:
        raise render.with_errors("workspaces/members.html", fault, **await _members(tx, member)) from None
    return redirect("/settings?done=removed")


@get("/settings/keys", opt=members_only(Role.ADMIN), include_in_schema=False)
async def show_keys(tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    return render("workspaces/keys.html", **await _keys(tx, member))


async def _keys(tx: Tx, member: Member, form: KeyForm | None = None, made: str | None = None) -> dict[str, Any]:
    rows = await service.list_keys(tx, member.workspace_id)
    return {
        "active": "settings",
        "section": "keys",
        "toasts": TOASTS,
        "rows": [row for row in reversed(rows) if row.revoked_at is None],
        "scopes": list(Scope),
        "form": form or KeyForm(""),
        "made": made,
    }


@post("/settings/keys", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=200)
async def make_key(request: Asked, tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    """Shows the key in its answer and nowhere else, as only its hash is kept."""
    form = await read_form(request, KeyForm)
    faults = [] if form.name.strip() else [FieldError("name", NO_NAME)]
    faults += [] if form.scopes else [FieldError("scopes", NO_SCOPE)]
    if faults:
        raise render.with_errors("workspaces/keys.html", Invalid(details=faults), **await _keys(tx, member, form))
    key = await service.make_key(tx, member.workspace_id, form.scopes, form.name.strip(), utcnow())
    return render("workspaces/keys.html", **await _keys(tx, member, made=key))


@post("/settings/keys/{key:str}/revoke", opt=members_only(Role.ADMIN), include_in_schema=False)
async def revoke_key(tx: Transaction, member: CurrentMember, key: FromPath[str]) -> Response[Any]:
    await service.revoke_key(tx, member.workspace_id, KeyId(read_id(key, "key")), utcnow())
    return redirect("/settings/keys?done=revoked")


@get("/settings/workspace", opt=members_only(Role.ADMIN), include_in_schema=False, sync_to_thread=False)
def show_workspace(request: Asked, workspace: CurrentWorkspace, render: Renderer) -> Response[Any]:
    return render("workspaces/workspace.html", **_workspace(request, workspace, _form_of(workspace)))


def _form_of(workspace: Workspace) -> WorkspaceForm:
    on = {True: "on", False: ""}
    return WorkspaceForm(
        workspace.name,
        workspace.time_zone,
        str(workspace.cool_down_days),
        on[workspace.portal_enabled],
        on[workspace.csat_enabled],
    )


def _workspace(request: Asked, workspace: Workspace, form: WorkspaceForm) -> dict[str, Any]:
    settings: Settings = request.app.state.settings
    return {
        "active": "settings",
        "section": "workspace",
        "toasts": TOASTS,
        "form": form,
        "zones": sorted(available_timezones()),
        "address": address_of(settings.public_url, workspace.slug),
    }


@post("/settings/workspace", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def change_workspace(
    request: Asked, tx: Transaction, workspace: CurrentWorkspace, member: CurrentMember, render: Renderer
) -> Response[Any]:
    form = await read_form(request, WorkspaceForm)
    try:
        await service.change_workspace(tx, workspace.id, _change(form), utcnow(), member.actor().name)
    except Invalid as fault:
        raise render.with_errors("workspaces/workspace.html", fault, **_workspace(request, workspace, form)) from None
    return redirect("/settings/workspace?done=saved")


def _change(form: WorkspaceForm) -> WorkspaceChange:
    days = form.cool_down_days.strip()
    fits = days.isascii() and days.isdigit() and int(days) <= 3650
    faults = [] if form.name.strip() else [FieldError("name", NO_NAME)]
    faults += [] if form.time_zone in available_timezones() else [FieldError("time_zone", NO_ZONE)]
    faults += [] if fits else [FieldError("cool_down_days", NO_DAYS)]
    if faults:
        raise Invalid(details=faults)
    return WorkspaceChange(form.name.strip(), form.time_zone, int(days), bool(form.portal), bool(form.csat))


@get("/settings/mail", opt=members_only(Role.OWNER), include_in_schema=False)
async def show_mail(request: Asked, tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    """For owners alone: what waits may hold links that let in."""
    settings: Settings = request.app.state.settings
    rows = [(row, mail.read(row.body)) for row in await outbox.list_mail(tx, member.workspace_id, MOST_MAIL)]
    return render(
        "workspaces/mail.html", active="settings", section="mail", rows=rows, leaves=settings.smtp_url is not None
    )


@get("/settings/sessions", opt=members_only(), include_in_schema=False)
async def show_sessions(tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    rows = await sessions.list_sessions(tx, member, utcnow())
    return render("workspaces/sessions.html", active="settings", section="sessions", toasts=TOASTS, rows=rows)


@post("/settings/sessions/{session:str}/revoke", opt=members_only(), include_in_schema=False)
async def revoke_session(tx: Transaction, member: CurrentMember, session: FromPath[str]) -> Response[Any]:
    await sessions.revoke_session(tx, member, read_id(session, "session"))
    return redirect("/settings/sessions?done=ended")


@get("/settings/profile", opt=members_only(), include_in_schema=False)
async def show_profile(tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    return render("workspaces/profile.html", **await _profile(tx, member))


async def _profile(tx: Tx, member: Member, name: str | None = None) -> dict[str, Any]:
    return {
        "active": "settings",
        "section": "profile",
        "toasts": TOASTS,
        "name": member.name if name is None else name,
        "has_password": await members.has_password(tx, member),
    }


@post("/settings/profile", opt=members_only(), include_in_schema=False, status_code=303)
async def rename(request: Asked, tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    form = await read_form(request, ProfileForm)
    try:
        await members.rename(tx, member, form.name, utcnow())
    except Invalid as fault:
        raise render.with_errors("workspaces/profile.html", fault, **await _profile(tx, member, form.name)) from None
    return redirect("/settings/profile?done=saved")


@post("/settings/password", opt=members_only(), include_in_schema=False, status_code=303)
async def change_password(request: Asked, member: CurrentMember, render: Renderer) -> Response[Any]:
    form = await read_form(request, PasswordForm)
    database: Database = request.app.state.database
    await record_attempt(database, member.workspace_id, RateLimit.PASSWORD, str(member.account_id))
    try:
        await members.change_password(database, member, form.current, form.new, utcnow())
    except Invalid as fault:
        raise await _profile_again(database, member, render, fault) from None
    return redirect("/settings/profile?done=password")


async def _profile_again(database: Database, member: Member, render: PageRenderer, fault: Invalid) -> Exception:
    async with database.transaction(member.workspace_id) as tx:
        return render.with_errors("workspaces/profile.html", fault, **await _profile(tx, member))


ROUTES = [
    show_members,
    invite,
    withdraw,
    change_role,
    remove_member,
    show_keys,
    make_key,
    revoke_key,
    show_workspace,
    change_workspace,
    show_mail,
    show_sessions,
    revoke_session,
    show_profile,
    rename,
    change_password,
]
