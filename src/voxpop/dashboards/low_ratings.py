"""Low ratings: their share among all ratings, by tag, agent, product and over time. Changes nothing.

Low are the lower 40 % of the scores of a scale, rounded down: 1 and 2 of five stars. Where less is better, they are the
upper 40 %.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from voxpop.dashboards.dates import bucket, buckets
from voxpop.dashboards.entries import Entry, compared, load_entries, row_of, with_names
from voxpop.dashboards.models import Kind, ScoredType, SeriesKey, SeriesRow
from voxpop.dashboards.page_models import PageState
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Tx
from voxpop.metrics import scores
from voxpop.metrics import service as metrics
from voxpop.metrics.formulas import Formula, Measure
from voxpop.metrics.periods import DAY, Period
from voxpop.tickets.models import SCALE_MIN, SURVEY_TYPE
from voxpop.types import WorkspaceId


class Grouping(StrEnum):
    """What low ratings are compared by."""

    TAG = "tag"
    AGENT = "agent"
    PRODUCT = "product"
    PERIOD = "period"


class LowRow(Struct, frozen=True):
    """A series or a part of the period: its ratings, the low ones, and their share in percent with its change.

    `days` are those of the ratings.
    """

    figures: SeriesRow
    low_count: int
    days: Period

    @property
    def key(self) -> SeriesKey:
        return SeriesKey(self.figures.kind, self.figures.id)


class LowScores(Struct, frozen=True):
    """The scores of a survey type that are low; none if the first is above the last."""

    first: int
    last: int

    @classmethod
    def of(cls, survey_type: ScoredType) -> Self:
        """Of a type as `low_type` returns it."""
        measure = survey_type.measure
        return cls(measure.satisfied_min or 0, measure.satisfied_max or 0)

    @property
    def exist(self) -> bool:
        return self.first <= self.last

    @property
    def bounds(self) -> dict[str, int]:
        """The filters of a list of ratings."""
        return {"score_min": self.first, "score_max": self.last}


class Average(Struct, frozen=True):
    """The average of the rated tickets with one decimal, and the number of ratings; None without any (T15)."""

    series: SeriesKey
    value: float | None
    count: int


def low_type(survey_type: ScoredType) -> ScoredType:
    """The same scale, measured by the share of low ratings. A type whose scale is too short has none."""
    measure = survey_type.measure
    count = survey_type.scale_size * 2 // 5
    first = measure.scale_min if survey_type.higher_is_better else measure.scale_max - count + 1
    low = Measure(Formula.SHARE, measure.scale_min, measure.scale_max, first, first + count - 1)
    return ScoredType(survey_type.code, low, higher_is_better=False)


def low_viewer(viewer: Viewer) -> Viewer:
    """The viewer who sees shares of low ratings instead of scores."""
    return replace(viewer, types={code: low_type(each) for code, each in viewer.types.items()})


async def list_by_series(tx: Tx, viewer: Viewer, state: PageState, survey_type: str, kind: Kind) -> list[LowRow]:
    """The series of a kind with a rating in either period, those with the most low ratings first."""
    found = await load_entries(tx, viewer, [kind], state.period, state.compare.earlier(state.period))
    visible = [one for one in found if viewer.may_see(one.key) and one.survey_type.code == survey_type]
    named = await with_names(tx, viewer, visible, "")
    entries = compared(named, viewer.minimum) if state.before() else named
    rows = [_row(viewer, one, state.period) for one in entries]
    return sorted(rows, key=lambda row: (-row.low_count, -row.figures.responses, row.figures.name.casefold()))


async def list_by_period(tx: Tx, viewer: Viewer, state: PageState, survey_type: str, key: SeriesKey) -> list[LowRow]:
    """The days, weeks, months or quarters of the period, the latest first, each compared with the one before it."""
    weekday, grain = state.first_weekday, state.grain
    parts = list(buckets(grain, state.period, weekday))
    before = bucket(grain, parts[0].first - DAY, weekday)
    counts = defaultdict[date, Sequence[int]](list)
    read = Period(before.first, state.period.last)
    for each in await metrics.list_days(tx, viewer.workspace, key.series, survey_type, read):
        first = bucket(grain, each.date, weekday).first
        if each.date >= state.period.first or first == before.first:
            counts[first] = scores.add(counts[first], each.counts)
    entries = [
        Entry(key, viewer.types[survey_type], counts[earlier.first], counts[part.first])
        for earlier, part in pairwise([before, *parts])
    ]
    rows = [
        _row(viewer, entry, part.part(state.period.first, state.period.last) or part)
        for entry, part in zip(compared(entries, viewer.minimum), parts, strict=True)
    ]
    return rows[::-1]


async def all_time_average(tx: Tx, workspace: WorkspaceId) -> Average:
    """The average of all ratings that the workspace's tickets ever had."""
    key = SeriesKey(Kind.TICKETS, workspace)
    counts = await metrics.get_all_time_counts(tx, workspace, key.series, SURVEY_TYPE)
    mean = scores.mean(counts, SCALE_MIN)
    return Average(key, None if mean is None else scores.half_up(mean, 1), scores.total(counts))


def _row(viewer: Viewer, entry: Entry, days: Period) -> LowRow:
    low = LowScores.of(entry.survey_type)
    scored = enumerate(entry.later, entry.survey_type.measure.scale_min)
    low_count = sum(count for score, count in scored if low.first <= score <= low.last)
    return LowRow(row_of(entry, {}, viewer), low_count, days)
