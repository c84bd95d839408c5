"""The metrics API of campaigns: as aggregated each night, and live."""

from litestar import get, post
from litestar.params import FromQuery, JSONBody

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.metrics import live
from voxpop.metrics.schemas import CampaignFilter, DateFrom, DateTo, MetricsFilter, MetricsOut, SurveyTypeCode
from voxpop.types import Scope

BASE = "/api/v1/metrics"
TAG = ["Metrics"]


@post(
    f"{BASE}/filter",
    status_code=200,
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="Metrics of campaigns by day",
    description=(
        "As aggregated: a day appears at 00:05 of the next day. Days and campaigns without responses are left out."
    ),
)
async def filter_metrics(tx: Transaction, actor: CurrentActor, data: JSONBody[MetricsFilter]) -> MetricsOut:
    metrics = await live.list_aggregated(tx, actor.workspace, data.criteria)
    return MetricsOut.of(metrics, data.criteria)


@get(
    f"{BASE}/live",
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="Metrics of campaigns by day, up to this second",
    description="The same response as for the aggregated metrics, with today included.",
)
async def live_metrics(
    tx: Transaction,
    actor: CurrentActor,
    campaignId: FromQuery[CampaignFilter | None] = None,
    type: FromQuery[SurveyTypeCode | None] = None,
    dateFrom: FromQuery[DateFrom | None] = None,
    dateTo: FromQuery[DateTo | None] = None,
) -> MetricsOut:
    criteria = MetricsFilter(campaignId, type, dateFrom, dateTo).criteria
    return MetricsOut.of(await live.list_live(tx, actor.workspace, criteria), criteria)


ROUTES = [filter_metrics, live_metrics]
