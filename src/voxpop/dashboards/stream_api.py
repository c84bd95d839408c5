"""The stream of server-sent events that tells pages and programs which series and ratings changed."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import ServerSentEvent
from msgspec import Meta, Struct

from voxpop.auth.dependencies import CurrentActor
from voxpop.auth.guards import requires_scope
from voxpop.auth.streams import RECONNECT_MS, open_stream
from voxpop.dashboards.models import Kind
from voxpop.db.change_feed import Event
from voxpop.errors import RateLimited
from voxpop.feedback.models import ChangedRating
from voxpop.types import FeedbackId, Scope
from voxpop.web.headers import LastEventId


class StreamEvent(Struct, frozen=True):
    """One event of the stream. Its data is JSON."""

    event: Literal["series", "feedback", "quiet", "reload"]
    data: Annotated[str, Meta(examples=['{"ids": ["01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77"]}'])]
    id: Annotated[str, Meta(examples=["2026-11-24T09:30:00.123456+00:00"])]
    retry: Annotated[int, Meta(examples=[RECONNECT_MS], description="Milliseconds until a client reconnects")]


class ChangedSeries(Struct, frozen=True, order=True):
    """A series and survey type whose numbers changed."""

    kind: Kind
    id: UUID
    survey_type: str


class SeriesData(Struct, frozen=True):
    """The data of the event `series`."""

    series: list[ChangedSeries]


class FeedbackData(Struct, frozen=True):
    """The data of the event `feedback`."""

    ids: list[FeedbackId]


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
    return open_stream(request, actor.workspace, request.app.state.rating_feed, last_event_id)


ROUTES: list[Any] = [stream_changes]


def describe_ratings(changed: Sequence[ChangedRating]) -> list[Event]:
    """The events for changed ratings. Only new ones change the numbers of their series."""
    series = {
        ChangedSeries(Kind(kind), series_id, each.survey_type)
        for each in changed
        if each.is_new
        for kind, series_id in zip(each.series_kinds, each.series_ids, strict=True)
    }
    named = [_event("series", SeriesData(sorted(series)))] if series else []
    return [*named, _event("feedback", FeedbackData([each.id for each in changed]))]


def _event(name: str, data: Struct) -> Event:
    return Event(name, msgspec.json.encode(data).decode())
