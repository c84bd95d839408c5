"""Statements on sessions, and on workspaces by the label of their host."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop.accounts.models import ActiveSession, SessionKind, SessionRow
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import AccountId, WorkspaceId
from voxpop.workspaces.models import Workspace


class SessionValues(Struct, frozen=True):
    """The columns of a new session; only the hash of its secret is stored."""

    id: UUID
    secret_hash: bytes
    kind: SessionKind
    account_id: AccountId | None
    email: str | None
    email_folded: str | None
    name: str | None
    ticket_id: UUID | None
    user_agent: str | None
    address: str | None
    create_time: datetime
    idle_seconds: int
    expires_at: datetime


WORKSPACES_BY_LABEL = Query(
    """
    SELECT id, name, time_zone, cool_down_days, slug, portal_enabled, csat_enabled, accent, logo_hash, logo_width,
        logo_height, has_demo_data
    FROM workspace WHERE slug = ANY (:labels::text[])
    """,
    Workspace,
    system=True,
)
ACTIVE_SESSIONS = Query(
    """
    WITH used AS (
        UPDATE session SET last_seen_at = now()
        WHERE id IN (
            SELECT id FROM session
            WHERE id = ANY (:sessions::uuid[]) AND expires_at > now() AND last_seen_at < now() - interval '1 minute'
                AND last_seen_at > now() - make_interval(secs => idle_seconds)
            FOR UPDATE SKIP LOCKED)
    )
    SELECT s.id, s.workspace_id, s.secret_hash, s.kind, s.account_id, coalesce(m.email, s.email) AS email,
        coalesce(m.name, s.name) AS name, s.ticket_id, m.role, m.language,
        coalesce(m.is_read_only, false) AS is_read_only
    FROM session s
    LEFT JOIN member m ON m.workspace_id = s.workspace_id AND m.account_id = s.account_id AND m.removed_at IS NULL
    WHERE s.id = ANY (:sessions::uuid[]) AND s.expires_at > now() AND (s.kind <> 'member' OR m.role IS NOT NULL)
        AND s.last_seen_at > now() - make_interval(secs => s.idle_seconds)
    """,
    ActiveSession,
    system=True,
)
NEW_SESSION = Query(
    """
    INSERT INTO session (workspace_id, id, secret_hash, kind, account_id, email, email_folded, name, ticket_id,
                         user_agent, address, create_time, last_seen_at, idle_seconds, expires_at)
    VALUES (:workspace, :id, :secret_hash, :kind, :account_id, :email, :email_folded, :name, :ticket_id,
            :user_agent, :address, :create_time, :create_time, :idle_seconds, :expires_at)
    """,
    NoRows,
    values=SessionValues,
)
SESSIONS_OF_ACCOUNT = Query(
    """
    SELECT id, user_agent, address, create_time, last_seen_at FROM session
    WHERE workspace_id = :workspace AND account_id = :account AND expires_at > :now
        AND last_seen_at > :now - make_interval(secs => idle_seconds)
    ORDER BY last_seen_at DESC, id DESC
    """,
    SessionRow,
)
ENDED_SESSION = Query(
    "DELETE FROM session WHERE workspace_id = :workspace AND id = :session", NoRows, changes_identity=True
)
ENDED_SESSION_OF_ACCOUNT = Query(
    "DELETE FROM session WHERE workspace_id = :workspace AND account_id = :account AND id = :session",
    NoRows,
    changes_identity=True,
)
ENDED_SESSIONS_OF_ACCOUNT = Query(
    "DELETE FROM session WHERE workspace_id = :workspace AND account_id = :account", NoRows, changes_identity=True
)
ENDED_SESSIONS_OF_CUSTOMER = Query(
    "DELETE FROM session WHERE workspace_id = :workspace AND kind = 'customer' AND email_folded = :email_folded",
    NoRows,
    changes_identity=True,
)
ENDED_SESSIONS_EVERYWHERE = Query(
    "DELETE FROM session WHERE account_id = :account AND id IS DISTINCT FROM :kept",
    NoRows,
    changes_identity=True,
    system=True,
)
EXPIRED_SESSIONS = Query(
    """
    DELETE FROM session WHERE expires_at < :now OR last_seen_at < :now - make_interval(secs => idle_seconds)
    """,
    NoRows,
    system=True,
)


async def find_workspaces(tx: Tx, labels: Sequence[str]) -> dict[str, Workspace]:
    """The workspaces by the label of their host."""
    return {workspace.slug: workspace for workspace in await WORKSPACES_BY_LABEL.all(tx, labels=labels)}


async def find_sessions(tx: Tx, sessions: Sequence[UUID]) -> dict[UUID, ActiveSession]:
    """The active sessions by id, of every workspace."""
    return {session.id: session for session in await ACTIVE_SESSIONS.all(tx, sessions=sessions)}


async def insert_session(tx: Tx, workspace: WorkspaceId, session: SessionValues) -> None:
    """Stores a new session."""
    await NEW_SESSION.run(tx, session, workspace=workspace)


async def list_sessions(tx: Tx, workspace: WorkspaceId, account: AccountId, now: datetime) -> list[SessionRow]:
    """The account's active sessions in this workspace, the last used first."""
    return await SESSIONS_OF_ACCOUNT.all(tx, workspace=workspace, account=account, now=now)


async def end_session(tx: Tx, workspace: WorkspaceId, session: UUID) -> None:
    """Ends one session."""
    await ENDED_SESSION.run(tx, workspace=workspace, session=session)


async def end_session_of_account(tx: Tx, workspace: WorkspaceId, account: AccountId, session: UUID) -> bool:
    """False if the account has no such session in this workspace."""
    return await ENDED_SESSION_OF_ACCOUNT.run(tx, workspace=workspace, account=account, session=session) == 1


async def end_sessions_of_account(tx: Tx, workspace: WorkspaceId, account: AccountId) -> None:
    """Ends the account's sessions in this workspace."""
    await ENDED_SESSIONS_OF_ACCOUNT.run(tx, workspace=workspace, account=account)


async def end_sessions_of_customer(tx: Tx, workspace: WorkspaceId, email_folded: str) -> None:
    """Ends the customer's sessions, but not those of guests: their address is not verified."""
    await ENDED_SESSIONS_OF_CUSTOMER.run(tx, workspace=workspace, email_folded=email_folded)


async def end_sessions_everywhere(tx: Tx, account: AccountId, kept: UUID | None = None) -> None:
    """Ends the account's sessions in every workspace, except the one to keep. Runs as the system."""
    await ENDED_SESSIONS_EVERYWHERE.run(tx, account=account, kept=kept)


async def delete_expired(tx: Tx, now: datetime) -> None:
    """Deletes expired sessions of every workspace."""
    await EXPIRED_SESSIONS.run(tx, now=now)
