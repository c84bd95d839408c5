"""Loads the demo in one transaction: features, campaigns, tickets, what all did, and last what is counted of it."""

from collections.abc import Callable
from datetime import datetime
from itertools import chain
from random import Random

from voxpop.db.pool import Database, Tx
from voxpop.demo import campaigns, store, ticket_store
from voxpop.demo.behaviour import lives
from voxpop.demo.campaigns import Past
from voxpop.demo.history import History
from voxpop.demo.plan import CUSTOMERS, PLANS, PRODUCTS, SHOPPERS, Year
from voxpop.demo.shoppers import Shop
from voxpop.demo.tickets import Tickets
from voxpop.features import catalogue
from voxpop.features.models import SURVEY_TYPE, FeaturePath
from voxpop.metrics import service as metrics
from voxpop.types import Actor, Origin, WorkspaceId, utcnow
from voxpop.workspaces.models import Workspace

SEED = 1
# So many customers share their statements; few, as requests in this process wait while they are made up.
BATCH = 50
# How much of the time is over once each part is told.
FEATURES_SHARE, CAMPAIGNS_SHARE, TICKETS_SHARE = 0.77, 0.91, 0.95

Progress = Callable[[str, float], None]


async def load(database: Database, workspace: Workspace, progress: Progress) -> bool:
    """Fills an empty workspace; False, and nothing is changed, where it has a product, a campaign or a ticket already.

    `progress` is told what is being done, and which share of all is done. Of two at once one waits and gets False.
    """
    year = Year.up_to(utcnow())
    actor = Actor(workspace.id, "demo", frozenset())
    async with database.transaction(workspace.id) as tx:
        await store.lock_workspace(tx, workspace.id)
        if not await _is_empty(tx, actor):
            return False
        await _open_catalogue(tx, actor, year.start)
        past = campaigns.Past(workspace, await campaigns.open_all(tx, actor, year.start))
        history = await _tell_of_features(tx, workspace, year, progress)
        await _tell_of_campaigns(tx, workspace, year, past, progress)
        tickets = Tickets(Random(SEED), workspace, year.now)  # noqa: S311 - a demo, no secret
        await tickets.open_all(tx)
        progress("Counting", TICKETS_SHARE)
        await store.insert_sums(tx, workspace.id)
        scored, moved = (history.scored, past.scored, tickets.scored), (history.moved, past.moved, tickets.moved)
        await metrics.add_counts(tx, workspace.id, chain(*scored), chain(*moved))
        await campaigns.keep_days(tx, workspace, year)
    progress("Demo data loaded", 1.0)
    return True


async def _is_empty(tx: Tx, actor: Actor) -> bool:
    return not (
        await catalogue.list_products(tx, actor)
        or await campaigns.is_any(tx, actor)
        or await ticket_store.has_tickets(tx, actor.workspace)
    )


async def _open_catalogue(tx: Tx, actor: Actor, at: datetime) -> None:
    for product in PRODUCTS:
        await catalogue.open_product(tx, actor, product, at)
    for plan in PLANS:
        await catalogue.open_feature(tx, actor, plan.feature, at)


async def _tell_of_features(tx: Tx, workspace: Workspace, year: Year, progress: Progress) -> History:
    places = await store.list_places(tx, workspace.id)
    history = History(workspace, {FeaturePath(place.product_key, place.feature_key): place for place in places})
    coming = lives(Random(SEED), year, workspace.cool_down_days, CUSTOMERS)  # noqa: S311 - a demo, no secret
    for number, life in enumerate(coming, 1):
        for journey in life:
            history.add(journey)
        if number % BATCH == 0 or number == CUSTOMERS:
            await _write(tx, workspace.id, history)
            progress("Making up a year of customers", FEATURES_SHARE * number / CUSTOMERS)
    return history


async def _tell_of_campaigns(tx: Tx, workspace: Workspace, year: Year, past: Past, progress: Progress) -> None:
    shop = Shop(Random(SEED), year, workspace.zone, SHOPPERS)  # noqa: S311 - a demo, no secret
    for number, surveys in enumerate(shop.tell(), 1):
        for survey in surveys:
            past.add(survey)
        if number % BATCH == 0:
            await past.write(tx)
            share = FEATURES_SHARE + (CAMPAIGNS_SHARE - FEATURES_SHARE) * number / SHOPPERS
            progress("Making up a year of orders and surveys", share)
    await past.write(tx)


async def _write(tx: Tx, workspace: WorkspaceId, history: History) -> None:
    """In the order in which the product writes."""
    kind = SURVEY_TYPE, Origin.FEATURE
    await store.insert_past(tx, workspace, store.PAST_INTERACTIONS, history.interactions)
    await store.insert_past(tx, workspace, store.PAST_SURVEYS, history.surveys, *kind)
    await store.insert_past(tx, workspace, store.PAST_FEEDBACK, history.ratings, *kind)
    history.clear_rows()
