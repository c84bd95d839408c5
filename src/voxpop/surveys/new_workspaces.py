"""New workspaces, which begin with the built-in survey types."""

from datetime import datetime

from voxpop.db.pool import Database
from voxpop.errors import Conflict
from voxpop.surveys import survey_types_store as store
from voxpop.types import Scope
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace


async def open_workspace(database: Database, name: str) -> Workspace:
    """A new workspace with the built-in survey types; WorkspaceAlreadyExists if the name is in use."""
    async with database.system_transaction() as tx:
        workspace = await workspaces.insert_workspace(tx, name)
        await store.insert_builtin_types(tx, workspace)
    async with database.transaction(workspace) as tx:
        return await workspaces.get_workspace(tx, workspace)


async def ensure_workspace(database: Database) -> Workspace:
    """The oldest workspace; creates the default one if there is none."""
    async with database.system_transaction() as tx:
        known = await workspaces.list_workspaces(tx)
    if known:
        return known[0]
    try:
        return await open_workspace(database, workspaces.DEFAULT)
    except Conflict:
        return await workspaces.get_workspace_by_name(database, workspaces.DEFAULT)  # another process was first


async def first_start(database: Database, now: datetime) -> str | None:
    """Creates a workspace and its first API key with every scope, and returns the key; None on a later start."""
    oldest = await ensure_workspace(database)
    async with database.transaction(oldest.id) as tx:
        await workspaces.lock_workspace(tx, oldest.id)
        if await workspaces.list_keys(tx, oldest.id):
            return None
        return await workspaces.create_api_key(tx, oldest.id, Scope, "first start", now)
