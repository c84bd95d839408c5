"""The list of products and features with their scores and their use, and the funnel of one. Changes nothing."""

from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec import Struct

from voxpop.dashboards import series_list
from voxpop.dashboards.dates import FIRST_DAY
from voxpop.dashboards.funnels import UseStep
from voxpop.dashboards.models import Compare, Direction, Funnel, Kind, ListQuery, SeriesKey, SeriesRow, SortKey
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Tx
from voxpop.features import catalogue
from voxpop.features.models import ListedFeature, ListedProduct
from voxpop.i18n import N_
from voxpop.metrics import service as metrics
from voxpop.metrics.models import Series
from voxpop.metrics.periods import Period
from voxpop.types import Actor, Origin


class FeatureQuery(Struct, frozen=True, kw_only=True):
    """Which features to list, and over which days to show their scores. Without a sort: by product and name."""

    name_part: str
    period: Period
    compare: Compare
    sort: SortKey | None
    direction: Direction


class FeatureRow(Struct, frozen=True):
    """A feature with its score in the period; None without a rating in either period."""

    feature: ListedFeature
    product: ListedProduct
    figures: SeriesRow | None


class ProductRow(Struct, frozen=True):
    """A product with its score and its features."""

    product: ListedProduct
    figures: SeriesRow | None
    features: Sequence[FeatureRow]


async def list_products(tx: Tx, viewer: Viewer, actor: Actor, query: FeatureQuery) -> list[ProductRow]:
    """Every product by name, with the features whose name has that part."""
    products = await catalogue.list_products_with_ids(tx, actor)
    features = await catalogue.list_features_with_use(tx, actor, query.name_part)
    of_products = {row.id: row for row in await _list_series(tx, viewer, query, Kind.PRODUCT)}
    series = await _list_series(tx, viewer, query, Kind.FEATURE)
    of_features, by_id = {row.id: row for row in series}, {each.id: each for each in products}
    rows = [
        FeatureRow(each, by_id[each.product_id], of_features.get(each.id))
        for each in features
        if each.product_id in by_id  # a product can be new since the statement before
    ]
    rows.sort(key=_place(series, query))
    return [
        ProductRow(each, of_products.get(each.id), [row for row in rows if row.product.id == each.id])
        for each in products
    ]


async def load_use_steps(tx: Tx, viewer: Viewer, feature: ListedFeature, funnel: Funnel) -> list[UseStep]:
    """From a use to a rating, over all time and in the period. Uses are counted over all time only."""
    ever = await metrics.count_survey_steps(
        tx, viewer.workspace, Series(Origin.FEATURE, feature.id), Period(FIRST_DAY, viewer.today)
    )
    prompted = SeriesKey(Kind.FEATURE_PROMPTED, feature.id)
    return [
        UseStep(N_("Uses"), feature.use_count),
        UseStep(N_("Prompted"), ever.opened, funnel.opened),
        UseStep(N_("Rated after a prompt"), ever.completed, funnel.completed, prompted),
        UseStep(N_("Dismissed"), ever.dismissed, funnel.dismissed),
    ]


async def _list_series(tx: Tx, viewer: Viewer, query: FeatureQuery, kind: Kind) -> list[SeriesRow]:
    wanted = ListQuery(kind, None, "", query.period, query.compare, query.sort or SortKey.NAME, query.direction)
    return (await series_list.list_series(tx, viewer, wanted)).rows


def _place(series: Sequence[SeriesRow], query: FeatureQuery) -> Callable[[FeatureRow], int]:
    """Features keep their order by name unless the list is sorted by figures; those without any come last."""
    if query.sort in (None, SortKey.NAME):
        return lambda _: 0
    places: dict[UUID, int] = {row.id: place for place, row in enumerate(series)}
    return lambda row: places.get(row.feature.id, len(places))
