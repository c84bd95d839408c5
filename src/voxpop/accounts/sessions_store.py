"""Statements on sessions, and on workspaces by their host label."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop.accounts.models import KnownSession, NewSession, SessionRow
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import AccountId, WorkspaceId, folded
from voxpop.workspaces.models import Workspace


class Ended(Struct):
    ended: bool


WORKSPACES_BY_LABEL = Query(
    """
    SELECT id, name, time_zone, cool_down_days, slug, portal_enabled, csat_enabled FROM find_workspaces($1::text[])
    """,
    Workspace,
)
KNOWN_SESSIONS = Query(
    """
    SELECT id, workspace_id, secret_hash, kind, account_id, email, name, ticket_id, role FROM find_sessions($1::uuid[])
    """,
    KnownSession,
)
NEW_SESSION = Query(
    """
    INSERT INTO session (workspace_id, id, secret_hash, kind, account_id, email, email_folded, name, ticket_id,
                         user_agent, address, create_time, last_seen_at, idle_seconds, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14)
    """,
    NoRows,
)
SESSIONS_OF_ACCOUNT = Query(
    """
    SELECT id, user_agent, address, create_time, last_seen_at FROM session
    WHERE workspace_id = $1 AND account_id = $2 AND expires_at > $3
        AND last_seen_at > $3 - make_interval(secs => idle_seconds)
    ORDER BY last_seen_at DESC, id DESC
    """,
    SessionRow,
)
ENDED_SESSION = Query("DELETE FROM session WHERE workspace_id = $1 AND id = $2", NoRows)
ENDED_SESSION_OF_ACCOUNT = Query("DELETE FROM session WHERE workspace_id = $1 AND account_id = $2 AND id = $3", NoRows)
ENDED_SESSIONS_HERE = Query("DELETE FROM session WHERE workspace_id = $1 AND account_id = $2", NoRows)
ENDED_SESSIONS_OF_CUSTOMER = Query(
    "DELETE FROM session WHERE workspace_id = $1 AND kind = 'customer' AND email_folded = $2", NoRows
)
ENDED_SESSIONS = Query("SELECT end_account_sessions($1, $2) IS NULL AS ended", Ended)
PRUNED = Query("SELECT delete_expired($1, $2) IS NULL AS ended", Ended)


async def find_workspaces(tx: Tx, labels: Sequence[str]) -> dict[str, Workspace]:
    return {found.slug: found for found in await WORKSPACES_BY_LABEL.all(tx, labels)}


async def find_sessions(tx: Tx, sessions: Sequence[UUID]) -> dict[UUID, KnownSession]:
    return {found.id: found for found in await KNOWN_SESSIONS.all(tx, sessions)}


async def insert_session(
    tx: Tx, workspace: WorkspaceId, keys: tuple[UUID, bytes], new: NewSession, times: tuple[datetime, int, datetime]
) -> None:
    """`keys`: its id and the hash of its secret; `times`: now, the seconds it may idle, its end."""
    address = (new.email, folded(new.email) if new.email else None)
    person = (new.kind, new.account_id, *address, new.name, new.ticket_id, new.user_agent, new.address)
    await NEW_SESSION.run(tx, workspace, *keys, *person, *times)


async def list_sessions(tx: Tx, workspace: WorkspaceId, account: AccountId, now: datetime) -> list[SessionRow]:
    return await SESSIONS_OF_ACCOUNT.all(tx, workspace, account, now)


async def end_session(tx: Tx, workspace: WorkspaceId, session: UUID) -> None:
    await ENDED_SESSION.run(tx, workspace, session)


async def end_session_of(tx: Tx, workspace: WorkspaceId, account: AccountId, session: UUID) -> bool:
    """False when the account has no such session here."""
    return await ENDED_SESSION_OF_ACCOUNT.run(tx, workspace, account, session) == 1


async def end_sessions_here(tx: Tx, workspace: WorkspaceId, account: AccountId) -> None:
    await ENDED_SESSIONS_HERE.run(tx, workspace, account)


async def end_sessions_of_customer(tx: Tx, workspace: WorkspaceId, email_folded: str) -> None:
    """Not those of guests, whose address is not proven."""
    await ENDED_SESSIONS_OF_CUSTOMER.run(tx, workspace, email_folded)


async def end_other_sessions(tx: Tx, account: AccountId, but: UUID) -> None:
    """In every workspace."""
    await ENDED_SESSIONS.one(tx, account, but)


async def delete_expired(tx: Tx, now: datetime, old: datetime) -> None:
    """Of every workspace."""
    await PRUNED.one(tx, now, old)
