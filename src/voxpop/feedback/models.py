"""A rating with its comment, of any origin."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

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
    series: tuple[Series, ...]
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


class LinkKind(StrEnum):
    """What ratings are listed under besides the columns of their own: some series, and a tag that they have now."""

    TICKETS = "tickets"
    PRODUCT = "product"
    AGENT = "agent"
    TAG = "tag"
    LABEL = "label"


class Link(Struct, frozen=True):
    """A series or a tag that ratings are listed under."""

    kind: LinkKind
    target: UUID


class IndexedRating(Struct, frozen=True):
    """What the lists of ratings need besides the rating itself: its series, and its comment for full-text search."""

    id: FeedbackId
    at: datetime
    series: Sequence[Series]
    comment: str | None


class FeedbackConditions(Struct, frozen=True):
    """Conditions of a list of ratings: all fields that are set must match. The days are in the workspace's zone."""

    origin: Origin | None = None
    origin_id: UUID | None = None
    survey_type: str | None = None
    score_min: int | None = None
    score_max: int | None = None
    source: Source | None = None
    has_comment: bool | None = None
    read: bool | None = None
    handled: bool | None = None
    first_day: date | None = None
    last_day: date | None = None
    text: str | None = None


class FeedbackFilter(FeedbackConditions, frozen=True):
    """The conditions, and links that a rating must have."""

    links: Sequence[Link] = ()


class FeedbackItem(Struct, frozen=True):
    """A rating of any origin in a list. `read` and `handled` are the workspace's marks."""

    id: FeedbackId
    origin: str
    origin_id: UUID
    survey_id: SurveyId | None
    survey_type: str
    score: int
    comment: str | None
    source: str
    user_email: str | None
    guid: str | None
    day: date
    create_time: datetime
    tags: list[str]
    notes: str | None
    read: bool
    handled: bool


class ChangedRating(Struct, frozen=True):
    """A rating that is new or changed since a time. Its series are two arrays of the same length."""

    id: FeedbackId
    survey_type: str
    series_kinds: list[str]
    series_ids: list[UUID]
    is_new: bool
    at: datetime


class RatingDetail(FeedbackItem, frozen=True):
    """A rating with what only its own page shows: the author and time of notes and marks, and its series."""

    notes_updated_by: str | None
    notes_updated_at: datetime | None
    read_by: str | None
    read_at: datetime | None
    handled_by: str | None
    handled_at: datetime | None
    series_kinds: list[str]
    series_ids: list[UUID]


class Mark(StrEnum):
    """A mark of the workspace on a rating."""

    READ = "read"
    HANDLED = "handled"


class NewMark(Struct, frozen=True):
    """A mark to set, or to remove where it is off."""

    mark: Mark
    is_on: bool

    @property
    def change(self) -> "FeedbackChange":
        return FeedbackChange(read=self.is_on) if self.mark is Mark.READ else FeedbackChange(handled=self.is_on)


class FeedbackChange(Struct, frozen=True):
    """Changes of a rating; UNSET keeps a value. None removes the notes; the tags are ids."""

    notes: str | UnsetType | None = UNSET
    read: bool | UnsetType = UNSET
    handled: bool | UnsetType = UNSET
    tags: Sequence[UUID] | UnsetType = UNSET


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
