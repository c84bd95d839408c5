"""Events that arrive over HTTP: one, or a list in which a bad item fails alone."""

from collections.abc import Sequence
from datetime import datetime

from voxpop.campaigns import event_ingest
from voxpop.campaigns.event_ingest import EventOutcome, EventResult, InvalidEvent
from voxpop.campaigns.models import Event
from voxpop.db.pool import Tx
from voxpop.errors import FieldError, Invalid
from voxpop.types import WorkspaceId

MAX_EVENTS = 1_000  # in a list


async def receive(tx: Tx, workspace: WorkspaceId, body: object, now: datetime) -> list[EventResult]:
    """Ingests one decoded event or a list of them. Invalid for a single event that cannot be used."""
    if isinstance(body, list):
        if len(body) > MAX_EVENTS:
            raise Invalid(f"body must not have more than {MAX_EVENTS} events")
        return await _ingest_all(tx, workspace, [_parse(item, now) for item in body], now)
    try:
        event = event_ingest.parse_event(body, now) or event_ingest.unknown_type()
    except InvalidEvent as error:
        details = [FieldError(error.field, error.reason)] if error.field else []
        raise Invalid(f"body/{error.field} {error.reason}" if details else f"body {error}", details=details) from None
    return await _ingest_all(tx, workspace, [event], now)


async def _ingest_all(
    tx: Tx, workspace: WorkspaceId, parsed: Sequence[Event | EventResult], now: datetime
) -> list[EventResult]:
    """Keeps the order: items that are no events have their result already."""
    events = [item for item in parsed if isinstance(item, Event)]
    results = iter(await event_ingest.ingest(tx, workspace, events, now))
    return [next(results) if isinstance(item, Event) else item for item in parsed]


def _parse(item: object, now: datetime) -> Event | EventResult:
    try:
        return event_ingest.parse_event(item, now) or event_ingest.unknown_type()
    except InvalidEvent as reason:
        return EventResult(EventOutcome.INVALID, message=str(reason))
