"""Workspaces and API keys: created, looked up, changed and revoked."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import available_timezones

from voxpop.auth.tokens import hash_secret, new_api_key
from voxpop.db.pool import Database, Tx
from voxpop.errors import Invalid, NotFound
from voxpop.text import is_visible
from voxpop.types import Audit, KeyId, Scope, WorkspaceId, uuid7
from voxpop.workspaces import store
from voxpop.workspaces.accents import is_accent
from voxpop.workspaces.errors import WorkspaceAlreadyExists
from voxpop.workspaces.models import (
    ActiveKey,
    KeyRow,
    Logo,
    LogoFile,
    ReportSettings,
    Workspace,
    WorkspaceChange,
)

DEFAULT = "default"
MAX_COOL_DOWN_DAYS = 3650
MAX_MINIMUM_ANSWERS = 100
NO_ZONES = {"localtime", "Factory"}  # these depend on the machine, or name no zone


async def insert_workspace(tx: Tx, name: str) -> WorkspaceId:
    """Adds an empty workspace; WorkspaceAlreadyExists if the name is in use."""
    workspace = WorkspaceId(uuid7())
    if not await store.insert_workspace(tx, workspace, name):
        raise WorkspaceAlreadyExists
    return workspace


async def get_workspace_by_name(database: Database, name: str) -> Workspace:
    """The workspace with this name, else with this slug; NotFound lists the names that exist."""
    async with database.system_transaction() as tx:
        known = await store.list_workspaces(tx)
    found = {each.slug: each for each in known} | {each.name: each for each in known}
    if workspace := found.get(name):
        return workspace
    names = ", ".join(each.name for each in known) or "none"
    raise NotFound(f"There is no workspace '{name}' (there are: {names})")


async def list_workspaces(tx: Tx) -> list[Workspace]:
    """Every workspace, the oldest first."""
    return await store.list_workspaces(tx)


async def get_workspace(tx: Tx, workspace: WorkspaceId) -> Workspace:
    """The workspace and its settings."""
    return await store.get_workspace(tx, workspace)


async def get_report_settings(tx: Tx, workspace: WorkspaceId) -> ReportSettings:
    """The settings of the workspace for its dashboards."""
    return await store.get_report_settings(tx, workspace)


async def lock_workspace(tx: Tx, workspace: WorkspaceId) -> Workspace:
    """Locks the workspace until the end of the transaction, for work that only one process may do."""
    return await store.lock_workspace(tx, workspace)


async def change_workspace(
    tx: Tx, workspace: WorkspaceId, change: WorkspaceChange, now: datetime, user: str
) -> Workspace:
    """Invalid for an empty change, a blank name or an unknown zone; WorkspaceAlreadyExists for a name in use."""
    _check(change)
    return await store.set_workspace(tx, workspace, change, Audit(now, user))


def _check(change: WorkspaceChange) -> None:
    fields = change.__struct_fields__
    if all(getattr(change, field) is None for field in fields):
        raise Invalid(f"body must have one of {', '.join(fields)}")
    if change.name is not None and not is_visible(change.name):
        raise Invalid.of("body", "name", "needs a visible character")
    if change.time_zone is not None and not is_time_zone(change.time_zone):
        raise Invalid.of("body", "time_zone", f"unknown time zone {change.time_zone!r}, try one like Europe/Berlin")

    if change.accent and not is_accent(change.accent):
        raise Invalid.of("body", "accent", "must be a colour like #1b5eae")


async def get_link_key(tx: Tx, workspace: WorkspaceId) -> bytes:
    """The key that signs the links in emails of the workspace."""
    return await store.get_link_key(tx, workspace)


async def get_logo(tx: Tx, workspace: WorkspaceId, logo_hash: str) -> LogoFile:
    """The workspace's logo; NotFound unless it has this hash."""
    return await store.get_logo(tx, workspace, logo_hash)


async def set_logo(tx: Tx, workspace: WorkspaceId, logo: Logo, now: datetime, user: str) -> None:
    """Replaces the logo. The same file again changes nothing."""
    await store.set_logo(tx, workspace, logo, Audit(now, user))


async def remove_logo(tx: Tx, workspace: WorkspaceId, now: datetime, user: str) -> None:
    await store.delete_logo(tx, workspace, Audit(now, user))


async def mark_demo_data(tx: Tx, workspace: WorkspaceId) -> None:
    """Notes that the demo was loaded, so that `voxpop serve --demo` shows the workspace to everyone."""
    await store.set_has_demo_data(tx, workspace)


def is_time_zone(name: str) -> bool:
    """Whether it is the name of a time zone that is the same on every machine."""
    return name in available_timezones() - NO_ZONES


async def create_api_key(tx: Tx, workspace: WorkspaceId, scopes: Iterable[Scope], name: str, now: datetime) -> str:
    """A new API key as text. Only the hash of its secret is stored, so the text cannot be shown again."""
    key = new_api_key(KeyId(uuid7()))
    row = ActiveKey(key.id, workspace, name, [str(scope) for scope in scopes], hash_secret(key.secret))
    await store.insert_key(tx, workspace, row, now)
    return str(key)


async def list_keys(tx: Tx, workspace: WorkspaceId) -> list[KeyRow]:
    """The workspace's API keys, revoked ones included, the oldest first."""
    return await store.list_keys(tx, workspace)


async def revoke_key(tx: Tx, workspace: WorkspaceId, key: KeyId, now: datetime) -> None:
    """After the commit this process refuses the key at once, others within a second. A second call changes nothing."""
    if not await store.revoke_key(tx, workspace, key, now):
        raise NotFound(f"The workspace has no key {key}")


async def look_up_keys(tx: Tx, _: WorkspaceId, keys: Sequence[UUID]) -> list[ActiveKey | None]:
    """One look-up for a batch of requests."""
    known = await store.find_keys(tx, sorted(set(keys)))
    return [known.get(key) for key in keys]
