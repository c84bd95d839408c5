"""Series, and what one rating or one ask adds to their counts."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.types import Origin


class SeriesKind(StrEnum):
    """What a rating counts under besides the subject of its origin. A source that is shown apart is a series too."""

    WORKSPACE = "workspace"
    PRODUCT = "product"
    FEATURE_PROMPTED = "feature_prompted"
    FEATURE_VOLUNTARY = "feature_voluntary"
    AGENT = "agent"
    TAG = "tag"
    TICKETS = "tickets"  # all tickets of a workspace


class Series(Struct, frozen=True, order=True, cache_hash=True):
    """One thing that ratings and surveys are counted under, such as a feature or a workspace."""

    kind: SeriesKind | Origin
    id: UUID


def series_kind(text: str) -> SeriesKind | Origin:
    """The kind that a row names; ValueError for an unknown one."""
    return Origin(text) if text in set(Origin) else SeriesKind(text)


class Grain(StrEnum):
    DAY = "day"
    MONTH = "month"

    def start(self, day: date) -> date:
        return day if self is Grain.DAY else day.replace(day=1)


class Stage(StrEnum):
    """What became of a survey; the columns of `survey_count`."""

    OPENED = "opened"
    SHOWN = "shown"
    COMPLETED = "completed"
    DISMISSED = "dismissed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ScoreIncrement(Struct, frozen=True):
    """What one rating adds: `step` is its score less the lowest of its scale, so a place in the array of counts."""

    survey_type: str
    step: int
    day: date
    series: Sequence[Series]


class SurveyIncrement(Struct, frozen=True):
    """What a step of a survey, or of some alike, adds to the funnel of its series."""

    stage: Stage
    day: date
    series: Sequence[Series]
    count: int = 1


class Period(Struct, frozen=True):
    """The counts of one series over one day or month; `counts[i]` is how often the score `scale_min + i` was given."""

    date: date
    counts: list[int]


class Drift(Struct, frozen=True):
    """By how much a kept count falls short of the ratings behind it; below zero where it has too many."""

    series_kind: str
    series_id: UUID
    survey_type: str
    grain: Grain
    date: date
    step: int
    missing: int
