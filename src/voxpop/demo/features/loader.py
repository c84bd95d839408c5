"""Loads the features: their products, and a year of use and ratings as bulk rows."""

from collections.abc import Callable
from datetime import datetime
from random import Random

from voxpop.db.pool import Tx
from voxpop.demo.features import store
from voxpop.demo.features.behaviour import Behaviour
from voxpop.demo.features.plans import PLANS, PRODUCTS
from voxpop.demo.features.rows import FeatureRows
from voxpop.demo.year import Year
from voxpop.features import catalogue
from voxpop.features.models import FeaturePath
from voxpop.feedback import service as feedback
from voxpop.metrics import service as metrics
from voxpop.types import Actor, WorkspaceId
from voxpop.workspaces.models import Workspace

CUSTOMERS = 5_000
BATCH_SIZE = 50  # customers whose rows share statements


async def load_features(
    tx: Tx, actor: Actor, workspace: Workspace, rng: Random, year: Year, scale: float, progress: Callable[[float], None]
) -> None:
    """Loads a year of customers. `progress` gets the finished share of them."""
    await _open_catalogue(tx, actor, year.start)
    features = await store.list_features(tx, workspace.id)
    rows = FeatureRows(workspace, {FeaturePath(one.product_key, one.feature_key): one for one in features})
    count = round(CUSTOMERS * scale)
    for number, journeys in enumerate(Behaviour(rng, year, workspace.cool_down_days).simulate(count), 1):
        for journey in journeys:
            rows.add(journey)
        if number % BATCH_SIZE == 0 or number == count:
            await _write(tx, workspace.id, rows)
            progress(number / count)
    await store.insert_sums(tx, workspace.id)
    await metrics.add_counts(tx, workspace.id, rows.score_increments, rows.survey_increments)


async def _open_catalogue(tx: Tx, actor: Actor, at: datetime) -> None:
    for product in PRODUCTS:
        await catalogue.open_product(tx, actor, product, at)
    for plan in PLANS:
        await catalogue.open_feature(tx, actor, plan.feature, at)


async def _write(tx: Tx, workspace: WorkspaceId, rows: FeatureRows) -> None:
    """Ratings refer to surveys, so they come last."""
    await store.insert_interactions(tx, workspace, rows.interactions)
    if rows.surveys:
        await store.insert_surveys(tx, workspace, rows.surveys)
    if rows.feedback:
        await store.insert_feedback(tx, workspace, rows.feedback)
        await feedback.index_ratings(tx, workspace, rows.indexed)
    rows.clear()
