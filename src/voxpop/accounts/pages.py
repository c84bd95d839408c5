"""Pages for signing in and out: members, customers, invitations, the first owner. Parses, calls, shows."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from litestar import Request, Response, get, post
from msgspec import Meta, Struct

from voxpop.accounts import invitations, sessions, sign_in
from voxpop.accounts.errors import LinkSpent
from voxpop.accounts.invitations import ROLE_NAMES
from voxpop.accounts.magic_links import look_at_link, use_link
from voxpop.accounts.models import Link, LinkKind, Role, SessionKind
from voxpop.accounts.passwords import MAX_PASSWORD
from voxpop.auth.dependencies import CurrentWorkspace, Renderer, Transaction, identity_of
from voxpop.auth.guards import portal_public, public
from voxpop.auth.rate_limits import RateLimit, record_attempt
from voxpop.config.settings import Settings
from voxpop.db.pool import Database, Tx
from voxpop.errors import AppError, FieldError, Invalid, RateLimited
from voxpop.i18n import N_
from voxpop.types import EMAIL_PATTERN, folded, utcnow
from voxpop.web.client_ip import client_ip
from voxpop.web.forms import read_form
from voxpop.web.pages import local_path, redirect
from voxpop.web.rendering import PageRenderer
from voxpop.workspaces.models import Workspace

Asked = Request[Any, Any, Any]
MailLink = Callable[..., Awaitable[None]]
Short = Annotated[str, Meta(max_length=254)]
Path = Annotated[str, Meta(max_length=2000)]

WRONG_LOGIN = N_("That address and password don’t go together.")
NO_ADDRESS = N_("Write an e-mail address, like ann@example.com.")
NO_NAME = N_("Say what people should call you.")
HOME, PORTAL = "/inbox", "/tickets"
WELCOME = "/settings/profile?done=welcome"


class PasswordForm(Struct):
    email: Short
    password: Annotated[str, Meta(max_length=MAX_PASSWORD)]
    next: Path = ""


class AddressForm(Struct):
    email: Short
    next: Path = ""


class LeaveForm(Struct):
    everywhere: Annotated[str, Meta(max_length=10)] = ""


class TokenForm(Struct):
    token: Annotated[str, Meta(max_length=200)]


class InvitationForm(TokenForm):
    password: Annotated[str, Meta(max_length=MAX_PASSWORD)] = ""


class OwnerForm(Struct):
    token: Annotated[str, Meta(max_length=200)]
    email: Short
    name: Annotated[str, Meta(max_length=200)]
    password: Annotated[str, Meta(max_length=MAX_PASSWORD)] = ""


def check_email(email: str) -> str:
    """The address without the space around it; Invalid for what is none."""
    if not re.match(EMAIL_PATTERN, email.strip()):
        raise Invalid(NO_ADDRESS, details=[FieldError("email", NO_ADDRESS)])
    return email.strip()


@get("/login", opt=public(), include_in_schema=False, sync_to_thread=False)
def login(request: Asked, render: Renderer) -> Response[Any]:
    """Who is signed in already goes on at once."""
    following = request.query_params.get("next")
    if identity_of(request).member:
        return redirect(local_path(following) or HOME)
    sent = "sent" in request.query_params
    return render("workspaces/login.html", email="", next=local_path(following) or "", sent=sent)


@post("/login", opt=public(), include_in_schema=False, status_code=303)
async def sign_in_by_password(request: Asked, workspace: CurrentWorkspace, render: Renderer) -> Response[Any]:
    form = await read_form(request, PasswordForm)
    database: Database = request.app.state.database
    await record_attempt(database, workspace.id, RateLimit.SIGN_IN_CLIENT, client_ip(request))
    await _count_guess(request, workspace, form.email)
    person = await sign_in.by_password(database, workspace, form.email, form.password, utcnow())
    if person is None:
        raise render.with_errors(
            "workspaces/login.html", Invalid(WRONG_LOGIN), email=form.email, next=form.next, sent=False
        )
    async with database.transaction(workspace.id) as tx:
        cookie = await sessions.open_member(tx, workspace, person.account_id, request)
    return _signed_in(local_path(form.next) or HOME, cookie)


async def _count_guess(request: Asked, workspace: Workspace, email: str) -> None:
    """Few for each who guesses; many more for all together, so that nobody can lock another out by guessing."""
    database: Database = request.app.state.database
    address = folded(email.strip())
    await record_attempt(database, workspace.id, RateLimit.SIGN_IN_ACCOUNT, f"{address} {client_ip(request)}")
    await record_attempt(database, workspace.id, RateLimit.SIGN_IN_ANYWHERE, address)


def _signed_in(path: str, cookie: Any) -> Response[Any]:
    response = redirect(path)
    response.set_cookie(cookie)
    return response


@post("/login/mail", opt=public(), include_in_schema=False, status_code=303)
async def mail_link(request: Asked, workspace: CurrentWorkspace, render: Renderer) -> Response[Any]:
    """The same answer whether the address is a member's or not."""
    await _mail(request, workspace, render, sign_in.mail_member_link, "workspaces/login.html")
    return redirect("/login?sent")


@get("/tickets/login", opt=portal_public(), include_in_schema=False, sync_to_thread=False)
def customer_login(request: Asked, render: Renderer) -> Response[Any]:
    following = request.query_params.get("next")
    customer = identity_of(request).customer
    if customer and customer.ticket_id is None:
        return redirect(local_path(following) or PORTAL)
    sent = "sent" in request.query_params
    return render("workspaces/customer_login.html", email="", next=local_path(following) or "", sent=sent)


@post("/tickets/login", opt=portal_public(), include_in_schema=False, status_code=303)
async def mail_customer_link(request: Asked, workspace: CurrentWorkspace, render: Renderer) -> Response[Any]:
    """The same answer whether the address is known or not (T23)."""
    await _mail(request, workspace, render, sign_in.mail_customer_link, "workspaces/customer_login.html")
    return redirect("/tickets/login?sent")


async def _mail(request: Asked, workspace: Workspace, render: PageRenderer, mail_link: MailLink, template: str) -> None:
    """A link to a good address, counted first. Beyond the limit there is none, for the last ones still work."""
    form = await read_form(request, AddressForm)
    try:
        form.email = check_email(form.email)
    except Invalid as fault:
        raise render.with_errors(template, fault, email=form.email, next=form.next, sent=False) from None
    database: Database = request.app.state.database
    settings: Settings = request.app.state.settings
    await record_attempt(database, workspace.id, RateLimit.LINK_CLIENT, client_ip(request))
    try:
        await record_attempt(database, workspace.id, RateLimit.LINK_ADDRESS, folded(form.email))
    except RateLimited:
        return
    async with database.transaction(workspace.id) as tx:
        following = local_path(form.next)
        await mail_link(tx, workspace, form.email, following, render.locale, utcnow(), settings.public_url)


@get("/login/link", opt=public(), include_in_schema=False)
async def look_at_member_link(request: Asked, workspace: CurrentWorkspace, render: Renderer) -> Response[Any]:
    """A button: what opens links by itself, such as a scanner of mail, uses none up."""
    return await _look(request, workspace, render, LinkKind.MEMBER)


@post("/login/link", opt=public(), include_in_schema=False, status_code=303)
async def use_member_link(request: Asked, workspace: CurrentWorkspace, render: Renderer) -> Response[Any]:
    form = await _counted(request, workspace, TokenForm)
    async with _opening(request, workspace, render, LinkKind.MEMBER) as tx:
        link = await use_link(tx, workspace.id, LinkKind.MEMBER, form.token, utcnow())
        assert link.account_id is not None  # noqa: S101 - a member's link has one, by the table's own rule
        if _mail_leaves(request):
            await sign_in.mark_email_verified(tx, workspace, link.account_id, utcnow())
        cookie = await sessions.open_member(tx, workspace, link.account_id, request)
    return _signed_in(link.next_path or HOME, cookie)


@get("/tickets/login/link", opt=portal_public(), include_in_schema=False)
async def look_at_customer_link(request: Asked, workspace: CurrentWorkspace, render: Renderer) -> Response[Any]:
    return await _look(request, workspace, render, LinkKind.CUSTOMER)


@post("/tickets/login/link", opt=portal_public(), include_in_schema=False, status_code=303)
async def use_customer_link(request: Asked, workspace: CurrentWorkspace, render: Renderer) -> Response[Any]:
    form = await _counted(request, workspace, TokenForm)
    async with _opening(request, workspace, render, LinkKind.CUSTOMER) as tx:
        link = await use_link(tx, workspace.id, LinkKind.CUSTOMER, form.token, utcnow())
        cookie = await sessions.open_customer(tx, workspace, link.email or "", request)
    return _signed_in(link.next_path or PORTAL, cookie)


@get("/login/invitation", opt=public(), include_in_schema=False)
async def look_at_invitation(request: Asked, workspace: CurrentWorkspace, render: Renderer) -> Response[Any]:
    return await _look(request, workspace, render, LinkKind.INVITATION)


@post("/login/invitation", opt=public(), include_in_schema=False, status_code=303)
async def accept_invitation(request: Asked, workspace: CurrentWorkspace, render: Renderer) -> Response[Any]:
    form = await _counted(request, workspace, InvitationForm)
    database: Database = request.app.state.database
    async with _opening(request, workspace, render, LinkKind.INVITATION) as tx:
        link = await look_at_link(tx, workspace.id, LinkKind.INVITATION, form.token, utcnow())
        asked = await _asks_password(request, tx, workspace, link)
    if asked:
        await _count_guess(request, workspace, link.email or "")
        try:
            await invitations.check_password(database, workspace, link.email or "", form.password)
        except Invalid as fault:
            raise render.with_errors("workspaces/link.html", fault, **_invited(form.token, link, asked)) from None
    async with _opening(request, workspace, render, LinkKind.INVITATION) as tx:
        account = await invitations.accept(tx, workspace, form.token, utcnow(), proven=_mail_leaves(request))
        cookie = await sessions.open_member(tx, workspace, account, request)
    return _signed_in(WELCOME, cookie)


@get("/login/owner", opt=public(), include_in_schema=False)
async def look_at_owner_link(request: Asked, workspace: CurrentWorkspace, render: Renderer) -> Response[Any]:
    return await _look(request, workspace, render, LinkKind.OWNER)


@post("/login/owner", opt=public(), include_in_schema=False, status_code=303)
async def found_workspace(request: Asked, workspace: CurrentWorkspace, render: Renderer) -> Response[Any]:
    form = await _counted(request, workspace, OwnerForm)
    database: Database = request.app.state.database
    try:
        email = check_email(form.email)
        if not form.name.strip():
            raise Invalid(NO_NAME, details=[FieldError("name", NO_NAME)])
        founder = sign_in.FirstOwner(email, form.name, form.password)
        account = await sign_in.claim_workspace(database, workspace, form.token, founder, utcnow())
    except LinkSpent as fault:
        raise _spent(render, LinkKind.OWNER, fault) from None
    except AppError as fault:
        if not fault.details:
            raise
        raise render.with_errors("workspaces/owner.html", fault, token=form.token, form=form) from None
    async with database.transaction(workspace.id) as tx:
        cookie = await sessions.open_member(tx, workspace, account, request)
    return _signed_in("/settings", cookie)


async def _counted(request: Asked, workspace: Workspace, form: Any) -> Any:
    await record_attempt(request.app.state.database, workspace.id, RateLimit.USE_LINK, client_ip(request))
    return await read_form(request, form)


async def _look(request: Asked, workspace: Workspace, render: PageRenderer, kind: LinkKind) -> Response[Any]:
    token = request.query_params.get("token", "")
    async with _opening(request, workspace, render, kind) as tx:
        link = await look_at_link(tx, workspace.id, kind, token, utcnow())
        asked = await _asks_password(request, tx, workspace, link)
    if kind == LinkKind.OWNER:
        return render("workspaces/owner.html", token=token, form=OwnerForm(token, "", ""))
    return render("workspaces/link.html", **_invited(token, link, asked))


@asynccontextmanager
async def _opening(request: Asked, workspace: Workspace, render: PageRenderer, kind: LinkKind) -> AsyncIterator[Tx]:
    """A transaction for what a link opens, begun when the visitor is counted; a page of its own where it is spent."""
    database: Database = request.app.state.database
    try:
        async with database.transaction(workspace.id) as tx:
            yield tx
    except LinkSpent as fault:
        raise _spent(render, kind, fault) from None


def _mail_leaves(request: Asked) -> bool:
    """Then who has a link has the address; where mail stays to be read, the workspace's owners have its links too."""
    settings: Settings = request.app.state.settings
    return settings.smtp_url is not None


async def _asks_password(request: Asked, tx: Tx, workspace: Workspace, link: Link) -> bool:
    return not _mail_leaves(request) and await invitations.is_of_others(tx, workspace, link)


def _invited(token: str, link: Link, asks_password: bool) -> dict[str, Any]:
    role = ROLE_NAMES[Role(link.role)] if link.role else ""
    return {
        "kind": link.kind,
        "token": token,
        "role": role,
        "email": link.email,
        "asks_password": asks_password,
    }


def _spent(render: PageRenderer, kind: LinkKind, fault: LinkSpent) -> Exception:
    return render.with_errors("workspaces/link_spent.html", fault, kind=kind.value)


@post("/logout", opt=public(), include_in_schema=False, status_code=303)
async def sign_out_member(request: Asked, tx: Transaction, workspace: CurrentWorkspace) -> Response[Any]:
    return await _sign_out(request, tx, workspace, SessionKind.MEMBER, "/login")


@post("/tickets/logout", opt=public(), include_in_schema=False, status_code=303)
async def sign_out_customer(request: Asked, tx: Transaction, workspace: CurrentWorkspace) -> Response[Any]:
    """Here, or on all devices where the form says so."""
    customer = identity_of(request).customer
    if customer and (await read_form(request, LeaveForm)).everywhere:
        await sessions.end_sessions_of(tx, customer)
    return await _sign_out(request, tx, workspace, SessionKind.CUSTOMER, "/tickets/login")


async def _sign_out(
    request: Asked, tx: Transaction, workspace: Workspace, kind: SessionKind, path: str
) -> Response[Any]:
    if session := identity_of(request).session_of(kind):
        await sessions.end_session(tx, workspace.id, session)
    response = redirect(path)
    response.set_cookie(sessions.ended_cookie(kind, request.app.state.settings))
    response.headers["clear-site-data"] = '"cache"'
    return response


ROUTES = [
    login,
    sign_in_by_password,
    mail_link,
    customer_login,
    mail_customer_link,
    look_at_member_link,
    use_member_link,
    look_at_customer_link,
    use_customer_link,
    look_at_invitation,
    accept_invitation,
    look_at_owner_link,
    found_workspace,
    sign_out_member,
    sign_out_customer,
]
