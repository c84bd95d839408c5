"""The list of ratings as a caller asks for it, and changes of a rating as a caller sends them."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType

from voxpop.dashboards.models import SeriesKey
from voxpop.feedback.models import FeedbackConditions


class RequestedFeedback(FeedbackConditions, frozen=True):
    """The conditions as a caller writes them: with the name of a tag, and an agent's id or address."""

    tag: str | None = None
    agent: str | None = None
    series: SeriesKey | None = None


class RatingChange(Struct, frozen=True):
    """Changes of a rating; UNSET keeps a value. None removes the notes; the tags are names."""

    notes: str | UnsetType | None = UNSET
    read: bool | UnsetType = UNSET
    handled: bool | UnsetType = UNSET
    tags: Sequence[str] | UnsetType = UNSET
