"""The forms of the page of ratings, and the messages for fields that do not fit."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from voxpop.dashboards.feedback_page_models import PAGE_SIZE
from voxpop.errors import FieldError, Invalid
from voxpop.feedback.models import MAX_NOTES
from voxpop.i18n import N_
from voxpop.text import trim_lines
from voxpop.tickets.limits import MAX_TAG, MAX_TAG_LIST, MAX_TAGS
from voxpop.types import ONE_LINE

NONE_SELECTED = N_("Select at least one rating.")
FIELD_MESSAGES = {
    "notes": N_("Use at most {limit} characters.", limit=MAX_NOTES),
    "tags": N_("Use at most {count} tags of at most {limit} characters.", count=MAX_TAGS, limit=MAX_TAG),
}


class MarksForm(Struct):
    """Ratings to mark. `do` is one of the page's actions."""

    do: Literal["read", "unread", "handled", "unhandled"]
    feedback: Annotated[list[UUID], Meta(max_length=PAGE_SIZE)] = []
    undo: str = ""  # not empty for a form that undoes a change


class NotesForm(Struct):
    """The notes on a rating; empty ones are removed."""

    notes: Annotated[str, Meta(max_length=MAX_NOTES)]

    @property
    def text(self) -> str | None:
        return trim_lines(self.notes) or None


class TagsForm(Struct):
    """The tags of a rating, separated by commas."""

    tags: Annotated[str, Meta(max_length=MAX_TAG_LIST, extra=ONE_LINE)]


def explain(error: Invalid) -> Invalid:
    """The error with messages for people, in place of those for programs."""
    details = [FieldError(each.field, FIELD_MESSAGES.get(each.field, each.message)) for each in error.details]
    return Invalid(error.message, details=details)
