"""What can be done with workspaces and keys."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType

from voxpop.auth.tokens import hash_secret, new_api_key
from voxpop.db.pool import Database, Tx
from voxpop.errors import NotFound
from voxpop.types import KeyId, Scope, WorkspaceId, uuid7
from voxpop.workspaces import store
from voxpop.workspaces.errors import WorkspaceAlreadyExists
from voxpop.workspaces.models import KeyRow, KnownKey, Workspace, WorkspaceChange

DEFAULT = "default"
Value = TypeVar("Value")


async def open_workspace(database: Database, name: str) -> Workspace:
    """A new workspace with the built-in survey types; WorkspaceAlreadyExists where the name exists."""
    ident = WorkspaceId(uuid7())
    async with database.transaction(ident) as tx:
        return await _insert_workspace(tx, ident, name)


async def begin(database: Database) -> Workspace:
    """The oldest workspace; the default one is made where there is none at all."""
    async with database.transaction(None) as tx:
        known = await store.list_workspaces(tx)
    if known:
        return known[0]
    try:
        return await open_workspace(database, DEFAULT)
    except WorkspaceAlreadyExists:
        return await workspace_named(database, DEFAULT)  # another process was first


async def first_start(database: Database, now: datetime) -> str | None:
    """Makes what a newcomer needs: a workspace, and its first key with all scopes, which is returned; None later on."""
    oldest = await begin(database)
    async with database.transaction(oldest.id) as tx:
        await store.lock_workspace(tx, oldest.id)
        if await store.list_keys(tx, oldest.id):
            return None
        return await make_key(tx, oldest.id, Scope, "first start", now)


async def _insert_workspace(tx: Tx, ident: WorkspaceId, name: str) -> Workspace:
    if not await store.insert_workspace(tx, ident, name):
        raise WorkspaceAlreadyExists
    return await store.get_workspace(tx, ident)


async def workspace_named(database: Database, name: str) -> Workspace:
    """NotFound, with the names there are, where none has that name."""
    async with database.transaction(None) as tx:
        known = await store.list_workspaces(tx)
    for workspace in known:
        if workspace.name == name:
            return workspace
    names = ", ".join(workspace.name for workspace in known) or "none"
    raise NotFound(f"There is no workspace '{name}' (there are: {names})")


async def list_workspaces(tx: Tx) -> list[Workspace]:
    return await store.list_workspaces(tx)


async def get_workspace(tx: Tx, workspace: WorkspaceId) -> Workspace:
    return await store.get_workspace(tx, workspace)


async def change_workspace(
    tx: Tx, workspace: WorkspaceId, change: WorkspaceChange, now: datetime, user: str
) -> Workspace:
    """Invalid for an empty change or an unknown zone, WorkspaceAlreadyExists for a name in use."""
    change.check()
    values = [_or_none(getattr(change, field)) for field in change.__struct_fields__]
    if change.cool_down_days is not UNSET:
        values[change.__struct_fields__.index("cool_down_days")] = int(change.cool_down_days)
    return await store.set_workspace(tx, workspace, values, now, user)


async def make_key(tx: Tx, workspace: WorkspaceId, scopes: Iterable[Scope], name: str, now: datetime) -> str:
    """A new key as text; the only time it is known, as the hash of its secret is what is kept."""
    key = new_api_key(KeyId(uuid7()))
    row = KnownKey(key.id, workspace, name, [str(scope) for scope in scopes], hash_secret(key.secret))
    await store.insert_key(tx, workspace, row, now)
    return str(key)


async def list_keys(tx: Tx, workspace: WorkspaceId) -> list[KeyRow]:
    return await store.list_keys(tx, workspace)


async def revoke_key(tx: Tx, workspace: WorkspaceId, key: KeyId, now: datetime) -> None:
    """From its commit on the key is refused everywhere; revoking twice changes nothing."""
    if not await store.revoke_key(tx, workspace, key, now):
        raise NotFound(f"The workspace has no key {key}")


async def look_up_keys(tx: Tx, _: WorkspaceId, keys: Sequence[UUID]) -> list[KnownKey | None]:
    """The work of the key gate: one look-up for all who wait, nothing cached, so a revoked key is refused at once."""
    known = await store.find_keys(tx, sorted(set(keys)))
    return [known.get(key) for key in keys]


def _or_none(value: Value | UnsetType) -> Value | None:
    return None if value is UNSET else value
