"""`voxpop key …`: API keys."""

from typing import Annotated
from uuid import UUID

from cyclopts import Parameter

from voxpop.commands.output import write_line, write_table
from voxpop.commands.session import (
    Data,
    WorkspaceName,
    check_name,
    get_or_create_workspace,
    load_settings,
    run_on_database,
)
from voxpop.db.pool import Database
from voxpop.errors import Invalid
from voxpop.types import MAX_NAME, KeyId, Scope, instant, utcnow
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import KeyRow

ScopeList = Annotated[
    list[str],
    Parameter(
        negative="",
        help="The scopes of the key, separated by commas: ingest, read, manage. No scope includes another.",
    ),
]
KeyName = Annotated[
    str,
    Parameter(
        validator=check_name, help=f"The name in the list of keys and in audit columns, 1 to {MAX_NAME} characters."
    ),
]
KeyIdArgument = Annotated[UUID, Parameter(help="An id from `voxpop key list`.")]

CREATE_KEY = """Create an API key and print it. It cannot be shown again.

Stdout has the key only.

For example:

    voxpop key create --scope ingest,read,manage
    voxpop key create --workspace acme --scope ingest --name "web shop"
    export VOXPOP_KEY=$(voxpop key create --scope read)
"""

LIST_KEYS = """List the keys of a workspace without their secrets. Oldest first.

For example:

    voxpop key list
    voxpop key list --workspace acme
"""

REVOKE_KEY = """Revoke a key. It stops working at once and cannot be restored.

For example:

    voxpop key revoke 0192f0c1-8a52-7c3e-9a50-3f5f0d7f1c11
"""


def create_key(
    *, scope: ScopeList, workspace: WorkspaceName = workspaces.DEFAULT, name: KeyName = "key", data: Data = None
) -> None:
    """Creates a key and writes it to stdout."""
    scopes = _parse_scopes(scope)

    async def create(database: Database) -> str:
        workspace_id = (await get_or_create_workspace(database, workspace)).id
        async with database.transaction(workspace_id) as tx:
            return await workspaces.create_api_key(tx, workspace_id, scopes, name, utcnow())

    write_line(run_on_database(load_settings(data), create))


def list_keys(*, workspace: WorkspaceName = workspaces.DEFAULT, data: Data = None) -> None:
    """Writes a table of keys."""

    async def find(database: Database) -> list[KeyRow]:
        workspace_id = (await workspaces.get_workspace_by_name(database, workspace)).id
        async with database.transaction(workspace_id) as tx:
            return await workspaces.list_keys(tx, workspace_id)

    rows = [_row(key) for key in run_on_database(load_settings(data), find)]
    write_table(("ID", "NAME", "SCOPES", "CREATED", "LAST USED", "REVOKED"), rows)


def revoke_key(key: KeyIdArgument, /, *, workspace: WorkspaceName = workspaces.DEFAULT, data: Data = None) -> None:
    """Revokes a key."""

    async def revoke(database: Database) -> None:
        workspace_id = (await workspaces.get_workspace_by_name(database, workspace)).id
        async with database.transaction(workspace_id) as tx:
            await workspaces.revoke_key(tx, workspace_id, KeyId(key), utcnow())

    run_on_database(load_settings(data), revoke)
    write_line(f"Revoked {key}")


def _parse_scopes(values: list[str]) -> list[Scope]:
    names = [name.strip() for value in values for name in value.split(",")]
    if unknown := [name for name in names if name not in list(Scope)]:
        raise Invalid(f"--scope takes {', '.join(Scope)}, not {', '.join(map(repr, unknown))}")
    return [scope for scope in Scope if scope in names]


def _row(key: KeyRow) -> list[str]:
    times = (instant(at) if at else "-" for at in (key.create_time, key.last_used_at, key.revoked_at))
    return [str(key.id), key.name, ",".join(key.scopes), *times]
