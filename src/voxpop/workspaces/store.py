"""Statements on workspaces and their keys."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import KeyId, WorkspaceId
from voxpop.workspaces.models import KeyRow, KnownKey, Workspace


class Created(Struct):
    create_workspace: bool


CREATED_WORKSPACE = Query("SELECT create_workspace($1, $2)", Created)

COLUMNS = "id, name, time_zone, cool_down_days, slug, portal_enabled, csat_enabled"

ALL_WORKSPACES = Query(f"SELECT {COLUMNS} FROM list_workspaces()", Workspace)

WORKSPACE_BY_ID = Query(f"SELECT {COLUMNS} FROM workspace WHERE id = $1", Workspace)

LOCKED_WORKSPACE = Query(f"{WORKSPACE_BY_ID.sql} FOR UPDATE", Workspace)

CHANGED_WORKSPACE = Query(
    f"""
    UPDATE workspace SET name = coalesce($2, name), time_zone = coalesce($3, time_zone),
        cool_down_days = coalesce($4, cool_down_days), portal_enabled = coalesce($5, portal_enabled),
        csat_enabled = coalesce($6, csat_enabled), last_update_time = $7, last_update_user = $8
    WHERE id = $1
    RETURNING {COLUMNS}
    """,
    Workspace,
)

KNOWN_KEYS = Query("SELECT id, workspace_id, name, scopes, secret_hash FROM find_keys($1::uuid[])", KnownKey)

NEW_KEY = Query(
    "INSERT INTO api_key (workspace_id, id, name, scopes, secret_hash, create_time) VALUES ($1, $2, $3, $4, $5, $6)",
    NoRows,
)

KEYS = Query(
    """
    SELECT id, name, scopes, create_time, last_used_at, revoked_at FROM api_key
    WHERE workspace_id = $1 ORDER BY create_time, id
    """,
    KeyRow,
)

REVOKED_KEY = Query(
    "UPDATE api_key SET revoked_at = coalesce(revoked_at, $3) WHERE workspace_id = $1 AND id = $2", NoRows
)


async def insert_workspace(tx: Tx, workspace: WorkspaceId, name: str) -> bool:
    """False when the name is taken."""
    return (await CREATED_WORKSPACE.one(tx, workspace, name)).create_workspace


async def list_workspaces(tx: Tx) -> list[Workspace]:
    return await ALL_WORKSPACES.all(tx)


async def get_workspace(tx: Tx, workspace: WorkspaceId) -> Workspace:
    return await WORKSPACE_BY_ID.one(tx, workspace)


async def lock_workspace(tx: Tx, workspace: WorkspaceId) -> Workspace:
    """Until the end of the transaction nobody else does what only one may."""
    return await LOCKED_WORKSPACE.one(tx, workspace)


async def set_workspace(
    tx: Tx, workspace: WorkspaceId, values: Sequence[object], now: datetime, user: str
) -> Workspace:
    """`values`: name, time zone, cool-down in days, portal and CSAT switches; None leaves one as it is."""
    return await CHANGED_WORKSPACE.one(tx, workspace, *values, now, user)


async def find_keys(tx: Tx, keys: Sequence[UUID]) -> dict[UUID, KnownKey]:
    return {key.id: key for key in await KNOWN_KEYS.all(tx, keys)}


async def insert_key(tx: Tx, workspace: WorkspaceId, key: KnownKey, now: datetime) -> None:
    await NEW_KEY.run(tx, workspace, key.id, key.name, key.scopes, key.secret_hash, now)


async def list_keys(tx: Tx, workspace: WorkspaceId) -> list[KeyRow]:
    return await KEYS.all(tx, workspace)


async def revoke_key(tx: Tx, workspace: WorkspaceId, key: KeyId, now: datetime) -> bool:
    """False when the workspace has no such key."""
    return await REVOKED_KEY.run(tx, workspace, key, now) == 1
