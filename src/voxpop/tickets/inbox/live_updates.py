"""What keeps agents' pages up to date: a stream that names the tickets that changed; the page then reads itself anew.

A stream looks at the table when the workspace has changed, and every fifteen seconds, since a wake can be lost. It
lives a minute, no longer than the process, and is resumed from where it ended. It looks a little back as well, since a
change is seen only once it is committed, which may be after later ones.
"""

import asyncio
import random
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.response import ServerSentEvent, ServerSentEventMessage

from voxpop.auth.dependencies import CurrentWorkspace
from voxpop.auth.guards import members_only
from voxpop.db.pool import Database
from voxpop.tickets.inbox import store
from voxpop.types import WorkspaceId, utcnow

LOOK_EVERY, LIFE, QUIET = 15.0, 60.0, 10.0  # seconds
BREATH = 0.25  # seconds between two looks, however fast a workspace changes
LATE = timedelta(seconds=30)  # how long a change may take from its moment to its commit
OLDEST = timedelta(minutes=15)  # who was away longer reads everything anew
MOST = 200
RETRY = 1000  # ms until a browser resumes


@get("/inbox/changes", opt=members_only(framed=False), include_in_schema=False)
async def stream_changes(request: Request[Any, Any, Any], workspace: CurrentWorkspace, state: State) -> ServerSentEvent:
    since = read_moment(request.headers.get("last-event-id") or request.query_params.get("since"), utcnow())
    return ServerSentEvent(changes(state.database, workspace.id, since))


ROUTES = [stream_changes]


async def changes(
    database: Database, workspace: WorkspaceId, since: datetime, life: float = LIFE, pause: float = LOOK_EVERY
) -> AsyncGenerator[ServerSentEventMessage, None]:
    """Events `tickets` with the refs that changed, and now and then a quiet one that says how far it has looked.

    Ends after its life, a little varied, so that not all come back at once.
    """
    clock = asyncio.get_running_loop().time
    end, horizon, told = clock() + life * random.uniform(0.9, 1.1), since - LATE, dict[str, datetime]()  # noqa: S311
    spoke = -QUIET
    with database.notifier.subscribe(workspace) as watch:
        while clock() < end and not database.notifier.stopping:
            now = utcnow()
            async with database.transaction(workspace) as tx:
                found = await store.list_changed_tickets(tx, workspace, horizon, MOST)
            fresh = [each.ref for each in found if told.get(each.ref) != each.updated_at]
            told, horizon = {each.ref: each.updated_at for each in found}, max(horizon, now - LATE)
            if fresh or clock() - spoke > QUIET:
                spoke = clock()
                yield ServerSentEventMessage(
                    event="tickets" if fresh else "quiet", data=" ".join(fresh), id=now.isoformat(), retry=RETRY
                )
            await asyncio.sleep(BREATH)
            await watch.wait(min(pause, max(0, end - clock())))


def read_moment(text: str | None, now: datetime) -> datetime:
    """Where a stream goes on; what can't be read is now, what is too old is brought nearer."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return now
    return min(max(moment, now - OLDEST), now) if moment.tzinfo else now
