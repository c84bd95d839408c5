"""What a list of tickets may be narrowed to, how it is sorted, and the place in it where a page begins; pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import product
from uuid import UUID

from msgspec import Struct

from voxpop.cursors import Position, decode_cursor, encode_cursor
from voxpop.tickets.models import Priority, Status
from voxpop.types import AccountId, TicketId

UNRESOLVED = (Status.OPEN, Status.IN_PROGRESS)  # what agents still have to do
UNRATED = 0  # as a rating, where one is filtered by


class Rating(StrEnum):
    """Groups of ratings, as the filter has them."""

    RATED = "rated"
    LOW = "1-2"
    MIDDLE = "3"
    HIGH = "4-5"
    NONE = "unrated"

    @property
    def scores(self) -> tuple[int, ...]:
        return {"rated": (1, 2, 3, 4, 5), "1-2": (1, 2), "3": (3,), "4-5": (4, 5), "unrated": (UNRATED,)}[self]


class TicketFilter(Struct, frozen=True):
    """Criteria that must all hold; what is left out is none. `requester`: an address, folded; `words`: text to find."""

    statuses: tuple[Status, ...] = ()
    assignee: AccountId | None = None
    unassigned: bool = False
    priority: Priority | None = None
    tag: str | None = None
    rating: Rating | None = None
    requester: str | None = None
    updated_since: datetime | None = None
    text: str | None = None


class Criteria(Struct, frozen=True):
    """A filter as statements take it: the tag's id, and what finds the words."""

    filter: TicketFilter
    tag: UUID | None
    query: str | None


class SortKey(StrEnum):
    UPDATED = "updated"
    CREATED = "created"
    PRIORITY = "priority"
    RATING = "rating"


class Sort(Struct, frozen=True):
    """Ties of priority are broken by the latest update, those of rating by the latest rating: in both directions."""

    key: SortKey = SortKey.UPDATED
    descending: bool = True

    @property
    def name(self) -> str:
        """For example `updated-`, for the latest updated first."""
        return f"{self.key}{'-' if self.descending else ''}"

    @property
    def newest_first(self) -> bool:
        return self.descending or self.key in (SortKey.PRIORITY, SortKey.RATING)

    @property
    def sort_groups(self) -> Sequence[int | None]:
        """The values that follow one another in the list, each a list by time; unrated tickets are last (T14)."""
        if self.key is SortKey.PRIORITY:
            return (4, 3, 2, 1) if self.descending else (1, 2, 3, 4)
        if self.key is SortKey.RATING:
            return (5, 4, 3, 2, 1, UNRATED) if self.descending else (1, 2, 3, 4, 5, UNRATED)
        return (None,)


class Place(Struct, frozen=True):
    """Behind which row a page begins: its segment (from 1), its moment in the order, its id. 0 is before all."""

    segment: int
    moment: datetime
    id: TicketId


BEFORE_ALL = Place(0, datetime(1970, 1, 1, tzinfo=UTC), TicketId(UUID(int=0)))


class IndexRange(Struct, frozen=True):
    """A part of a list that one index holds in order: every criterion is one value. None is no criterion."""

    moment: str
    newest_first: bool
    status: Status | None
    rank: int | None
    rating: int | None


class ListEntry(Struct, frozen=True):
    """A ticket's id and its moment in the order."""

    id: TicketId
    at: datetime


class SearchHit(Struct, frozen=True):
    """A ticket that has the words; None where too many have them."""

    id: TicketId | None
    segment: int | None
    moment: datetime | None


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

    @property
    def is_unanswered(self) -> bool:
        """New: nobody has replied yet, and somebody should."""
        return self.first_response_at is None and not Status(self.status).is_done


class SavedView(Struct, frozen=True):
    """A list under a name; without an account it is everybody's. `query` is what the inbox's address has behind `?`."""

    id: UUID
    account_id: AccountId | None
    name: str
    query: str


class LowRating(Struct, frozen=True):
    """A low rating with what it was about; the agent is the one whose work was rated."""

    id: TicketId
    ref: str
    subject: str
    csat_rating: int
    csat_comment: str | None
    csat_rated_at: datetime
    csat_agent_id: AccountId | None
    agent_name: str | None
    tags: list[str]


class TagCount(Struct, frozen=True):
    id: UUID
    name: str
    count: int


def index_ranges(wanted: TicketFilter, sort: Sort, segment: int | None) -> Iterator[IndexRange]:
    """What together makes one segment of a list; nothing where the criteria leave it empty."""
    ranks: Sequence[int | None] = (wanted.priority.rank if wanted.priority else None,)
    ratings: Sequence[int | None] = wanted.rating.scores if wanted.rating else (None,)
    moment = {SortKey.CREATED: "create_time"}.get(sort.key, "updated_at")
    if sort.key is SortKey.PRIORITY:
        ranks = [segment] if ranks[0] in (None, segment) else []
    elif sort.key is SortKey.RATING:
        ratings = [segment] if segment in ratings or ratings[0] is None else []
        moment = "updated_at" if segment == UNRATED else "csat_rated_at"
    for status, rank, rating in product(wanted.statuses or (None,), ranks, ratings):
        yield IndexRange(moment, sort.newest_first, status, rank, rating)


def write_cursor(sort: Sort, place: Place) -> str:
    """Good for the same sort only."""
    return encode_cursor(Position(place.moment, place.id, place.segment), sort.name)


def read_cursor(sort: Sort, cursor: str | None) -> Place:
    """Where the page begins: at the start of the list without a cursor, or with one that is not for this sort."""
    found = decode_cursor(cursor, sort.name)
    return Place(found.group, found.at, TicketId(found.id)) if found else BEFORE_ALL
