"""Publishable keys and the secrets of the widget: created, looked up, rotated, revoked."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from voxpop.auth.tokens import new_secret
from voxpop.db.pool import Database, Tx
from voxpop.errors import NotFound
from voxpop.types import Audit, KeyId, WorkspaceId, uuid7
from voxpop.workspaces.widget import store
from voxpop.workspaces.widget.errors import TwoSecrets
from voxpop.workspaces.widget.models import ActivePublishableKey, PublishableKeyRow, WidgetSettings


async def create_publishable_key(
    tx: Tx, workspace: WorkspaceId, name: str, origins: Sequence[str], audit: Audit
) -> PublishableKeyRow:
    """A new key for the pages of `origins`, as `parse_origins` returns them, and the workspace's first secret."""
    key = PublishableKeyRow(KeyId(uuid7()), name, new_secret(), list(origins), audit.at, None, None)
    await store.insert_key(tx, workspace, key, audit.by)
    if (await store.get_settings(tx, workspace)).secret is None:
        await rotate_secret(tx, workspace, audit)
    return key


async def list_publishable_keys(tx: Tx, workspace: WorkspaceId) -> list[PublishableKeyRow]:
    """The active ones, the newest first."""
    return await store.list_keys(tx, workspace)


async def get_publishable_key(tx: Tx, workspace: WorkspaceId, key: KeyId) -> PublishableKeyRow:
    """NotFound for an unknown or revoked key."""
    return await store.get_key(tx, workspace, key)


async def lock_publishable_key(tx: Tx, workspace: WorkspaceId, key: KeyId) -> PublishableKeyRow:
    """Locked until the end of the transaction, for a change. NotFound for an unknown or revoked key."""
    return await store.lock_key(tx, workspace, key)


async def change_publishable_key(
    tx: Tx, workspace: WorkspaceId, stored: PublishableKeyRow, name: str, origins: Sequence[str]
) -> None:
    """Replaces the name and the origins. Without a difference it writes nothing."""
    if (stored.name, stored.origins) != (name, list(origins)):
        await store.set_key(tx, workspace, stored.id, name, origins)


async def revoke_publishable_key(tx: Tx, workspace: WorkspaceId, key: KeyId, now: datetime) -> None:
    """After the commit this process refuses the key at once, others within a second. A second call changes nothing."""
    if not await store.revoke_key(tx, workspace, key, now):
        raise NotFound


async def get_widget_settings(tx: Tx, workspace: WorkspaceId) -> WidgetSettings:
    return await store.get_settings(tx, workspace)


async def rotate_secret(tx: Tx, workspace: WorkspaceId, audit: Audit) -> None:
    """A new secret; the one before it stays valid until it is retired. TwoSecrets if the workspace has two already."""
    if not await store.insert_secret(tx, workspace, f"wsec_{new_secret()}", audit):
        raise TwoSecrets


async def retire_previous_secret(tx: Tx, workspace: WorkspaceId, audit: Audit) -> None:
    """Signatures of the previous secret are refused from now on. A second call changes nothing."""
    await store.delete_previous_secret(tx, workspace, audit)


async def note_seen(database: Database, key: ActivePublishableKey, origin: str, now: datetime) -> None:
    """Stores that a page of this origin has called with this key."""
    async with database.transaction(key.workspace_id) as tx:
        await store.set_seen(tx, key.workspace_id, key.id, origin, now)


async def look_up_publishable_keys(tx: Tx, _: WorkspaceId, keys: Sequence[UUID]) -> list[ActivePublishableKey | None]:
    """One look-up for a batch of requests."""
    known = await store.find_publishable_keys(tx, sorted(set(keys)))
    return [known.get(key) for key in keys]


async def look_up_origins(tx: Tx, _: WorkspaceId, origins: Sequence[str]) -> list[bool]:
    """Whether any active publishable key lists each origin, of every workspace."""
    known = await store.find_listed_origins(tx, sorted(set(origins)))
    return [origin in known for origin in origins]
