"""Statements on magic links, invitations included."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop.accounts.models import Invitation, LinkKind, MagicLink, Role
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.email_addresses import normalize_email
from voxpop.types import AccountId, WorkspaceId


class MagicLinkValues(Struct, frozen=True):
    """The columns of a new link; only the hash of its secret is stored."""

    id: UUID
    secret_hash: bytes
    kind: LinkKind
    account_id: AccountId | None
    email: str | None
    email_folded: str | None
    name: str | None
    role: Role | None
    next_path: str | None
    email_only: bool
    create_time: datetime
    create_user: str
    expires_at: datetime


NEW_LINK = Query(
    """
    INSERT INTO magic_link (workspace_id, id, secret_hash, kind, account_id, email, email_folded, name, role,
                             next_path, email_only, create_time, create_user, expires_at)
    VALUES (:workspace, :id, :secret_hash, :kind, :account_id, :email, :email_folded, :name, :role,
            :next_path, :email_only, :create_time, :create_user, :expires_at)
    """,
    NoRows,
    values=MagicLinkValues,
)
LINK_BY_ID = Query(
    """
    SELECT id, secret_hash, kind, account_id, email, name, role, next_path, email_only FROM magic_link
    WHERE workspace_id = :workspace AND id = :link AND kind = :kind AND used_at IS NULL AND expires_at > :now
    """,
    MagicLink,
)
USED_LINK = Query(
    """
    UPDATE magic_link SET used_at = :now
    WHERE workspace_id = :workspace AND id = :link AND used_at IS NULL AND expires_at > :now
    """,
    NoRows,
)
INVITATIONS = Query(
    """
    SELECT id, email, name, role, create_time, create_user, expires_at FROM magic_link
    WHERE workspace_id = :workspace AND kind = 'invitation' AND used_at IS NULL AND expires_at > :now
    ORDER BY create_time, id
    """,
    Invitation,
)
DELETED_INVITATION = Query(
    """
    DELETE FROM magic_link
    WHERE workspace_id = :workspace AND id = :invitation AND kind = 'invitation' AND used_at IS NULL
    """,
    NoRows,
)
DELETED_INVITATIONS_OF_EMAIL = Query(
    """
    DELETE FROM magic_link
    WHERE workspace_id = :workspace AND email_folded = :email_folded AND kind = 'invitation' AND used_at IS NULL
    """,
    NoRows,
)
OWNER_LINKS = Query(
    """
    SELECT id, secret_hash, kind, account_id, email, name, role, next_path, email_only FROM magic_link
    WHERE workspace_id = :workspace AND kind = 'owner' AND used_at IS NULL AND expires_at > :now
    """,
    MagicLink,
)
DELETED_LINKS_OF_ACCOUNT = Query(
    """
    DELETE FROM magic_link WHERE workspace_id = :workspace AND account_id = :account AND used_at IS NULL
    """,
    NoRows,
)
DELETED_LINKS_EVERYWHERE = Query(
    "DELETE FROM magic_link WHERE account_id = :account AND used_at IS NULL", NoRows, system=True
)
OLD_LINKS = Query("DELETE FROM magic_link WHERE expires_at < :before", NoRows, system=True)


async def insert_link(tx: Tx, workspace: WorkspaceId, link: MagicLinkValues) -> None:
    """Stores a new link."""
    await NEW_LINK.run(tx, link, workspace=workspace)


async def find_link(tx: Tx, workspace: WorkspaceId, link: UUID, kind: LinkKind, now: datetime) -> MagicLink | None:
    """The link of that kind; None once it was used or has expired."""
    return await LINK_BY_ID.find(tx, workspace=workspace, link=link, kind=kind, now=now)


async def set_link_used(tx: Tx, workspace: WorkspaceId, link: UUID, now: datetime) -> bool:
    """Uses up a link. Only one of several concurrent callers gets True."""
    return await USED_LINK.run(tx, workspace=workspace, link=link, now=now) == 1


async def list_invitations(tx: Tx, workspace: WorkspaceId, now: datetime) -> list[Invitation]:
    """The invitations that can still be accepted, oldest first."""
    return await INVITATIONS.all(tx, workspace=workspace, now=now)


async def delete_invitation(tx: Tx, workspace: WorkspaceId, invitation: UUID) -> bool:
    """Deletes an invitation; False if it was accepted, replaced or withdrawn meanwhile."""
    return await DELETED_INVITATION.run(tx, workspace=workspace, invitation=invitation) == 1


async def delete_invitations_of_email(tx: Tx, workspace: WorkspaceId, email: str) -> None:
    """Deletes the address's invitations that were not accepted yet."""
    await DELETED_INVITATIONS_OF_EMAIL.run(tx, workspace=workspace, email_folded=normalize_email(email))


async def delete_links_of_account(tx: Tx, workspace: WorkspaceId, account: AccountId) -> None:
    """Deletes the account's links that were not used yet."""
    await DELETED_LINKS_OF_ACCOUNT.run(tx, workspace=workspace, account=account)


async def list_owner_links(tx: Tx, workspace: WorkspaceId, now: datetime) -> list[MagicLink]:
    """The links for a first owner that can still be used."""
    return await OWNER_LINKS.all(tx, workspace=workspace, now=now)


async def delete_links_everywhere(tx: Tx, account: AccountId) -> None:
    """Deletes the open links of an account in every workspace. Runs as the system."""
    await DELETED_LINKS_EVERYWHERE.run(tx, account=account)


async def delete_old_links(tx: Tx, before: datetime) -> None:
    """Deletes the links of every workspace that expired before that time."""
    await OLD_LINKS.run(tx, before=before)
