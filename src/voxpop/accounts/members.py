"""Members: their roles and removal, and a member's own name, password and preferences."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from voxpop.accounts import magic_links_store, passwords, sessions_store, store
from voxpop.accounts.errors import LastOwner
from voxpop.accounts.models import Account, Member, MemberRow, Preferences, Role
from voxpop.auth.permissions import may_manage
from voxpop.db.pool import Database, Tx, system_role
from voxpop.errors import FieldError, Forbidden, Invalid
from voxpop.i18n import N_
from voxpop.text import is_visible
from voxpop.types import SYSTEM_USER, AccountId, Audit, WorkspaceId, uuid7

OWNERS_ONLY = N_("Only an owner can do this to an owner.")
WRONG_PASSWORD = N_("That is not your current password.")
NO_NAME = N_("Enter your name.")
# No email reaches the address, because the domain never exists (RFC 2606).
DEMO_VISITOR, DEMO_EMAIL = "Demo visitor", "visitor@demo.invalid"


async def list_members(tx: Tx, workspace: WorkspaceId) -> list[MemberRow]:
    """The members in the order they joined."""
    return await store.list_members(tx, workspace)


async def get_names(tx: Tx, workspace: WorkspaceId, accounts: Iterable[UUID]) -> dict[AccountId, str]:
    """The names of present and former members."""
    return {member.account_id: member.name for member in await store.list_names(tx, workspace, list(accounts))}


async def add_member(tx: Tx, workspace: WorkspaceId, new: Account, role: Role, audit: Audit) -> AccountId:
    """Adds a member without an invitation. An address that has an account keeps it; its id is returned."""
    return await store.insert_member(tx, workspace, new, role, audit)


async def add_demo_visitor(tx: Tx, workspace: WorkspaceId, now: datetime) -> AccountId:
    """The member that all visitors of the demo share: sees what an admin sees, and changes nothing."""
    new = Account(AccountId(uuid7()), DEMO_VISITOR, DEMO_EMAIL, None)
    account = await store.insert_member(tx, workspace, new, Role.ADMIN, Audit(now, SYSTEM_USER))
    await store.set_read_only(tx, workspace, account)
    return account


async def change_role(tx: Tx, manager: Member, account: AccountId, role: Role, now: datetime) -> None:
    """NotFound for a non-member, Forbidden if the manager lacks the right, LastOwner if no owner would remain."""
    current = await _lock(tx, manager, account, loses_ownership=role != Role.OWNER)
    if not may_manage(manager.role, role):
        raise Forbidden(OWNERS_ONLY)
    if role != current:
        await store.set_role(tx, manager.workspace_id, account, role, Audit(now, manager.actor().name))


async def remove_member(tx: Tx, manager: Member, account: AccountId, now: datetime) -> None:
    """Removes a member and signs them out; their messages keep their name. Errors as for `change_role`."""
    await _lock(tx, manager, account, loses_ownership=True)
    await store.end_membership(tx, manager.workspace_id, account, Audit(now, manager.actor().name))
    await magic_links_store.delete_links_of_account(tx, manager.workspace_id, account)
    await sessions_store.end_sessions_of_account(tx, manager.workspace_id, account)


async def _lock(tx: Tx, manager: Member, account: AccountId, *, loses_ownership: bool) -> Role:
    """Locks the owners first, in one order, and returns the member's role.

    Refuses a manager whose role changed since the request began.
    """
    owners = await store.lock_owners(tx, manager.workspace_id)
    role = await store.lock_member(tx, manager.workspace_id, account)
    if (manager.role == Role.OWNER) != (manager.account_id in owners) or not may_manage(manager.role, role):
        raise Forbidden(OWNERS_ONLY)
    if loses_ownership and owners == [account]:
        raise LastOwner
    return role


async def rename(tx: Tx, member: Member, name: str, now: datetime) -> None:
    """Renames the member's account, in every workspace."""
    if not is_visible(name):
        raise Invalid("name needs a visible character", details=[FieldError("name", NO_NAME)])
    if name != member.name:
        await store.set_name(tx, member.workspace_id, member.account_id, name, now)


async def set_language(tx: Tx, member: Member, language: str | None) -> None:
    """Sets the language of the member's pages in this workspace; None is that of the browser."""
    await store.set_language(tx, member.workspace_id, member.account_id, language)


async def hash_new_password(database: Database, member: Member, current: str, new: str) -> str:
    """The hash of an accepted password. Invalid for a weak one, or if the account has a password other than `current`.

    No transaction is open while a password is hashed, because hashing is slow and connections are few.
    """
    passwords.check_strength("new", new, member.email)
    async with database.transaction(member.workspace_id) as tx:
        account = await store.get_account(tx, member.workspace_id, member.account_id)
    if account.password_hash and not (await passwords.verify(account.password_hash, current)).right:
        raise Invalid(WRONG_PASSWORD, details=[FieldError("current", WRONG_PASSWORD)])
    return await passwords.hash_password(new)


async def set_password(tx: Tx, member: Member, password_hash: str, now: datetime) -> None:
    """Replaces the password, and ends the account's other sessions and links everywhere."""
    await store.set_password(tx, member.workspace_id, member.account_id, password_hash, now)
    async with system_role(tx):
        await sessions_store.end_sessions_everywhere(tx, member.account_id, kept=member.session_id)
        await magic_links_store.delete_links_everywhere(tx, member.account_id)


async def has_password(tx: Tx, member: Member) -> bool:
    """Whether the member's account has a password."""
    return (await store.get_account(tx, member.workspace_id, member.account_id)).password_hash is not None


async def get_preferences(tx: Tx, member: Member) -> Preferences:
    return await store.get_preferences(tx, member.workspace_id, member.account_id)


async def get_start_path(tx: Tx, workspace: WorkspaceId, account: AccountId) -> str:
    """The path of the page on which the member starts."""
    return f"/{await store.get_start_page(tx, workspace, account)}"


async def set_preferences(tx: Tx, member: Member, new: Preferences) -> None:
    """Changes the member's own preferences in this workspace."""
    await store.set_preferences(tx, member.workspace_id, member.account_id, new)
