"""What a dashboard page shows, as its address says: period, comparison, and the page's own parameters."""

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import urlencode

from msgspec import Struct, field
from msgspec.structs import replace

from voxpop.dashboards.dates import DEFAULT_DAYS, FIRST_DAY
from voxpop.dashboards.models import Compare, PointGrain, SeriesKey
from voxpop.metrics.periods import Period

PERIODS = (7, 30, 90, 365)  # days up to today
GRAINS = ((31, PointGrain.DAY), (186, PointGrain.WEEK), (1200, PointGrain.MONTH))  # days of a period, at most


class PageState(Struct, frozen=True):
    """The state of a page. `days` is None for chosen dates. `is_refused`: the address has dates that cannot be read."""

    path: str
    period: Period
    days: int | None = DEFAULT_DAYS
    compare: Compare = Compare.PREVIOUS
    own: Mapping[str, str] = field(default_factory=dict)
    is_refused: bool = False

    def before(self) -> "PageState | None":
        """The state in the period to compare with; None without one. Its points are as long."""
        period = self.compare.earlier(self.period)
        return None if period is None else replace(self, period=period)

    @property
    def grain(self) -> PointGrain:
        """The length of a chart's points: a chart has 7 to 40 of them."""
        return next((grain for most, grain in GRAINS if self.period.days <= most), PointGrain.QUARTER)

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the address, without defaults."""
        dates = {"from": str(self.period.first), "to": str(self.period.last)}
        days = {} if self.days == DEFAULT_DAYS else {"days": str(self.days)}
        compare = {} if self.compare is Compare.PREVIOUS else {"compare": str(self.compare)}
        return (days if self.days else dates) | compare | {name: value for name, value in self.own.items() if value}

    @property
    def address(self) -> str:
        return _address(self.path, self.query)

    def at(self, path: str) -> str:
        """The address of another page with the same period and comparison."""
        return replace(self, path=path, own={}).address

    def with_days(self, days: int) -> "PageState":
        return replace(self, days=days)

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
        of_series = {"series": f"{series.kind}:{series.id}"} if series else {}
        return _address("/feedback", {**more, **of_series, "from": shown.first, "to": shown.last})


def read_state(path: str, query: Mapping[str, str], today: date, *own: str) -> PageState:
    """The state in an address. `own` names the parameters of the page; unknown words count as the default.

    Dates that cannot be read, or in the wrong order, are refused: the page then shows the default period.
    """
    compare = next((each for each in Compare if each == query.get("compare")), Compare.PREVIOUS)
    kept = {name: query.get(name, "") for name in own}
    if query.get("from") or query.get("to"):
        chosen = _read_period(query.get("from"), query.get("to"), today)
        if chosen:
            return PageState(path, chosen, None, compare, kept)
    days = next((each for each in PERIODS if str(each) == query.get("days")), DEFAULT_DAYS)
    period = Period(today - timedelta(days=days - 1), today)
    return PageState(path, period, days, compare, kept, is_refused=bool(query.get("from") or query.get("to")))


def _read_period(first: str | None, last: str | None, today: date) -> Period | None:
    try:
        end = min(date.fromisoformat(last) if last else today, today)
        start = date.fromisoformat(first) if first else end - timedelta(days=DEFAULT_DAYS - 1)
    except (ValueError, OverflowError):
        return None
    return Period(start, end) if FIRST_DAY <= start <= end else None


def _address(path: str, query: Mapping[str, object]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
