"""Statements on accounts and members."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop.accounts import magic_links_store, sessions_store
from voxpop.accounts.models import Account, MemberRow, Preferences, Role, StartPage
from voxpop.db.pool import Tx, system_role
from voxpop.db.query import NoRows, Query
from voxpop.email_addresses import normalize_email
from voxpop.types import AccountId, Audit, WorkspaceId


class AccountName(Struct):
    """The account of an address, as members show it."""

    id: AccountId
    name: str
    email: str


class AccountRef(Struct):
    """An account that was changed."""

    id: AccountId


class MemberName(Struct):
    """The name of a present or former member."""

    account_id: AccountId
    name: str


class NewMember(Struct, frozen=True):
    """The columns of a new member."""

    account_id: AccountId
    name: str
    email: str
    email_folded: str
    role: Role


class StartPageRow(Struct):
    """The page on which a member starts."""

    page: StartPage


class LanguageRow(Struct):
    """The language that a member chose for their pages; None for that of the browser."""

    language: str | None


class MemberRole(Struct):
    """The role of a locked member."""

    account_id: AccountId
    role: Role


MEMBERS = Query(
    """
    SELECT account_id, name, email, role, create_time FROM member
    WHERE workspace_id = :workspace AND removed_at IS NULL AND NOT is_read_only ORDER BY create_time, account_id
    """,
    MemberRow,
)
NAMES = Query(
    """
    SELECT account_id, name FROM member
    WHERE workspace_id = :workspace AND account_id = ANY (:accounts::uuid[])
    """,
    MemberName,
)
MEMBER_ACCOUNT_BY_EMAIL = Query(
    """
    SELECT m.account_id, a.name, a.email, a.password_hash FROM member m JOIN account a ON a.id = m.account_id
    WHERE m.workspace_id = :workspace AND a.email_folded = :email_folded AND m.removed_at IS NULL
    """,
    Account,
    system=True,
)
MEMBER_ACCOUNT = Query(
    """
    SELECT m.account_id, a.name, a.email, a.password_hash FROM member m JOIN account a ON a.id = m.account_id
    WHERE m.workspace_id = :workspace AND m.account_id = :account AND m.removed_at IS NULL
    """,
    Account,
    system=True,
)
ACCOUNT_OF_OTHER_WORKSPACE = Query(
    """
    SELECT a.id AS account_id, a.name, a.email, a.password_hash FROM account a
    WHERE a.email_folded = :email_folded AND EXISTS (
        SELECT FROM member m WHERE m.account_id = a.id AND m.workspace_id <> :workspace AND m.removed_at IS NULL)
    """,
    Account,
    system=True,
)
NEW_ACCOUNT = Query(
    """
    INSERT INTO account (id, email, email_folded, name, create_time, last_update_time)
    VALUES (:account, :email, :email_folded, :name, :now, :now) ON CONFLICT (email_folded) DO NOTHING
    """,
    NoRows,
    changes_identity=True,
    system=True,
)
# An account that was made for the address by someone else loses the password that they chose.
CLAIMED_ACCOUNT = Query(
    """
    UPDATE account SET email_verified_at = :now, password_hash = NULL
    WHERE email_folded = :email_folded AND email_verified_at IS NULL RETURNING id
    """,
    AccountRef,
    changes_identity=True,
    system=True,
)
ACCOUNT_OF_EMAIL = Query(
    "SELECT id, name, email FROM account WHERE email_folded = :email_folded", AccountName, system=True
)
VERIFIED_EMAIL = Query(
    """
    UPDATE account SET email_verified_at = :now
    WHERE id = (SELECT account_id FROM member WHERE workspace_id = :workspace AND account_id = :account)
        AND email_verified_at IS NULL
    """,
    NoRows,
    changes_identity=True,
    system=True,
)
# A former member gets the role of the new invitation; a present member keeps theirs.
NEW_MEMBER = Query(
    """
    INSERT INTO member AS m (workspace_id, account_id, name, email, email_folded, role, create_time, create_user,
                             last_update_time, last_update_user)
    VALUES (:workspace, :account_id, :name, :email, :email_folded, :role, :at, :by, :at, :by)
    ON CONFLICT (workspace_id, account_id) DO UPDATE
        SET role = excluded.role, removed_at = NULL, last_update_time = :at, last_update_user = :by
        WHERE m.removed_at IS NOT NULL
    """,
    NoRows,
    values=NewMember,
    changes_identity=True,
)
# Locked in one order, so that two owners who change each other's role wait for each other.
LOCKED_OWNERS = Query(
    """
    SELECT account_id, role FROM member WHERE workspace_id = :workspace AND role = 'owner' AND removed_at IS NULL
    ORDER BY account_id FOR UPDATE
    """,
    MemberRole,
)
LOCKED_MEMBER = Query(
    """
    SELECT account_id, role FROM member
    WHERE workspace_id = :workspace AND account_id = :account AND removed_at IS NULL FOR UPDATE
    """,
    MemberRole,
)
CHANGED_ROLE = Query(
    """
    UPDATE member SET role = :role, last_update_time = :at, last_update_user = :by
    WHERE workspace_id = :workspace AND account_id = :account AND removed_at IS NULL
    """,
    NoRows,
    changes_identity=True,
)
REMOVED_MEMBER = Query(
    """
    UPDATE member SET removed_at = :at, last_update_time = :at, last_update_user = :by
    WHERE workspace_id = :workspace AND account_id = :account AND removed_at IS NULL
    """,
    NoRows,
    changes_identity=True,
)
LANGUAGE = Query("SELECT language FROM member WHERE workspace_id = :workspace AND account_id = :account", LanguageRow)
PREFERENCES = Query(
    """
    SELECT next_after_resolving, start_page FROM member WHERE workspace_id = :workspace AND account_id = :account
    """,
    Preferences,
)
START_PAGE = Query(
    """
    SELECT coalesce(start_page, CASE WHEN role = 'agent' THEN 'inbox' ELSE 'overview' END) AS page
    FROM member WHERE workspace_id = :workspace AND account_id = :account
    """,
    StartPageRow,
)
READ_ONLY_MEMBER = Query(
    "UPDATE member SET is_read_only = true WHERE workspace_id = :workspace AND account_id = :account",
    NoRows,
    changes_identity=True,
)
NEW_LANGUAGE = Query(
    """
    UPDATE member SET language = :language
    WHERE workspace_id = :workspace AND account_id = :account AND language IS DISTINCT FROM :language
    """,
    NoRows,
    changes_identity=True,
)
NEW_PREFERENCES = Query(
    """
    UPDATE member SET next_after_resolving = :next_after_resolving, start_page = :start_page
    WHERE workspace_id = :workspace AND account_id = :account
    """,
    NoRows,
    changes_identity=True,
)
# In every workspace, as the member is the same person there.
RENAMED_ACCOUNT = Query(
    """
    WITH renamed AS (
        UPDATE account SET name = :name, last_update_time = :now
        WHERE id = (SELECT account_id FROM member WHERE workspace_id = :workspace AND account_id = :account)
        RETURNING id
    )
    UPDATE member m SET name = :name FROM renamed WHERE m.account_id = renamed.id
    """,
    NoRows,
    changes_identity=True,
    system=True,
)
NEW_PASSWORD = Query(
    """
    UPDATE account SET password_hash = :password_hash, last_update_time = :now
    WHERE id = (SELECT account_id FROM member WHERE workspace_id = :workspace AND account_id = :account)
    """,
    NoRows,
    changes_identity=True,
    system=True,
)


async def list_members(tx: Tx, workspace: WorkspaceId) -> list[MemberRow]:
    """The members in the order they joined, without the visitor of the demo."""
    return await MEMBERS.all(tx, workspace=workspace)


async def list_names(tx: Tx, workspace: WorkspaceId, accounts: Sequence[UUID]) -> list[MemberName]:
    """The names of present and former members."""
    return await NAMES.all(tx, workspace=workspace, accounts=accounts)


async def find_account_by_email(tx: Tx, workspace: WorkspaceId, email: str) -> Account | None:
    """The member's account with this address; None if no member has it."""
    async with system_role(tx):
        return await MEMBER_ACCOUNT_BY_EMAIL.find(tx, workspace=workspace, email_folded=normalize_email(email))


async def get_account(tx: Tx, workspace: WorkspaceId, account: AccountId) -> Account:
    """A member's account; NotFound for anyone else's."""
    async with system_role(tx):
        return await MEMBER_ACCOUNT.one(tx, workspace=workspace, account=account)


async def find_account_of_other_workspace(tx: Tx, workspace: WorkspaceId, email: str) -> Account | None:
    """The account with this address if it is a member of another workspace, and perhaps of this one too."""
    async with system_role(tx):
        return await ACCOUNT_OF_OTHER_WORKSPACE.find(tx, workspace=workspace, email_folded=normalize_email(email))


async def insert_member(
    tx: Tx, workspace: WorkspaceId, new: Account, role: Role, audit: Audit, *, email_verified: bool = False
) -> AccountId:
    """Adds a member with the account of the address; without one, the new account is inserted.

    `email_verified`: the person received an email at the address. An account that was made for the address without
    such a proof then loses its password, sessions and links.
    """
    folded = normalize_email(new.email)
    async with system_role(tx):
        await NEW_ACCOUNT.run(
            tx, account=new.account_id, email=new.email, email_folded=folded, name=new.name, now=audit.at
        )
        if email_verified and (claimed := await CLAIMED_ACCOUNT.find(tx, email_folded=folded, now=audit.at)):
            await sessions_store.end_sessions_everywhere(tx, claimed.id)
            await magic_links_store.delete_links_everywhere(tx, claimed.id)
        account = await ACCOUNT_OF_EMAIL.one(tx, email_folded=folded)
    member = NewMember(account.id, account.name, account.email, folded, role)
    await NEW_MEMBER.run(tx, member, audit, workspace=workspace)
    if account.id == new.account_id and new.password_hash:
        await set_password(tx, workspace, account.id, new.password_hash, audit.at)
    return account.id


async def lock_owners(tx: Tx, workspace: WorkspaceId) -> list[AccountId]:
    """The owners, locked until the end of the transaction."""
    return [owner.account_id for owner in await LOCKED_OWNERS.all(tx, workspace=workspace)]


async def lock_member(tx: Tx, workspace: WorkspaceId, account: AccountId) -> Role:
    """The member's role; NotFound if the account is not a member."""
    return Role((await LOCKED_MEMBER.one(tx, workspace=workspace, account=account)).role)


async def set_role(tx: Tx, workspace: WorkspaceId, account: AccountId, role: Role, audit: Audit) -> None:
    """Changes a member's role."""
    await CHANGED_ROLE.run(tx, audit, workspace=workspace, account=account, role=role)


async def end_membership(tx: Tx, workspace: WorkspaceId, account: AccountId, audit: Audit) -> None:
    """Marks a member as removed; the row stays for the names of authors."""
    await REMOVED_MEMBER.run(tx, audit, workspace=workspace, account=account)


async def get_preferences(tx: Tx, workspace: WorkspaceId, account: AccountId) -> Preferences:
    return await PREFERENCES.one(tx, workspace=workspace, account=account)


async def find_language(tx: Tx, workspace: WorkspaceId, account: AccountId) -> str | None:
    """None if the member did not choose one."""
    return (await LANGUAGE.one(tx, workspace=workspace, account=account)).language


async def get_start_page(tx: Tx, workspace: WorkspaceId, account: AccountId) -> StartPage:
    return (await START_PAGE.one(tx, workspace=workspace, account=account)).page


async def set_preferences(tx: Tx, workspace: WorkspaceId, account: AccountId, new: Preferences) -> None:
    await NEW_PREFERENCES.run(tx, new, workspace=workspace, account=account)


async def set_read_only(tx: Tx, workspace: WorkspaceId, account: AccountId) -> None:
    await READ_ONLY_MEMBER.run(tx, workspace=workspace, account=account)


async def set_language(tx: Tx, workspace: WorkspaceId, account: AccountId, language: str | None) -> None:
    await NEW_LANGUAGE.run(tx, workspace=workspace, account=account, language=language)


async def set_name(tx: Tx, workspace: WorkspaceId, account: AccountId, name: str, now: datetime) -> None:
    """Renames a member's account."""
    async with system_role(tx):
        await RENAMED_ACCOUNT.run(tx, workspace=workspace, account=account, name=name, now=now)


async def set_password(tx: Tx, workspace: WorkspaceId, account: AccountId, password_hash: str, now: datetime) -> None:
    """Replaces the password of a member's account."""
    async with system_role(tx):
        await NEW_PASSWORD.run(tx, workspace=workspace, account=account, password_hash=password_hash, now=now)


async def set_email_verified(tx: Tx, workspace: WorkspaceId, account: AccountId, now: datetime) -> None:
    """Records the first time that the address of a member's account was verified."""
    async with system_role(tx):
        await VERIFIED_EMAIL.run(tx, workspace=workspace, account=account, now=now)
