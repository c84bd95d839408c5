"""Authorization of routes, CSRF protection and rate limits, as guards that run before a handler."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import MediaType, Response
from litestar.connection import Request
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Guard
from msgspec import Struct

from voxpop.accounts.models import Member, Role, SessionKind
from voxpop.auth.authenticator import Authenticator, Connection, RequestIdentity, identity_of
from voxpop.auth.cookies import read_cookie
from voxpop.auth.permissions import require_scope
from voxpop.auth.rate_limits import RateLimit, record_attempt
from voxpop.auth.tokens import parse_api_key
from voxpop.config.settings import Settings
from voxpop.db.errors import UNAVAILABLE_ERRORS
from voxpop.errors import Forbidden, NotFound, Unauthorized, Unavailable
from voxpop.i18n import N_
from voxpop.types import Actor, Scope
from voxpop.web.client_ip import client_ip
from voxpop.web.credentials import Credentials, cors_headers
from voxpop.web.csrf import SAFE_METHODS, is_cross_site
from voxpop.web.pages import PORTAL_PREFIX, ResponseOverride, local_path, redirect

# Reads what the sidebar shows to a member, as template variables.
SidebarLoader = Callable[[Member], Awaitable[Mapping[str, Any]]]

READ_ONLY = N_("The demo shows everything and changes nothing. Sign in as a member to make changes.")
LOGIN, CUSTOMER_LOGIN = "/login", "/tickets/login"
WIDGET_PATH = "/api/v1/widget/"
PREFLIGHT_HEADERS = {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "authorization, content-type, idempotency-key",
    "access-control-max-age": "7200",  # seconds; browsers keep it no longer
}


class PageAccess(Struct, frozen=True):
    """The people a page is for: members of a role, customers, or everyone. `portal`: a page of the customer portal.

    `has_sidebar`: it has the layout of the members' pages, with the sidebar. `in_demo`: the visitor of a demo sees it.
    """

    role: Role | None = None
    customers: bool = False
    portal: bool = False
    has_sidebar: bool = False
    in_demo: bool = True


def requires_scope(scope: Scope, *, or_member: bool = False) -> dict[str, Any]:
    """The `opt` of a route for API keys with this scope. `or_member`: signed-in members may change something too."""
    return {"scope": scope, "or_member": or_member}


def requires_publishable_key() -> dict[str, Any]:
    """The `opt` of a call of the widget."""
    return {"widget": True}


def members_only(role: Role = Role.AGENT, *, has_sidebar: bool = True, in_demo: bool = True) -> dict[str, Any]:
    """The `opt` of a page for members of at least this role. `in_demo`: the visitor of a demo sees it too."""
    return {"page": PageAccess(role=role, has_sidebar=has_sidebar, in_demo=in_demo)}


def customers_only() -> dict[str, Any]:
    """The `opt` of a portal page for signed-in customers, guests included."""
    return {"page": PageAccess(customers=True, portal=True)}


def portal_public() -> dict[str, Any]:
    """The `opt` of a portal page that is open to everyone."""
    return {"page": PageAccess(portal=True)}


def public() -> dict[str, Any]:
    """The `opt` of a page that is open to everyone."""
    return {"page": PageAccess()}


def limit_by_client(rate_limit: RateLimit) -> Guard:
    """A guard that counts a page's requests by client address, before the handler's transaction."""

    async def count(connection: Connection, _: BaseRouteHandler) -> None:
        await _count_attempt(connection, rate_limit, client_ip(connection))

    return count


def limit_by_member(rate_limit: RateLimit) -> Guard:
    """A guard that counts a members' page's requests by account, before the handler's transaction."""

    async def count(connection: Connection, _: BaseRouteHandler) -> None:
        member = identity_of(connection).member
        if member is not None:
            await _count_attempt(connection, rate_limit, str(member.account_id))

    return count


class AccessGuard:
    """The guard of every route: authenticates the request, then checks its scope or page access.

    The composition root passes `load_sidebar`, because `auth` may not import `tickets`.
    """

    def __init__(self, authenticator: Authenticator, load_sidebar: SidebarLoader) -> None:
        self._authenticator, self._load_sidebar = authenticator, load_sidebar

    async def check(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Runs before every handler. A route without a scope or a page access is open; a test lists those routes."""
        state = connection.scope["state"]
        if handler.opt.get("widget"):
            state["credentials"] = credentials = Credentials.of(connection)
            state["widget_caller"] = await self._authenticator.authenticate_widget(credentials)
        elif scope := handler.opt.get("scope"):
            or_member = handler.opt.get("or_member", False)
            state["actor"] = await _authenticate_api_request(self._authenticator, connection, scope, or_member)
        elif access := handler.opt.get("page"):
            await self._check_page_request(connection, access)
        elif handler.opt.get("shows_member"):
            # An open page needs neither a workspace nor the database.
            with suppress(NotFound, Unavailable, *UNAVAILABLE_ERRORS):
                _set_identity(connection, await self._authenticator.identify(connection))
        if isinstance(connection, Request) and connection.method not in SAFE_METHODS:
            await connection.body()  # cached; a slow client must not hold a database connection meanwhile

    async def answer_preflight(self, connection: Connection) -> None:
        """Answers a preflight of the widget's calls if any active publishable key lists the origin. It has no key."""
        origin = connection.headers.get("origin", "")
        if "access-control-request-method" in connection.headers and await self._authenticator.publishable.is_listed(
            origin
        ):
            headers = {**cors_headers(origin), **PREFLIGHT_HEADERS}
            raise ResponseOverride(Response(b"", status_code=204, headers=headers, media_type=MediaType.TEXT))

    async def _check_page_request(self, connection: Connection, access: PageAccess) -> None:
        state = connection.scope["state"]
        identity = await self._authenticator.identify(connection)
        _set_identity(connection, identity)
        _check_same_site(connection)
        _check_page_access(access, identity, connection)
        if identity.member:
            state["caller"] = f"session {identity.member.session_id}"
        if access.has_sidebar and identity.member:
            # Load the sidebar before the handler takes a connection. Waiting for a second connection while holding
            # one can exhaust the pool.
            state["layout_context"] |= await self._load_sidebar(identity.member)
        state["actor"] = _page_actor(access, identity)


async def check_access(connection: Connection, handler: BaseRouteHandler) -> None:
    """The guard that routes name; it runs the one in the application's state."""
    access: AccessGuard = connection.app.state.access
    await access.check(connection, handler)


async def answer_preflight(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard that answers preflights of the widget's calls. Browsers send them before a call of another origin."""
    if _method(connection) == "OPTIONS" and connection.scope["path"].startswith(WIDGET_PATH):
        access: AccessGuard = connection.app.state.access
        await access.answer_preflight(connection)


async def _authenticate_api_request(
    authenticator: Authenticator, connection: Connection, scope: Scope, or_member: bool
) -> Actor:
    """By API key. A signed-in member may read without a key, so that a page can link to an export.

    With `or_member` they may also make changes, from a page of the same host.
    """
    authorization = connection.headers.get("authorization")
    settings: Settings = connection.app.state.settings
    cookie = read_cookie(connection, SessionKind.MEMBER, settings)
    by_session = cookie and (or_member or _method(connection) == "GET")
    if authorization is not None or not by_session or is_cross_site(connection.headers):
        connection.scope["state"]["credentials"] = credentials = Credentials.of(connection)
        actor = await authenticator.authenticate(credentials, scope)
        connection.scope["state"]["caller"] = f"key {parse_api_key(authorization).id}"
        return actor
    member = (await authenticator.identify(connection)).member
    if member is None:
        raise Unauthorized
    _check_demo(member, connection)
    connection.scope["state"]["caller"] = f"session {member.session_id}"
    if not or_member:
        require_scope(member.actor(), scope)
    return member.actor()


def _set_identity(connection: Connection, identity: RequestIdentity) -> None:
    state = connection.scope["state"]
    is_portal = f"{connection.scope['path']}/".startswith(PORTAL_PREFIX)
    state["identity"] = identity
    state["layout_context"] = {
        "workspace": identity.workspace,
        "member": identity.member,
        "customer": identity.customer,
        "sends_email": connection.app.state.settings.sends_email,
        "language": identity.member.language if identity.member and not is_portal else None,
    }


def _check_same_site(connection: Connection) -> None:
    """Prevents CSRF: a request that changes something must come from a page of the same host."""
    if _method(connection) not in SAFE_METHODS and is_cross_site(connection.headers):
        raise Forbidden("This form was sent from another site")


def _check_page_access(access: PageAccess, identity: RequestIdentity, connection: Connection) -> None:
    if access.portal and not identity.workspace.portal_enabled:
        raise NotFound
    if access.role and identity.member is None:
        raise ResponseOverride(_redirect_to_login(LOGIN, connection))
    if access.customers and identity.customer is None:
        raise ResponseOverride(_redirect_to_login(CUSTOMER_LOGIN, connection))
    if access.role and identity.member and not identity.member.may(access.role):
        raise Forbidden("Ask an admin for access.")
    if access.role and identity.member:
        _check_demo(identity.member, connection, in_demo=access.in_demo)


def _check_demo(member: Member, connection: Connection, *, in_demo: bool = True) -> None:
    if member.is_read_only and not (in_demo and _method(connection) in SAFE_METHODS):
        raise Forbidden(READ_ONLY)


async def _count_attempt(connection: Connection, rate_limit: RateLimit, subject: str) -> None:
    workspace = identity_of(connection).workspace.id
    await record_attempt(connection.app.state.database, workspace, rate_limit, subject)


def _redirect_to_login(login: str, connection: Connection) -> Response[Any]:
    """Leads back to the requested page, or to the page of a submitted form. The browser keeps the form's text."""
    page = _requested_page(connection)
    return redirect(f"{login}?{urlencode({'next': page})}" if page else login)


def _requested_page(connection: Connection) -> str | None:
    if _method(connection) in SAFE_METHODS:
        query = connection.scope["query_string"].decode("latin-1")
        return str(connection.scope["path"]) + (f"?{query}" if query else "")
    try:
        referer = urlsplit(connection.headers.get("referer", ""))
    except ValueError:
        return None
    return local_path(referer.path + (f"?{referer.query}" if referer.query else ""))


def _page_actor(access: PageAccess, identity: RequestIdentity) -> Actor:
    person = identity.member if access.role else identity.customer
    return Actor(identity.workspace.id, "anonymous", frozenset()) if person is None else person.actor()


def _method(connection: Connection) -> str:
    return str(dict(connection.scope).get("method"))
