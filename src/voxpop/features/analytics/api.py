"""The analytics API of a feature."""

from litestar import get
from litestar.params import FromQuery

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.cursors import Position
from voxpop.features.analytics import service as analytics
from voxpop.features.analytics.schemas import MonthOut, QuarterOut, SummaryOut, TimeSeriesOut, UsageOut
from voxpop.features.api import BASE, TAG, FeatureKeyPath, ProductKeyPath
from voxpop.features.models import FeaturePath
from voxpop.features.schemas import FeatureRatingOut, FeatureUserOut
from voxpop.types import Scope
from voxpop.web.paging import Cursor, Limit, Page, page

FEATURE = f"{BASE}/analytics/products/{{product:str}}/features/{{feature:str}}"


@get(
    f"{FEATURE}/interactions",
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="A feature's usage",
    description="Zeros for a feature without uses.",
)
async def get_feature_usage(
    tx: Transaction, actor: CurrentActor, product: ProductKeyPath, feature: FeatureKeyPath
) -> UsageOut:
    return UsageOut.of(await analytics.get_usage(tx, actor, FeaturePath(product, feature)))


@get(
    f"{FEATURE}/feedbacks",
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="A feature's rating figures",
    description="Over all time; zeros for a feature without ratings.",
)
async def get_feature_summary(
    tx: Transaction, actor: CurrentActor, product: ProductKeyPath, feature: FeatureKeyPath
) -> SummaryOut:
    return SummaryOut.of(await analytics.get_summary(tx, actor, FeaturePath(product, feature)))


@get(
    f"{FEATURE}/interactions/users",
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="List a feature's users",
    description="The last changed first. An invalid cursor returns the first page.",
)
async def list_feature_users(
    tx: Transaction,
    actor: CurrentActor,
    product: ProductKeyPath,
    feature: FeatureKeyPath,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[FeatureUserOut]:
    path = FeaturePath(product, feature)
    return await page(
        lambda before, size: analytics.list_users(tx, actor, path, before, size),
        lambda user: Position(user.updated_at, user.id),
        FeatureUserOut.of,
        cursor,
        limit,
    )


@get(
    f"{FEATURE}/feedbacks/users",
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="List a feature's ratings",
    description="Newest first. An invalid cursor returns the first page.",
)
async def list_feature_ratings(
    tx: Transaction,
    actor: CurrentActor,
    product: ProductKeyPath,
    feature: FeatureKeyPath,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[FeatureRatingOut]:
    path = FeaturePath(product, feature)
    return await page(
        lambda before, size: analytics.list_ratings(tx, actor, path, before, size),
        lambda rating: Position(rating.create_time, rating.id),
        FeatureRatingOut.of,
        cursor,
        limit,
    )


@get(
    f"{FEATURE}/feedbacks/timeseries",
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="Ratings by month and quarter",
    description="Periods without ratings are left out.",
)
async def list_feature_periods(
    tx: Transaction, actor: CurrentActor, product: ProductKeyPath, feature: FeatureKeyPath
) -> TimeSeriesOut:
    months = await analytics.list_months(tx, actor, FeaturePath(product, feature))
    return TimeSeriesOut(
        [MonthOut.of(one) for one in analytics.by_month(months)],
        [QuarterOut.of(one) for one in analytics.by_quarter(months)],
    )


ROUTES = [
    get_feature_usage,
    get_feature_summary,
    list_feature_users,
    list_feature_ratings,
    list_feature_periods,
]
