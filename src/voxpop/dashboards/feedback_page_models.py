"""The address of the page of ratings: its filters, its place in the list, and the rating that is open; pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Self
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from voxpop.feedback.models import Mark, NewMark

PATH = "/feedback"
PAGE_SIZE = 50
FILTERS = (
    *("text", "survey_type", "score_min", "score_max", "has_comment", "read", "handled", "origin", "source"),
    *("tag", "agent", "from", "to", "series", "origin_id"),
)  # the parameters of the API
ACTIONS = {
    "read": NewMark(Mark.READ, is_on=True),
    "unread": NewMark(Mark.READ, is_on=False),
    "handled": NewMark(Mark.HANDLED, is_on=True),
    "unhandled": NewMark(Mark.HANDLED, is_on=False),
}
OPPOSITES = {"read": "unread", "unread": "read", "handled": "unhandled", "unhandled": "handled"}


class FeedbackView(Struct, frozen=True):
    """A list of ratings as its address says. `after` has the cursors of all pages up to this one.

    `filters` has the texts of those that are set. `opened` is the id of the open rating.
    """

    filters: Mapping[str, str]
    after: tuple[str, ...] = ()
    opened: str = ""

    @classmethod
    def read(cls, query: Mapping[str, Sequence[str]]) -> Self:
        """Reads the parameters of a query string. Unknown names are ignored."""
        given = {name: query[name][-1].strip() for name in FILTERS if query.get(name)}
        filters = {name: text for name, text in given.items() if text}
        return cls(filters, tuple(query.get("after", ())), query.get("open", [""])[-1])

    @classmethod
    def is_sent_form(cls, query: Mapping[str, Sequence[str]]) -> bool:
        """Whether a browser without JavaScript sent the form of filters, with its empty fields too."""
        return any(not query[name][-1].strip() for name in FILTERS if query.get(name))

    @property
    def query(self) -> dict[str, Any]:
        place = {"after": self.after} if self.after else {}
        opened = {"open": self.opened} if self.opened else {}
        return {**self.filters, **place, **opened}

    @property
    def address(self) -> str:
        return self.address_with()

    def address_with(self, **more: str) -> str:
        """The address with parameters for one time, such as a message."""
        query = urlencode(self.query | more, doseq=True)
        return f"{PATH}?{query}" if query else PATH

    @property
    def export(self) -> str:
        """The parameters of the API for all ratings of the list."""
        return urlencode({**self.filters, "bom": "true"})

    def action(self, path: str) -> str:
        """The address of a form that leads back to this list."""
        return self.address.replace(PATH, f"{PATH}/{path}", 1)

    def with_filter(self, name: str, text: str) -> Self:
        """The first page of the list with another filter; without it if the text is empty."""
        others = {each: value for each, value in self.filters.items() if each != name}
        return replace(self, filters=others | ({name: text} if text else {}), after=(), opened="")

    def without(self, names: Sequence[str]) -> Self:
        return replace(self, filters={name: text for name, text in self.filters.items() if name not in names})

    def opening(self, rating: object) -> Self:
        return replace(self, opened=str(rating))

    def closed(self) -> Self:
        return replace(self, opened="")

    def next_page(self, cursor: str) -> Self:
        return replace(self, after=(*self.after, cursor), opened="")

    def previous_page(self) -> Self:
        return replace(self, after=self.after[:-1], opened="")


class Undo(Struct, frozen=True):
    """A change of marks that can be undone: the opposite action, and the ratings that changed."""

    action: str
    ratings: Sequence[str]

    @property
    def text(self) -> str:
        """Its parameter in an address."""
        return ".".join((self.action, *self.ratings))

    @classmethod
    def parse(cls, text: str) -> "Undo | None":
        action, *ratings = text.split(".")
        return cls(action, ratings) if action in OPPOSITES and ratings else None
