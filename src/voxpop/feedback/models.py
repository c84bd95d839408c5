"""A rating with its comment, whatever asked for it."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from voxpop.metrics.models import Series
from voxpop.types import Email, FeedbackId, Instant, Origin, SurveyId, WorkspaceId


class Source(StrEnum):
    PROMPTED = "prompted"
    VOLUNTARY = "voluntary"


class NewFeedback(Struct, frozen=True, kw_only=True):
    """A rating to be recorded; `scale_min` is the lowest score of its type, day and series are frozen with it."""

    id: FeedbackId
    survey_id: SurveyId | None
    survey_type: str
    scale_min: int
    origin: Origin
    origin_id: UUID
    source: Source
    score: int
    day: date
    series: Sequence[Series]
    guid: str | None = None
    user_email: str | None = None
    comment: str | None = None
    user_agent: str | None = None


class FeedbackRecorded(Struct, frozen=True, kw_only=True):
    """A rating as the world is told of it, on the topic for feedback; `docs/events.md` shows the same."""

    event_type: str = "feedback.recorded"
    version: int = 1
    id: FeedbackId
    workspace: WorkspaceId
    survey_id: SurveyId | None
    survey_type: str
    origin: Origin
    origin_id: UUID
    source: Source
    guid: str | None
    user_email: str | None
    score: int
    comment: str | None
    day: date
    timestamp: Instant


class Feedback(Struct, frozen=True):
    """A stored rating as a list shows it."""

    id: FeedbackId
    user_email: str | None
    score: int
    comment: str | None
    source: str
    user_agent: str | None
    create_time: datetime


class Notes(Struct, frozen=True):
    """What a team noted beside a rating."""

    id: FeedbackId
    notes: str | None
    notes_updated_by: str
    notes_updated_at: datetime


class NewNotes(Struct, frozen=True):
    """The notes to keep beside a rating; null takes them away."""

    notes: Annotated[str, Meta(max_length=10_000, examples=["Called back, the export is fixed"])] | None
    updated_by: Annotated[Email, Meta(examples=["pm@example.com"])]


class NotesOut(Struct, frozen=True):
    """Notes as the API shows them."""

    id: FeedbackId
    notes: Annotated[str, Meta(examples=["Called back, the export is fixed"])] | None
    notes_updated_by: Annotated[str, Meta(examples=["pm@example.com"])]
    notes_updated_at: Instant
