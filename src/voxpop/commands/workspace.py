"""`voxpop workspace …`: workspaces and their settings."""

from typing import Annotated

from cyclopts import Parameter, validators

from voxpop.accounts import sign_in
from voxpop.commands.output import write_line, write_table
from voxpop.commands.session import Data, WorkspaceName, check_name, load_settings, run_on_database
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.errors import Invalid
from voxpop.surveys import new_workspaces
from voxpop.types import MAX_NAME, utcnow
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace, WorkspaceChange
from voxpop.workspaces.service import MAX_COOL_DOWN_DAYS

AUDIT_NAME = "command line"
NewName = Annotated[str, Parameter(validator=check_name, help=f"A new name, 1 to {MAX_NAME} characters.")]
TimeZone = Annotated[
    str | None,
    Parameter(help="The time zone of daily figures, such as Europe/Berlin. A change affects future days only."),
]
CoolDownDays = Annotated[
    int | None,
    Parameter(
        validator=validators.Number(gte=0, lte=MAX_COOL_DOWN_DAYS),
        help=f"Days before customers who rated a feature are asked about it again, 0 to {MAX_COOL_DOWN_DAYS}.",
    ),
]

CREATE_WORKSPACE = """Create a workspace: a tenant with its own members, customers, ratings and keys.

Prints a sign-in link for its owner. The link works once and expires in 7 days.

For example:

    voxpop workspace create acme
"""

OWNER_LINK = """Print a sign-in link that makes its user an owner.

The link works once and expires in 7 days. It helps owners who cannot sign in.

For example:

    voxpop workspace owner-link default
"""

SET_WORKSPACE = """Change settings of a workspace. Settings without an option stay the same.

For example:

    voxpop workspace set default --time-zone Europe/Berlin
    voxpop workspace set acme --cool-down-days 90
"""

LIST_WORKSPACES = """List the workspaces and their settings. Oldest first.

For example:

    voxpop workspace list
"""


def create_workspace(name: NewName, /, *, data: Data = None) -> None:
    """Creates a workspace and writes the sign-in link of its owner."""
    settings = load_settings(data)

    async def create(database: Database) -> str:
        await new_workspaces.ensure_workspace(database)
        return await _create_owner_link(database, await new_workspaces.open_workspace(database, name), settings)

    link = run_on_database(settings, create)
    write_line(
        f"Created the workspace {name}. Its owner signs in with this link, which works once and expires in 7 days:\n\n"
        f"    {link}"
    )


def create_owner_link(name: WorkspaceName, /, *, data: Data = None) -> None:
    """Writes a new sign-in link for an owner."""
    settings = load_settings(data)

    async def create(database: Database) -> str:
        return await _create_owner_link(database, await workspaces.get_workspace_by_name(database, name), settings)

    write_line(run_on_database(settings, create))


async def _create_owner_link(database: Database, workspace: Workspace, settings: Settings) -> str:
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
    """Changes settings of a workspace and writes them all."""
    if time_zone is None and cool_down_days is None:
        raise Invalid("Set --time-zone or --cool-down-days")
    change = WorkspaceChange(time_zone=time_zone, cool_down_days=cool_down_days)

    async def apply(database: Database) -> Workspace:
        workspace = (await workspaces.get_workspace_by_name(database, name)).id
        async with database.transaction(workspace) as tx:
            return await workspaces.change_workspace(tx, workspace, change, utcnow(), AUDIT_NAME)

    _write([run_on_database(load_settings(data), apply)])


def list_workspaces(*, data: Data = None) -> None:
    """Writes a table of the workspaces."""

    async def find(database: Database) -> list[Workspace]:
        async with database.system_transaction() as tx:
            return await workspaces.list_workspaces(tx)

    _write(run_on_database(load_settings(data), find))


def _write(rows: list[Workspace]) -> None:
    write_table(
        ("NAME", "HOST LABEL", "TIME ZONE", "COOL-DOWN DAYS", "ID"),
        [[row.name, row.slug, row.time_zone, str(row.cool_down_days), str(row.id)] for row in rows],
    )
