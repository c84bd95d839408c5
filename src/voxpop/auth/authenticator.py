"""Authentication: turns an API key, a session cookie and a host into the caller's identity."""

import asyncio
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar.connection import ASGIConnection
from msgspec import Struct

from voxpop.accounts import sessions
from voxpop.accounts.models import ActiveSession, Customer, Member, SessionKind
from voxpop.auth.cookies import read_cookie
from voxpop.auth.errors import OriginNotAllowed
from voxpop.auth.permissions import require_scope
from voxpop.auth.publishable_access import PublishableAccess, WidgetCaller
from voxpop.auth.remembered import Remembered
from voxpop.auth.tokens import OpaqueToken, actor_of, parse_api_key, parse_token
from voxpop.config.settings import Settings
from voxpop.db.batcher import Batcher
from voxpop.db.pool import Database
from voxpop.errors import Forbidden, NotFound, Unauthorized
from voxpop.hosts import workspace_label
from voxpop.types import Actor, Scope
from voxpop.web.credentials import Credentials
from voxpop.web.csrf import is_same_origin
from voxpop.workspaces import service
from voxpop.workspaces.models import ActiveKey, Workspace

Connection = ASGIConnection[Any, Any, Any, Any]


class RequestIdentity(Struct, frozen=True):
    """The workspace whose page is requested, and the member and the customer signed in there."""

    workspace: Workspace
    member: Member | None = None
    customer: Customer | None = None

    def session_of(self, kind: SessionKind) -> UUID | None:
        """The session that a new one of this kind replaces."""
        person = self.member if kind == SessionKind.MEMBER else self.customer
        return None if person is None else person.session_id


class Authenticator:
    """Looks up keys, sessions and hosts. Concurrent requests share one look-up through a batcher.

    What is found is remembered for a second, and forgotten as soon as a process changes an identity.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        queue_limit = settings.queue_limit
        self._public_url = settings.public_url
        self.publishable = PublishableAccess(database, settings)
        self._keys: Batcher[UUID, ActiveKey | None] = Batcher(
            "keys", database, service.look_up_keys, queue_limit=queue_limit
        )
        self._hosts: Batcher[str, Workspace | None] = Batcher(
            "hosts", database, sessions.look_up_workspaces, queue_limit=queue_limit
        )
        self._sessions: Batcher[UUID, ActiveSession | None] = Batcher(
            "sessions", database, sessions.look_up_sessions, queue_limit=queue_limit
        )
        self._actors = Remembered[Actor]()
        self._workspaces = Remembered[Workspace]()
        self._active_sessions = Remembered[ActiveSession]()
        self._notifier = database.notifier
        self._notifier.on_identity_change(self._forget)

    async def authenticate(self, credentials: Credentials, scope: Scope) -> Actor:
        """The actor of an API key. Unauthorized without a valid key, Forbidden if it lacks the scope."""
        if "pk_" in (credentials.authorization or "") and await self.publishable.authenticate(credentials):
            raise Forbidden("A publishable key allows the calls of the widget only.")
        actor = await self._authenticate_secret_key(credentials)
        require_scope(actor, scope)
        return actor

    async def authenticate_widget(self, credentials: Credentials) -> WidgetCaller:
        """The caller of a call of the widget, which needs a publishable key. RateLimited beyond the limits."""
        caller = await self.publishable.authenticate(credentials)
        if caller is None:
            await self._authenticate_secret_key(credentials)
            raise Forbidden("The calls of the widget need a publishable key.")
        self.publishable.count(caller)
        return caller

    async def _authenticate_secret_key(self, credentials: Credentials) -> Actor:
        """A key with scopes is a secret, so no page but ours may send it."""
        authorization, origin = credentials.authorization, credentials.origin
        actor = await self._actors.get(authorization or "", partial(self._look_up_actor, authorization))
        if actor is None:
            raise Unauthorized
        if origin is not None and not (
            is_same_origin(origin, credentials.host) or is_same_origin(origin, urlsplit(self._public_url).netloc)
        ):
            raise OriginNotAllowed
        return actor

    async def _look_up_actor(self, authorization: str | None) -> Actor | None:
        key = parse_api_key(authorization)
        self._notifier.listen()
        known = await self._keys.submit(None, key.id)
        return actor_of(known) if known and key.matches(known.secret_hash) else None

    async def identify(self, connection: Connection) -> RequestIdentity:
        """The identity behind a page request; NotFound for a host that belongs to no workspace."""
        settings: Settings = connection.app.state.settings
        workspace, member, customer = await asyncio.gather(
            self._workspace(connection, settings),
            self._session(read_cookie(connection, SessionKind.MEMBER, settings)),
            self._session(read_cookie(connection, SessionKind.CUSTOMER, settings)),
        )
        visitor = member.member() if member and member.workspace_id == workspace.id else None
        if visitor and visitor.is_read_only and not settings.demo:
            visitor = None  # the sessions of a demo end with it
        # A session is valid at its own workspace's host only, so a cookie of another host changes nothing.
        return RequestIdentity(
            workspace,
            visitor,
            customer.customer() if customer and customer.workspace_id == workspace.id else None,
        )

    async def _workspace(self, connection: Connection, settings: Settings) -> Workspace:
        label = workspace_label(connection.headers.get("host", ""), settings.base_url)
        workspace = await self._workspaces.get(label, partial(self._look_up_workspace, label)) if label else None
        if workspace is None:
            raise NotFound
        return workspace

    async def _look_up_workspace(self, label: str) -> Workspace | None:
        self._notifier.listen()
        return await self._hosts.submit(None, label)

    async def _session(self, cookie: str | None) -> ActiveSession | None:
        token = parse_token(cookie)
        return await self._active_sessions.get(str(token), partial(self._look_up_session, token)) if token else None

    async def _look_up_session(self, token: OpaqueToken) -> ActiveSession | None:
        self._notifier.listen()
        session = await self._sessions.submit(None, token.id)
        return session if session and token.matches(session.secret_hash) else None

    def _forget(self) -> None:
        for remembered in (self._actors, self._workspaces, self._active_sessions):
            remembered.forget()


def identity_of(connection: Connection) -> RequestIdentity:
    """The identity that the guard found for a page request."""
    identity: RequestIdentity = connection.scope["state"]["identity"]
    return identity
