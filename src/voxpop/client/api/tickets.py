"""The section "Tickets" of the API, generated from the OpenAPI document by `make clients`."""

from datetime import date, datetime
from typing import Required, TypedDict, Unpack
from uuid import UUID

from msgspec import Struct

from voxpop.client.api.words import (
    Delimiter,
    Direction,
    ExcerptSource,
    MessageKind,
    Priority,
    Rating,
    Status,
    StatusParameter,
    TicketSortKey,
)
from voxpop.client.methods import call, paged, stream
from voxpop.client.shapes import Call, Page, key_of_request, path


class Assignee(Struct, frozen=True, kw_only=True):
    id: UUID
    name: str | None


class ExcerptPart(Struct, frozen=True, kw_only=True):
    """A piece of an excerpt; `matched` if a search found it."""

    text: str
    matched: bool = False


class Excerpt(Struct, frozen=True, kw_only=True):
    """Where a search found its words: a line of the ticket's text that matches best, in pieces."""

    source: ExcerptSource
    parts: list[ExcerptPart]


class Message(Struct, frozen=True, kw_only=True):
    """A message of the customer, a public reply, or an internal note."""

    id: UUID
    kind: MessageKind
    author: str
    body: str
    # UTC, with milliseconds
    created_at: datetime


class Requester(Struct, frozen=True, kw_only=True):
    """The customer that the ticket belongs to. `guid` is their id in other systems."""

    name: str
    # An email address. Its domain may be international
    email: str
    guid: str | None = None


class Ticket(Struct, frozen=True, kw_only=True):
    """A ticket in a list. The rating is null until the customer rates."""

    id: UUID
    ref: str
    subject: str
    requester: Requester
    status: Status
    priority: Priority
    tags: list[str]
    assignee: Assignee | None
    # UTC, with milliseconds
    created_at: datetime
    # UTC, with milliseconds
    first_response_at: datetime | None
    # UTC, with milliseconds
    updated_at: datetime
    # 1 to 5
    csat_rating: int | None
    # UTC, with milliseconds
    csat_rated_at: datetime | None
    # Where the search found its words; null without `q`
    excerpt: Excerpt | None


class TicketDetails(Struct, frozen=True, kw_only=True):
    """A ticket with its conversation, oldest first."""

    id: UUID
    ref: str
    subject: str
    description: str
    requester: Requester
    status: Status
    priority: Priority
    tags: list[str]
    assignee: Assignee | None
    # UTC, with milliseconds
    created_at: datetime
    # UTC, with milliseconds
    first_response_at: datetime | None
    # UTC, with milliseconds
    resolved_at: datetime | None
    # UTC, with milliseconds
    updated_at: datetime
    # 1 to 5
    csat_rating: int | None
    csat_comment: str | None
    # UTC, with milliseconds
    csat_rated_at: datetime | None
    messages: list[Message]


class NewReply(TypedDict, total=False):
    """A public reply, emailed to the requester, or an internal note. `author` is the member who wrote it."""

    body: Required[str]
    internal: bool
    # A member: account id or email address
    author: str | None


class RequesterBody(TypedDict, total=False):
    """The customer that the ticket belongs to. `guid` is their id in other systems."""

    name: Required[str]
    # An email address. Its domain may be international
    email: Required[str]
    guid: str | None


class NewTicketBody(TypedDict, total=False):
    """A ticket that another system opens for a customer."""

    subject: Required[str]
    description: Required[str]
    requester: Required[RequesterBody]
    priority: Priority
    # A member: account id or email address
    assignee: str | None
    # Without commas. Shown as first written in the workspace; case makes no difference
    tags: list[str]


class TicketChange(TypedDict, total=False):
    """The fields to change, at least one. `assignee` null unassigns the ticket; `tags` replaces all tags."""

    status: Status
    priority: Priority
    # A member: account id or email address
    assignee: str | None
    # Without commas. Shown as first written in the workspace; case makes no difference
    tags: list[str]


class ListTicketsQuery(TypedDict, total=False):
    # One or several
    status: list[StatusParameter] | None
    priority: Priority | None
    rating: Rating | None
    # An instant, or a day in UTC
    updated_since: datetime | date | str | None
    # A member's account id or email address, or `none`
    assignee: str | None
    tag: str | None
    # An email address, in any case
    requester: str | None
    # Words that the ticket has, at most 32
    q: str | None
    # Ties by the latest; unrated tickets are last
    sort: TicketSortKey
    direction: Direction
    # The maximum number of rows on a page
    limit: int
    # `next_cursor` of the page before
    cursor: str | None


class ExportTicketsQuery(TypedDict, total=False):
    # One or several
    status: list[StatusParameter] | None
    priority: Priority | None
    rating: Rating | None
    # An instant, or a day in UTC
    updated_since: datetime | date | str | None
    # A member's account id or email address, or `none`
    assignee: str | None
    tag: str | None
    # An email address, in any case
    requester: str | None
    # Words that the ticket has, at most 32
    q: str | None
    # Between the columns: a comma, a semicolon or a tab
    delimiter: Delimiter
    # Start with a byte order mark, for spreadsheets
    bom: bool
    # Leave formulas in texts unchanged
    raw: bool


class TicketsCalls:
    """The calls of this section."""

    @paged
    def list_tickets(self, **query: Unpack[ListTicketsQuery]) -> Call[Page[Ticket]]:
        """List tickets. The tickets that match every filter, the most recently updated first by default. A cursor fits
        one sort only. Requires an API key with the scope `read`.
        """
        return Call("GET", "/api/v1/tickets", Page[Ticket], query=query)

    @call
    def open_ticket(self, *, idempotency_key: str | None = None, **body: Unpack[NewTicketBody]) -> Call[TicketDetails]:
        """Open a ticket. Opens a ticket for a customer. Requires an API key with the scope `manage`."""
        return Call(
            "POST",
            "/api/v1/tickets",
            TicketDetails,
            body=body,
            headers={"Idempotency-Key": key_of_request(idempotency_key)},
        )

    @stream
    def export_tickets(self, **query: Unpack[ExportTicketsQuery]) -> Call[bytes]:
        """Export tickets. All tickets that match, oldest first, as CSV in UTF-8. Texts are quoted, and formulas in
        them follow a `'`. Requires an API key with the scope `read`.
        """
        return Call("GET", "/api/v1/tickets.csv", bytes, query=query)

    @call
    def show_ticket(self, ref: str) -> Call[TicketDetails]:
        """Show a ticket. The ticket with its conversation, including internal notes. Requires an API key with the
        scope `read`.
        """
        return Call("GET", path("/api/v1/tickets/{}", ref), TicketDetails)

    @call
    def change_ticket(self, ref: str, **body: Unpack[TicketChange]) -> Call[TicketDetails]:
        """Change a ticket. Makes all changes or none. Resolving or closing asks the requester for a rating; closing
        triggers campaigns. Requires an API key with the scope `manage`.
        """
        return Call("PATCH", path("/api/v1/tickets/{}", ref), TicketDetails, body=body)

    @call
    def reply_to_ticket(
        self, ref: str, *, idempotency_key: str | None = None, **body: Unpack[NewReply]
    ) -> Call[Message]:
        """Reply to a ticket. A public reply is emailed to the requester and sets an open ticket in progress. Only
        agents see a note. Requires an API key with the scope `manage`.
        """
        return Call(
            "POST",
            path("/api/v1/tickets/{}/replies", ref),
            Message,
            body=body,
            headers={"Idempotency-Key": key_of_request(idempotency_key)},
        )
