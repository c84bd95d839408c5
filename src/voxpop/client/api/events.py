"""The section "Events" of the API, generated from the OpenAPI document by `make clients`."""

from datetime import datetime
from typing import Any, Literal, Required, TypedDict, Unpack
from uuid import UUID

from msgspec import Struct

from voxpop.client.methods import call, paged
from voxpop.client.shapes import Call, Page, path


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A message that could not be used. Bytes that are no UTF-8 are shown as replacement characters."""

    id: UUID
    topic: str
    partition: int
    offset: int
    reason: str
    message: str
    # UTC, with milliseconds
    create_time: datetime
    # UTC, with milliseconds
    replayed_at: datetime | None


class EventResult(Struct, frozen=True, kw_only=True):
    """The result of one event; results are in the order of the events."""

    status: str
    surveys: list[UUID]
    message: str | None


class EventResults(Struct, frozen=True, kw_only=True):
    results: list[EventResult]


class Event(TypedDict, total=False):
    # ORDER_COMPLETED or TICKET_CLOSED; others are ignored
    event_type: Required[str]
    guid: Required[str]
    context_id: Required[str]
    context_type: Required[Literal["ORDER", "TICKET"]]
    # For campaigns by email. Default: a guid that is an address
    email: str | None
    # Default: the time of receipt
    timestamp: datetime | str | None
    # Anything; it is ignored
    metadata: Any


class ListDeadLettersQuery(TypedDict, total=False):
    # The maximum number of rows on a page
    limit: int
    # `next_cursor` of the page before
    cursor: str | None


class EventsCalls:
    """The calls of this section."""

    @call
    def send_events(self, body: Event | list[Event]) -> Call[EventResults]:
        """Send events. One event, or a list of up to 1,000. An event may be sent again: it opens its surveys once.
        Requires an API key with the scope `ingest`.
        """
        return Call("POST", "/api/v1/events", EventResults, body=body, repeatable=True)

    @paged
    def list_dead_letters(self, **query: Unpack[ListDeadLettersQuery]) -> Call[Page[DeadLetter]]:
        """List dead letters. Messages that could not be used, newest first, each with its reason. Requires an API key
        with the scope `read`.
        """
        return Call("GET", "/api/v1/events/dead-letters", Page[DeadLetter], query=query)

    @call
    def replay_dead_letter(self, dead_letter: UUID | str) -> Call[EventResult]:
        """Replay a dead letter. Ingests the message again, unchanged; 400 if it still cannot be used. Requires an API
        key with the scope `manage`.
        """
        return Call("POST", path("/api/v1/events/dead-letters/{}/replay", dead_letter), EventResult)
