"""What the tests that do it all again through the services share: a workspace far from UTC, and its rows to compare."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import pytest

from voxpop.db.pool import Database
from voxpop.demo import helpdesk
from voxpop.types import WorkspaceId
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace, WorkspaceChange

Owner: TypeAlias = "asyncpg.Connection[Any]"
COOL_DOWN = 60  # days, so few that some are asked again

NAMES = """
    SELECT id, key FROM product WHERE workspace_id = $1
    UNION SELECT id, key FROM feature WHERE workspace_id = $1
    UNION SELECT id, name FROM campaign WHERE workspace_id = $1
"""


async def far_away(database: Database, ident: WorkspaceId, now: datetime) -> Workspace:
    """So far from UTC that a day of the workspace is another day often enough."""
    change = WorkspaceChange(time_zone="Pacific/Auckland", cool_down_days=COOL_DOWN)
    async with database.transaction(ident) as tx:
        await workspaces.change_workspace(tx, ident, change, now, "test")
        return await workspaces.get_workspace(tx, ident)


def without_tickets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo is loaded with none."""
    monkeypatch.setattr(helpdesk, "TICKETS", 0)
    monkeypatch.setattr(helpdesk, "FRESH", ())


async def kept(owner: Owner, workspace: WorkspaceId, tables: Mapping[str, str]) -> dict[str, list[str]]:
    """All rows as text, with the names of features, products and campaigns for their ids; `tables`: their columns."""
    rows = await owner.fetch(NAMES, workspace)
    names: dict[Any, str] = {workspace: "workspace", **{row["id"]: row["key"] for row in rows}}

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(one) for one in value]
        return names[value] if isinstance(value, UUID) else value

    return {
        table: sorted(
            str([named(value) for value in row])
            for row in await owner.fetch(f"SELECT {columns} FROM {table} WHERE workspace_id = $1", workspace)
        )
        for table, columns in tables.items()
    }
