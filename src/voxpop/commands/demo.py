"""`voxpop demo`."""

from voxpop.commands.output import progress_bar, show
from voxpop.commands.session import Data, WorkspaceName, load, on_database, workspace_named
from voxpop.db.pool import Database
from voxpop.errors import Conflict
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace


def demo(*, workspace: WorkspaceName = workspaces.DEFAULT, data: Data = None) -> None:
    """Fill an empty workspace with made-up data.

    Two products with their features, two campaigns, a year of use, surveys and
    ratings, and 90 days of support tickets with four agents, who cannot sign
    in. Never twice.
    Like this:

        voxpop demo
        voxpop workspace create show && voxpop demo --workspace show
    """

    async def fill(database: Database) -> bool:
        return await load_demo(database, await workspace_named(database, workspace))

    if not on_database(load(data), fill):
        raise Conflict(f"The workspace {workspace} is not empty, so nothing was loaded")
    show(f"Loaded demo data into the workspace {workspace}")


async def load_demo(database: Database, workspace: Workspace) -> bool:
    """With a progress bar; False, and at once, where the workspace is not empty."""
    from voxpop.demo import load as load_into

    with progress_bar() as bar:
        return await load_into(database, workspace, bar)
