"""The stream of server-sent events that tells pages and programs which series and ratings changed."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Meta, Struct

from voxpop.auth.dependencies import CurrentActor
from voxpop.auth.guards import AccessGuard, requires_scope
from voxpop.dashboards.change_feed import ChangedSeries, ChangeFeeds, Update
from voxpop.errors import Forbidden, NotFound, RateLimited, Unauthorized
from voxpop.types import FeedbackId, Scope, WorkspaceId, utcnow
from voxpop.web.headers import LastEventId

LIFETIME_SECONDS, QUIET_SECONDS = 60.0, 15.0
CHECK_SECONDS = 0.5  # between two looks at the session or key
MAX_LOOKBACK = timedelta(minutes=15)  # a page that was away for longer reloads everything
MAX_STREAMS = 10  # of one session or key, in one process
RECONNECT_MS = 1000


class StreamEvent(Struct, frozen=True):
    """One event of the stream. Its data is JSON."""

    event: Literal["series", "feedback", "quiet", "reload"]
    data: Annotated[str, Meta(examples=['{"ids": ["01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77"]}'])]
    id: Annotated[str, Meta(examples=["2026-11-24T09:30:00.123456+00:00"])]
    retry: Annotated[int, Meta(examples=[RECONNECT_MS], description="Milliseconds until a client reconnects")]


class SeriesData(Struct, frozen=True):
    """The data of the event `series`."""

    series: list[ChangedSeries]


class FeedbackData(Struct, frozen=True):
    """The data of the event `feedback`."""

    ids: list[FeedbackId]


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


@get(
    "/api/v1/stream",
    opt=requires_scope(Scope.READ) | {"errors": (RateLimited,)},
    tags=["Series"],
    summary="Stream of changes",
    responses={
        200: ResponseSpec(
            StreamEvent, description="The events", media_type="text/event-stream", generate_examples=False
        )
    },
    description=(
        "Server-sent events: `series` names series with new ratings, `feedback` names ratings that are new or changed, "
        "`quiet` comes every 15 seconds. A stream lives for a minute and resumes by `Last-Event-ID` for 15 minutes; "
        "after a longer time, and after too many changes, `reload` says that everything may have changed. "
        "A session or key may have ten streams open."
    ),
)
async def stream_changes(
    request: Request[None, None, State], actor: CurrentActor, last_event_id: LastEventId = None
) -> ServerSentEvent:
    streams: OpenStreams = request.app.state.open_streams
    feeds: ChangeFeeds = request.app.state.change_feeds
    access: AccessGuard = request.app.state.access

    async def may_go_on() -> bool:
        try:
            await access.check(request, request.route_handler)
        except (Unauthorized, Forbidden, NotFound):
            return False
        return not request.app.state.database.notifier.stopping

    caller: str = request.scope["state"]["caller"]
    since = read_since(last_event_id, utcnow())
    began = streams.open(caller, asyncio.get_running_loop().time())
    return ServerSentEvent(_counted(streams, caller, began, changes(feeds, actor.workspace, since, may_go_on)))


ROUTES: list[Any] = [stream_changes]


async def changes(
    feeds: ChangeFeeds,
    workspace: WorkspaceId,
    since: datetime | None,
    may_go_on: Callable[[], Awaitable[bool]],
) -> AsyncGenerator[ServerSentEventMessage, None]:
    """The messages of one stream. Without a time to resume from, the page reloads.

    The lifetime varies a little, so that not all browsers reconnect at once.
    """
    clock = asyncio.get_running_loop().time
    end = clock() + LIFETIME_SECONDS * random.uniform(0.9, 1.0)  # noqa: S311 - needs no secret
    with feeds.subscribe(workspace) as updates:
        yield _message("reload" if since is None else "quiet", utcnow())
        last_sent = clock()
        if since is not None:
            for message in messages_of(await feeds.read(workspace, since)):
                yield message
        while clock() < end and await may_go_on():
            try:
                async with asyncio.timeout(min(CHECK_SECONDS, max(0, end - clock()))):
                    found = list(messages_of(await updates.get()))
            except TimeoutError:
                found = [_message("quiet", utcnow())] if clock() - last_sent >= QUIET_SECONDS else []
            for message in found:
                yield message
                last_sent = clock()


def messages_of(update: Update) -> Iterator[ServerSentEventMessage]:
    """The events of an update; none for an empty one."""
    if update.has_more:
        yield _message("reload", update.at)
        return
    if update.series:
        yield _message("series", update.at, SeriesData(list(update.series)))
    if update.feedback:
        yield _message("feedback", update.at, FeedbackData(list(update.feedback)))


def read_since(last_event_id: str | None, now: datetime) -> datetime | None:
    """The time after which a stream resumes: now without an id; None for one that is too old or cannot be read."""
    if last_event_id is None:
        return now
    try:
        since = datetime.fromisoformat(last_event_id)
    except ValueError:
        return None
    if since.tzinfo is None or since < now - MAX_LOOKBACK:
        return None
    return min(since, now)


def _message(event: str, at: datetime, data: Struct | None = None) -> ServerSentEventMessage:
    text = "{}" if data is None else msgspec.json.encode(data).decode()
    return ServerSentEventMessage(event=event, data=text, id=at.isoformat(), retry=RECONNECT_MS)


async def _counted(
    streams: OpenStreams, caller: str, began: float, messages: AsyncGenerator[ServerSentEventMessage, None]
) -> AsyncGenerator[ServerSentEventMessage, None]:
    try:
        async for message in messages:
            yield message
    finally:
        await messages.aclose()
        streams.close(caller, began)
