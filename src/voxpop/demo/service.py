"""Loads the demo in one transaction: the catalogue, what all customers did, and last the counts."""

from collections.abc import Callable
from datetime import datetime
from random import Random

from voxpop.db.pool import Database, Tx
from voxpop.demo import store
from voxpop.demo.behaviour import lives
from voxpop.demo.history import History
from voxpop.demo.plan import CUSTOMERS, PLANS, PRODUCTS, Year
from voxpop.features import catalogue
from voxpop.features.models import SURVEY_TYPE, FeaturePath
from voxpop.feedback.models import Origin
from voxpop.metrics import service as metrics
from voxpop.types import Actor, WorkspaceId, utcnow
from voxpop.workspaces.models import Workspace

SEED = 1
# So many customers share their statements; few, as requests in this process wait while they are made up.
BATCH = 50

Progress = Callable[[str, float], None]


async def load(database: Database, workspace: Workspace, progress: Progress) -> bool:
    """Fills an empty workspace; False, and nothing is changed, where it has a product already.

    `progress` is told what is being done, and which share of all is done. Of two at once one waits and gets False.
    """
    now = utcnow()
    actor = Actor(workspace.id, "demo", frozenset())
    async with database.transaction(workspace.id) as tx:
        await store.lock_workspace(tx, workspace.id)
        if await catalogue.list_products(tx, actor):
            return False
        await _open_catalogue(tx, actor, Year.up_to(now).start)
        await _fill(tx, workspace, now, progress)
    progress("Demo data loaded", 1.0)
    return True


async def _open_catalogue(tx: Tx, actor: Actor, at: datetime) -> None:
    for product in PRODUCTS:
        await catalogue.open_product(tx, actor, product, at)
    for plan in PLANS:
        await catalogue.open_feature(tx, actor, plan.feature, at)


async def _fill(tx: Tx, workspace: Workspace, now: datetime, progress: Progress) -> None:
    places = await store.list_places(tx, workspace.id)
    history = History(workspace, {FeaturePath(place.product_key, place.feature_key): place for place in places})
    coming = lives(Random(SEED), Year.up_to(now), workspace.cool_down_days, CUSTOMERS)  # noqa: S311 - a demo, no secret
    for number, life in enumerate(coming, 1):
        for journey in life:
            history.add(journey)
        if number % BATCH == 0 or number == CUSTOMERS:
            await _write(tx, workspace.id, history)
            progress("Making up a year of customers", 0.95 * number / CUSTOMERS)
    await store.insert_sums(tx, workspace.id)
    await metrics.add(tx, workspace.id, history.scored, history.moved)


async def _write(tx: Tx, workspace: WorkspaceId, history: History) -> None:
    """In the order in which the product writes."""
    kind = SURVEY_TYPE, Origin.FEATURE
    await store.insert_past(tx, workspace, store.PAST_INTERACTIONS, history.interactions)
    await store.insert_past(tx, workspace, store.PAST_SURVEYS, history.surveys, *kind)
    await store.insert_past(tx, workspace, store.PAST_FEEDBACK, history.ratings, *kind)
    history.clear_rows()
