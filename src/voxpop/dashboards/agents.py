"""The agents of a workspace by the share of satisfied customers among the ratings of their tickets. Changes nothing."""

from collections.abc import Sequence

from msgspec import Struct

from voxpop.dashboards.models import Compare, Direction, Kind, ListQuery, SeriesRow, SortKey
from voxpop.dashboards.series_list import list_series
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Tx
from voxpop.metrics.periods import Period
from voxpop.tickets.models import SURVEY_TYPE


class AgentQuery(Struct, frozen=True):
    """Which agents to list: the period, the comparison, and the sort. Without a sort they are ranked."""

    period: Period
    compare: Compare
    sort: SortKey | None = None
    direction: Direction = Direction.DESC


async def list_agents(tx: Tx, viewer: Viewer, query: AgentQuery) -> Sequence[SeriesRow]:
    """The agents with a rating in either period that the viewer may see.

    They are ranked by the lower end of the interval, so that a few lucky ratings do not win.
    """
    wanted = ListQuery(
        Kind.AGENT,
        SURVEY_TYPE,
        "",
        query.period,
        query.compare,
        query.sort or SortKey.NAME,
        query.direction if query.sort else Direction.ASC,
    )
    rows = (await list_series(tx, viewer, wanted)).rows
    return rows if query.sort else sorted(rows, key=lambda row: (row.low is None, -(row.low or 0)))
