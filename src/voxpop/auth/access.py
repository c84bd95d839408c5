"""The door: turns a key or a session into who is calling, and says what each route asks of him."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response
from litestar.connection import ASGIConnection, Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.handlers.base import BaseRouteHandler
from msgspec import Struct

from voxpop.accounts import sessions
from voxpop.accounts.models import Customer, KnownSession, Member, Role, SessionKind
from voxpop.auth.policy import authenticate, parse_api_key, parse_token, require_scope
from voxpop.config.settings import Settings
from voxpop.db.batcher import Batcher
from voxpop.db.pool import Database, Tx
from voxpop.errors import Forbidden, NotFound, Unauthorized
from voxpop.hosts import label_of
from voxpop.types import Actor, Scope
from voxpop.web.forms import SAFE, is_cross_site
from voxpop.web.pages import ResponseOverride, redirect
from voxpop.web.rendering import PageRenderer
from voxpop.workspaces import service
from voxpop.workspaces.models import KnownKey, Workspace

CurrentActor = NamedDependency[Actor]
Transaction = NamedDependency[Tx]
CurrentWorkspace = NamedDependency[Workspace]
CurrentMember = NamedDependency[Member]
CurrentCustomer = NamedDependency[Customer]
MaybeCustomer = NamedDependency[Customer | None]
Renderer = NamedDependency[PageRenderer]

Connection = ASGIConnection[Any, Any, Any, Any]
LOGIN, CUSTOMER_LOGIN = "/login", "/tickets/login"


class PageAccess(Struct, frozen=True):
    """Whom a page lets in: members of a role, customers, or anybody; and whether it is a page of the portal.

    `framed`: it has the frame of the members' pages, and so shows what that tells.
    """

    role: Role | None = None
    customers: bool = False
    portal: bool = False
    framed: bool = False


class RequestIdentity(Struct, frozen=True):
    """Where a page request came, and who is signed in there."""

    here: Workspace
    member: Member | None = None
    customer: Customer | None = None

    def session_of(self, kind: SessionKind) -> UUID | None:
        """The session that a new one of this kind replaces."""
        person = self.member if kind == SessionKind.MEMBER else self.customer
        return None if person is None else person.session_id

    def actor(self, admission: PageAccess) -> Actor:
        person = self.member if admission.role else self.customer
        return Actor(self.here.id, "nobody", frozenset()) if person is None else person.actor()


def requires_scope(scope: Scope) -> dict[str, Any]:
    """The `opt` of a route that a key with this scope may use."""
    return {"scope": scope}


def members_only(role: Role = Role.AGENT, *, framed: bool = True) -> dict[str, Any]:
    """The `opt` of a page for members of at least this role."""
    return {"page": PageAccess(role=role, framed=framed)}


def customers_only() -> dict[str, Any]:
    """The `opt` of a page of the portal for who is signed in there; a guest too."""
    return {"page": PageAccess(customers=True, portal=True)}


def portal_public() -> dict[str, Any]:
    """The `opt` of a page of the portal that is open to everybody."""
    return {"page": PageAccess(portal=True)}


def public() -> dict[str, Any]:
    """The `opt` of a page that is open to everybody."""
    return {"page": PageAccess()}


class Authenticator:
    """Knows bearers of keys, sessions and hosts. Look-ups of concurrent requests go together through a gate."""

    def __init__(self, database: Database, limit: int = 10_000) -> None:
        self._keys: Batcher[UUID, KnownKey | None] = Batcher("keys", database, service.look_up_keys, queue_limit=limit)
        self._hosts: Batcher[str, Workspace | None] = Batcher(
            "hosts", database, sessions.look_up_workspaces, queue_limit=limit
        )
        self._sessions: Batcher[UUID, KnownSession | None] = Batcher(
            "sessions", database, sessions.look_up_sessions, queue_limit=limit
        )

    async def authenticate(self, authorization: str | None, scope: Scope) -> Actor:
        """Unauthorized without a valid key, Forbidden where it lacks the scope."""
        token = parse_api_key(authorization)
        actor = authenticate(token, await self._keys.submit(None, token.key))
        require_scope(actor, scope)
        return actor

    async def visit(self, connection: Connection) -> RequestIdentity:
        """Where the request came and who made it; NotFound for a host that is no workspace's."""
        settings: Settings = connection.app.state.settings
        here, member, customer = await asyncio.gather(
            self._here(connection, settings),
            self._session(connection, sessions.cookie_name(SessionKind.MEMBER, settings)),
            self._session(connection, sessions.cookie_name(SessionKind.CUSTOMER, settings)),
        )
        # A session is good at its own workspace's host only, wherever its cookie may have come from.
        return RequestIdentity(
            here,
            member.member() if member and member.workspace_id == here.id else None,
            customer.customer() if customer and customer.workspace_id == here.id else None,
        )

    async def _here(self, connection: Connection, settings: Settings) -> Workspace:
        label = label_of(connection.headers.get("host", ""), settings.base_url)
        here = await self._hosts.submit(None, label) if label else None
        if here is None:
            raise NotFound
        return here

    async def _session(self, connection: Connection, cookie: str) -> KnownSession | None:
        key = parse_token(connection.cookies.get(cookie))
        found = await self._sessions.submit(None, key.id) if key else None
        return found if key and found and key.matches(found.secret_hash) else None


async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
    """Runs before every handler: a route names the scope or the people it is for, or is open; a test lists those."""
    doorkeeper: Authenticator = connection.app.state.doorkeeper
    state = connection.scope["state"]
    if scope := handler.opt.get("scope"):
        state["actor"] = await _admit_to_api(doorkeeper, connection, scope)
    elif admission := handler.opt.get("page"):
        state["visit"] = visit = await doorkeeper.visit(connection)
        state["layout_context"] = {"here": visit.here, "member": visit.member, "customer": visit.customer}
        if _method(connection) not in SAFE and is_cross_site(connection.headers):
            raise Forbidden("This form was sent from another site")
        _admit_to_page(admission, visit, connection)
        if admission.framed:  # here, before the handler has a connection: who holds one must not wait for another
            state["layout_context"] |= await connection.app.state.rail(visit.here.id)
        state["actor"] = visit.actor(admission)
    if isinstance(connection, Request) and connection.method not in SAFE:
        await connection.body()  # kept; who sends it slowly must not hold a database connection meanwhile


async def _admit_to_api(doorkeeper: Authenticator, connection: Connection, scope: Scope) -> Actor:
    """By key; who is signed in as a member may read without one, so that a page can link to an export."""
    authorization = connection.headers.get("authorization")
    settings: Settings = connection.app.state.settings
    cookie = sessions.cookie_name(SessionKind.MEMBER, settings) in connection.cookies
    if authorization is not None or not cookie or _method(connection) != "GET" or is_cross_site(connection.headers):
        return await doorkeeper.authenticate(authorization, scope)
    member = (await doorkeeper.visit(connection)).member
    if member is None:
        raise Unauthorized
    require_scope(member.actor(), scope)
    return member.actor()


def _admit_to_page(admission: PageAccess, visit: RequestIdentity, connection: Connection) -> None:
    if admission.portal and not visit.here.portal_enabled:
        raise NotFound
    if admission.role and visit.member is None:
        raise ResponseOverride(_to_login(LOGIN, connection))
    if admission.customers and visit.customer is None:
        raise ResponseOverride(_to_login(CUSTOMER_LOGIN, connection))
    if admission.role and visit.member and not visit.member.may(admission.role):
        raise Forbidden("Your role does not open this")


def _to_login(login: str, connection: Connection) -> Response[Any]:
    """Back to where he wanted to go afterwards; what a form held is not kept."""
    if _method(connection) not in SAFE:
        return redirect(login)
    query = connection.scope["query_string"].decode("latin-1")
    wanted = connection.scope["path"] + (f"?{query}" if query else "")
    return redirect(f"{login}?{urlencode({'next': wanted})}")


def _method(connection: Connection) -> str:
    return str(dict(connection.scope).get("method"))


def visit_of(request: Request[Any, Any, Any]) -> RequestIdentity:
    visit: RequestIdentity = request.scope["state"]["visit"]
    return visit


def provide_actor(request: Request[Any, Any, Any]) -> Actor:
    actor: Actor = request.scope["state"]["actor"]
    return actor


async def provide_tx(state: State, actor: CurrentActor) -> AsyncIterator[Tx]:
    """One transaction for a request: committed before the answer leaves, undone when the handler raises."""
    database: Database = state.database
    async with database.transaction(actor.workspace) as tx:
        yield tx


def provide_here(request: Request[Any, Any, Any]) -> Workspace:
    return visit_of(request).here


def provide_member(request: Request[Any, Any, Any]) -> Member:
    member = visit_of(request).member
    if member is None:
        raise Unauthorized
    return member


def provide_customer(request: Request[Any, Any, Any]) -> Customer:
    customer = visit_of(request).customer
    if customer is None:
        raise Unauthorized
    return customer


def provide_visitor(request: Request[Any, Any, Any]) -> Customer | None:
    return visit_of(request).customer


def provide_renderer(request: Request[Any, Any, Any]) -> PageRenderer:
    return PageRenderer(request, **request.scope["state"]["layout_context"])


DEPENDENCIES = {"tx": Provide(provide_tx)} | {
    name: Provide(provider, sync_to_thread=False)
    for name, provider in {
        "actor": provide_actor,
        "here": provide_here,
        "member": provide_member,
        "customer": provide_customer,
        "visitor": provide_visitor,
        "render": provide_renderer,
    }.items()
}
