"""Statements on workspaces and their API keys."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from voxpop.db.errors import UNIQUE_ERRORS
from voxpop.db.pool import Tx, savepoint
from voxpop.db.query import NoRows, Query
from voxpop.types import Audit, KeyId, WorkspaceId
from voxpop.workspaces.errors import WorkspaceAlreadyExists
from voxpop.workspaces.models import (
    ActiveKey,
    KeyRow,
    Logo,
    LogoFile,
    ReportSettings,
    WeekStart,
    Workspace,
    WorkspaceChange,
)


class LinkKey(Struct):
    link_key: bytes


COLUMNS = (
    "id, name, time_zone, cool_down_days, slug, portal_enabled, csat_enabled, accent, logo_hash, logo_width, "
    "logo_height, has_demo_data"
)

# `free` is the first number whose slug no other workspace has.
NEW_WORKSPACE = Query(
    """
    WITH base AS (
        SELECT coalesce(nullif(trim(both '-' FROM left(regexp_replace(lower(:name), '[^a-z0-9]+', '-', 'g'), 50)), ''),
                        'workspace') AS slug
    ), free AS (
        SELECT slug || CASE WHEN number > 1 THEN '-' || number ELSE '' END AS slug
        FROM base, generate_series(1, 100000) AS number
        WHERE NOT EXISTS (SELECT FROM workspace w
                          WHERE w.slug = base.slug || CASE WHEN number > 1 THEN '-' || number ELSE '' END)
        ORDER BY number LIMIT 1
    )
    INSERT INTO workspace (id, name, slug) SELECT :workspace, :name, slug FROM free ON CONFLICT (name) DO NOTHING
    """,
    NoRows,
    system=True,
)

ALL_WORKSPACES = Query(f"SELECT {COLUMNS} FROM workspace ORDER BY create_time, id", Workspace, system=True)

WORKSPACE_BY_ID = Query(f"SELECT {COLUMNS} FROM workspace WHERE id = :workspace", Workspace)

LOCKED_WORKSPACE = Query(f"{WORKSPACE_BY_ID.text} FOR UPDATE", Workspace)

_CHANGES = {name: f"coalesce(:{name}, {name})" for name in WorkspaceChange.__struct_fields__}

# No row where the settings have these values already, so that the audit columns tell of changes only.
CHANGED_WORKSPACE = Query(
    f"""
    UPDATE workspace SET {", ".join(f"{name} = {value}" for name, value in _CHANGES.items())},
        last_update_time = :at, last_update_user = :by
    WHERE id = :workspace AND ({", ".join(_CHANGES)}) IS DISTINCT FROM ({", ".join(_CHANGES.values())})
    RETURNING {COLUMNS}
    """,
    Workspace,
    values=WorkspaceChange,
    changes_identity=True,
)

REPORT_SETTINGS = Query(
    "SELECT minimum_answers, week_start, agents_see_all FROM workspace WHERE id = :workspace", ReportSettings
)

LINK_KEY = Query("SELECT link_key FROM workspace WHERE id = :workspace", LinkKey)

LOGO = Query("SELECT logo, logo_type FROM workspace WHERE id = :workspace AND logo_hash = :logo_hash", LogoFile)

NEW_LOGO = Query(
    """
    UPDATE workspace SET logo = :logo, logo_hash = :logo_hash, logo_type = :logo_type, logo_width = :logo_width,
        logo_height = :logo_height, last_update_time = :at, last_update_user = :by
    WHERE id = :workspace AND logo_hash IS DISTINCT FROM :logo_hash
    """,
    NoRows,
    values=Logo,
    changes_identity=True,
)

REMOVED_LOGO = Query(
    """
    UPDATE workspace SET logo = NULL, logo_hash = NULL, logo_type = NULL, logo_width = NULL, logo_height = NULL,
        last_update_time = :at, last_update_user = :by
    WHERE id = :workspace AND logo_hash IS NOT NULL
    """,
    NoRows,
    changes_identity=True,
)

MARKED_DEMO = Query("UPDATE workspace SET has_demo_data = true WHERE id = :workspace", NoRows, changes_identity=True)

ACTIVE_KEYS = Query(
    """
    WITH used AS (
        UPDATE api_key SET last_used_at = now()
        WHERE id IN (
            SELECT id FROM api_key
            WHERE id = ANY (:keys::uuid[]) AND coalesce(last_used_at, '-infinity') < now() - interval '1 minute'
            FOR UPDATE SKIP LOCKED)
    )
    SELECT id, workspace_id, name, scopes, secret_hash FROM api_key
    WHERE id = ANY (:keys::uuid[]) AND revoked_at IS NULL
    """,
    ActiveKey,
    system=True,
)

NEW_KEY = Query(
    """
    INSERT INTO api_key (workspace_id, id, name, scopes, secret_hash, create_time)
    VALUES (:workspace, :key, :name, :scopes, :secret_hash, :now)
    """,
    NoRows,
)

KEYS = Query(
    """
    SELECT id, name, scopes, create_time, last_used_at, revoked_at FROM api_key
    WHERE workspace_id = :workspace ORDER BY create_time, id
    """,
    KeyRow,
)

REVOKED_KEY = Query(
    "UPDATE api_key SET revoked_at = coalesce(revoked_at, :now) WHERE workspace_id = :workspace AND id = :key",
    NoRows,
    changes_identity=True,
)


async def insert_workspace(tx: Tx, workspace: WorkspaceId, name: str) -> bool:
    """False if the name is in use."""
    return await NEW_WORKSPACE.run(tx, workspace=workspace, name=name) == 1


async def list_workspaces(tx: Tx) -> list[Workspace]:
    """Every workspace, the oldest first."""
    return await ALL_WORKSPACES.all(tx)


async def get_workspace(tx: Tx, workspace: WorkspaceId) -> Workspace:
    """The workspace; NotFound for an unknown id."""
    return await WORKSPACE_BY_ID.one(tx, workspace=workspace)


async def lock_workspace(tx: Tx, workspace: WorkspaceId) -> Workspace:
    """Locks the workspace until the end of the transaction, for work that only one process may do."""
    return await LOCKED_WORKSPACE.one(tx, workspace=workspace)


async def set_workspace(tx: Tx, workspace: WorkspaceId, change: WorkspaceChange, audit: Audit) -> Workspace:
    """Changes the settings that are not None and returns the workspace; WorkspaceAlreadyExists for a name in use."""
    try:
        async with savepoint(tx):
            changed = await CHANGED_WORKSPACE.find(tx, change, audit, workspace=workspace)
    except UNIQUE_ERRORS:  # by a workspace that the policies hide
        raise WorkspaceAlreadyExists from None
    return changed or await get_workspace(tx, workspace)


async def get_report_settings(tx: Tx, workspace: WorkspaceId) -> ReportSettings:
    """The settings of the workspace for its dashboards."""
    found = await REPORT_SETTINGS.one(tx, workspace=workspace)
    return replace(found, week_start=WeekStart(found.week_start))


async def get_link_key(tx: Tx, workspace: WorkspaceId) -> bytes:
    return (await LINK_KEY.one(tx, workspace=workspace)).link_key


async def get_logo(tx: Tx, workspace: WorkspaceId, logo_hash: str) -> LogoFile:
    """NotFound unless it is the workspace's logo."""
    return await LOGO.one(tx, workspace=workspace, logo_hash=logo_hash)


async def set_logo(tx: Tx, workspace: WorkspaceId, logo: Logo, audit: Audit) -> None:
    await NEW_LOGO.run(tx, logo, audit, workspace=workspace)


async def delete_logo(tx: Tx, workspace: WorkspaceId, audit: Audit) -> None:
    await REMOVED_LOGO.run(tx, audit, workspace=workspace)


async def set_has_demo_data(tx: Tx, workspace: WorkspaceId) -> None:
    await MARKED_DEMO.run(tx, workspace=workspace)


async def find_keys(tx: Tx, keys: Sequence[UUID]) -> dict[UUID, ActiveKey]:
    """The active API keys by id, of every workspace; their use is noted."""
    return {key.id: key for key in await ACTIVE_KEYS.all(tx, keys=keys)}


async def insert_key(tx: Tx, workspace: WorkspaceId, key: ActiveKey, now: datetime) -> None:
    """Stores a new API key."""
    await NEW_KEY.run(
        tx,
        workspace=workspace,
        key=key.id,
        name=key.name,
        scopes=key.scopes,
        secret_hash=key.secret_hash,
        now=now,
    )


async def list_keys(tx: Tx, workspace: WorkspaceId) -> list[KeyRow]:
    """The workspace's API keys, revoked ones included, the oldest first."""
    return await KEYS.all(tx, workspace=workspace)


async def revoke_key(tx: Tx, workspace: WorkspaceId, key: KeyId, now: datetime) -> bool:
    """False if the workspace has no such key."""
    return await REVOKED_KEY.run(tx, workspace=workspace, key=key, now=now) == 1
