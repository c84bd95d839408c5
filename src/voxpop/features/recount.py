"""Repairs the totals of interactions; `metrics` repairs the counts of ratings."""

from voxpop.db.pool import Tx
from voxpop.features import store
from voxpop.features.models import UsageIncrement
from voxpop.types import WorkspaceId


async def repair_totals(tx: Tx, workspace: WorkspaceId) -> list[UsageIncrement]:
    """Adds the difference and returns it. A maximum is only ever raised."""
    drift = await store.list_totals_drift(tx, workspace)
    if drift:
        await store.add_totals(tx, workspace, drift)
    return drift
