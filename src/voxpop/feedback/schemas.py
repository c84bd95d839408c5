"""The request and response structs of notes on ratings, with their limits and examples."""

from typing import Annotated, Self

from msgspec import Meta, Struct

from voxpop.feedback.models import MAX_NOTES, Notes
from voxpop.types import Email, FeedbackId, Instant, instant

AUTHOR = "pm@example.com"
NOTES = "Called back, the export is fixed"


class NotesBody(Struct, frozen=True):
    """Notes to store on a rating; null removes the old ones."""

    notes: Annotated[str, Meta(max_length=MAX_NOTES, examples=[NOTES])] | None
    updated_by: Annotated[Email, Meta(examples=[AUTHOR])]


class NotesOut(Struct, frozen=True):
    """The stored notes."""

    id: FeedbackId
    notes: Annotated[str, Meta(examples=[NOTES])] | None
    notes_updated_by: Annotated[str, Meta(examples=[AUTHOR])]
    notes_updated_at: Instant

    @classmethod
    def of(cls, notes: Notes) -> Self:
        return cls(notes.id, notes.notes, notes.notes_updated_by, instant(notes.notes_updated_at))
