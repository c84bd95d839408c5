"""Live updates of the inbox: a stream of server-sent events that names changed tickets, so that pages reload them.

A stream queries the table after each notification of its workspace, and every 15 seconds, because a notification can
be lost. It ends after a minute, or with the process, and the browser resumes it after the last event. Each query also
looks back a little, because a change that commits late has an earlier time than one already reported.
"""

import asyncio
import random
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from functools import partial

from litestar import get
from litestar.datastructures import State
from litestar.response import ServerSentEvent, ServerSentEventMessage
from structlog import get_logger

from voxpop.auth.dependencies import CurrentWorkspace, PageRequest
from voxpop.auth.guards import members_only
from voxpop.db.errors import UNAVAILABLE_ERRORS
from voxpop.db.pool import Database
from voxpop.logs import log_failure
from voxpop.tickets.inbox import store
from voxpop.types import WorkspaceId, utcnow

POLL_SECONDS, LIFETIME_SECONDS, QUIET_SECONDS = 15.0, 60.0, 10.0
MIN_QUERY_INTERVAL = 0.25  # seconds, however often the workspace changes
MAX_COMMIT_DELAY = timedelta(seconds=30)  # from the time of a change to its commit
MAX_LOOKBACK = timedelta(minutes=15)  # a page that was away for longer reloads everything
MAX_TICKETS = 200  # in one event
RECONNECT_MS = 1000

log = get_logger(__name__)


@get("/inbox/changes", opt=members_only(has_sidebar=False), include_in_schema=False)
async def stream_changes(request: PageRequest, workspace: CurrentWorkspace, state: State) -> ServerSentEvent:
    since = parse_since(request.headers.get("last-event-id") or request.query_params.get("since"), utcnow())
    return ServerSentEvent(changes(state.database, workspace.id, since))


ROUTES = [stream_changes]


async def changes(
    database: Database,
    workspace: WorkspaceId,
    since: datetime,
    lifetime: float = LIFETIME_SECONDS,
    poll: float = POLL_SECONDS,
) -> AsyncGenerator[ServerSentEventMessage, None]:
    """Yields events `tickets` with the references that changed, and at times `quiet`, which only moves the id on.

    The lifetime varies a little, so that not all browsers reconnect at once.
    """
    clock = asyncio.get_running_loop().time
    end = clock() + lifetime * random.uniform(0.9, 1.1)  # noqa: S311 - needs no secret
    horizon, reported = since - MAX_COMMIT_DELAY, dict[str, datetime]()
    last_sent = -QUIET_SECONDS
    with database.notifier.subscribe(workspace) as subscription:
        while clock() < end and not database.notifier.stopping:
            now = utcnow()
            try:
                async with database.transaction(workspace) as tx:
                    changed = await store.list_changed_tickets(tx, workspace, horizon, MAX_TICKETS)
            except UNAVAILABLE_ERRORS as error:
                line = partial(log.warning, "stream.database_unavailable", reason=f"{type(error).__name__}: {error}")
                log_failure("stream", line)
                return  # the browser resumes the stream
            new = [each.ref for each in changed if reported.get(each.ref) != each.updated_at]
            reported = {each.ref: each.updated_at for each in changed}
            horizon = max(horizon, now - MAX_COMMIT_DELAY)
            if new or clock() - last_sent > QUIET_SECONDS:
                last_sent = clock()
                yield ServerSentEventMessage(
                    event="tickets" if new else "quiet", data=" ".join(new), id=now.isoformat(), retry=RECONNECT_MS
                )
            await asyncio.sleep(MIN_QUERY_INTERVAL)
            await subscription.wait(min(poll, max(0, end - clock())))


def parse_since(text: str | None, now: datetime) -> datetime:
    """The time after which a stream resumes: now for a text that cannot be parsed, and at most 15 minutes ago."""
    try:
        since = datetime.fromisoformat(text or "")
    except ValueError:
        return now
    return min(max(since, now - MAX_LOOKBACK), now) if since.tzinfo else now
