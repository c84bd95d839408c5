"""Ticket lists: how they are sorted, the index ranges they are read in, and the rows they show; pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import product
from uuid import UUID

from msgspec import Struct

from voxpop.cursors import Position
from voxpop.excerpts import ExcerptPart
from voxpop.tickets.lists.filters import UNRATED, UNRESOLVED, Criteria
from voxpop.tickets.models import Priority, Status, Ticket
from voxpop.types import AccountId, TicketId


class SortKey(StrEnum):
    UPDATED = "updated"
    CREATED = "created"
    PRIORITY = "priority"
    RATING = "rating"


class TicketRow(Struct, frozen=True):
    """A ticket as a list shows it."""

    id: TicketId
    ref: str
    subject: str
    requester_name: str
    requester_email: str
    requester_guid: str | None
    status: str
    priority: str
    assignee_id: AccountId | None
    assignee_name: str | None
    tags: list[str]
    csat_rating: int | None
    csat_rated_at: datetime | None
    first_response_at: datetime | None
    create_time: datetime
    updated_at: datetime

    def __hash__(self) -> int:
        """Of what differs between versions of a row, because its tags are a list."""
        return hash((self.id, self.updated_at))

    @property
    def is_unanswered(self) -> bool:
        """Whether the ticket still waits for its first reply."""
        return self.first_response_at is None and self.status in UNRESOLVED


class SortGroup(Struct, frozen=True):
    """The tickets of a list with one value of the sort key, and the number of this group in the list."""

    number: int
    value: int | None


class Sort(Struct, frozen=True):
    """The order of a list. Equal priorities are ordered by the latest update, equal ratings by the latest rating."""

    key: SortKey = SortKey.UPDATED
    descending: bool = True
    backwards: bool = False  # from the end of the list to its start

    @property
    def name(self) -> str:
        """For example `updated-`, for the latest updated first."""
        return f"{self.key}{'-' if self.descending else ''}"

    @property
    def newest_first(self) -> bool:
        return (self.descending or self.key in (SortKey.PRIORITY, SortKey.RATING)) != self.backwards

    @property
    def sort_groups(self) -> Sequence[SortGroup]:
        """The groups in the order of the list."""
        groups = [SortGroup(number, value) for number, value in enumerate(self._group_values, 1)]
        return groups[::-1] if self.backwards else groups

    @property
    def _group_values(self) -> Sequence[int | None]:
        """The values of the sort key in order, each sorted by time within; unrated tickets come last (T14)."""
        if self.key is SortKey.PRIORITY:
            return (4, 3, 2, 1) if self.descending else (1, 2, 3, 4)
        if self.key is SortKey.RATING:
            return (5, 4, 3, 2, 1, UNRATED) if self.descending else (1, 2, 3, 4, 5, UNRATED)
        return (None,)

    def position(self, ticket: TicketRow | Ticket) -> Position:
        """Where the ticket stands in a list of this order, whether or not the list contains it."""
        value, at = None, ticket.updated_at
        if self.key is SortKey.PRIORITY:
            value = Priority(ticket.priority).rank
        elif self.key is SortKey.RATING:
            value, at = ticket.csat_rating or UNRATED, ticket.csat_rated_at or at
        elif self.key is SortKey.CREATED:
            at = ticket.create_time
        return Position(at, ticket.id, self._group_values.index(value) + 1)

    def is_before(self, one: Position, other: Position) -> bool:
        """Whether the first position comes earlier in the list than the second."""
        if one.group != other.group:
            return one.group < other.group
        return ((one.at, one.id) > (other.at, other.id)) == self.newest_first


class IndexOrder(Struct, frozen=True):
    """The order of an index: its time column, and the direction in which it is read."""

    column: str
    newest_first: bool


class IndexRange(Struct, frozen=True):
    """A part of a list that one index holds in the order of the list. Each field has one value; None is no filter.

    A list is read as several ranges, which are merged by time. So a page reads little more than the rows it shows.
    """

    order: IndexOrder
    status: Status | None
    rank: int | None
    rating: int | None


class ListEntry(Struct, frozen=True):
    """A ticket in an index range: its id and its time in the order of the list."""

    id: TicketId
    at: datetime


class SearchHit(Struct, frozen=True):
    """A ticket that full-text search found, with its position. If there are too many hits, one row with all None."""

    id: TicketId | None
    sort_group: int | None
    at: datetime | None


class ExcerptSource(StrEnum):
    """The text of a ticket that an excerpt is taken from: its own, or a message of the customer, a reply, a note."""

    SUBJECT = "subject"
    DESCRIPTION = "description"
    CUSTOMER = "customer"
    REPLY = "reply"
    NOTE = "note"
    REQUESTER = "requester"
    REF = "ref"


class Excerpt(Struct, frozen=True):
    """Where a search found its words: a line of the ticket's text that matches best, in pieces."""

    source: ExcerptSource
    parts: tuple[ExcerptPart, ...]


class Highlights(Struct, frozen=True):
    """What to show of a ticket that a search found: its subject in pieces, and an excerpt, of the subject perhaps."""

    subject: tuple[ExcerptPart, ...]
    excerpt: Excerpt


class SavedView(Struct, frozen=True):
    """A named list of the inbox. It is shared where it has no account. `query` is the query string of its address."""

    id: UUID
    account_id: AccountId | None
    name: str
    query: str


def index_ranges(criteria: Criteria, sort: Sort, group: int | None) -> Iterator[IndexRange]:
    """The ranges that make up one sort group of a list; none where the filters leave it empty."""
    ranks: Sequence[int | None] = (criteria.rank,)
    ratings: Sequence[int | None] = criteria.ratings or (None,)
    column = {SortKey.CREATED: "create_time"}.get(sort.key, "updated_at")
    if sort.key is SortKey.PRIORITY:
        ranks = [group] if criteria.rank in (None, group) else []
    elif sort.key is SortKey.RATING:
        ratings = [group] if group in ratings or not criteria.ratings else []
        column = "updated_at" if group == UNRATED else "csat_rated_at"
    for status, rank, rating in product(criteria.statuses or (None,), ranks, ratings):
        yield IndexRange(IndexOrder(column, sort.newest_first), status, rank, rating)
