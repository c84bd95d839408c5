"""Loads the demo into an empty workspace, in one transaction: campaigns, tickets and features."""

from collections.abc import Callable
from random import Random

from voxpop import outbox
from voxpop.db.pool import Database, Tx
from voxpop.demo.campaigns.loader import has_campaigns, load_campaigns
from voxpop.demo.features.loader import load_features
from voxpop.demo.tickets.loader import has_tickets, load_tickets
from voxpop.demo.year import Year
from voxpop.errors import Conflict
from voxpop.features import catalogue
from voxpop.types import Actor, utcnow
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace, WorkspaceChange

NAME = "Harbour Hotels"  # the default workspace gets it, because customers read the name
USER = "demo"
SEED = 1
# The share of the time at which each part begins.
TICKETS_BEGIN, FEATURES_BEGIN = 0.4, 0.7

Progress = Callable[[str, float], None]


async def load(database: Database, workspace: Workspace, progress: Progress, scale: float = 1.0) -> bool:
    """Fills an empty workspace. False, without a change, if it has a product, a campaign or a ticket.

    `progress` gets the current activity and the finished share. Of two loads at once, the second one waits and
    returns False. `scale` multiplies the number of customers, events and tickets; the periods stay.
    """
    year = Year.up_to(utcnow())
    actor = Actor(workspace.id, USER, frozenset())
    async with database.transaction(workspace.id) as tx:
        workspace = await workspaces.lock_workspace(tx, workspace.id)
        if not await _is_empty(tx, actor):
            return False
        workspace = await _name_workspace(tx, workspace, year)
        with outbox.discard_messages():
            surveys = _part(progress, "Simulating a year of surveys", 0, TICKETS_BEGIN)
            await load_campaigns(tx, actor, workspace, _rng(), year, scale, surveys)
            tickets = _part(progress, "Simulating 90 days of tickets", TICKETS_BEGIN, FEATURES_BEGIN)
            await load_tickets(tx, workspace, _rng(), year.now, scale, tickets)
        features = _part(progress, "Simulating a year of customers", FEATURES_BEGIN, 1)
        await load_features(tx, actor, workspace, _rng(), year, scale, features)
        await workspaces.mark_demo_data(tx, workspace.id)
    progress("Demo data loaded", 1.0)
    return True


async def _is_empty(tx: Tx, actor: Actor) -> bool:
    return not (
        await catalogue.list_products(tx, actor)
        or await has_campaigns(tx, actor)
        or await has_tickets(tx, actor.workspace)
    )


async def _name_workspace(tx: Tx, workspace: Workspace, year: Year) -> Workspace:
    """Names the default workspace, unless an owner has named it or another workspace has the name."""
    if workspace.name != workspaces.DEFAULT:
        return workspace
    try:
        return await workspaces.change_workspace(tx, workspace.id, WorkspaceChange(name=NAME), year.now, USER)
    except Conflict:
        return workspace


def _part(progress: Progress, activity: str, begin: float, end: float) -> Callable[[float], None]:
    """The progress of a part, which takes the time from `begin` to `end`."""
    return lambda share: progress(activity, begin + (end - begin) * share)


def _rng() -> Random:
    """Each part has its own, so that a change of one part leaves the others as they are."""
    return Random(SEED)  # noqa: S311 - not for secrets
