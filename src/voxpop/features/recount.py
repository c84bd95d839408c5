"""Mends the kept sums of interactions by the interactions themselves; the counts of ratings are the metrics' own."""

from voxpop.db.pool import Tx
from voxpop.features import store
from voxpop.features.models import Added
from voxpop.types import WorkspaceId


async def repair_sums(tx: Tx, workspace: WorkspaceId) -> list[Added]:
    """Adds what is missing, and returns it. A greatest number of uses is only ever raised."""
    missing = await store.list_sum_drift(tx, workspace)
    if missing:
        await store.add_sums(tx, workspace, missing)
    return missing
