"""The forms of the page of ratings, and the messages for fields that do not fit."""

from typing import Annotated, Literal, Self
from uuid import UUID

from msgspec import Meta, Struct

from voxpop.dashboards.feedback_models import RatingChange
from voxpop.dashboards.feedback_page_models import PAGE_SIZE
from voxpop.errors import AppError, FieldError, Invalid
from voxpop.feedback.models import MAX_NOTES, FeedbackItem
from voxpop.i18n import N_
from voxpop.text import trim_lines
from voxpop.tickets.limits import MAX_TAG, MAX_TAG_LIST, MAX_TAGS
from voxpop.tickets.tags import fold_tag, parse_tags
from voxpop.types import ONE_LINE
from voxpop.web.versions import ChangedMeanwhile, VersionedForm

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


class NotesForm(VersionedForm):
    """The notes on a rating; empty ones are removed."""

    notes: Annotated[str, Meta(max_length=MAX_NOTES)]

    @classmethod
    def of(cls, rating: FeedbackItem) -> Self:
        return cls(rating.notes or "").with_version()

    @property
    def change(self) -> RatingChange:
        return RatingChange(notes=trim_lines(self.notes) or None)

    def changes(self, rating: FeedbackItem) -> bool:
        """Whether the rating has other notes."""
        return self.change.notes != rating.notes


class TagsForm(VersionedForm):
    """The tags of a rating, separated by commas."""

    tags: Annotated[str, Meta(max_length=MAX_TAG_LIST, extra=ONE_LINE)]

    @classmethod
    def of(cls, rating: FeedbackItem) -> Self:
        return cls(", ".join(rating.tags)).with_version()

    @property
    def change(self) -> RatingChange:
        return RatingChange(tags=parse_tags(self.tags))

    def changes(self, rating: FeedbackItem) -> bool:
        """Whether the rating has other tags."""
        return {fold_tag(tag) for tag in parse_tags(self.tags)} != {fold_tag(tag) for tag in rating.tags}


def explain(error: Invalid | ChangedMeanwhile) -> AppError:
    """The error with messages for people, in place of those for programs."""
    error.details = tuple(
        FieldError(each.field, FIELD_MESSAGES.get(each.field, each.message)) for each in error.details
    )
    return error
