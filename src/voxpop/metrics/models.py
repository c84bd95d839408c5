"""Series and their counts by score, the increments that change them, and the daily metrics of campaigns."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.types import CampaignId, Origin


class SeriesKind(StrEnum):
    """The series of ratings besides the subject of their origin.

    The prompted and voluntary ratings of a feature have a series each, because analytics show them separately.
    """

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
    """The length of a period of counts."""

    DAY = "day"
    MONTH = "month"

    def start(self, day: date) -> date:
        """The first day of the period that contains `day`."""
        return day if self is Grain.DAY else day.replace(day=1)


class Stage(StrEnum):
    """The stage that a survey has reached; the columns of `survey_count`."""

    OPENED = "opened"
    SHOWN = "shown"
    COMPLETED = "completed"
    DISMISSED = "dismissed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ScoreIncrement(Struct, frozen=True):
    """The increment of one rating for its series: one at `index`, which is its score minus the scale's lowest."""

    survey_type: str
    index: int
    day: date
    series: tuple[Series, ...]


class SurveyIncrement(Struct, frozen=True):
    """The increment of surveys that reach a stage on a day, for the counts of their series."""

    stage: Stage
    day: date
    series: Sequence[Series]
    count: int = 1


class PeriodCounts(Struct, frozen=True):
    """The counts of one series over one day or month; `counts[i]` is the number of scores `scale_min + i`."""

    date: date
    counts: list[int]


class CountRange(Struct, frozen=True):
    """Counts of one grain, from the first to the last date. With the sign -1 they are subtracted."""

    grain: Grain
    first: date
    last: date
    sign: int = 1


class SeriesCounts(Struct, frozen=True):
    """The counts of a series and survey type over a period; `period` is its place in the list of periods."""

    kind: str
    id: UUID
    survey_type: str
    period: int
    counts: list[int]


class SurveySteps(Struct, frozen=True):
    """The number of surveys that reached each stage in a period."""

    opened: int = 0
    shown: int = 0
    completed: int = 0
    dismissed: int = 0
    expired: int = 0
    withdrawn: int = 0


class Drift(Struct, frozen=True):
    """The ratings of one score minus its stored count; below zero if the count is too high."""

    series_kind: str
    series_id: UUID
    survey_type: str
    grain: str
    date: date
    index: int
    difference: int


class MetricsCriteria(Struct, frozen=True):
    """Which days of which campaigns; None means any, both days are included."""

    campaign: CampaignId | None = None
    survey_type: str | None = None
    date_from: date | None = None
    date_to: date | None = None


class DailyCounts(Struct, frozen=True):
    """The counts by score of a campaign on a day, and how its survey type is measured."""

    campaign_id: CampaignId
    campaign_name: str
    date: date
    survey_type_code: str
    formula: str
    scale_min: int
    scale_max: int
    satisfied_min: int | None
    satisfied_max: int | None
    counts: list[int]


class DailyMetric(DailyCounts, frozen=True):
    """The metrics of daily counts. The three groups are those of NPS, None for other formulas."""

    total_responses: int
    score_value: float
    promoters: int | None
    passives: int | None
    detractors: int | None
