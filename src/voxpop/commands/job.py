"""`voxpop job …`: a daily job by hand, and how all of them stand."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Literal

from cyclopts import Parameter

from voxpop.commands.output import show, show_table
from voxpop.commands.session import Data, load, on_database, workspace_named
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.errors import Invalid
from voxpop.metrics import daily as metrics
from voxpop.types import instant, utcnow
from voxpop.worker.daily import JobStatus, list_job_status
from voxpop.worker.jobs import daily_jobs, expire_chunk, expiry_instant, recount_scores
from voxpop.worker.schedule import DAY
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace

Name = Annotated[Literal["aggregate-metrics", "expire-surveys", "recount-scores"], Parameter(help="The job.")]
Date = Annotated[
    str | None,
    Parameter(help="The day, in the workspace's zone: to aggregate or recount (yesterday), to expire as of (now)."),
]
Only = Annotated[str | None, Parameter(help="The name of one workspace; all of them otherwise.")]
Run = Callable[[Database, Settings, Workspace, date | None, datetime], Awaitable[str]]


def run_job(name: Name, /, *, date: Date = None, workspace: Only = None, data: Data = None) -> None:
    """Do a daily job now, however often it has been done, and say what it did.

    It does no harm beside the worker, and does not count as the worker's turn.
    aggregate-metrics takes today as well, as far as it is, and sends a message
    for every row of its day. recount-scores looks at the month of the day.

    Like this:

        voxpop job run aggregate-metrics
        voxpop job run aggregate-metrics --date 2026-11-23 --workspace acme
        voxpop job run expire-surveys
    """
    settings, day = load(data), _day(date)

    async def run(database: Database) -> None:
        now = utcnow()
        chosen = [await workspace_named(database, workspace)] if workspace else await _all(database)
        for one in chosen:
            if day and day > one.day(now):
                raise Invalid(f"--date {day} has not come yet in the workspace {one.name}")
        for one in chosen:
            show(f"{one.name}: {await RUNS[name](database, settings, one, day, now)}")

    on_database(settings, run)


def list_jobs(*, data: Data = None) -> None:
    """List the daily jobs of every workspace: the last run, and when the next is due.

    Like this:

        voxpop job list
    """
    settings = load(data)

    async def find(database: Database) -> list[tuple[str, ...]]:
        outlooks = await list_job_status(database, daily_jobs(settings))
        now = utcnow()
        return [
            (one.name, *_row(each, now))
            for one in await _all(database)
            for each in outlooks
            if each.workspace == one.id
        ]

    show_table(("WORKSPACE", "JOB", "AT", "LAST DAY", "DONE", "NEXT DUE"), on_database(settings, find))


async def _aggregate(
    database: Database, _settings: Settings, workspace: Workspace, day: date | None, now: datetime
) -> str:
    day = day or workspace.day(now) - DAY
    async with database.transaction(workspace.id) as tx:
        rows = await metrics.aggregate_day(tx, workspace.id, day, now, resend=True)
    return f"{day}: {metrics.total_responses(rows)} responses to {len(rows)} campaigns"


async def _expire(database: Database, settings: Settings, workspace: Workspace, day: date | None, now: datetime) -> str:
    as_of = min(expiry_instant(workspace, day), now) if day else now
    total, some = 0, 1
    while some:
        async with database.transaction(workspace.id) as tx:
            some = await expire_chunk(settings, tx, workspace.id, as_of)
        total += some
    return f"{total} surveys expired as of {instant(as_of)}"


async def _recount(
    database: Database, _settings: Settings, workspace: Workspace, day: date | None, now: datetime
) -> str:
    day = day or workspace.day(now) - DAY
    async with database.transaction(workspace.id) as tx:
        await recount_scores(tx, workspace.id, day + DAY)
    return f"recounted {day:%Y-%m}"


RUNS: dict[str, Run] = {"aggregate-metrics": _aggregate, "expire-surveys": _expire, "recount-scores": _recount}


async def _all(database: Database) -> list[Workspace]:
    async with database.transaction(None) as tx:
        return await workspaces.list_workspaces(tx)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f"--date takes a day like 2026-11-23, not {text!r}") from None


def _row(outlook: JobStatus, now: datetime) -> tuple[str, ...]:
    runs = outlook.runs
    due = f"now, since {instant(outlook.due_at)}" if outlook.due_at <= now else instant(outlook.due_at)
    done = instant(runs.done_at) if runs.done_at else "-"
    return outlook.job.name, f"{outlook.job.at:%H:%M}", str(runs.done_day or "-"), done, due
