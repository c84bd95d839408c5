"""The daily jobs: their local times and effects. `daily` runs them."""

from datetime import date, datetime, time
from functools import partial

from structlog import get_logger

from voxpop.config.settings import Settings
from voxpop.db.pool import Tx
from voxpop.features import recount as features
from voxpop.feedback import search_index as comment_search
from voxpop.metrics import daily as metrics_by_day
from voxpop.metrics import service as metrics
from voxpop.surveys import campaign_surveys as surveys
from voxpop.tickets import search_index as ticket_search
from voxpop.types import WorkspaceId, utcnow
from voxpop.worker.daily import Job
from voxpop.worker.schedule import DAY, to_instant
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace

EXPIRY_AT = time(1)
MAX_LOGGED = 20  # differences in one log event

log = get_logger(__name__)


def daily_jobs(settings: Settings) -> tuple[Job, ...]:
    return (
        Job("aggregate-metrics", time(0, 5), aggregate_metrics),
        Job("expire-surveys", EXPIRY_AT, partial(expire_surveys, settings)),
        Job("recount-scores", time(3), recount_scores),
        Job("rebuild-search", time(4), rebuild_search),
    )


async def aggregate_metrics(tx: Tx, workspace: WorkspaceId, day: date) -> None:
    """Aggregates the day before and sends all its rows; for earlier days it sends the rows that changed."""
    await metrics_by_day.aggregate_night(tx, workspace, day - DAY, utcnow())


async def expire_surveys(settings: Settings, tx: Tx, workspace: WorkspaceId, day: date) -> bool:
    """Expires the surveys that are too old as of the job's instant, a chunk at a time; True if there may be more."""
    as_of = expiry_instant(await workspaces.get_workspace(tx, workspace), day)
    return await expire_chunk(settings, tx, workspace, as_of) > 0


def expiry_instant(workspace: Workspace, day: date) -> datetime:
    """The instant that decides on a day which surveys are too old."""
    return to_instant(day, EXPIRY_AT, workspace.zone)


async def expire_chunk(settings: Settings, tx: Tx, workspace: WorkspaceId, as_of: datetime) -> int:
    """The number of surveys expired; call it again, in a new transaction, until it is 0."""
    ages = settings.survey_expiry_days, settings.unsent_survey_expiry_days
    return await surveys.expire_surveys(tx, workspace, as_of, *ages, utcnow())


async def rebuild_search(tx: Tx, workspace: WorkspaceId, day: date) -> bool:
    """Indexes tickets and comments again whose search words an earlier version stored, a chunk at a time."""
    more_tickets = await ticket_search.rebuild_outdated(tx, workspace)
    more_comments = await comment_search.rebuild_outdated(tx, workspace)
    return more_tickets or more_comments


async def recount_scores(tx: Tx, workspace: WorkspaceId, day: date) -> None:
    """Recounts yesterday's month from the ratings, repairs differing counts and sums, and logs the drift."""
    await metrics.lock_recount(tx, workspace)
    drift = await metrics.list_drift(tx, workspace, (day - DAY).replace(day=1))
    sums = await features.repair_totals(tx, workspace)
    if drift:
        await metrics.repair_counts(tx, workspace, drift)
    for counts, differences in (("interaction_sum", sums), ("score_count", drift)):
        if differences:
            first = [str(difference) for difference in differences[:MAX_LOGGED]]
            log.warning("counts.repaired", table=counts, workspace=str(workspace), count=len(differences), added=first)
