"""The metrics API of campaigns: as aggregated each night, and live. Parses, calls, shapes."""

from litestar import get, post
from litestar.params import FromQuery, JSONBody

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.metrics import live
from voxpop.metrics.schemas import Campaign, First, Last, MetricsFilter, MetricsOut, TypeCode
from voxpop.types import Scope

BASE = "/api/v1/metrics"
TAG = ["Metrics"]


@post(
    f"{BASE}/filter", status_code=200, opt=requires_scope(Scope.READ), tags=TAG, summary="Metrics of campaigns by day"
)
async def filter_metrics(tx: Transaction, actor: CurrentActor, data: JSONBody[MetricsFilter]) -> MetricsOut:
    """As aggregated: a day is there from 00:05 of the next on. Days and campaigns without responses are left out."""
    rows = await live.list_aggregated(tx, actor.workspace, data.wanted)
    return MetricsOut.of(rows, data.wanted)


@get(f"{BASE}/live", opt=requires_scope(Scope.READ), tags=TAG, summary="Metrics of campaigns by day, up to this second")
async def live_metrics(
    tx: Transaction,
    actor: CurrentActor,
    campaignId: FromQuery[Campaign | None] = None,
    type: FromQuery[TypeCode | None] = None,
    dateFrom: FromQuery[First | None] = None,
    dateTo: FromQuery[Last | None] = None,
) -> MetricsOut:
    """The same answer as of the aggregated metrics, with today in it."""
    wanted = MetricsFilter(campaignId, type, dateFrom, dateTo).wanted
    return MetricsOut.of(await live.list_live(tx, actor.workspace, wanted), wanted)


ROUTES = [filter_metrics, live_metrics]
