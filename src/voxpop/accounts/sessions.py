"""Sessions: opened at sign-in, looked up for each request, listed, ended and purged."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from voxpop import outbox
from voxpop.accounts import magic_links_store
from voxpop.accounts import sessions_store as store
from voxpop.accounts.models import (
    ActiveSession,
    ClientInfo,
    Customer,
    Member,
    NewSession,
    SessionKind,
    SessionRow,
)
from voxpop.accounts.sessions_store import SessionValues
from voxpop.auth import store as rate_limits_store
from voxpop.auth.tokens import OpaqueToken, hash_secret, new_token
from voxpop.db.pool import Database, Tx
from voxpop.email_addresses import normalize_email
from voxpop.errors import NotFound
from voxpop.types import WorkspaceId, uuid7
from voxpop.workspaces.models import Workspace

KEPT_AFTER = timedelta(days=7)  # for links and rate limits that are over


class Lifetime(NamedTuple):
    """How long a session may be idle, and how long it lasts at most."""

    idle: timedelta
    total: timedelta


TTL = {
    SessionKind.MEMBER: Lifetime(timedelta(days=3), timedelta(days=30)),
    SessionKind.CUSTOMER: Lifetime(timedelta(days=14), timedelta(days=90)),
    SessionKind.GUEST: Lifetime(timedelta(days=7), timedelta(days=30)),
}


async def open_session(
    tx: Tx, workspace: WorkspaceId, new: NewSession, client: ClientInfo, now: datetime
) -> OpaqueToken:
    """Stores a session and returns the token that its cookie carries."""
    token = new_token(uuid7())
    values = SessionValues(
        id=token.id,
        secret_hash=hash_secret(token.secret),
        kind=new.kind,
        account_id=new.account_id,
        email=new.email,
        email_folded=normalize_email(new.email) if new.email else None,
        name=new.name,
        ticket_id=new.ticket_id,
        user_agent=client.user_agent,
        address=client.address,
        create_time=now,
        idle_seconds=int(TTL[new.kind].idle.total_seconds()),
        expires_at=now + TTL[new.kind].total,
    )
    await store.insert_session(tx, workspace, values)
    return token


async def end_session(tx: Tx, workspace: WorkspaceId, session: UUID) -> None:
    """Signs out. After the commit this process refuses the session at once, others within a second."""
    await store.end_session(tx, workspace, session)


async def end_customer_sessions(tx: Tx, customer: Customer) -> None:
    """Signs a customer out on all devices in this workspace. A guest has no other devices."""
    if customer.ticket_id is None:
        await store.end_sessions_of_customer(tx, customer.workspace_id, customer.email_folded)


async def revoke_session(tx: Tx, member: Member, session: UUID) -> None:
    """Ends one of a member's own sessions; NotFound for any other."""
    if not await store.end_session_of_account(tx, member.workspace_id, member.account_id, session):
        raise NotFound


async def list_sessions(tx: Tx, member: Member, now: datetime) -> list[SessionRow]:
    """A member's active sessions in this workspace, the last used first."""
    return await store.list_sessions(tx, member.workspace_id, member.account_id, now)


async def look_up_sessions(tx: Tx, _: WorkspaceId, sessions: Sequence[UUID]) -> list[ActiveSession | None]:
    """One look-up for a batch of requests."""
    known = await store.find_sessions(tx, sorted(set(sessions)))
    return [known.get(session) for session in sessions]


async def look_up_workspaces(tx: Tx, _: WorkspaceId, labels: Sequence[str]) -> list[Workspace | None]:
    """One look-up for a batch of requests: the workspaces with these host labels."""
    known = await store.find_workspaces(tx, sorted(set(labels)))
    return [known.get(label) for label in labels]


async def find_workspace(database: Database, label: str) -> Workspace | None:
    """The workspace with this host label."""
    async with database.system_transaction() as tx:
        return (await store.find_workspaces(tx, [label])).get(label)


async def purge(database: Database, now: datetime) -> None:
    """Deletes expired sessions, links, rate limits and failed emails of every workspace."""
    async with database.system_transaction() as tx:
        await store.delete_expired(tx, now)
        await magic_links_store.delete_old_links(tx, now - KEPT_AFTER)
        await rate_limits_store.delete_old_windows(tx, now - KEPT_AFTER)
        await outbox.prune_failed_mail(tx, now - KEPT_AFTER)
