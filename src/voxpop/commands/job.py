"""`voxpop job …`: runs a daily job by hand and lists the state of all jobs."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Literal, TypeVar

from cyclopts import Parameter

from voxpop.commands.output import write_line, write_table
from voxpop.commands.session import Data, get_or_create_workspace, load_settings, run_on_database
from voxpop.config.settings import Settings
from voxpop.db.pool import Database, Tx
from voxpop.errors import Invalid
from voxpop.feedback import search_index as comment_search
from voxpop.metrics import daily as metrics
from voxpop.tickets import search_index as ticket_search
from voxpop.types import WorkspaceId, instant, utcnow
from voxpop.worker.daily import JobStatus, list_job_status
from voxpop.worker.jobs import daily_jobs, expire_chunk, expiry_instant, recount_scores
from voxpop.worker.schedule import DAY
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace

Name = Annotated[
    Literal["aggregate-metrics", "expire-surveys", "recount-scores", "rebuild-search"], Parameter(help="The job.")
]
Day = Annotated[
    str | None,
    Parameter(
        help="The day in the time zone of the workspace. By default yesterday is aggregated or recounted, "
        "and surveys expire as of now."
    ),
]
OneWorkspace = Annotated[str | None, Parameter(help="The name of a workspace; by default all of them.")]
Id = TypeVar("Id")
RunJob = Callable[[Database, Settings, Workspace, date | None, datetime], Awaitable[str]]

RUN_JOB = """Run a daily job now and print its result. It can run any number of times.

It can run beside the worker and does not replace the worker's own run.
aggregate-metrics can run for today, with the answers so far, and sends a
message for each row of the day. recount-scores recounts the month of the day.
rebuild-search stores the search words of all tickets and comments again.

For example:

    voxpop job run aggregate-metrics
    voxpop job run aggregate-metrics --date 2026-11-23 --workspace acme
    voxpop job run expire-surveys
"""

LIST_JOBS = """List the daily jobs of each workspace with their last run and the next one.

For example:

    voxpop job list
"""


def run_job(name: Name, /, *, date: Day = None, workspace: OneWorkspace = None, data: Data = None) -> None:
    """Runs a job for one workspace or for all, and writes a line for each."""
    settings, day = load_settings(data), _parse_day(date)

    async def run(database: Database) -> None:
        now = utcnow()
        if workspace:
            selected = [await get_or_create_workspace(database, workspace)]
        else:
            selected = await _list_workspaces(database)
        for each in selected:
            if day and day > each.day(now):
                raise Invalid(f"--date {day} is in the future in the workspace {each.name}")
        for each in selected:
            write_line(f"{each.name}: {await JOBS[name](database, settings, each, day, now)}")

    run_on_database(settings, run)


def list_jobs(*, data: Data = None) -> None:
    """Writes a table of the jobs."""
    settings = load_settings(data)

    async def find(database: Database) -> list[list[str]]:
        status = await list_job_status(database, daily_jobs(settings))
        now = utcnow()
        return [
            [workspace.name, *_row(each, now)]
            for workspace in await _list_workspaces(database)
            for each in status
            if each.workspace == workspace.id
        ]

    write_table(("WORKSPACE", "JOB", "AT", "LAST DAY", "DONE", "NEXT DUE"), run_on_database(settings, find))


async def _aggregate(
    database: Database, _settings: Settings, workspace: Workspace, day: date | None, now: datetime
) -> str:
    day = day or workspace.day(now) - DAY
    async with database.transaction(workspace.id) as tx:
        rows = await metrics.aggregate_day(tx, workspace.id, day, now, resend=True)
    return f"{day}: {metrics.total_responses(rows)} responses to {len(rows)} campaigns"


async def _expire(database: Database, settings: Settings, workspace: Workspace, day: date | None, now: datetime) -> str:
    as_of = min(expiry_instant(workspace, day), now) if day else now
    total, expired = 0, 1
    while expired:
        async with database.transaction(workspace.id) as tx:
            expired = await expire_chunk(settings, tx, workspace.id, as_of)
        total += expired
    return f"{total} surveys expired as of {instant(as_of)}"


async def _recount(
    database: Database, _settings: Settings, workspace: Workspace, day: date | None, now: datetime
) -> str:
    day = day or workspace.day(now) - DAY
    async with database.transaction(workspace.id) as tx:
        await recount_scores(tx, workspace.id, day + DAY)
    return f"recounted {day:%Y-%m}"


async def _rebuild_search(
    database: Database, _settings: Settings, workspace: Workspace, day: date | None, now: datetime
) -> str:
    """Unlike the daily job it indexes all tickets and comments, for example after a change of dictionaries."""
    tickets = await _rebuild_all(database, workspace, ticket_search.rebuild_next, ticket_search.FIRST_ID)
    comments = await _rebuild_all(database, workspace, comment_search.rebuild_next, comment_search.FIRST_ID)
    return f"{tickets} tickets and {comments} comments indexed for search"


async def _rebuild_all(
    database: Database,
    workspace: Workspace,
    rebuild_next: Callable[[Tx, WorkspaceId, Id], Awaitable[list[Id]]],
    after: Id,
) -> int:
    total = 0
    while True:
        async with database.transaction(workspace.id) as tx:
            rebuilt = await rebuild_next(tx, workspace.id, after)
        if not rebuilt:
            return total
        total, after = total + len(rebuilt), rebuilt[-1]


JOBS: dict[str, RunJob] = {
    "aggregate-metrics": _aggregate,
    "expire-surveys": _expire,
    "recount-scores": _recount,
    "rebuild-search": _rebuild_search,
}


async def _list_workspaces(database: Database) -> list[Workspace]:
    async with database.system_transaction() as tx:
        return await workspaces.list_workspaces(tx)


def _parse_day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f"--date takes a day such as 2026-11-23, not {text!r}") from None


def _row(status: JobStatus, now: datetime) -> list[str]:
    due_at = instant(status.due_at)
    return [
        status.job.name,
        f"{status.job.at:%H:%M}",
        str(status.runs.done_day or "-"),
        instant(status.runs.done_at) if status.runs.done_at else "-",
        f"now, since {due_at}" if status.due_at <= now else due_at,
    ]
