"""The filters of ticket lists, each defined once: its text in the inbox's address, form control, value and SQL.

Every list is narrowed the same way: texts → `TicketFilter` → `Criteria` → parameters of the statements. The list, the
count, the full-text search, the export and the saved views share it. `api/parameters.py` names the filters in the API.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from msgspec import Struct

from voxpop import search_text
from voxpop.email_addresses import normalize_email
from voxpop.i18n import N_
from voxpop.tickets.models import Priority, Status
from voxpop.types import AccountId, instant

UNRESOLVED = (Status.OPEN, Status.IN_PROGRESS)  # tickets that agents still work on
UNRATED = 0  # stands for "no rating" among scores

# Values in the inbox's address that are no value of a ticket.
UNRESOLVED_TEXT, ME, NO_ASSIGNEE = "unresolved", "me", "none"
PERIODS = {"1": timedelta(days=1), "7": timedelta(days=7), "30": timedelta(days=30)}


class Rating(StrEnum):
    """Groups of ratings that a list can be filtered by."""

    RATED = "rated"
    LOW = "1-2"
    MIDDLE = "3"
    HIGH = "4-5"
    NONE = "unrated"

    @property
    def scores(self) -> tuple[int, ...]:
        return {"rated": (1, 2, 3, 4, 5), "1-2": (1, 2), "3": (3,), "4-5": (4, 5), "unrated": (UNRATED,)}[self]


class TicketFilter(Struct, frozen=True):
    """Conditions of a list: all fields that are set must match. `requester` is a folded email address.

    `text` has no more words than a search takes (`search_text.MAX_QUERY_WORDS`).
    """

    statuses: tuple[Status, ...] = ()
    assignee: AccountId | None = None
    unassigned: bool = False
    priority: Priority | None = None
    tag: str | None = None
    rating: Rating | None = None
    requester: str | None = None
    updated_since: datetime | None = None
    text: str | None = None

    @property
    def api_parameters(self) -> dict[str, object]:
        """The filter as query parameters of the API, which reads them in `api/parameters.py`."""
        values: dict[str, object] = {
            "status": self.statuses,
            "assignee": NO_ASSIGNEE if self.unassigned else self.assignee,
            "priority": self.priority,
            "tag": self.tag,
            "rating": self.rating,
            "requester": self.requester,
            "updated_since": self.updated_since and instant(self.updated_since),
            "q": self.text,
        }
        return {name: value for name, value in values.items() if value}


class FilterTexts(Struct, frozen=True):
    """The filters as texts of the inbox's address. An empty text is no filter."""

    status: str = ""
    assignee: str = ""
    priority: str = ""
    tag: str = ""
    rating: str = ""
    updated: str = ""
    requester: str = ""
    text: str = ""

    def to_filter(self, member: AccountId, now: datetime) -> TicketFilter:
        """The filter for this member: `me` is their account, and periods end now."""
        reader = Reader(member, now)
        values: dict[str, Any] = {}
        for each in FILTERS:
            if text := getattr(self, each.name):
                values |= each.parse(text, reader)
        return TicketFilter(**values)


class Reader(Struct, frozen=True):
    """The member for whom a filter's text is parsed, and the time."""

    member: AccountId
    now: datetime


class Option(Struct, frozen=True):
    """One option of a select. Its label is translated where it is shown."""

    value: str
    label: str


class Control(StrEnum):
    """The form control that edits a filter."""

    SELECT = "select"
    EMAIL = "email"
    SEARCH = "search"


class Filter(Struct, frozen=True):
    """One filter of the inbox: its name in the address, its parser and its form control.

    `parse` returns fields of `TicketFilter`, and raises ValueError for a value that does not exist. Options that depend
    on the workspace are added by the page.
    """

    name: str
    label: str
    any_label: str
    parse: Callable[[str, Reader], dict[str, Any]]
    options: tuple[Option, ...] = ()
    control: Control = Control.SELECT
    hint: str = ""

    def accepts(self, text: str) -> bool:
        """Whether the value exists. The empty text is accepted: it is no filter."""
        try:
            if text:
                self.parse(text, ANY_READER)
        except ValueError:
            return False
        return True


ANY_READER = Reader(AccountId(UUID(int=0)), datetime(2000, 1, 1, tzinfo=UTC))


def _parse_status(text: str, reader: Reader) -> dict[str, Any]:
    return {"statuses": UNRESOLVED if text == UNRESOLVED_TEXT else (Status(text),)}


def _parse_assignee(text: str, reader: Reader) -> dict[str, Any]:
    if text == NO_ASSIGNEE:
        return {"unassigned": True}
    return {"assignee": reader.member if text == ME else AccountId(UUID(text))}


def _parse_updated(text: str, reader: Reader) -> dict[str, Any]:
    if text not in PERIODS:
        raise ValueError(text)
    return {"updated_since": reader.now - PERIODS[text]}


FILTERS = (
    Filter(
        "status",
        N_("Status"),
        N_("Any"),
        _parse_status,
        (Option(UNRESOLVED_TEXT, N_("Unresolved")), *(Option(each, each) for each in Status)),
    ),
    Filter(
        "assignee",
        N_("Assignee"),
        N_("Anyone"),
        _parse_assignee,
        (Option(ME, N_("Me")), Option(NO_ASSIGNEE, N_("Unassigned"))),
    ),
    Filter(
        "priority",
        N_("Priority"),
        N_("Any"),
        lambda text, _: {"priority": Priority(text)},
        tuple(Option(each, each) for each in Priority),
    ),
    Filter("tag", N_("Tag"), N_("Any"), lambda text, _: {"tag": text}),
    Filter(
        "rating",
        N_("Rating"),
        N_("Any"),
        lambda text, _: {"rating": Rating(text)},
        (
            Option(Rating.RATED, N_("Rated")),
            Option(Rating.LOW, N_("1–2 stars")),
            Option(Rating.MIDDLE, N_("3 stars")),
            Option(Rating.HIGH, N_("4–5 stars")),
            Option(Rating.NONE, N_("Unrated")),
        ),
    ),
    Filter(
        "updated",
        N_("Updated"),
        N_("Any time"),
        _parse_updated,
        (Option("1", N_("Within a day")), Option("7", N_("Within a week")), Option("30", N_("Within a month"))),
    ),
    Filter(
        "requester",
        N_("Requester"),
        N_("Anyone"),
        lambda text, _: {"requester": normalize_email(text)},
        control=Control.EMAIL,
        hint=N_("Email address"),
    ),
    Filter(
        "text",
        N_("Search tickets"),
        N_("Any"),
        lambda text, _: {"text": search_text.searched_text(text)},
        control=Control.SEARCH,
    ),
)


class Condition(Struct, frozen=True):
    """A filter as SQL on the table `ticket`. PostgreSQL folds it away where its parameter is NULL or false.

    `tag_sql` replaces it on `ticket_tag`, which repeats most columns of a ticket and lists the tickets of one tag.
    """

    sql: str
    tag_sql: str | None = None
    in_ticket_tag: bool = True


# The filters that every statement tests alike, by the name of their parameter, which is that of the function
# `search_tickets` too. Status, priority and rating are missing: a list has a range of an index for each of their
# values, so their SQL is the statement's own (`store.py`).
CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {
        "assignee": Condition("(:assignee::uuid IS NULL OR assignee_id = :assignee)"),
        "unassigned": Condition("(NOT :unassigned::boolean OR assignee_id IS NULL)"),
        "updated_since": Condition("(:updated_since::timestamptz IS NULL OR updated_at >= :updated_since)"),
        "tag": Condition(
            "(:tag::uuid IS NULL OR EXISTS (SELECT FROM ticket_tag g WHERE g.workspace_id = :workspace "
            "AND g.ticket_id = ticket.id AND g.tag_id = :tag))",
            "tag_id = :tag::uuid",
        ),
        "requester": Condition(
            "(:requester::text IS NULL OR requester_email_folded = :requester)",
            ":requester::text IS NULL",
            in_ticket_tag=False,
        ),
    }
)


class Criteria(Struct, frozen=True):
    """A filter as the statements take it: the values of index ranges, and `parameters` for the conditions.

    `tsquery` is the full-text query. An empty `statuses` or `ratings` is no filter.
    """

    statuses: tuple[Status, ...]
    rank: int | None
    ratings: tuple[int, ...]
    updated_since: datetime | None
    parameters: dict[str, object]
    tsquery: str | None

    @classmethod
    def of(cls, ticket_filter: TicketFilter, tag: UUID | None, tsquery: str | None) -> "Criteria":
        """`tag` is the id of the filter's tag."""
        return cls(
            statuses=ticket_filter.statuses,
            rank=ticket_filter.priority.rank if ticket_filter.priority else None,
            ratings=ticket_filter.rating.scores if ticket_filter.rating else (),
            updated_since=ticket_filter.updated_since,
            parameters={name: getattr(ticket_filter, name) for name in CONDITIONS} | {"tag": tag},
            tsquery=tsquery,
        )

    @property
    def fits_ticket_tag(self) -> bool:
        """Whether the table `ticket_tag` alone answers: a tag is given, and no filter on a column that it lacks."""
        lacking = [name for name, condition in CONDITIONS.items() if not condition.in_ticket_tag]
        return self.parameters["tag"] is not None and not any(self.parameters[name] for name in lacking)
