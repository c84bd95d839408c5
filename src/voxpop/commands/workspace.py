"""`voxpop workspace …`: tenants and their settings."""

from typing import Annotated

from cyclopts import Parameter, validators

from voxpop.accounts import sign_in
from voxpop.commands.output import show, show_table
from voxpop.commands.session import Data, WorkspaceName, is_name, load, on_database
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.errors import Invalid
from voxpop.types import utcnow
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace, WorkspaceChange

USER = "command line"
NewName = Annotated[str, Parameter(validator=is_name, help="A name that no workspace has, 1 to 200 characters.")]
TimeZone = Annotated[str | None, Parameter(help="Whose days are counted, as Europe/Berlin; touches later days only.")]
CoolDownDays = Annotated[
    int | None,
    Parameter(
        validator=validators.Number(gte=0, lte=3650),
        help="Days for which a customer who rated a feature is not asked about it again, 0 to 3650.",
    ),
]


def create_workspace(name: NewName, /, *, data: Data = None) -> None:
    """Make a workspace: a tenant with people, customers, ratings and keys of its own.

    Prints a link by which its owner signs in, once, within seven days.

        voxpop workspace create acme
    """
    settings = load(data)

    async def make(database: Database) -> str:
        await workspaces.ensure_workspace(database)
        return await _owner_link(database, await workspaces.open_workspace(database, name), settings)

    link = on_database(settings, make)
    show(f"Made the workspace {name}. Its owner signs in by this link, once, within seven days:\n\n    {link}")


def make_owner_link(name: WorkspaceName, /, *, data: Data = None) -> None:
    """Print a link that makes whoever opens it an owner, once, within seven days: for an owner who cannot sign in.

    Like this:

        voxpop workspace owner-link default
    """
    settings = load(data)

    async def make(database: Database) -> str:
        return await _owner_link(database, await workspaces.get_workspace_by_name(database, name), settings)

    show(on_database(settings, make))


async def _owner_link(database: Database, workspace: Workspace, settings: Settings) -> str:
    async with database.transaction(workspace.id) as tx:
        return await sign_in.create_owner_link(tx, workspace, settings.public_url, utcnow())


def set_workspace(
    name: WorkspaceName,
    /,
    *,
    time_zone: TimeZone = None,
    cool_down_days: CoolDownDays = None,
    data: Data = None,
) -> None:
    """Change a workspace's settings; those not given stay.

    Like this:

        voxpop workspace set default --time-zone Europe/Berlin
        voxpop workspace set acme --cool-down-days 90
    """
    if time_zone is None and cool_down_days is None:
        raise Invalid("Give --time-zone or --cool-down-days")
    change = WorkspaceChange(time_zone=time_zone, cool_down_days=cool_down_days)

    async def apply(database: Database) -> Workspace:
        ident = (await workspaces.get_workspace_by_name(database, name)).id
        async with database.transaction(ident) as tx:
            return await workspaces.change_workspace(tx, ident, change, utcnow(), USER)

    _show([on_database(load(data), apply)])


def list_workspaces(*, data: Data = None) -> None:
    """List the workspaces and their settings, the oldest first.

    Like this:

        voxpop workspace list
    """

    async def find(database: Database) -> list[Workspace]:
        async with database.transaction(None) as tx:
            return await workspaces.list_workspaces(tx)

    _show(on_database(load(data), find))


def _show(rows: list[Workspace]) -> None:
    show_table(
        ("NAME", "HOST LABEL", "TIME ZONE", "COOL-DOWN DAYS", "ID"),
        [(row.name, row.slug, row.time_zone, str(row.cool_down_days), str(row.id)) for row in rows],
    )
