"""Streams of server-sent events about changes in a workspace: how long one lives, and how many a caller may open."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.response import ServerSentEvent, ServerSentEventMessage
from structlog import get_logger

from voxpop.auth.guards import AccessGuard
from voxpop.db.change_feed import ChangeFeed, Event
from voxpop.db.errors import DATABASE_ERRORS
from voxpop.errors import Forbidden, NotFound, RateLimited, Unauthorized
from voxpop.logs import log_failure
from voxpop.types import WorkspaceId, utcnow
from voxpop.web.pages import ResponseOverride

LIFETIME_SECONDS, QUIET_SECONDS = 60.0, 15.0
CHECK_SECONDS = 0.5  # between two looks at the session or key
MAX_LOOKBACK = timedelta(minutes=15)  # a page that was away for longer reloads everything
MAX_STREAMS = 10  # of one session or key, in one process
RECONNECT_MS = 1000
QUIET, RELOAD = Event("quiet"), Event("reload")

log = get_logger(__name__)


class OpenStreams:
    """How many streams each session and key has open in this process.

    A stream that never began has no end either, so one that is too old does not count.
    """

    def __init__(self) -> None:
        self._began: dict[str, list[float]] = defaultdict(list)

    def open(self, caller: str, now: float) -> float:
        """Counts one more; RateLimited for one too many."""
        current = [each for each in self._began[caller] if now - each < 1.2 * LIFETIME_SECONDS]
        if len(current) >= MAX_STREAMS:
            self._began[caller] = current
            raise RateLimited(int(LIFETIME_SECONDS))
        self._began[caller] = [*current, now]
        return now

    def close(self, caller: str, began: float) -> None:
        """Counts one less."""
        if began in self._began[caller]:
            self._began[caller].remove(began)
        if not self._began[caller]:
            del self._began[caller]


def open_stream(
    request: Request[Any, Any, State], workspace: WorkspaceId, feed: ChangeFeed[Any], since: str | None
) -> ServerSentEvent:
    """A stream that ends with its session or key. It begins at the id of an event, or now."""
    streams: OpenStreams = request.app.state.open_streams
    access: AccessGuard = request.app.state.access

    async def may_go_on() -> bool:
        try:
            await access.check(request, request.route_handler)
        except (Unauthorized, Forbidden, NotFound, ResponseOverride, *DATABASE_ERRORS):
            return False
        return not request.app.state.database.notifier.stopping

    caller: str = request.scope["state"]["caller"]
    began = streams.open(caller, asyncio.get_running_loop().time())
    messages = changes(feed, workspace, read_since(since, utcnow()), may_go_on)
    return ServerSentEvent(_counted(streams, caller, began, messages))


async def changes(
    feed: ChangeFeed[Any], workspace: WorkspaceId, since: datetime | None, may_go_on: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[ServerSentEventMessage, None]:
    """The messages of one stream. Without a time to resume from, the page reloads.

    The lifetime varies a little, so that not all browsers reconnect at once.
    """
    clock = asyncio.get_running_loop().time
    end = clock() + LIFETIME_SECONDS * random.uniform(0.9, 1.0)  # noqa: S311 - needs no secret
    with feed.subscribe(workspace) as updates:
        yield _message(RELOAD if since is None else QUIET, utcnow())
        last_sent = clock()
        if since is not None:
            try:
                missed = await feed.read(workspace, since)
            except DATABASE_ERRORS as error:
                log_failure("stream", partial(log.warning, "stream.read_failed", reason=str(error)))
                return  # the browser resumes the stream
            for event in missed.events:
                yield _message(event, missed.at)
        while clock() < end and await may_go_on():
            try:
                async with asyncio.timeout(min(CHECK_SECONDS, max(0, end - clock()))):
                    update = await updates.get()
            except TimeoutError:
                found = [_message(QUIET, utcnow())] if clock() - last_sent >= QUIET_SECONDS else []
            else:
                found = [_message(event, update.at) for event in update.events]
            for message in found:
                yield message
                last_sent = clock()


def read_since(event_id: str | None, now: datetime) -> datetime | None:
    """The time after which a stream resumes: now without an id; None for one that is too old or cannot be read."""
    if event_id is None:
        return now
    try:
        since = datetime.fromisoformat(event_id)
    except ValueError:
        return None
    if since.tzinfo is None or since < now - MAX_LOOKBACK:
        return None
    return min(since, now)


def _message(event: Event, at: datetime) -> ServerSentEventMessage:
    return ServerSentEventMessage(event=event.name, data=event.data, id=at.isoformat(), retry=RECONNECT_MS)


async def _counted(
    streams: OpenStreams, caller: str, began: float, messages: AsyncGenerator[ServerSentEventMessage, None]
) -> AsyncGenerator[ServerSentEventMessage, None]:
    try:
        async for message in messages:
            yield message
    finally:
        await messages.aclose()
        streams.close(caller, began)
