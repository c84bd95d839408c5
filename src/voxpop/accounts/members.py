"""What can be done with members: their roles, their going, their own name and password."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from voxpop.accounts import passwords, sessions_store, store
from voxpop.accounts.errors import LastOwner
from voxpop.accounts.models import Member, MemberRow, Role
from voxpop.accounts.passwords import MAX_PASSWORD, is_weak
from voxpop.auth.permissions import may_manage
from voxpop.db.pool import Database, Tx
from voxpop.errors import FieldError, Forbidden, Invalid
from voxpop.i18n import N_
from voxpop.types import AccountId, WorkspaceId

NOT_YOURS = N_("Only an owner can do this to an owner.")
WRONG_PASSWORD = N_("That is not your current password.")
WEAK_PASSWORD = N_("Choose a longer one: at least 12 characters, not your address.")


async def list_members(tx: Tx, workspace: WorkspaceId) -> list[MemberRow]:
    """Who works here, in the order they came."""
    return await store.list_members(tx, workspace)


async def names_of(tx: Tx, workspace: WorkspaceId, accounts: Iterable[UUID]) -> dict[AccountId, str]:
    """Of members, and of those who were."""
    return {known.account_id: known.name for known in await store.list_names(tx, workspace, list(accounts))}


async def change_role(tx: Tx, by: Member, account: AccountId, role: Role, now: datetime) -> None:
    """NotFound for no member, Forbidden where that is above `by`, LastOwner where nobody would be left to own it."""
    await _lock(tx, by, account, losing=role != Role.OWNER)
    if not may_manage(by.role, role):
        raise Forbidden(NOT_YOURS)
    await store.set_role(tx, by.workspace_id, account, role, now, by.actor().name)


async def remove_member(tx: Tx, by: Member, account: AccountId, now: datetime) -> None:
    """He is out from the commit on; what he wrote keeps his name. Errors as for a role."""
    await _lock(tx, by, account, losing=True)
    await store.end_membership(tx, by.workspace_id, account, now, by.actor().name)
    await store.delete_links_of(tx, by.workspace_id, account)
    await sessions_store.end_sessions_here(tx, by.workspace_id, account)


async def _lock(tx: Tx, by: Member, account: AccountId, *, losing: bool) -> None:
    """Owners first, in one order; who has ceased to be one since his request came is refused."""
    owners = await store.lock_owners(tx, by.workspace_id)
    role = await store.lock_member(tx, by.workspace_id, account)
    if (by.role == Role.OWNER) != (by.account_id in owners) or not may_manage(by.role, role):
        raise Forbidden(NOT_YOURS)
    if losing and owners == [account]:
        raise LastOwner


async def rename(tx: Tx, member: Member, name: str, now: datetime) -> None:
    """In every workspace of the account."""
    if not name.strip():
        raise Invalid("name must not be blank", details=[FieldError("name", N_("Say what people should call you."))])
    await store.set_name(tx, member.workspace_id, member.account_id, name.strip(), now)


async def change_password(database: Database, member: Member, current: str, new: str, now: datetime) -> None:
    """Asks for the current one where there is one; ends the account's other sessions everywhere."""
    if is_weak(new, member.email) or len(new) > MAX_PASSWORD:
        raise Invalid(WEAK_PASSWORD, details=[FieldError("new", WEAK_PASSWORD)])
    async with database.transaction(member.workspace_id) as tx:
        login = await store.get_login(tx, member.workspace_id, member.account_id)
    if login.password_hash and not (await passwords.verify(login.password_hash, current)).right:
        raise Invalid(WRONG_PASSWORD, details=[FieldError("current", WRONG_PASSWORD)])
    hashed = await passwords.hash_password(new)
    async with database.transaction(member.workspace_id) as tx:
        await store.set_password(tx, member.workspace_id, member.account_id, hashed, now)
        await store.delete_links_of(tx, member.workspace_id, member.account_id)
        await sessions_store.end_other_sessions(tx, member.account_id, member.session_id)


async def has_password(tx: Tx, member: Member) -> bool:
    return (await store.get_login(tx, member.workspace_id, member.account_id)).password_hash is not None
