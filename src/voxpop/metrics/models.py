"""Series, and what one rating or one ask adds to their counts."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from uuid import UUID

from msgspec import Struct


class SeriesKind(StrEnum):
    """What a rating counts for. A source that must be told apart is a series too."""

    WORKSPACE = "workspace"
    PRODUCT = "product"
    FEATURE = "feature"
    FEATURE_PROMPTED = "feature_prompted"
    FEATURE_VOLUNTARY = "feature_voluntary"
    CAMPAIGN = "campaign"
    AGENT = "agent"
    TAG = "tag"
    TICKETS = "tickets"  # all of a workspace


class Series(Struct, frozen=True, order=True):
    kind: SeriesKind
    id: UUID


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

    series_kind: SeriesKind
    series_id: UUID
    survey_type: str
    grain: Grain
    date: date
    step: int
    missing: int
