"""The query parameters of series in the API, read into queries."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Meta

from voxpop.dashboards.dates import DEFAULT_DAYS, FIRST_DAY
from voxpop.dashboards.models import (
    Compare,
    DetailQuery,
    Direction,
    Kind,
    ListQuery,
    PointGrain,
    SeriesKey,
    SortKey,
)
from voxpop.errors import Invalid
from voxpop.metrics.periods import Period
from voxpop.types import MAX_NAME
from voxpop.web.paging import Cursor, Limit

TypeCode = Annotated[str, Meta(max_length=100, description="The code of a survey type", examples=["NPS"])]
KindName = Annotated[Kind, Meta(description="Series of this kind only", examples=["campaign"])]
SortDirection = Annotated[
    Direction, Meta(description="By default `asc` for names and otherwise `desc`", examples=["desc"])
]
NamePart = Annotated[str, Meta(max_length=MAX_NAME, description="A part of the name, in any case", examples=["order"])]
DateFrom = Annotated[
    date, Meta(description="The first day, in the workspace's zone; 90 days by default", examples=["2026-09-01"])
]
KindPath = FromPath[Annotated[str, Meta(description="The kind of the series", examples=["campaign"])]]
DateTo = Annotated[date, Meta(description="The last day, included; at most today", examples=["2026-11-30"])]


@dataclass(frozen=True)
class ListParameters:
    """The parameters of a list of series."""

    kind: FromQuery[KindName | None] = None
    survey_type: FromQuery[TypeCode | None] = None
    name_part: FromQuery[NamePart | None] = None
    date_from: Annotated[DateFrom | None, QueryParameter(name="from")] = None
    date_to: Annotated[DateTo | None, QueryParameter(name="to")] = None
    compare: FromQuery[Compare] = Compare.PREVIOUS
    sort: FromQuery[SortKey] = SortKey.RESPONSES
    direction: FromQuery[SortDirection | None] = None
    limit: FromQuery[Limit | None] = None
    cursor: FromQuery[Cursor | None] = None

    def to_query(self, today: date) -> ListQuery:
        """Names are sorted in ascending order by default, everything else in descending order."""
        default = Direction.ASC if self.sort is SortKey.NAME else Direction.DESC
        return ListQuery(
            self.kind,
            self.survey_type,
            self.name_part or "",
            read_period(self.date_from, self.date_to, today),
            self.compare,
            self.sort,
            self.direction or default,
        )


@dataclass(frozen=True)
class DetailParameters:
    """The parameters of one series."""

    survey_type: FromQuery[TypeCode | None] = None
    date_from: Annotated[DateFrom | None, QueryParameter(name="from")] = None
    date_to: Annotated[DateTo | None, QueryParameter(name="to")] = None
    grain: FromQuery[PointGrain] = PointGrain.WEEK
    compare: FromQuery[Compare] = Compare.PREVIOUS

    def to_query(self, key: SeriesKey, today: date) -> DetailQuery:
        period = read_period(self.date_from, self.date_to, today)
        return DetailQuery(key, self.survey_type, period, self.grain, self.compare)


def read_period(first: date | None, last: date | None, today: date) -> Period:
    """The last 90 days by default. A last day after today counts as today.

    Invalid for days before 2000, and for a first day after the last one.
    """
    for name, day in (("from", first), ("to", last)):
        if day is not None and day < FIRST_DAY:
            raise Invalid.of("query", name, f"must not be before {FIRST_DAY}")
    last = min(last or today, today)
    if first is None:
        return Period(max(last - timedelta(days=DEFAULT_DAYS - 1), FIRST_DAY), last)
    if first > last:
        raise Invalid.of("query", "from", f"must not be after {last}, the last day")
    return Period(first, last)


def read_kind(text: str) -> Kind:
    """The kind in a path; Invalid for an unknown one."""
    if text not in set(Kind):
        raise Invalid.of("params", "kind", f"must be one of {', '.join(Kind)}")
    return Kind(text)
