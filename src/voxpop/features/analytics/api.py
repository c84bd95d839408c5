"""The analytics API of a feature. Parses, calls, shapes."""

from litestar import get
from litestar.params import FromQuery

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.cursors import Position
from voxpop.features.analytics import service as analytics
from voxpop.features.analytics.schemas import Month, Quarter, SummaryOut, TimeSeries, UsageOut, month_of, quarter_of
from voxpop.features.api import BASE, TAG, FeaturePart, ProductPath
from voxpop.features.models import FeaturePath
from voxpop.features.schemas import RatingRow, UserRow
from voxpop.types import Scope
from voxpop.web.paging import Cursor, Limit, Page, page

FEATURE = f"{BASE}/analytics/products/{{product:str}}/features/{{feature:str}}"


@get(f"{FEATURE}/interactions", opt=requires_scope(Scope.READ), tags=TAG, summary="How much a feature is used")
async def usage(tx: Transaction, actor: CurrentActor, product: ProductPath, feature: FeaturePart) -> UsageOut:
    """Zeros where nobody has used it."""
    return UsageOut.of(await analytics.usage(tx, actor, FeaturePath(product, feature)))


@get(f"{FEATURE}/feedbacks", opt=requires_scope(Scope.READ), tags=TAG, summary="How a feature is rated")
async def summary(tx: Transaction, actor: CurrentActor, product: ProductPath, feature: FeaturePart) -> SummaryOut:
    """Over all ratings, ever; zeros where nobody has rated it."""
    return SummaryOut.of(await analytics.summary(tx, actor, FeaturePath(product, feature)))


@get(f"{FEATURE}/interactions/users", opt=requires_scope(Scope.READ), tags=TAG, summary="Who uses a feature")
async def list_users(
    tx: Transaction,
    actor: CurrentActor,
    product: ProductPath,
    feature: FeaturePart,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[UserRow]:
    """The latest changed first. A cursor that makes no sense begins anew."""
    path = FeaturePath(product, feature)
    return await page(
        lambda before, most: analytics.list_users(tx, actor, path, before, most),
        lambda user: Position(user.updated_at, user.id),
        UserRow.of,
        cursor,
        limit,
    )


@get(f"{FEATURE}/feedbacks/users", opt=requires_scope(Scope.READ), tags=TAG, summary="A feature's ratings")
async def list_ratings(
    tx: Transaction,
    actor: CurrentActor,
    product: ProductPath,
    feature: FeaturePart,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[RatingRow]:
    """The newest first. A cursor that makes no sense begins anew."""
    path = FeaturePath(product, feature)
    return await page(
        lambda before, most: analytics.list_ratings(tx, actor, path, before, most),
        lambda rating: Position(rating.create_time, rating.id),
        RatingRow.of,
        cursor,
        limit,
    )


@get(
    f"{FEATURE}/feedbacks/timeseries", opt=requires_scope(Scope.READ), tags=TAG, summary="Ratings by month and quarter"
)
async def time_series(tx: Transaction, actor: CurrentActor, product: ProductPath, feature: FeaturePart) -> TimeSeries:
    """Periods without ratings are left out."""
    months = await analytics.months(tx, actor, FeaturePath(product, feature))
    monthly = analytics.by_period(months, month_of)
    quarterly = analytics.by_period(months, quarter_of)
    return TimeSeries([Month.of(*one) for one in monthly], [Quarter.of(*one) for one in quarterly])


ROUTES = [usage, summary, list_users, list_ratings, time_series]
