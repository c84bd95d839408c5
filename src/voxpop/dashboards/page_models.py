"""What a dashboard page shows, as its address says: period, comparison, grain, and the page's own parameters."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, get_args
from urllib.parse import urlencode

from msgspec import Struct, field
from msgspec.structs import replace

from voxpop.dashboards.dates import DEFAULT_DAYS, FIRST_DAY, MAX_POINTS, count_buckets
from voxpop.dashboards.models import Compare, Kind, PointGrain, SeriesKey
from voxpop.i18n import N_
from voxpop.metrics.periods import Period

PeriodDays = Literal["7", "30", "90", "365"]  # up to today
PERIODS: tuple[int, ...] = tuple(map(int, get_args(PeriodDays)))
GRAINS = ((31, PointGrain.DAY), (186, PointGrain.WEEK), (1200, PointGrain.MONTH))  # days of a period, at most

KIND_NAMES = {
    Kind.WORKSPACE: N_("Workspace"),
    Kind.TICKETS: N_("All tickets"),
    Kind.CAMPAIGN: N_("Campaign"),
    Kind.PRODUCT: N_("Product"),
    Kind.FEATURE: N_("Feature"),
    Kind.FEATURE_PROMPTED: N_("Feature, when asked"),
    Kind.FEATURE_VOLUNTARY: N_("Feature, unasked"),
    Kind.AGENT: N_("Agent"),
    Kind.TAG: N_("Tag at the time"),
}


class PageState(Struct, frozen=True):
    """The state of a page. `days` is None for chosen dates. `is_refused`: the address has dates that cannot be read.

    `chosen_grain` is None for the one that fits the period. `first_weekday` is 0 for weeks that begin on Monday.
    """

    path: str
    period: Period
    days: int | None = DEFAULT_DAYS
    compare: Compare = Compare.PREVIOUS
    own: Mapping[str, str] = field(default_factory=dict)
    is_refused: bool = False
    chosen_grain: PointGrain | None = None
    first_weekday: int = 0

    @property
    def first_day(self) -> date:
        """The first day that can be chosen."""
        return FIRST_DAY

    def before(self) -> "PageState | None":
        """The state in the period to compare with; None without one. Its points are as long."""
        period = self.compare.earlier(self.period)
        return None if period is None else replace(self, period=period, compare=Compare.NONE, chosen_grain=self.grain)

    @property
    def grain(self) -> PointGrain:
        """The length of a chart's points."""
        return self.chosen_grain if self.chosen_grain in self.grains else self.fitting_grain

    @property
    def fitting_grain(self) -> PointGrain:
        """The grain with which a chart has 7 to 40 points."""
        return next((grain for most, grain in GRAINS if self.period.days <= most), PointGrain.QUARTER)

    @property
    def grains(self) -> list[PointGrain]:
        """Those that can be chosen: a chart and its line of the period before have at most MAX_POINTS points."""
        earlier = self.compare.earlier(self.period)
        periods = [self.period, *([earlier] if earlier else [])]
        return [
            each
            for each in PointGrain
            if all(count_buckets(each, period, self.first_weekday) <= MAX_POINTS for period in periods)
        ]

    @property
    def refused_grain(self) -> PointGrain | None:
        """The grain of the address, if the period has too many points of it."""
        return None if self.chosen_grain in (None, *self.grains) else self.chosen_grain

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the address, without defaults."""
        dates = {"from": str(self.period.first), "to": str(self.period.last)}
        days = {} if self.days == DEFAULT_DAYS else {"days": str(self.days)}
        compare = {} if self.compare is Compare.PREVIOUS else {"compare": str(self.compare)}
        grain = {"grain": str(self.chosen_grain)} if self.chosen_grain else {}
        own = {name: value for name, value in self.own.items() if value}
        return (days if self.days else dates) | compare | grain | own

    @property
    def address(self) -> str:
        return _address(self.path, self.query)

    def at(self, path: str) -> str:
        """The address of another page with the same period and comparison."""
        return replace(self, path=path, own={}).address

    def with_days(self, days: int) -> "PageState":
        return replace(self, days=days)

    def with_grain(self, grain: PointGrain) -> "PageState":
        return replace(self, chosen_grain=grain)

    def with_own(self, **own: str) -> "PageState":
        """With other parameters of the page's own; an empty one is left out."""
        return replace(self, own={**self.own, **own})

    def api_query(self, **more: object) -> str:
        """The parameters for the API, which gives the numbers that the page shows."""
        dates = {"from": self.period.first, "to": self.period.last, "compare": self.compare}
        return urlencode({**more, **dates})

    def ratings(self, series: SeriesKey | None = None, period: Period | None = None, **more: object) -> str:
        """The address of the ratings behind a number, on the page of feedback."""
        shown = period or self.period
        return self.all_ratings(series, **more, **{"from": shown.first, "to": shown.last})

    def all_ratings(self, series: SeriesKey | None, **more: object) -> str:
        """The address of the ratings behind a number of all time."""
        of_series = {"series": f"{series.kind}:{series.id}"} if series else {}
        return _address("/feedback", {**of_series, **more})


def _address(path: str, query: Mapping[str, object]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
