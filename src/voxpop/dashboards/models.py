"""Series with their scores, as dashboards and the API show them."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from voxpop.metrics.formulas import Measure, Verdict
from voxpop.metrics.models import Series, series_kind
from voxpop.metrics.periods import Period
from voxpop.metrics.scores import ScoreFrequency

Score = Annotated[float, Meta(examples=[42.31], description="In the unit of the formula; null with too few answers")]
Low = Annotated[float, Meta(examples=[36.5], description="The lower end of the 95 % interval")]
High = Annotated[float, Meta(examples=[47.9], description="The upper end of the 95 % interval")]
Responses = Annotated[int, Meta(examples=[1042])]
SMALL_NUMBER = 30  # answers, below which a score is pale
Difference = Annotated[float, Meta(examples=[3.12], description="The later score minus the earlier one")]
SeriesId = Annotated[UUID, Meta(extra_json_schema={"format": "uuid"})]
SeriesName = Annotated[str, Meta(examples=["NPS after an order"])]
TypeCode = Annotated[str, Meta(examples=["NPS"])]


class Kind(StrEnum):
    """The kinds of series. `workspace` and `tickets` have the id of the workspace, an agent that of the account."""

    WORKSPACE = "workspace"
    TICKETS = "tickets"
    CAMPAIGN = "campaign"
    PRODUCT = "product"
    FEATURE = "feature"
    FEATURE_PROMPTED = "feature_prompted"
    FEATURE_VOLUNTARY = "feature_voluntary"
    AGENT = "agent"
    TAG = "tag"

    @property
    def is_of_workspace(self) -> bool:
        """Whether the workspace has one series of the kind, with its own id."""
        return self in (Kind.WORKSPACE, Kind.TICKETS)

    @property
    def has_parts(self) -> bool:
        """Whether its series share one total. A ticket has several tags, so those overlap."""
        return not self.is_of_workspace and self is not Kind.TAG

    @property
    def counts_surveys(self) -> bool:
        """Whether the surveys of the series are counted too."""
        return self not in (Kind.AGENT, Kind.TAG, Kind.FEATURE_PROMPTED, Kind.FEATURE_VOLUNTARY)


class Compare(StrEnum):
    """The period to compare with: the same number of days just before, the same dates a year earlier, or none."""

    PREVIOUS = "previous"
    YEAR = "year"
    NONE = "none"

    def earlier(self, period: Period) -> Period | None:
        """The period to compare with; None without one."""
        if self is Compare.NONE:
            return None
        return period.previous() if self is Compare.PREVIOUS else period.year_earlier()


class SortKey(StrEnum):
    """What a list of series is sorted by."""

    NAME = "name"
    RESPONSES = "responses"
    SCORE = "score"
    CHANGE = "change"


class Direction(StrEnum):
    """The direction of a sort."""

    ASC = "asc"
    DESC = "desc"


class PointGrain(StrEnum):
    """The length of the period that one point of a chart covers."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"

    @property
    def has_whole_months(self) -> bool:
        return self in (PointGrain.MONTH, PointGrain.QUARTER)


class SeriesKey(Struct, frozen=True):
    """A series by its kind and id."""

    kind: Kind
    id: UUID

    @property
    def series(self) -> Series:
        """The series as its counts name it."""
        return Series(series_kind(self.kind), self.id)


class NamedSeries(Struct, frozen=True):
    """A series with the name of its campaign, product, feature, agent or tag."""

    kind: Kind
    id: SeriesId
    name: SeriesName


class ScoredType(Struct, frozen=True):
    """A survey type as dashboards need it."""

    code: str
    measure: Measure
    higher_is_better: bool

    @property
    def scale_size(self) -> int:
        """The number of scores of its scale."""
        return self.measure.scale_max - self.measure.scale_min + 1


class Figures(Struct, frozen=True):
    """A score with its number of answers and its interval, rounded; null below the minimum number of answers."""

    responses: Responses
    score: Score | None = None
    low: Low | None = None
    high: High | None = None

    @property
    def is_small(self) -> bool:
        """Whether the score has so few answers that it is pale."""
        return self.responses < SMALL_NUMBER


class Change(Struct, frozen=True):
    """The change of a score, rounded. The numbers are null with too few answers. `is_better`: whether `up` is good."""

    difference: Difference | None
    low: Low | None
    high: High | None
    verdict: Verdict
    is_better: bool


class SeriesRow(Struct, frozen=True):
    """A series and survey type in a list. `change` is null without a comparison."""

    kind: Kind
    id: SeriesId
    name: SeriesName
    survey_type: TypeCode
    responses: Responses
    score: Score | None
    low: Low | None
    high: High | None
    change: Change | None
    contribution: (
        Annotated[
            float,
            Meta(examples=[0.42], description="The part of the series in the change of the total of its kind and type"),
        ]
        | None
    )

    @property
    def is_small(self) -> bool:
        """Whether the score has so few answers that it is pale."""
        return self.responses < SMALL_NUMBER


class Total(Struct, frozen=True):
    """The figures of a whole period."""

    responses: Responses
    score: Score | None
    low: Low | None
    high: High | None
    mean: Annotated[float, Meta(examples=[8.4])] | None
    median: Annotated[float, Meta(examples=[9.0])] | None
    distribution: list[ScoreFrequency]


class Point(Struct, frozen=True):
    """The figures of a day, week, month or quarter, by its first day.

    `complete` is false if the period or today cuts it.
    """

    date: date
    responses: Responses
    score: Score | None
    low: Low | None
    high: High | None
    complete: bool


class Earlier(Struct, frozen=True):
    """The figures of the period to compare with, and the change since."""

    period: Period
    figures: Figures
    change: Change


class Funnel(Struct, frozen=True):
    """The steps of surveys on their day, and the answered surveys in percent of the opened ones."""

    opened: Annotated[int, Meta(examples=[2000])]
    shown: Annotated[int, Meta(examples=[1800])]
    completed: Annotated[int, Meta(examples=[1042])]
    dismissed: Annotated[int, Meta(examples=[0])]
    expired: Annotated[int, Meta(examples=[700])]
    withdrawn: Annotated[int, Meta(examples=[0])]
    response_rate: Annotated[float, Meta(examples=[52.1])] | None
    low: Low | None
    high: High | None


class SeriesDetail(Struct, frozen=True):
    """A series over a period: its total, its points, its comparison and its funnel."""

    series: NamedSeries
    survey_type: ScoredType
    period: Period
    total: Total
    points: Sequence[Point]
    comparison: Earlier | None
    funnel: Funnel | None


class ListQuery(Struct, frozen=True):
    """Which series to list, over which days. Without a kind, all of them."""

    kind: Kind | None
    survey_type: str | None
    name_part: str
    period: Period
    compare: Compare
    sort: SortKey
    direction: Direction


class DetailQuery(Struct, frozen=True):
    """What to show of one series. Without a survey type, the only one it has."""

    key: SeriesKey
    survey_type: str | None
    period: Period
    grain: PointGrain
    compare: Compare
