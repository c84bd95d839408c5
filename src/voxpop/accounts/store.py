"""Statements on accounts, members and mailed links."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop.accounts.models import Invitation, Link, LinkKind, Login, MemberRow, NewLink, Role
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import AccountId, WorkspaceId, folded


class Joined(Struct):
    id: AccountId
    is_new: bool


class Known(Struct):
    account_id: AccountId
    name: str


class Held(Struct):
    account_id: AccountId
    role: Role


MEMBERS = Query(
    """
    SELECT m.account_id, a.name, a.email, m.role, m.create_time FROM member m JOIN account a ON a.id = m.account_id
    WHERE m.workspace_id = $1 AND m.removed_at IS NULL ORDER BY m.create_time, m.account_id
    """,
    MemberRow,
)
NAMES = Query(
    """
    SELECT m.account_id, a.name FROM member m JOIN account a ON a.id = m.account_id
    WHERE m.workspace_id = $1 AND m.account_id = ANY ($2::uuid[])
    """,
    Known,
)
# Who signs in with this address: nobody unless he is a member here.
LOGIN_BY_EMAIL = Query(
    """
    SELECT m.account_id, a.name, a.email, a.password_hash FROM member m JOIN account a ON a.id = m.account_id
    WHERE m.workspace_id = $1 AND a.email_folded = $2 AND m.removed_at IS NULL
    """,
    Login,
)
LOGIN_BY_ID = Query(
    """
    SELECT m.account_id, a.name, a.email, a.password_hash FROM member m JOIN account a ON a.id = m.account_id
    WHERE m.workspace_id = $1 AND m.account_id = $2 AND m.removed_at IS NULL
    """,
    Login,
)
LOGIN_ELSEWHERE = Query("SELECT account_id, name, email, password_hash FROM find_login_elsewhere($1, $2)", Login)
JOINED = Query("SELECT id, is_new FROM join_account($1, $2, $3, $4, $5, $6)", Joined)
PROVEN_ACCOUNT = Query(
    """
    UPDATE account SET email_verified_at = $3
    WHERE id = (SELECT account_id FROM member WHERE workspace_id = $1 AND account_id = $2) AND email_verified_at IS NULL
    """,
    NoRows,
)
# Somebody who comes back gets the role of his new invitation; who is here keeps his own.
NEW_MEMBER = Query(
    """
    INSERT INTO member AS m (workspace_id, account_id, role, create_time, create_user, last_update_time,
                             last_update_user)
    VALUES ($1, $2, $3, $4, $5, $4, $5)
    ON CONFLICT (workspace_id, account_id) DO UPDATE
        SET role = excluded.role, removed_at = NULL, last_update_time = $4, last_update_user = $5
        WHERE m.removed_at IS NOT NULL
    """,
    NoRows,
)
# Locked in one order, so that two who take each other's role wait instead of both going through.
OWNERS = Query(
    """
    SELECT account_id, role FROM member WHERE workspace_id = $1 AND role = 'owner' AND removed_at IS NULL
    ORDER BY account_id FOR UPDATE
    """,
    Held,
)
MEMBER = Query(
    """
    SELECT account_id, role FROM member WHERE workspace_id = $1 AND account_id = $2 AND removed_at IS NULL FOR UPDATE
    """,
    Held,
)
CHANGED_ROLE = Query(
    """
    UPDATE member SET role = $3, last_update_time = $4, last_update_user = $5
    WHERE workspace_id = $1 AND account_id = $2 AND removed_at IS NULL
    """,
    NoRows,
)
REMOVED_MEMBER = Query(
    """
    UPDATE member SET removed_at = $3, last_update_time = $3, last_update_user = $4
    WHERE workspace_id = $1 AND account_id = $2 AND removed_at IS NULL
    """,
    NoRows,
)
RENAMED_ACCOUNT = Query(
    """
    UPDATE account SET name = $3, last_update_time = $4
    WHERE id = (SELECT account_id FROM member WHERE workspace_id = $1 AND account_id = $2)
    """,
    NoRows,
)
NEW_PASSWORD = Query(
    """
    UPDATE account SET password_hash = $3, last_update_time = $4
    WHERE id = (SELECT account_id FROM member WHERE workspace_id = $1 AND account_id = $2)
    """,
    NoRows,
)

NEW_LINK = Query(
    """
    INSERT INTO mailed_link (workspace_id, id, secret_hash, kind, account_id, email, email_folded, name, role,
                             next_path, create_time, create_user, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    """,
    NoRows,
)
LINK_BY_ID = Query(
    """
    SELECT id, secret_hash, kind, account_id, email, name, role, next_path FROM mailed_link
    WHERE workspace_id = $1 AND id = $2 AND kind = $3 AND used_at IS NULL AND expires_at > $4
    """,
    Link,
)
USED_LINK = Query(
    "UPDATE mailed_link SET used_at = $3 WHERE workspace_id = $1 AND id = $2 AND used_at IS NULL AND expires_at > $3",
    NoRows,
)
INVITATIONS = Query(
    """
    SELECT id, email, name, role, create_time, create_user, expires_at FROM mailed_link
    WHERE workspace_id = $1 AND kind = 'invitation' AND used_at IS NULL AND expires_at > $2
    ORDER BY create_time, id
    """,
    Invitation,
)
WITHDRAWN_INVITATION = Query(
    "DELETE FROM mailed_link WHERE workspace_id = $1 AND id = $2 AND kind = 'invitation' AND used_at IS NULL", NoRows
)
REPLACED_INVITATIONS = Query(
    """
    DELETE FROM mailed_link WHERE workspace_id = $1 AND email_folded = $2 AND kind = 'invitation' AND used_at IS NULL
    """,
    NoRows,
)
OWNER_LINKS = Query(
    """
    SELECT id, secret_hash, kind, account_id, email, name, role, next_path FROM mailed_link
    WHERE workspace_id = $1 AND kind = 'owner' AND used_at IS NULL AND expires_at > $2
    """,
    Link,
)
WITHDRAWN_LINKS = Query(
    """
    DELETE FROM mailed_link WHERE workspace_id = $1 AND account_id = $2 AND used_at IS NULL
    """,
    NoRows,
)


async def list_members(tx: Tx, workspace: WorkspaceId) -> list[MemberRow]:
    return await MEMBERS.all(tx, workspace)


async def list_names(tx: Tx, workspace: WorkspaceId, accounts: Sequence[UUID]) -> list[Known]:
    return await NAMES.all(tx, workspace, accounts)


async def find_login(tx: Tx, workspace: WorkspaceId, email: str) -> Login | None:
    return await LOGIN_BY_EMAIL.find(tx, workspace, folded(email))


async def get_login(tx: Tx, workspace: WorkspaceId, account: AccountId) -> Login:
    return await LOGIN_BY_ID.one(tx, workspace, account)


async def find_login_elsewhere(tx: Tx, workspace: WorkspaceId, email: str) -> Login | None:
    """Of an account that is a member of another workspace, whether it is one of this or not."""
    return await LOGIN_ELSEWHERE.find(tx, workspace, folded(email))


async def insert_member(
    tx: Tx, workspace: WorkspaceId, person: Login, role: Role, now: datetime, user: str, *, proven: bool = False
) -> AccountId:
    """The account of the person's address, which is made with the given id and name where there is none.

    `proven`: a mail to the address was answered; who claimed it without that has nothing of it any more.
    """
    known = person.account_id, person.email, folded(person.email), person.name
    joined = await JOINED.one(tx, *known, proven, now)
    await NEW_MEMBER.run(tx, workspace, joined.id, role, now, user)
    if joined.is_new and person.password_hash:
        await NEW_PASSWORD.run(tx, workspace, joined.id, person.password_hash, now)
    return joined.id


async def lock_owners(tx: Tx, workspace: WorkspaceId) -> list[AccountId]:
    return [owner.account_id for owner in await OWNERS.all(tx, workspace)]


async def lock_member(tx: Tx, workspace: WorkspaceId, account: AccountId) -> Role:
    """His role; NotFound for somebody who is no member."""
    return Role((await MEMBER.one(tx, workspace, account)).role)


async def set_role(tx: Tx, workspace: WorkspaceId, account: AccountId, role: Role, now: datetime, user: str) -> None:
    await CHANGED_ROLE.run(tx, workspace, account, role, now, user)


async def end_membership(tx: Tx, workspace: WorkspaceId, account: AccountId, now: datetime, user: str) -> None:
    await REMOVED_MEMBER.run(tx, workspace, account, now, user)


async def set_name(tx: Tx, workspace: WorkspaceId, account: AccountId, name: str, now: datetime) -> None:
    await RENAMED_ACCOUNT.run(tx, workspace, account, name, now)


async def set_password(tx: Tx, workspace: WorkspaceId, account: AccountId, password_hash: str, now: datetime) -> None:
    await NEW_PASSWORD.run(tx, workspace, account, password_hash, now)


async def set_proven(tx: Tx, workspace: WorkspaceId, account: AccountId, now: datetime) -> None:
    await PROVEN_ACCOUNT.run(tx, workspace, account, now)


async def insert_link(
    tx: Tx, workspace: WorkspaceId, keys: tuple[UUID, bytes], link: NewLink, times: tuple[datetime, datetime], user: str
) -> None:
    """`keys`: its id and the hash of its secret; `times`: from when until when it is good."""
    address = None if link.email is None else folded(link.email)
    aim = (link.kind, link.account_id, link.email, address, link.name, link.role, link.next_path)
    await NEW_LINK.run(tx, workspace, *keys, *aim, times[0], user, times[1])


async def find_link(tx: Tx, workspace: WorkspaceId, link: UUID, kind: LinkKind, now: datetime) -> Link | None:
    return await LINK_BY_ID.find(tx, workspace, link, kind, now)


async def take_link(tx: Tx, workspace: WorkspaceId, link: UUID, now: datetime) -> bool:
    """True for the one who uses it up."""
    return await USED_LINK.run(tx, workspace, link, now) == 1


async def list_invitations(tx: Tx, workspace: WorkspaceId, now: datetime) -> list[Invitation]:
    return await INVITATIONS.all(tx, workspace, now)


async def delete_invitation(tx: Tx, workspace: WorkspaceId, invitation: UUID) -> bool:
    """False when there is no such open invitation."""
    return await WITHDRAWN_INVITATION.run(tx, workspace, invitation) == 1


async def delete_invitations_of(tx: Tx, workspace: WorkspaceId, email: str) -> None:
    await REPLACED_INVITATIONS.run(tx, workspace, folded(email))


async def delete_links_of(tx: Tx, workspace: WorkspaceId, account: AccountId) -> None:
    await WITHDRAWN_LINKS.run(tx, workspace, account)


async def list_owner_links(tx: Tx, workspace: WorkspaceId, now: datetime) -> list[Link]:
    return await OWNER_LINKS.all(tx, workspace, now)
