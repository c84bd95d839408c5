"""The address of an inbox list, and what the agents' pages show: the tabs of saved views; pure."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Self
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from voxpop.errors import FieldError, Invalid
from voxpop.i18n import N_
from voxpop.tickets.limits import MAX_FILTER
from voxpop.tickets.lists.filters import FILTERS, ME, NO_ASSIGNEE, UNRESOLVED_TEXT, FilterTexts, Option, Rating
from voxpop.tickets.lists.models import Sort, SortKey
from voxpop.types import AccountId

PAGE_SIZE = 50
MAX_QUERY_STRING = 20_000  # characters

FILTER_TEXT_TOO_LONG = N_("Search and filter for at most {limit} characters.", limit=MAX_FILTER)

DEFAULT_SORT = "-updated"
SORTS = [f"{sign}{key}" for key in SortKey for sign in ("-", "")]

# The default, recently updated, is the empty option.
SORT_OPTIONS = (
    Option("updated", N_("Least recently updated")),
    Option("-created", N_("Newest")),
    Option("created", N_("Oldest")),
    Option("-priority", N_("Highest priority")),
    Option("priority", N_("Lowest priority")),
    Option("-rating", N_("Best rating")),
    Option("rating", N_("Worst rating")),
)

# Stored in English, and shown in the reader's language.
STORED_WORDS = (
    *(N_("Open"), N_("In progress"), N_("Resolved"), N_("Closed")),
    *(N_("Urgent"), N_("High"), N_("Medium"), N_("Low")),
)


class View(FilterTexts, frozen=True):
    """A list of the inbox, as its address says. `after` has the cursors of all pages up to this one."""

    sort: str = DEFAULT_SORT
    after: tuple[str, ...] = ()

    @property
    def cursor(self) -> str | None:
        """The place where this page begins; None for the first one."""
        return self.after[-1] if self.after else None

    @classmethod
    def read(cls, query: Mapping[str, Sequence[str]]) -> Self:
        """Reads the parameters of a query string. Without any, the view lists the unresolved tickets.

        Unknown names and values are ignored. Invalid for a text that is too long or has a NUL character.
        """
        given = {name: values[-1].strip() for name, values in query.items() if values and name in cls.__struct_fields__}
        if not given:
            return cls(status=UNRESOLVED_TEXT)
        texts = {
            each.name: given[each.name] for each in FILTERS if each.name in given and each.accepts(given[each.name])
        }
        if wrong := [name for name, text in texts.items() if len(text) > MAX_FILTER or "\0" in text]:
            raise Invalid(FILTER_TEXT_TOO_LONG, details=[FieldError(name, FILTER_TEXT_TOO_LONG) for name in wrong])
        sort = given["sort"] if given.get("sort") in SORTS else DEFAULT_SORT
        return cls(**texts, sort=sort, after=tuple(query.get("after", ())))

    @classmethod
    def parse(cls, query_string: str) -> Self:
        return cls.read(parse_qs(query_string[:MAX_QUERY_STRING], keep_blank_values=True))

    @classmethod
    def is_sent_form(cls, query: Mapping[str, Sequence[str]]) -> bool:
        """Whether a browser without JavaScript sent the form of filters, with its empty fields too."""
        names = {"sort", *(each.name for each in FILTERS)}
        return names <= query.keys() and any(not query[name][-1] for name in names)

    @property
    def query(self) -> str:
        """The query string that reads as this view."""
        return _query_string(self)

    @property
    def address(self) -> str:
        return f"/inbox?{self.query}"

    def with_changes(self, **changes: Any) -> Self:
        """The first page of the list with some filters or the sort changed."""
        return replace(self, after=(), **changes)

    def next_page(self, cursor: str) -> Self:
        return replace(self, after=(*self.after, cursor))

    def previous_page(self) -> Self:
        return replace(self, after=self.after[:-1])

    def sorted_by(self, key: str) -> Self:
        """Sorted by this key; in the other direction where the list is sorted by it already."""
        return self.with_changes(sort=key if self.sort == f"-{key}" else f"-{key}")

    @property
    def sort_order(self) -> Sort:
        return Sort(SortKey(self.sort.lstrip("-")), self.sort.startswith("-"))


@lru_cache(maxsize=1024)
def _query_string(view: View) -> str:
    """Cached, because a page has dozens of addresses of few views."""
    changed = {name: value for name, value in asdict(view).items() if value != getattr(DEFAULT_VIEW, name)}
    return urlencode(changed or {"status": ""}, doseq=True)


DEFAULT_VIEW = View()
BUILT_IN_VIEWS = {
    N_("Unresolved"): View(status=UNRESOLVED_TEXT),
    N_("Mine"): View(status=UNRESOLVED_TEXT, assignee=ME),
    N_("Unassigned"): View(status=UNRESOLVED_TEXT, assignee=NO_ASSIGNEE),
    N_("Low ratings"): View(rating=Rating.LOW),
}


class Tab(Struct, frozen=True):
    """A view as a tab of the inbox. A built-in view has no `id`; `count` is as `count_tickets` returns it."""

    name: str
    view: View
    count: int | None
    id: UUID | None = None


def short_names(names: Mapping[AccountId, str]) -> dict[AccountId, str]:
    """The first name of each account, or the whole name where two accounts share the first name."""
    firsts = [name.split()[0] for name in names.values()]
    return {
        key: first if firsts.count(first) == 1 else name
        for (key, name), first in zip(names.items(), firsts, strict=True)
    }
