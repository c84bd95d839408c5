"""The section "Series" of the API, generated from the OpenAPI document by `make clients`."""

from datetime import date
from typing import Required, TypedDict, Unpack
from uuid import UUID

from msgspec import Struct, field

from voxpop.client.api.words import Compare, DashboardSortKey, Delimiter, Direction, Formula, Kind, PointGrain, Verdict
from voxpop.client.methods import call, paged, stream
from voxpop.client.shapes import Call, Page, path


class BadgeSwitch(Struct, frozen=True, kw_only=True):
    """Whether the badge of a series is open to everyone."""

    public: bool


class Change(Struct, frozen=True, kw_only=True):
    """The change of a score, rounded. The numbers are null with too few answers. `is_better`: whether `up` is
    good.
    """

    # The later score minus the earlier one
    difference: float | None
    # The lower end of the 95 % interval
    low: float | None
    # The upper end of the 95 % interval
    high: float | None
    verdict: Verdict
    is_better: bool


class Period(Struct, frozen=True, kw_only=True):
    """The first and the last day of a period, both included."""

    from_: date = field(name="from")
    to: date


class Comparison(Struct, frozen=True, kw_only=True):
    """The earlier period, and the change since. The difference is null with too few answers."""

    period: Period
    responses: int
    # In the unit of the formula; null with too few answers
    score: float | None
    # The lower end of the 95 % interval
    low: float | None
    # The upper end of the 95 % interval
    high: float | None
    # The later score minus the earlier one
    difference: float | None
    # The lower end of the 95 % interval
    difference_low: float | None
    # The upper end of the 95 % interval
    difference_high: float | None
    verdict: Verdict
    # Whether `up` is good for the survey type
    is_better: bool


class Funnel(Struct, frozen=True, kw_only=True):
    """The steps of surveys on their day, and the answered surveys in percent of the opened ones."""

    opened: int
    shown: int
    completed: int
    dismissed: int
    expired: int
    withdrawn: int
    response_rate: float | None
    # The lower end of the 95 % interval
    low: float | None
    # The upper end of the 95 % interval
    high: float | None


class NamedSeries(Struct, frozen=True, kw_only=True):
    """A series with the name of its campaign, product, feature, agent or tag."""

    kind: Kind
    id: UUID
    name: str


class SeriesRow(Struct, frozen=True, kw_only=True):
    """A series and survey type in a list. `change` is null without a comparison."""

    kind: Kind
    id: UUID
    name: str
    survey_type: str
    responses: int
    # In the unit of the formula; null with too few answers
    score: float | None
    # The lower end of the 95 % interval
    low: float | None
    # The upper end of the 95 % interval
    high: float | None
    change: Change | None
    # The part of the series in the change of the total of its kind and type
    contribution: float | None


class Point(Struct, frozen=True, kw_only=True):
    """The figures of a day, week, month or quarter, by its first day.

    `complete` is false if the period or today cuts it.
    """

    date: date
    responses: int
    # In the unit of the formula; null with too few answers
    score: float | None
    # The lower end of the 95 % interval
    low: float | None
    # The upper end of the 95 % interval
    high: float | None
    complete: bool


class ScoreFrequency(Struct, frozen=True, kw_only=True):
    """A score of the scale and the number of its answers."""

    score: int
    count: int


class Total(Struct, frozen=True, kw_only=True):
    """The figures of a whole period."""

    responses: int
    # In the unit of the formula; null with too few answers
    score: float | None
    # The lower end of the 95 % interval
    low: float | None
    # The upper end of the 95 % interval
    high: float | None
    mean: float | None
    median: float | None
    distribution: list[ScoreFrequency]


class Series(Struct, frozen=True, kw_only=True):
    """One series over a period. The funnel is null for series whose surveys are not counted."""

    series: NamedSeries
    survey_type: str
    scale_min: int
    scale_max: int
    formula: Formula
    period: Period
    total: Total
    points: list[Point]
    comparison: Comparison | None
    funnel: Funnel | None


class StreamEvent(Struct, frozen=True, kw_only=True):
    """One event of the stream. Its data is JSON."""

    event: str
    data: str
    id: str
    # Milliseconds until a client reconnects
    retry: int


class BadgeSwitchBody(TypedDict, total=False):
    """Whether the badge of a series is open to everyone."""

    public: Required[bool]


class ListSeriesQuery(TypedDict, total=False):
    # Series of this kind only
    kind: Kind | None
    # The code of a survey type
    survey_type: str | None
    # A part of the name, in any case
    name_part: str | None
    # The first day, in the workspace's zone; 90 days by default
    from_: date | str | None
    # The last day, included; at most today
    to: date | str | None
    compare: Compare
    sort: DashboardSortKey
    # By default `asc` for names and otherwise `desc`
    direction: Direction | None
    # The maximum number of rows on a page
    limit: int | None
    # `next_cursor` of the page before
    cursor: str | None


class ListSeriesAsJsonQuery(TypedDict, total=False):
    # Series of this kind only
    kind: Kind | None
    # The code of a survey type
    survey_type: str | None
    # A part of the name, in any case
    name_part: str | None
    # The first day, in the workspace's zone; 90 days by default
    from_: date | str | None
    # The last day, included; at most today
    to: date | str | None
    compare: Compare
    sort: DashboardSortKey
    # By default `asc` for names and otherwise `desc`
    direction: Direction | None
    # The maximum number of rows on a page
    limit: int | None
    # `next_cursor` of the page before
    cursor: str | None


class ExportSeriesQuery(TypedDict, total=False):
    # Series of this kind only
    kind: Kind | None
    # The code of a survey type
    survey_type: str | None
    # A part of the name, in any case
    name_part: str | None
    # The first day, in the workspace's zone; 90 days by default
    from_: date | str | None
    # The last day, included; at most today
    to: date | str | None
    compare: Compare
    sort: DashboardSortKey
    # By default `asc` for names and otherwise `desc`
    direction: Direction | None
    # The maximum number of rows on a page
    limit: int | None
    # Between the columns: a comma, a semicolon or a tab
    delimiter: Delimiter
    # Start with a byte order mark, for spreadsheets
    bom: bool
    # `next_cursor` of the page before
    cursor: str | None


class ShowSeriesQuery(TypedDict, total=False):
    # The code of a survey type
    survey_type: str | None
    # The first day, in the workspace's zone; 90 days by default
    from_: date | str | None
    # The last day, included; at most today
    to: date | str | None
    grain: PointGrain
    compare: Compare
    # Between the columns: a comma, a semicolon or a tab
    delimiter: Delimiter
    # Start with a byte order mark, for spreadsheets
    bom: bool


class SeriesCalls:
    """The calls of this section."""

    @paged
    def list_series(self, **query: Unpack[ListSeriesQuery]) -> Call[Page[SeriesRow]]:
        """List series. Scores of all series with ratings in the period or in the one it is compared with. A change
        must pass Benjamini–Hochberg over all rows of the query. A cursor fits one sort only. Requires an API key
        with the scope `read`.
        """
        return Call("GET", "/api/v1/series", Page[SeriesRow], query=query)

    @paged
    def list_series_as_json(self, **query: Unpack[ListSeriesAsJsonQuery]) -> Call[Page[SeriesRow]]:
        """List series. The same as without `.json`. Requires an API key with the scope `read`."""
        return Call("GET", "/api/v1/series.json", Page[SeriesRow], query=query)

    @stream
    def export_series(self, **query: Unpack[ExportSeriesQuery]) -> Call[bytes]:
        """Export series. The same list as CSV. Without a limit it has all rows. Requires an API key with the scope
        `read`.
        """
        return Call("GET", "/api/v1/series.csv", bytes, query=query)

    @call
    def show_series(self, kind: str, series: str, **query: Unpack[ShowSeriesQuery]) -> Call[Series]:
        """Show a series. The total, the points and the funnel of one series. An id that ends with `.csv` gives the
        points. Requires an API key with the scope `read`.
        """
        return Call("GET", path("/api/v1/series/{}/{}", kind, series), Series, query=query)

    @stream
    def stream_changes(self, *, last_event_id: str | None = None) -> Call[StreamEvent]:
        """Stream of changes. Server-sent events: `series` names series with new ratings, `feedback` names ratings that
        are new or changed, `quiet` comes every 15 seconds. A stream lives for a minute and resumes by `Last-Event-
        ID` for 15 minutes; after a longer time, and after too many changes, `reload` says that everything may have
        changed. A session or key may have ten streams open. Requires an API key with the scope `read`.
        """
        return Call("GET", "/api/v1/stream", StreamEvent, headers={"Last-Event-ID": last_event_id})

    @call
    def switch_badge(self, kind: str, series: UUID | str, **body: Unpack[BadgeSwitchBody]) -> Call[BadgeSwitch]:
        """Switch the public badge of a series. Badges are off by default. Repeating the request changes nothing.
        Requires an API key with the scope `manage`.
        """
        return Call("PUT", path("/api/v1/series/{}/{}/badge", kind, series), BadgeSwitch, body=body)
