"""Pages that magic links open: sign-in, invitations and the first owner. Parses, calls, shows.

A GET only shows a button, and the POST of that button uses the link up: mail scanners open links, but press no button.
"""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency

from voxpop.accounts import invitations, members, passwords, sign_in
from voxpop.accounts.errors import LinkSpent
from voxpop.accounts.invitations import ROLE_NAMES
from voxpop.accounts.magic_links import get_link, use_link
from voxpop.accounts.members import NO_NAME
from voxpop.accounts.models import LinkKind, MagicLink, NewSession, Role, SessionKind
from voxpop.accounts.schemas import InvitationForm, OwnerForm, TokenForm, parse_email
from voxpop.accounts.sign_in import FirstOwner
from voxpop.accounts.sign_in_pages import PORTAL
from voxpop.auth import browser_sessions
from voxpop.auth.authenticator import identity_of
from voxpop.auth.dependencies import CurrentWorkspace, PageRequest, Renderer, Transaction, before_transaction
from voxpop.auth.guards import limit_by_client, portal_public, public
from voxpop.auth.rate_limits import RateLimit, record_password_guess
from voxpop.db.pool import Database, Tx
from voxpop.errors import Conflict, FieldError, Invalid
from voxpop.i18n import N_
from voxpop.text import is_visible
from voxpop.types import utcnow
from voxpop.web.client_ip import client_ip
from voxpop.web.forms import MAX_PUBLIC_FORM_BYTES, read_form
from voxpop.web.pages import ResponseOverride, redirect
from voxpop.web.rendering import PageRenderer
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.errors import WorkspaceAlreadyExists
from voxpop.workspaces.models import Workspace

INBOX = "/inbox"
NO_WORKSPACE_NAME = N_("Enter a name for the workspace.")
WELCOME = "/settings/profile?done=welcome"
LINK, OWNER, SPENT = "accounts/link.html", "accounts/owner.html", "accounts/link_spent.html"
LIMITED = limit_by_client(RateLimit.USE_LINK)


@get("/login/link", opt=public(), include_in_schema=False)
async def show_member_link(
    request: PageRequest, workspace: CurrentWorkspace, tx: Transaction, render: Renderer
) -> Response[Any]:
    """The button of a member's sign-in link."""
    return await _show_link(request, workspace, tx, render, LinkKind.MEMBER)


@post(
    "/login/link",
    opt=public(),
    request_max_body_size=MAX_PUBLIC_FORM_BYTES,
    guards=[LIMITED],
    include_in_schema=False,
    status_code=303,
)
async def use_member_link(
    request: PageRequest, workspace: CurrentWorkspace, tx: Transaction, render: Renderer
) -> Response[Any]:
    """Signs a member in. If only an email carried the link, it also verifies their address."""
    form = await read_form(request, TokenForm)
    try:
        link = await use_link(tx, workspace.id, LinkKind.MEMBER, form.token, utcnow())
    except LinkSpent as error:
        raise _spent(request, render, LinkKind.MEMBER, error) from None
    assert link.account_id is not None  # noqa: S101 - a constraint of the table
    if link.email_only:
        await sign_in.mark_email_verified(tx, workspace.id, link.account_id, utcnow())
    new = NewSession(SessionKind.MEMBER, account_id=link.account_id)
    path = link.next_path or await members.get_start_path(tx, workspace.id, link.account_id)
    return await browser_sessions.start(request, tx, new, path)


@get("/tickets/login/link", opt=portal_public(), include_in_schema=False)
async def show_customer_link(
    request: PageRequest, workspace: CurrentWorkspace, tx: Transaction, render: Renderer
) -> Response[Any]:
    """The button of a customer's sign-in link."""
    return await _show_link(request, workspace, tx, render, LinkKind.CUSTOMER)


@post(
    "/tickets/login/link",
    opt=portal_public(),
    request_max_body_size=MAX_PUBLIC_FORM_BYTES,
    guards=[LIMITED],
    include_in_schema=False,
    status_code=303,
)
async def use_customer_link(
    request: PageRequest, workspace: CurrentWorkspace, tx: Transaction, render: Renderer
) -> Response[Any]:
    """Signs a customer in."""
    form = await read_form(request, TokenForm)
    try:
        link = await use_link(tx, workspace.id, LinkKind.CUSTOMER, form.token, utcnow())
    except LinkSpent as error:
        raise _spent(request, render, LinkKind.CUSTOMER, error) from None
    new = NewSession(SessionKind.CUSTOMER, email=link.email or "")
    return await browser_sessions.start(request, tx, new, link.next_path or PORTAL)


@get("/login/invitation", opt=public(), include_in_schema=False)
async def show_invitation(
    request: PageRequest, workspace: CurrentWorkspace, tx: Transaction, render: Renderer
) -> Response[Any]:
    """The button of an invitation."""
    return await _show_link(request, workspace, tx, render, LinkKind.INVITATION)


async def check_invitation(request: PageRequest, workspace: CurrentWorkspace, render: Renderer) -> InvitationForm:
    """Reads the form, and verifies the password of an account that is a member of another workspace.

    The password is not needed if only an email carried the link. Otherwise a member of this workspace could read it.
    """
    form = await read_form(request, InvitationForm)
    await _check_account_password(request, workspace, render, form)
    return form


async def _check_account_password(
    request: PageRequest, workspace: Workspace, render: PageRenderer, form: InvitationForm
) -> None:
    database: Database = request.app.state.database
    try:
        link = await invitations.find_protected_invitation(database, workspace.id, form.token, utcnow())
    except LinkSpent as error:
        raise _spent(request, render, LinkKind.INVITATION, error) from None
    if link is None:
        return
    email = link.email or ""
    await record_password_guess(database, workspace.id, email, client_ip(request))
    try:
        await invitations.check_password(database, workspace.id, email, form.password)
    except Invalid as error:
        raise render.with_errors(LINK, error, **_link_context(form.token, link, asks_password=True)) from None


@post(
    "/login/invitation",
    opt=public(),
    request_max_body_size=MAX_PUBLIC_FORM_BYTES,
    guards=[LIMITED],
    dependencies=before_transaction(check_invitation),
    include_in_schema=False,
    status_code=303,
)
async def accept_invitation(
    request: PageRequest,
    workspace: CurrentWorkspace,
    tx: Transaction,
    render: Renderer,
    checked: NamedDependency[InvitationForm],
) -> Response[Any]:
    """Makes the bearer a member and signs them in."""
    try:
        account = await invitations.accept_invitation(tx, workspace.id, checked.token, utcnow())
    except LinkSpent as error:
        raise _spent(request, render, LinkKind.INVITATION, error) from None
    return await browser_sessions.start(request, tx, NewSession(SessionKind.MEMBER, account_id=account), WELCOME)


@get("/login/owner", opt=public(), include_in_schema=False)
async def show_owner_link(
    request: PageRequest, workspace: CurrentWorkspace, tx: Transaction, render: Renderer
) -> Response[Any]:
    """The form of the first owner's account."""
    token = request.query_params.get("token", "")
    await _get_link(request, workspace, tx, render, LinkKind.OWNER)
    name = "" if workspace.name == workspaces.DEFAULT else workspace.name
    return render(OWNER, token=token, form=OwnerForm(token, "", "", workspace_name=name))


async def check_owner(request: PageRequest, render: Renderer) -> FirstOwner:
    """Reads the form and hashes the password."""
    form = await read_form(request, OwnerForm)
    try:
        email = parse_email(form.email)
        if not is_visible(form.name):
            raise Invalid(NO_NAME, details=[FieldError("name", NO_NAME)])
        if form.workspace_name is not None and not is_visible(form.workspace_name):
            raise Invalid(NO_WORKSPACE_NAME, details=[FieldError("workspace_name", NO_WORKSPACE_NAME)])
        if form.password:
            passwords.check_strength("password", form.password, email)
    except Invalid as error:
        raise render.with_errors(OWNER, error, token=form.token, form=form) from None
    password_hash = await passwords.hash_password(form.password) if form.password else None
    return FirstOwner(form.token, email, form.name, password_hash, form.workspace_name)


@post(
    "/login/owner",
    opt=public(),
    request_max_body_size=MAX_PUBLIC_FORM_BYTES,
    guards=[LIMITED],
    dependencies=before_transaction(check_owner),
    include_in_schema=False,
    status_code=303,
)
async def claim_workspace(
    request: PageRequest,
    workspace: CurrentWorkspace,
    tx: Transaction,
    render: Renderer,
    checked: NamedDependency[FirstOwner],
) -> Response[Any]:
    """Makes the bearer the owner of the workspace and signs them in."""
    try:
        account = await sign_in.claim_workspace(tx, workspace.id, checked, utcnow())
    except LinkSpent as error:
        raise _spent(request, render, LinkKind.OWNER, error) from None
    except WorkspaceAlreadyExists as error:
        taken = Conflict(error.message, details=[FieldError("workspace_name", error.message)])
        raise render.with_errors(OWNER, taken, token=checked.token, form=checked) from None
    except Conflict as error:
        raise render.with_errors(OWNER, error, token=checked.token, form=checked) from None
    return await browser_sessions.start(request, tx, NewSession(SessionKind.MEMBER, account_id=account), "/settings")


async def _show_link(
    request: PageRequest, workspace: Workspace, tx: Tx, render: PageRenderer, kind: LinkKind
) -> Response[Any]:
    link = await _get_link(request, workspace, tx, render, kind)
    asks_password = await invitations.needs_password(tx, workspace.id, link)
    token = request.query_params.get("token", "")
    return render(LINK, **_link_context(token, link, asks_password=asks_password))


async def _get_link(
    request: PageRequest, workspace: Workspace, tx: Tx, render: PageRenderer, kind: LinkKind
) -> MagicLink:
    token = request.query_params.get("token", "")
    try:
        return await get_link(tx, workspace.id, kind, token, utcnow())
    except LinkSpent as error:
        raise _spent(request, render, kind, error) from None


def _link_context(token: str, link: MagicLink, *, asks_password: bool) -> dict[str, Any]:
    return {
        "kind": link.kind,
        "token": token,
        "role": ROLE_NAMES[Role(link.role)] if link.role else "",
        "email": link.email,
        "asks_password": asks_password,
    }


def _spent(request: PageRequest, render: PageRenderer, kind: LinkKind, error: LinkSpent) -> ResponseOverride:
    """The page for a link that does not sign in. A browser that is signed in already goes on, as with a good link."""
    identity = identity_of(request)
    if kind is LinkKind.CUSTOMER and identity.customer and identity.customer.ticket_id is None:
        return ResponseOverride(redirect(PORTAL))
    if kind is not LinkKind.CUSTOMER and identity.member:
        return ResponseOverride(redirect(INBOX))
    return render.with_errors(SPENT, error, kind=kind.value)


ROUTES = [
    show_member_link,
    use_member_link,
    show_customer_link,
    use_customer_link,
    show_invitation,
    accept_invitation,
    show_owner_link,
    claim_workspace,
]
