"""Which daily jobs there are, when in the workspace's day, and what each does; how turns are taken is `daily`'s."""

from datetime import date, datetime, time
from functools import partial

from structlog import get_logger

from voxpop.config.settings import Settings
from voxpop.db.pool import Tx
from voxpop.features import recount as features
from voxpop.metrics import daily as metrics_by_day
from voxpop.metrics import service as metrics
from voxpop.surveys import campaigns as surveys
from voxpop.types import WorkspaceId, utcnow
from voxpop.worker.daily import Job
from voxpop.worker.schedule import DAY, instant_of
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace

EXPIRY_AT = time(1)
REPORTED = 20  # of what was wrong, in the log

log = get_logger(__name__)


def daily_jobs(settings: Settings) -> tuple[Job, ...]:
    return (
        Job("aggregate-metrics", time(0, 5), aggregate_metrics),
        Job("expire-surveys", EXPIRY_AT, partial(expire_surveys, settings)),
        Job("recount-scores", time(3), recount_scores),
    )


async def aggregate_metrics(tx: Tx, workspace: WorkspaceId, day: date) -> None:
    """The day before, whose every row is sent on, and what has changed of the days before it."""
    await metrics_by_day.aggregate_night(tx, workspace, day - DAY, utcnow())


async def expire_surveys(settings: Settings, tx: Tx, workspace: WorkspaceId, day: date) -> bool:
    """What was too old when the day's turn came; some of it at a time."""
    as_of = expiry_of(await workspaces.get_workspace(tx, workspace), day)
    return await expire_some(settings, tx, workspace, as_of) > 0


def expiry_of(workspace: Workspace, day: date) -> datetime:
    """The instant as of which surveys expire on a day."""
    return instant_of(day, EXPIRY_AT, workspace.zone)


async def expire_some(settings: Settings, tx: Tx, workspace: WorkspaceId, as_of: datetime) -> int:
    """How many; to be called again, in a new transaction, until there are none."""
    ages = settings.survey_expiry_days, settings.unsent_survey_expiry_days
    return await surveys.expire(tx, workspace, as_of, *ages, utcnow())


async def recount_scores(tx: Tx, workspace: WorkspaceId, day: date) -> None:
    """Mends what is kept as counts and sums by what was really given: all of the month that yesterday lies in."""
    await metrics.lock_recount(tx, workspace)
    drift = await metrics.list_drift(tx, workspace, (day - DAY).replace(day=1))
    sums = await features.mend_sums(tx, workspace)
    if drift:
        await metrics.repair_counts(tx, workspace, drift)
    for what, wrong in (("sums of uses", sums), ("score counts", drift)):
        if wrong:
            first = list(map(str, wrong[:REPORTED]))
            log.warning(
                f"Some {what} were wrong and are mended", workspace=str(workspace), count=len(wrong), added=first
            )
