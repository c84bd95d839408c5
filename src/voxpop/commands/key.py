"""`voxpop key …`: API keys."""

from typing import Annotated
from uuid import UUID

from cyclopts import Parameter

from voxpop.commands.output import show, show_table
from voxpop.commands.session import Data, WorkspaceName, is_name, load, on_database, workspace_named
from voxpop.db.pool import Database
from voxpop.errors import Invalid
from voxpop.types import KeyId, Scope, instant, utcnow
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import KeyRow

ScopeList = Annotated[
    list[str],
    Parameter(
        negative="", help="What the key may do, separated by commas: ingest, read, manage. None includes another."
    ),
]
KeyName = Annotated[
    str, Parameter(validator=is_name, help="What the list of keys and audit columns call it, 1 to 200 characters.")
]
Ident = Annotated[UUID, Parameter(help="The id that `voxpop key list` shows.")]


def create_key(
    *, scope: ScopeList, workspace: WorkspaceName = workspaces.DEFAULT, name: KeyName = "key", data: Data = None
) -> None:
    """Make an API key and print it, alone, on stdout. It is shown this once.

    Like this:

        voxpop key create --scope ingest,read,manage
        voxpop key create --workspace acme --scope ingest --name "web shop"
        export VOXPOP_KEY=$(voxpop key create --scope read)
    """
    scopes = _scopes(scope)

    async def create(database: Database) -> str:
        ident = (await workspace_named(database, workspace)).id
        async with database.transaction(ident) as tx:
            return await workspaces.create_api_key(tx, ident, scopes, name, utcnow())

    show(on_database(load(data), create))


def list_keys(*, workspace: WorkspaceName = workspaces.DEFAULT, data: Data = None) -> None:
    """List a workspace's keys, the oldest first, without their secrets.

    Like this:

        voxpop key list
        voxpop key list --workspace acme
    """

    async def find(database: Database) -> list[KeyRow]:
        ident = (await workspaces.get_workspace_by_name(database, workspace)).id
        async with database.transaction(ident) as tx:
            return await workspaces.list_keys(tx, ident)

    show_table(("ID", "NAME", "SCOPES", "MADE", "LAST USED", "REVOKED"), list(map(_row, on_database(load(data), find))))


def revoke_key(ident: Ident, /, *, workspace: WorkspaceName = workspaces.DEFAULT, data: Data = None) -> None:
    """Revoke a key. From now on it is refused everywhere; there is no way back.

    Like this:

        voxpop key revoke 0192f0c1-8a52-7c3e-9a50-3f5f0d7f1c11
    """

    async def revoke(database: Database) -> None:
        owner = (await workspaces.get_workspace_by_name(database, workspace)).id
        async with database.transaction(owner) as tx:
            await workspaces.revoke_key(tx, owner, KeyId(ident), utcnow())

    on_database(load(data), revoke)
    show(f"Revoked {ident}")


def _scopes(given: list[str]) -> list[Scope]:
    words = [word.strip() for part in given for word in part.split(",")]
    if unknown := [word for word in words if word not in list(Scope)]:
        raise Invalid(f"--scope takes {', '.join(Scope)}, not {', '.join(map(repr, unknown))}")
    return [scope for scope in Scope if scope in words]


def _row(key: KeyRow) -> tuple[str, ...]:
    times = (instant(at) if at else "-" for at in (key.create_time, key.last_used_at, key.revoked_at))
    return (str(key.id), key.name, ",".join(key.scopes), *times)
