"""The list of ratings as a caller asks for it, and changes of a rating as a caller sends them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from voxpop.dashboards.models import SeriesKey
from voxpop.feedback.models import Source
from voxpop.types import Origin


class RequestedFeedback(Struct, frozen=True):
    """A filter as a caller writes it: with the name of a tag, and an agent's id or address."""

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
    tag: str | None = None
    agent: str | None = None
    series: SeriesKey | None = None


class RatingChange(Struct, frozen=True):
    """Changes of a rating; UNSET keeps a value. None removes the notes; the tags are names."""

    notes: str | UnsetType | None = UNSET
    read: bool | UnsetType = UNSET
    handled: bool | UnsetType = UNSET
    tags: Sequence[str] | UnsetType = UNSET
