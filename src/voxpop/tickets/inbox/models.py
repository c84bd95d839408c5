"""The inbox's address and what agents' pages are made of: which list it asks for, a conversation in its order; pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from voxpop.errors import FieldError, Invalid
from voxpop.i18n import N_
from voxpop.tickets.lists.models import UNRESOLVED, Rating, Sort, SortKey, TicketFilter
from voxpop.tickets.models import Activity, ActivityKind, Message, MessageKind, Priority, Status, Ticket
from voxpop.types import AccountId, folded, instant

PAGE_SIZE = 50
MAX_LIST_POSITION = 1000  # rows into a list up to which a ticket opened from it knows its neighbours
MAX_CRITERION, MAX_QUERY_STRING = 200, 20_000  # characters of a criterion, of a whole query string, that are read

CRITERION_TOO_LONG = N_("Search and filter for at most 200 characters.")

UNFINISHED, ME, NOBODY = "unresolved", "me", "nobody"
DAYS = ("1", "7", "30")
ORDERS = [f"{sign}{key}" for key in SortKey for sign in ("-", "")]


# Shown as they are stored, in the reader's language.
WORDS = (
    *(N_("Open"), N_("In progress"), N_("Resolved"), N_("Closed")),
    *(N_("Urgent"), N_("High"), N_("Medium"), N_("Low")),
)


class View(Struct, frozen=True):
    """A list of tickets as its address says it. Empty is any; `after`: the cursors of the pages up to this one."""

    status: str = ""
    assignee: str = ""
    priority: str = ""
    tag: str = ""
    rating: str = ""
    updated: str = ""
    requester: str = ""
    text: str = ""
    sort: str = "-updated"
    after: tuple[str, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, Sequence[str]]) -> Self:
        """From a query string; a value that there is not is passed over, Invalid for what no search can take.

        An address without any criteria asks for the open ones.
        """
        known = {name: values[-1].strip() for name, values in given.items() if values and name in cls.__struct_fields__}
        if not known:
            return cls(status=UNFINISHED)
        words = {name: text for name, text in known.items() if _is_known(name, text)}
        if unfit := [name for name, text in words.items() if len(text) > MAX_CRITERION or "\0" in text]:
            raise Invalid(CRITERION_TOO_LONG, details=[FieldError(name, CRITERION_TOO_LONG) for name in unfit])
        return cls(**words, after=tuple(given.get("after", ())))

    @classmethod
    def parse(cls, query: str) -> Self:
        return cls.read(parse_qs(query[:MAX_QUERY_STRING], keep_blank_values=True))

    @property
    def query(self) -> str:
        """The query string that reads as this view."""
        first = type(self)()
        differing = {name: value for name, value in asdict(self).items() if value != getattr(first, name)}
        return urlencode(differing or {"status": ""}, doseq=True)

    @property
    def address(self) -> str:
        return f"/inbox?{self.query}"

    def export_query(self, me: AccountId, now: datetime) -> str:
        """The query string that asks the API for the whole list, made for a spreadsheet."""
        wanted = self.to_filter(me, now)
        criteria = {
            "status": wanted.statuses,
            "assignee": "none" if wanted.unassigned else wanted.assignee,
            "priority": wanted.priority,
            "tag": wanted.tag,
            "rating": wanted.rating,
            "requester": wanted.requester,
            "updated_since": wanted.updated_since and instant(wanted.updated_since),
            "q": wanted.text,
            "bom": "true",
        }
        return urlencode({name: value for name, value in criteria.items() if value}, doseq=True)

    def with_changes(self, **changes: Any) -> Self:
        """From the beginning, with some criteria changed."""
        return replace(self, after=(), **changes)

    def next_page(self, cursor: str) -> Self:
        """The page that begins there."""
        return replace(self, after=(*self.after, cursor))

    def previous_page(self) -> Self:
        """The page before this one."""
        return replace(self, after=self.after[:-1])

    def sorted_by(self, key: str) -> Self:
        """By that key, the other way round where it is sorted by it already."""
        return self.with_changes(sort=key if self.sort == f"-{key}" else f"-{key}")

    @property
    def sort_order(self) -> Sort:
        return Sort(SortKey(self.sort.lstrip("-")), self.sort.startswith("-"))

    def to_filter(self, me: AccountId, now: datetime) -> TicketFilter:
        """The criteria, for one who is `me`."""
        return TicketFilter(
            statuses=UNRESOLVED if self.status == UNFINISHED else (Status(self.status),) if self.status else (),
            assignee=me if self.assignee == ME else _account(self.assignee),
            unassigned=self.assignee == NOBODY,
            priority=Priority(self.priority) if self.priority else None,
            tag=self.tag or None,
            rating=Rating(self.rating) if self.rating else None,
            requester=folded(self.requester) or None,
            updated_since=now - timedelta(days=int(self.updated)) if self.updated else None,
            text=self.text or None,
        )


BUILT_IN = (
    (N_("All open"), View(status=UNFINISHED)),
    (N_("Mine"), View(status=UNFINISHED, assignee=ME)),
    (N_("Unassigned"), View(status=UNFINISHED, assignee=NOBODY)),
    (N_("Low ratings"), View(rating=Rating.LOW)),
)


class Tab(Struct, frozen=True):
    """A saved view as the page shows it; the product's own have no `id`. `count`: as lists count."""

    name: str
    view: View
    count: int | None
    id: UUID | None = None


class ConversationEntry(Struct, frozen=True):
    """A line of a conversation: either something said or something done."""

    at: datetime
    message: Message | None = None
    activity: Activity | None = None


def conversation(ticket: Ticket, messages: Sequence[Message], done: Sequence[Activity]) -> list[ConversationEntry]:
    """In the order of time, beginning with the description; what a message caused stands behind it."""
    asked = Message(
        ticket.id, MessageKind.CUSTOMER, None, ticket.requester_name, ticket.description, ticket.create_time
    )
    said = [ConversationEntry(message.create_time, message) for message in (asked, *messages)]
    changes = [ConversationEntry(each.create_time, None, each) for each in done if _is_news(ticket, each)]
    return sorted((*said, *changes), key=lambda entry: (entry.at, entry.message is None))


def short_names(names: Mapping[AccountId, str]) -> dict[AccountId, str]:
    """First names, where no two are alike."""
    firsts = [name.split()[0] for name in names.values()]
    return {
        key: first if firsts.count(first) == 1 else name
        for (key, name), first in zip(names.items(), firsts, strict=True)
    }


def _is_news(ticket: Ticket, done: Activity) -> bool:
    """The requester opening his own ticket is told by its description."""
    return done.kind != ActivityKind.OPENED or done.actor_name != ticket.requester_name


def _is_known(name: str, text: str) -> bool:
    """Whether a view may have this value; "" is one for all."""
    if name == "after" or not text:
        return name not in ("after", "sort")
    choices: dict[str, Sequence[str]] = {
        "status": (*Status, UNFINISHED),
        "priority": tuple(Priority),
        "rating": tuple(Rating),
        "updated": DAYS,
        "sort": ORDERS,
    }
    if name == "assignee":
        return text in (ME, NOBODY) or _account(text) is not None
    return name not in choices or text in choices[name]


def _account(text: str) -> AccountId | None:
    try:
        return AccountId(UUID(text))
    except ValueError:
        return None
