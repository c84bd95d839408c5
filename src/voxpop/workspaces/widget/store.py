"""Statements on publishable keys and the secrets of the widget."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import Audit, KeyId, WorkspaceId
from voxpop.workspaces.widget.models import ActivePublishableKey, PublishableKeyRow, WidgetSettings


class ListedOrigin(Struct, frozen=True):
    origin: str


ACTIVE_KEYS = Query(
    """
    SELECT k.id, k.workspace_id, k.secret, k.origins, w.widget_signature_required AS signature_required,
        array_remove(ARRAY[w.widget_secret, w.widget_previous_secret], NULL) AS widget_secrets
    FROM publishable_key k JOIN workspace w ON w.id = k.workspace_id
    WHERE k.id = ANY (:keys::uuid[]) AND k.revoked_at IS NULL
    """,
    ActivePublishableKey,
    system=True,
)

LISTED_ORIGINS = Query(
    """
    SELECT wanted.origin FROM unnest(:origins::text[]) AS wanted (origin)
    WHERE EXISTS (SELECT FROM publishable_key k WHERE k.revoked_at IS NULL AND k.origins @> ARRAY[wanted.origin])
    """,
    ListedOrigin,
    system=True,
)

NEW_KEY = Query(
    """
    INSERT INTO publishable_key (workspace_id, id, name, secret, origins, create_time, create_user)
    VALUES (:workspace, :id, :name, :secret, :origins, :create_time, :user)
    """,
    NoRows,
)

_ACTIVE = """
    SELECT id, name, secret, origins, create_time, seen_at, seen_origin FROM publishable_key
    WHERE workspace_id = :workspace AND revoked_at IS NULL"""

KEYS = Query(f"{_ACTIVE} ORDER BY create_time DESC, id DESC", PublishableKeyRow)

KEY = Query(f"{_ACTIVE} AND id = :key", PublishableKeyRow)

LOCKED_KEY = Query(f"{KEY.text} FOR UPDATE", PublishableKeyRow)

CHANGED_KEY = Query(
    """
    UPDATE publishable_key SET name = :name, origins = :origins
    WHERE workspace_id = :workspace AND id = :key AND revoked_at IS NULL
    """,
    NoRows,
    changes_identity=True,
)

REVOKED_KEY = Query(
    "UPDATE publishable_key SET revoked_at = coalesce(revoked_at, :now) WHERE workspace_id = :workspace AND id = :key",
    NoRows,
    changes_identity=True,
)

# Several processes may note the same call at once; none of them waits for another.
SEEN_KEY = Query(
    """
    UPDATE publishable_key SET seen_at = :now, seen_origin = :origin
    WHERE workspace_id = :workspace AND id IN (
        SELECT id FROM publishable_key WHERE workspace_id = :workspace AND id = :key FOR UPDATE SKIP LOCKED)
    """,
    NoRows,
)

SETTINGS = Query(
    """
    SELECT widget_signature_required AS signature_required, widget_secret AS secret, widget_secret_at AS secret_at,
           widget_previous_secret AS previous_secret
    FROM workspace WHERE id = :workspace
    """,
    WidgetSettings,
)

NEW_SECRET = Query(
    """
    UPDATE workspace SET widget_previous_secret = widget_secret, widget_secret = :secret, widget_secret_at = :at,
        last_update_time = :at, last_update_user = :by
    WHERE id = :workspace AND widget_previous_secret IS NULL
    """,
    NoRows,
    changes_identity=True,
)

RETIRED_SECRET = Query(
    """
    UPDATE workspace SET widget_previous_secret = NULL, last_update_time = :at, last_update_user = :by
    WHERE id = :workspace AND widget_previous_secret IS NOT NULL
    """,
    NoRows,
    changes_identity=True,
)


async def find_publishable_keys(tx: Tx, keys: Sequence[UUID]) -> dict[UUID, ActivePublishableKey]:
    """The active publishable keys by id, of every workspace."""
    return {key.id: key for key in await ACTIVE_KEYS.all(tx, keys=keys)}


async def find_listed_origins(tx: Tx, origins: Sequence[str]) -> set[str]:
    """Those of the origins that any active publishable key lists."""
    return {row.origin for row in await LISTED_ORIGINS.all(tx, origins=origins)}


async def insert_key(tx: Tx, workspace: WorkspaceId, key: PublishableKeyRow, user: str) -> None:
    await NEW_KEY.run(
        tx,
        workspace=workspace,
        id=key.id,
        name=key.name,
        secret=key.secret,
        origins=key.origins,
        create_time=key.create_time,
        user=user,
    )


async def list_keys(tx: Tx, workspace: WorkspaceId) -> list[PublishableKeyRow]:
    """The active ones, the newest first."""
    return await KEYS.all(tx, workspace=workspace)


async def get_key(tx: Tx, workspace: WorkspaceId, key: KeyId) -> PublishableKeyRow:
    """NotFound for an unknown or revoked key."""
    return await KEY.one(tx, workspace=workspace, key=key)


async def lock_key(tx: Tx, workspace: WorkspaceId, key: KeyId) -> PublishableKeyRow:
    """NotFound for an unknown or revoked key."""
    return await LOCKED_KEY.one(tx, workspace=workspace, key=key)


async def set_key(tx: Tx, workspace: WorkspaceId, key: KeyId, name: str, origins: Sequence[str]) -> None:
    """Changes an active key."""
    await CHANGED_KEY.run(tx, workspace=workspace, key=key, name=name, origins=origins)


async def revoke_key(tx: Tx, workspace: WorkspaceId, key: KeyId, now: datetime) -> bool:
    """False if the workspace has no such key."""
    return await REVOKED_KEY.run(tx, workspace=workspace, key=key, now=now) == 1


async def set_seen(tx: Tx, workspace: WorkspaceId, key: KeyId, origin: str, now: datetime) -> None:
    await SEEN_KEY.run(tx, workspace=workspace, key=key, origin=origin, now=now)


async def get_settings(tx: Tx, workspace: WorkspaceId) -> WidgetSettings:
    return await SETTINGS.one(tx, workspace=workspace)


async def insert_secret(tx: Tx, workspace: WorkspaceId, secret: str, audit: Audit) -> bool:
    """The current secret becomes the previous one. False if the workspace has two."""
    return await NEW_SECRET.run(tx, audit, workspace=workspace, secret=secret) == 1


async def delete_previous_secret(tx: Tx, workspace: WorkspaceId, audit: Audit) -> None:
    await RETIRED_SECRET.run(tx, audit, workspace=workspace)
