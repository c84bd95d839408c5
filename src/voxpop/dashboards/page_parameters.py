"""Reads what a dashboard page shows from its address."""

from collections.abc import Mapping
from datetime import date, timedelta

from voxpop.dashboards.dates import DEFAULT_DAYS, FIRST_DAY
from voxpop.dashboards.models import Compare, PointGrain
from voxpop.dashboards.page_models import PERIODS, PageState
from voxpop.dashboards.viewer import Viewer
from voxpop.metrics.periods import Period


def read_state(path: str, query: Mapping[str, str], viewer: Viewer, *own: str) -> PageState:
    """The state in an address. `own` names the parameters of the page; unknown words count as the default.

    Dates that cannot be read, or in the wrong order, are refused: the page then shows the default period.
    """
    has_dates = bool(query.get("from") or query.get("to"))
    chosen = _read_period(query.get("from"), query.get("to"), viewer.today) if has_dates else None
    days = next((each for each in PERIODS if str(each) == query.get("days")), DEFAULT_DAYS)
    return PageState(
        path,
        chosen or Period(viewer.today - timedelta(days=days - 1), viewer.today),
        None if chosen else days,
        compare=next((each for each in Compare if each == query.get("compare")), Compare.PREVIOUS),
        own={name: query.get(name, "") for name in own},
        is_refused=has_dates and chosen is None,
        chosen_grain=next((each for each in PointGrain if each == query.get("grain")), None),
        first_weekday=viewer.settings.week_start.weekday,
    )


def _read_period(first: str | None, last: str | None, today: date) -> Period | None:
    try:
        end = min(date.fromisoformat(last) if last else today, today)
        start = date.fromisoformat(first) if first else end - timedelta(days=DEFAULT_DAYS - 1)
    except (ValueError, OverflowError):
        return None
    return Period(start, end) if FIRST_DAY <= start <= end else None
