"""Sessions: opened at sign-in, found for each request, listed, ended. The cookie only names one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from voxpop.accounts import sessions_store as store
from voxpop.accounts.models import Customer, KnownSession, Member, NewSession, SessionKind, SessionRow
from voxpop.auth.tokens import hash_secret, new_token
from voxpop.config.settings import Settings
from voxpop.db.pool import Database, Tx
from voxpop.errors import NotFound
from voxpop.types import AccountId, WorkspaceId, utcnow, uuid7
from voxpop.workspaces.models import Workspace

Connection = ASGIConnection[Any, Any, Any, Any]

# How long a session may idle, and how long it lasts at the most.
TTL = {
    SessionKind.MEMBER: (timedelta(days=3), timedelta(days=30)),
    SessionKind.CUSTOMER: (timedelta(days=14), timedelta(days=90)),
    SessionKind.GUEST: (timedelta(days=7), timedelta(days=30)),
}
KEPT_AFTER = timedelta(days=7)
LONGEST_USER_AGENT = 300


def cookie_name(kind: SessionKind, settings: Settings) -> str:
    """Members and customers have cookies of their own, so that who is both can be both in one browser."""
    whose = "member" if kind == SessionKind.MEMBER else "customer"
    return f"__Host-voxpop-{whose}" if _is_secure(settings) else f"voxpop-{whose}"


def _is_secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")


async def open_member(tx: Tx, workspace: Workspace, account: AccountId, request: Connection) -> Cookie:
    """Signs a member in; who was signed in before on this browser is so no longer."""
    return await _open(tx, workspace, NewSession(SessionKind.MEMBER, account_id=account), request)


async def open_customer(tx: Tx, workspace: Workspace, email: str, request: Connection) -> Cookie:
    """Signs a customer in who has proven his address."""
    return await _open(tx, workspace, NewSession(SessionKind.CUSTOMER, email=email), request)


async def open_guest(
    tx: Tx, workspace: Workspace, email: str, name: str, ticket_id: UUID, request: Connection
) -> Cookie:
    """Lets somebody in whose address is not proven: to this one ticket (T24)."""
    return await _open(
        tx, workspace, NewSession(SessionKind.GUEST, email=email, name=name, ticket_id=ticket_id), request
    )


async def _open(tx: Tx, workspace: Workspace, new: NewSession, request: Connection) -> Cookie:
    before = request.scope["state"]["identity"].session_of(new.kind)
    if before is not None:
        await store.end_session(tx, workspace.id, before)
    settings: Settings = request.app.state.settings
    idle, life = TTL[new.kind]
    key, now = new_token(uuid7()), utcnow()
    client = request.client.host if request.client else None
    named = NewSession(
        new.kind,
        new.account_id,
        new.email,
        new.name,
        new.ticket_id,
        request.headers.get("user-agent", "")[:LONGEST_USER_AGENT] or None,
        client,
    )
    times = (now, int(idle.total_seconds()), now + life)
    await store.insert_session(tx, workspace.id, (key.id, hash_secret(key.secret)), named, times)
    return _cookie(new.kind, str(key), int(life.total_seconds()), settings)


def _cookie(kind: SessionKind, value: str, max_age: int, settings: Settings) -> Cookie:
    return Cookie(
        key=cookie_name(kind, settings),
        value=value,
        path="/",
        max_age=max_age,
        secure=_is_secure(settings),
        httponly=True,
        samesite="lax",
    )


def ended_cookie(kind: SessionKind, settings: Settings) -> Cookie:
    """Makes the browser forget."""
    return _cookie(kind, "", 0, settings)


async def end_session(tx: Tx, workspace: WorkspaceId, session: UUID) -> None:
    """Signs out: refused from the commit on, in every process."""
    await store.end_session(tx, workspace, session)


async def end_sessions_of(tx: Tx, customer: Customer) -> None:
    """Signs a customer out on all devices, in this workspace; a guest on this one only."""
    if customer.ticket_id is None:
        await store.end_sessions_of_customer(tx, customer.workspace_id, customer.email_folded)


async def revoke_session(tx: Tx, member: Member, session: UUID) -> None:
    """Ends one of a member's own sessions; NotFound for any other."""
    if not await store.end_session_of(tx, member.workspace_id, member.account_id, session):
        raise NotFound


async def list_sessions(tx: Tx, member: Member, now: datetime) -> list[SessionRow]:
    """A member's sessions in this workspace, the latest used first."""
    return await store.list_sessions(tx, member.workspace_id, member.account_id, now)


async def look_up_sessions(tx: Tx, _: WorkspaceId, sessions: Sequence[UUID]) -> list[KnownSession | None]:
    """The work of the session gate; nothing is cached, so an ended session is refused at once."""
    known = await store.find_sessions(tx, sorted(set(sessions)))
    return [known.get(session) for session in sessions]


async def look_up_workspaces(tx: Tx, _: WorkspaceId, labels: Sequence[str]) -> list[Workspace | None]:
    """The work of the host gate."""
    known = await store.find_workspaces(tx, sorted(set(labels)))
    return [known.get(label) for label in labels]


async def purge(database: Database, now: datetime) -> None:
    """Takes away sessions, links and throttles that are over, in every workspace."""
    async with database.transaction(None) as tx:
        await store.delete_expired(tx, now, now - KEPT_AFTER)
