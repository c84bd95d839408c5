"""Pages for signing in by password or by emailed link, and for signing out. Parses, calls, shows."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency

from voxpop.accounts import members, sessions, sign_in
from voxpop.accounts.models import NewSession, SessionKind
from voxpop.accounts.schemas import EmailForm, PasswordSignIn, SignInForm, SignOutForm, parse_email
from voxpop.accounts.sign_in import LinkRequest
from voxpop.auth import browser_sessions
from voxpop.auth.authenticator import identity_of
from voxpop.auth.dependencies import (
    CurrentWorkspace,
    PageRequest,
    Renderer,
    Submission,
    Transaction,
    before_transaction,
)
from voxpop.auth.form_submissions import FormSubmission
from voxpop.auth.guards import limit_by_client, portal_public, public
from voxpop.auth.rate_limits import RateLimit, record_attempt, record_password_guess
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.email_addresses import normalize_email
from voxpop.errors import Invalid, NotFound, RateLimited
from voxpop.i18n import N_
from voxpop.types import utcnow
from voxpop.web.client_ip import client_ip
from voxpop.web.forms import MAX_PUBLIC_FORM_BYTES, read_form
from voxpop.web.pages import local_path, redirect
from voxpop.web.rendering import PageRenderer

OVERVIEW = "/overview"
WRONG_LOGIN = N_("Wrong email address or password.")
PORTAL = "/tickets"
LOGIN, CUSTOMER_LOGIN = "accounts/login.html", "accounts/customer_login.html"


@get("/login", opt=public(), include_in_schema=False)
async def show_login(request: PageRequest, tx: Transaction, render: Renderer) -> Response[Any]:
    """A signed-in member goes on at once."""
    following = local_path(request.query_params.get("next"))
    if member := identity_of(request).member:
        return redirect(following or await members.get_start_path(tx, member.workspace_id, member.account_id))
    return render(LOGIN, email="", next=following or "", sent="sent" in request.query_params)


async def check_password(request: PageRequest, workspace: CurrentWorkspace, render: Renderer) -> PasswordSignIn:
    """Reads the form, counts the attempt and verifies the password."""
    form = await read_form(request, SignInForm)
    database: Database = request.app.state.database
    await record_attempt(database, workspace.id, RateLimit.SIGN_IN_CLIENT, client_ip(request))
    await record_password_guess(database, workspace.id, form.email, client_ip(request))
    account = await sign_in.verify_password(database, workspace.id, form.email, form.password, utcnow())
    if account is None:
        raise render.with_errors(LOGIN, Invalid(WRONG_LOGIN), email=form.email, next=form.next, sent=False)
    return PasswordSignIn(account, local_path(form.next))


@post(
    "/login",
    opt=public(),
    request_max_body_size=MAX_PUBLIC_FORM_BYTES,
    dependencies=before_transaction(check_password),
    include_in_schema=False,
    status_code=303,
)
async def sign_in_by_password(
    request: PageRequest, workspace: CurrentWorkspace, tx: Transaction, checked: NamedDependency[PasswordSignIn]
) -> Response[Any]:
    """Opens a session for the account whose password was given."""
    new = NewSession(SessionKind.MEMBER, account_id=checked.account)
    path = checked.path or await members.get_start_path(tx, workspace.id, checked.account)
    return await browser_sessions.start(request, tx, new, path)


async def check_link_request(request: PageRequest, submission: Submission, render: Renderer) -> LinkRequest | None:
    """The request of a member; None if no link is sent."""
    return await _check_link_request(request, submission, render, LOGIN)


async def check_customer_link_request(
    request: PageRequest, submission: Submission, render: Renderer
) -> LinkRequest | None:
    """The request of a customer; None if no link is sent."""
    return await _check_link_request(request, submission, render, CUSTOMER_LOGIN)


async def _check_link_request(
    request: PageRequest, submission: FormSubmission, render: PageRenderer, template: str
) -> LinkRequest | None:
    """Counts by client, then by address. Beyond the second limit no link is sent, as the earlier ones still work.

    A repeated form is not counted, and sends no link.
    """
    form = await read_form(request, EmailForm)
    try:
        email = parse_email(form.email)
    except Invalid as error:
        raise render.with_errors(template, error, email=form.email, next=form.next, sent=False) from None
    database: Database = request.app.state.database
    if await submission.is_repeated(database):
        return None
    await record_attempt(database, submission.workspace, RateLimit.LINK_CLIENT, client_ip(request))
    try:
        await record_attempt(database, submission.workspace, RateLimit.LINK_ADDRESS, normalize_email(email))
    except RateLimited:
        return None
    return LinkRequest(email, local_path(form.next), render.locale)


@post(
    "/login/mail",
    opt=public(),
    request_max_body_size=MAX_PUBLIC_FORM_BYTES,
    dependencies=before_transaction(check_link_request),
    include_in_schema=False,
    status_code=303,
)
async def email_member_link(
    request: PageRequest,
    workspace: CurrentWorkspace,
    tx: Transaction,
    checked: NamedDependency[LinkRequest | None],
    submission: Submission,
) -> Response[Any]:
    """The same response whether the address is a member's or not."""
    settings: Settings = request.app.state.settings

    async def work() -> str:
        if checked is not None:
            await sign_in.email_member_link(tx, workspace, checked, utcnow(), settings)
        return "/login?sent"

    return redirect(await submission.run_once(tx, work))


@get("/tickets/login", opt=portal_public(), include_in_schema=False, sync_to_thread=False)
def show_customer_login(request: PageRequest, render: Renderer) -> Response[Any]:
    """A signed-in customer goes on at once; a guest may still sign in."""
    following = local_path(request.query_params.get("next"))
    customer = identity_of(request).customer
    if customer and customer.ticket_id is None:
        return redirect(following or PORTAL)
    return render(CUSTOMER_LOGIN, email="", next=following or "", sent="sent" in request.query_params)


@post(
    "/tickets/login",
    opt=portal_public(),
    request_max_body_size=MAX_PUBLIC_FORM_BYTES,
    dependencies=before_transaction(check_customer_link_request),
    include_in_schema=False,
    status_code=303,
)
async def email_customer_link(
    request: PageRequest,
    workspace: CurrentWorkspace,
    tx: Transaction,
    checked: NamedDependency[LinkRequest | None],
    submission: Submission,
) -> Response[Any]:
    """The same response whether the address is known or not (T23)."""
    settings: Settings = request.app.state.settings

    async def work() -> str:
        if checked is not None:
            await sign_in.email_customer_link(tx, workspace, checked, utcnow(), settings.public_url)
        return "/tickets/login?sent"

    return redirect(await submission.run_once(tx, work))


@post("/logout", opt=public(), request_max_body_size=MAX_PUBLIC_FORM_BYTES, include_in_schema=False, status_code=303)
async def sign_out_member(request: PageRequest, tx: Transaction) -> Response[Any]:
    """Signs a member out of this browser."""
    return await browser_sessions.end(request, tx, SessionKind.MEMBER, "/login")


@post(
    "/tickets/logout",
    opt=public(),
    request_max_body_size=MAX_PUBLIC_FORM_BYTES,
    include_in_schema=False,
    status_code=303,
)
async def sign_out_customer(request: PageRequest, tx: Transaction) -> Response[Any]:
    """Signs a customer out of this browser, or of all devices if the form says so."""
    customer = identity_of(request).customer
    if customer and (await read_form(request, SignOutForm)).everywhere:
        await sessions.end_customer_sessions(tx, customer)
    return await browser_sessions.end(request, tx, SessionKind.CUSTOMER, "/tickets/login")


@post(
    "/demo",
    opt=public(),
    request_max_body_size=MAX_PUBLIC_FORM_BYTES,
    guards=[limit_by_client(RateLimit.EXPLORE_DEMO)],
    include_in_schema=False,
    status_code=303,
)
async def explore_demo(request: PageRequest, tx: Transaction, workspace: CurrentWorkspace) -> Response[Any]:
    """Signs the read-only visitor in where `voxpop serve --demo` shows demo data. A member stays signed in."""
    settings: Settings = request.app.state.settings
    if not (settings.demo and workspace.has_demo_data):
        raise NotFound
    if identity_of(request).member:
        return redirect(OVERVIEW)
    account = await members.add_demo_visitor(tx, workspace.id, utcnow())
    return await browser_sessions.start(request, tx, NewSession(SessionKind.MEMBER, account_id=account), OVERVIEW)


ROUTES = [
    explore_demo,
    show_login,
    sign_in_by_password,
    email_member_link,
    show_customer_login,
    email_customer_link,
    sign_out_member,
    sign_out_customer,
]
