"""A rating with its comment, of any origin."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.metrics.models import Series
from voxpop.types import FeedbackId, Instant, Origin, SurveyId, WorkspaceId

MAX_COMMENT, MAX_NOTES, MAX_USER_AGENT = 10_000, 10_000, 1_000  # characters


class Source(StrEnum):
    """Whether a survey asked for the rating."""

    PROMPTED = "prompted"
    VOLUNTARY = "voluntary"


class NewFeedback(Struct, frozen=True, kw_only=True):
    """A rating to store. Its day and series stay as they are; `scale_min` is the lowest score of its type."""

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
    """The message about a rating, on the topic for feedback; `docs/events.md` describes it."""

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
    """A stored rating in a list."""

    id: FeedbackId
    user_email: str | None
    score: int
    comment: str | None
    source: str
    user_agent: str | None
    create_time: datetime


class Notes(Struct, frozen=True):
    """A team's notes on a rating."""

    id: FeedbackId
    notes: str | None
    notes_updated_by: str
    notes_updated_at: datetime


class NewNotes(Struct, frozen=True):
    """Notes to store on a rating, with the address of their author; None removes the old ones."""

    notes: str | None
    author: str
