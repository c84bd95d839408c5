"""`voxpop demo`."""

from voxpop.commands.output import progress_bar, write_line
from voxpop.commands.session import Data, WorkspaceName, get_or_create_workspace, load_settings, run_on_database
from voxpop.db.pool import Database
from voxpop.errors import Conflict
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace

DEMO = """Fill an empty workspace with demo data.

The data are two products with their features, two campaigns, a year of usage,
surveys and ratings, and 90 days of support tickets with four agents, who
cannot sign in. A workspace that has data is not changed. The default workspace
gets the name Harbour Hotels and keeps its slug. No email is sent.

For example:

    voxpop demo
    voxpop workspace create show && voxpop demo --workspace show
"""


def demo(*, workspace: WorkspaceName = workspaces.DEFAULT, data: Data = None) -> None:
    """Loads the demo data into an empty workspace."""

    async def fill(database: Database) -> bool:
        return await load_demo(database, await get_or_create_workspace(database, workspace))

    if not run_on_database(load_settings(data), fill):
        raise Conflict(f"The workspace {workspace} is not empty, so nothing was loaded")
    write_line(f"Loaded demo data into the workspace {workspace}")


async def load_demo(database: Database, workspace: Workspace) -> bool:
    """Loads the data with a progress bar. Returns False if the workspace is not empty."""
    from voxpop.demo import load

    with progress_bar() as bar:
        return await load(database, workspace, bar)
