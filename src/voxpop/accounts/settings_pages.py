"""The settings pages for members, invitations, and one's own profile, password and sessions. Parses, calls, shows."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from voxpop.accounts import invitations, members, sessions
from voxpop.accounts.invitations import ROLE_NAMES, InvitationLink, Invitee
from voxpop.accounts.models import Member, Role
from voxpop.accounts.schemas import (
    CheckedPassword,
    InviteForm,
    PasswordForm,
    PreferencesForm,
    ProfileForm,
    RoleForm,
    parse_email,
)
from voxpop.auth.dependencies import (
    CurrentMember,
    CurrentWorkspace,
    PageRequest,
    Renderer,
    Submission,
    Transaction,
    before_transaction,
)
from voxpop.auth.form_submissions import FormAlreadySent, FormSubmission
from voxpop.auth.guards import limit_by_member, members_only
from voxpop.auth.rate_limits import RateLimit
from voxpop.config.settings import Settings
from voxpop.db.pool import Database, Tx
from voxpop.errors import AppError, Conflict, Invalid
from voxpop.i18n import N_
from voxpop.text import is_visible
from voxpop.types import AccountId, utcnow
from voxpop.web.forms import read_form
from voxpop.web.pages import redirect
from voxpop.web.rendering import PageRenderer
from voxpop.web.validation import read_id

MEMBERS, PROFILE, SESSIONS = "accounts/members.html", "accounts/profile.html", "accounts/sessions.html"
LINK_ALREADY_SHOWN = N_(
    "This form was sent twice, and one link was created. It was shown once. If you did not copy it, choose “New link”."
)
LANGUAGE_NAMES = {"en": "English", "ru": "Русский"}  # each in itself
TOASTS = {
    "welcome": N_("Welcome. Check your name, and choose a password if you like."),
    "invited": N_("Invitation created. Its email is on the way."),
    "withdrawn": N_("Invitation withdrawn"),
    "role": N_("Role changed"),
    "removed": N_("Member removed"),
    "saved": N_("Saved"),
    "password": N_("Password changed. You are signed out everywhere else."),
    "ended": N_("Session ended"),
}


@get("/settings", opt=members_only(in_demo=False), include_in_schema=False)
async def show_members(tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    """The members and open invitations. Agents see their own settings only."""
    if not member.may(Role.ADMIN):
        return redirect("/settings/profile")
    return render(MEMBERS, **await _members_context(tx, member))


async def _members_context(
    tx: Tx, member: Member, form: InviteForm | None = None, created: InvitationLink | None = None
) -> dict[str, Any]:
    return {
        "active": "settings",
        "section": "members",
        "toasts": TOASTS,
        "rows": await members.list_members(tx, member.workspace_id),
        "invited": await invitations.list_invitations(tx, member.workspace_id, utcnow()),
        "roles": ROLE_NAMES,
        "manageable_roles": [role for role in Role if member.may(role)],
        "form": form or InviteForm("", Role.AGENT),
        "created": created,
    }


@post(
    "/settings/invitations",
    opt=members_only(Role.ADMIN),
    guards=[limit_by_member(RateLimit.INVITE)],
    include_in_schema=False,
    status_code=303,
)
async def invite(
    request: PageRequest,
    workspace: CurrentWorkspace,
    member: CurrentMember,
    tx: Transaction,
    render: Renderer,
    submission: Submission,
) -> Response[Any]:
    """Emails an invitation. Without a mail server, only this response shows its link."""
    form = await read_form(request, InviteForm)
    settings: Settings = request.app.state.settings

    async def create() -> InvitationLink:
        name = form.name if is_visible(form.name) else None
        invitee = Invitee(parse_email(form.email), name, form.role, render.locale)
        return await invitations.invite(tx, workspace, member, invitee, utcnow(), settings)

    async def send() -> str:
        await create()
        return "/settings?done=invited"

    try:
        if settings.sends_email:
            return redirect(await submission.run_once(tx, send))
        return await _show_once(tx, member, render, submission, create)
    except Invalid as error:
        raise render.with_errors(MEMBERS, error, **await _members_context(tx, member, form)) from None


@post(
    "/settings/invitations/{invitation:str}/link",
    opt=members_only(Role.ADMIN),
    guards=[limit_by_member(RateLimit.INVITE)],
    include_in_schema=False,
    status_code=200,
)
async def replace_invitation_link(
    request: PageRequest,
    workspace: CurrentWorkspace,
    member: CurrentMember,
    tx: Transaction,
    render: Renderer,
    submission: Submission,
    invitation: FromPath[str],
) -> Response[Any]:
    """Replaces the link of an open invitation. Only this response shows the new one."""
    settings: Settings = request.app.state.settings

    async def create() -> InvitationLink:
        replaced = read_id(invitation, "invitation")
        return await invitations.replace_link(tx, workspace, member, replaced, utcnow(), settings.public_url)

    return await _show_once(tx, member, render, submission, create)


async def _show_once(
    tx: Tx,
    member: Member,
    render: PageRenderer,
    submission: FormSubmission,
    create: Callable[[], Awaitable[InvitationLink]],
) -> Response[Any]:
    """The page with a new link. A repeated form creates none and says so, because only the hash is stored."""
    try:
        await submission.require_first(tx)
    except FormAlreadySent:
        error = Conflict(LINK_ALREADY_SHOWN)
        raise render.with_errors(MEMBERS, error, **await _members_context(tx, member)) from None
    return render(MEMBERS, **await _members_context(tx, member, created=await create()))


@post("/settings/invitations/{invitation:str}/withdraw", opt=members_only(Role.ADMIN), include_in_schema=False)
async def withdraw(tx: Transaction, member: CurrentMember, invitation: FromPath[str]) -> Response[Any]:
    """Withdraws an invitation that was not accepted yet."""
    await invitations.withdraw_invitation(tx, member, read_id(invitation, "invitation"), utcnow())
    return redirect("/settings?done=withdrawn")


@post("/settings/members/{account:str}/role", opt=members_only(Role.ADMIN), include_in_schema=False)
async def change_role(
    request: PageRequest, tx: Transaction, member: CurrentMember, render: Renderer, account: FromPath[str]
) -> Response[Any]:
    """Changes a member's role."""
    form = await read_form(request, RoleForm)
    try:
        await members.change_role(tx, member, AccountId(read_id(account, "account")), form.role, utcnow())
    except AppError as error:
        raise render.with_errors(MEMBERS, error, **await _members_context(tx, member)) from None
    return redirect("/settings?done=role")


@post("/settings/members/{account:str}/remove", opt=members_only(Role.ADMIN), include_in_schema=False)
async def remove_member(
    tx: Transaction, member: CurrentMember, render: Renderer, account: FromPath[str]
) -> Response[Any]:
    """Removes a member."""
    try:
        await members.remove_member(tx, member, AccountId(read_id(account, "account")), utcnow())
    except AppError as error:
        raise render.with_errors(MEMBERS, error, **await _members_context(tx, member)) from None
    return redirect("/settings?done=removed")


@get("/settings/sessions", opt=members_only(in_demo=False), include_in_schema=False)
async def show_sessions(tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    """The member's own sessions in this workspace."""
    rows = await sessions.list_sessions(tx, member, utcnow())
    return render(SESSIONS, active="settings", section="sessions", toasts=TOASTS, rows=rows)


@post("/settings/sessions/{session:str}/revoke", opt=members_only(), include_in_schema=False)
async def revoke_session(tx: Transaction, member: CurrentMember, session: FromPath[str]) -> Response[Any]:
    """Ends one of the member's own sessions."""
    await sessions.revoke_session(tx, member, read_id(session, "session"))
    return redirect("/settings/sessions?done=ended")


@get("/settings/profile", opt=members_only(), include_in_schema=False)
async def show_profile(tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    """The member's own name and password."""
    return render(PROFILE, **await _profile_context(tx, member, member.name))


async def _profile_context(tx: Tx, member: Member, name: str) -> dict[str, Any]:
    return {
        "active": "settings",
        "section": "profile",
        "toasts": TOASTS,
        "name": name,
        "languages": LANGUAGE_NAMES,
        "preferences": await members.get_preferences(tx, member),
        "has_password": await members.has_password(tx, member),
    }


@post("/settings/profile", opt=members_only(), include_in_schema=False, status_code=303)
async def rename(request: PageRequest, tx: Transaction, member: CurrentMember, render: Renderer) -> Response[Any]:
    """Changes the member's own name and language."""
    form = await read_form(request, ProfileForm)
    try:
        await members.rename(tx, member, form.name, utcnow())
        if form.language is not None:
            await members.set_language(tx, member, form.language or None)
    except Invalid as error:
        raise render.with_errors(PROFILE, error, **await _profile_context(tx, member, form.name)) from None
    return redirect("/settings/profile?done=saved")


@post("/settings/preferences", opt=members_only(), include_in_schema=False, status_code=303)
async def set_preferences(request: PageRequest, tx: Transaction, member: CurrentMember) -> Response[Any]:
    """Changes how pages behave for the member."""
    form = await read_form(request, PreferencesForm)
    await members.set_preferences(tx, member, form.preferences())
    return redirect("/settings/profile?done=saved")


async def check_new_password(request: PageRequest, member: CurrentMember) -> CheckedPassword:
    """Reads the form, verifies the current password and hashes the new one."""
    form = await read_form(request, PasswordForm)
    database: Database = request.app.state.database
    try:
        return CheckedPassword(await members.hash_new_password(database, member, form.current, form.new))
    except Invalid as error:
        return CheckedPassword(error=error)


@post(
    "/settings/password",
    opt=members_only(),
    guards=[limit_by_member(RateLimit.PASSWORD)],
    dependencies=before_transaction(check_new_password),
    include_in_schema=False,
    status_code=303,
)
async def change_password(
    tx: Transaction, member: CurrentMember, render: Renderer, checked: NamedDependency[CheckedPassword]
) -> Response[Any]:
    """Sets or changes the member's own password."""
    if checked.error:
        raise render.with_errors(PROFILE, checked.error, **await _profile_context(tx, member, member.name))
    await members.set_password(tx, member, checked.password_hash, utcnow())
    return redirect("/settings/profile?done=password")


ROUTES = [
    show_members,
    invite,
    replace_invitation_link,
    withdraw,
    change_role,
    remove_member,
    show_sessions,
    revoke_session,
    show_profile,
    rename,
    set_preferences,
    change_password,
]
