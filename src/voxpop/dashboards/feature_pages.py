"""The pages that show products and features: the list, one product, and one feature. Parses, calls, shows."""

from collections.abc import Iterator
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from voxpop.auth.dependencies import CurrentActor, PageRequest, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.cursors import NEWEST_FIRST, Position, decode_cursor, encode_cursor
from voxpop.dashboards import cards
from voxpop.dashboards.comments import list_comments
from voxpop.dashboards.csv_pages import FIGURE_COLUMNS, csv_file, figure_cells
from voxpop.dashboards.features import FeatureQuery, ProductRow, list_products, load_use_steps
from voxpop.dashboards.models import Direction, Kind, SeriesKey, SortKey
from voxpop.dashboards.page_models import PERIODS, PageState
from voxpop.dashboards.page_parameters import read_state
from voxpop.dashboards.viewer import Viewer, load_viewer
from voxpop.db.pool import Database, Tx
from voxpop.features import catalogue
from voxpop.features.analytics import service as analytics
from voxpop.features.models import SURVEY_TYPE, ListedFeature
from voxpop.i18n import N_
from voxpop.types import Actor, FeatureId, ProductId, utcnow
from voxpop.web.validation import read_id

PATH = "/features"
LIST, PRODUCT, FEATURE = "features/list.html", "features/product.html", "features/feature.html"
SORTS = (SortKey.RESPONSES, SortKey.SCORE, SortKey.CHANGE)
OWN = ("name", "sort", "direction")
COLUMNS = ("kind", "id", "name", "product", "users", *FIGURE_COLUMNS, "interaction_threshold", "rejection_threshold")
USERS_SIZE = 20  # of a page of users
TOASTS = {
    "product": N_("Product created"),
    "product-deleted": N_("Product deleted"),
    "created": N_("Feature created"),
    "deleted": N_("Feature deleted"),
    "saved": N_("Saved"),
}


@get(PATH, opt=members_only(), include_in_schema=False)
async def show_features(request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer) -> Response[Any]:
    """The products and features of the workspace with their scores in the period."""
    viewer = await load_viewer(tx, actor, utcnow())
    state = read_state(PATH, request.query_params, viewer, *OWN)
    query = _read_query(state)
    return render(
        LIST,
        active="features",
        toasts=TOASTS,
        viewer=viewer,
        state=state,
        periods=PERIODS,
        query=query,
        survey_type=viewer.types[SURVEY_TYPE],
        rows=await list_products(tx, viewer, actor, query),
    )


@get(f"{PATH}.csv", opt=members_only(has_sidebar=False), include_in_schema=False)
async def export_features(request: PageRequest, tx: Transaction, actor: CurrentActor) -> Response[str]:
    """The rows of the page's table: each product, then its features."""
    viewer = await load_viewer(tx, actor, utcnow())
    query = _read_query(read_state(PATH, request.query_params, viewer, *OWN))
    products = await list_products(tx, viewer, actor, query)
    return csv_file(request, "features", COLUMNS, [cells for row in products for cells in _cells(row)])


@get(f"{PATH}/products/{{product:str}}", opt=members_only(), include_in_schema=False)
async def show_product(
    request: PageRequest, actor: CurrentActor, render: Renderer, product: FromPath[str]
) -> Response[Any]:
    """One product over a period."""
    database: Database = request.app.state.database
    product_id = ProductId(read_id(product, "product"))
    key = SeriesKey(Kind.PRODUCT, product_id)
    async with database.transaction(actor.workspace) as tx:
        viewer = await load_viewer(tx, actor, utcnow())
        state = read_state(f"{PATH}/products/{product_id}", request.query_params, viewer)
        context: dict[str, Any] = await _series_context(tx, viewer, state, key)
        context["product"] = await catalogue.get_product(tx, actor, product_id)
    comments = await list_comments(database, viewer, state.period, SURVEY_TYPE, key)
    return render(PRODUCT, active="features", toasts=TOASTS, comments=comments, **context)


@get(f"{PATH}/{{feature:str}}", opt=members_only(), include_in_schema=False)
async def show_feature(
    request: PageRequest, actor: CurrentActor, render: Renderer, feature: FromPath[str]
) -> Response[Any]:
    """One feature over a period, with the users who refused too often."""
    database: Database = request.app.state.database
    feature_id = FeatureId(read_id(feature, "feature"))
    key = SeriesKey(Kind.FEATURE, feature_id)
    async with database.transaction(actor.workspace) as tx:
        viewer = await load_viewer(tx, actor, utcnow())
        state = read_state(f"{PATH}/{feature_id}", request.query_params, viewer, "users")
        stored = await catalogue.get_feature(tx, actor, feature_id)
        context: dict[str, Any] = await _series_context(tx, viewer, state, key)
        context |= await _users_context(tx, actor, state, stored)
        context |= {
            "feature": stored,
            "product": await catalogue.get_product(tx, actor, stored.product_id),
            "steps": await load_use_steps(tx, viewer, stored, context["chart"].detail.funnel),
        }
    comments = await list_comments(database, viewer, state.period, SURVEY_TYPE, key)
    return render(FEATURE, active="features", toasts=TOASTS, comments=comments, **context)


async def _series_context(tx: Tx, viewer: Viewer, state: PageState, key: SeriesKey) -> dict[str, Any]:
    return {
        "viewer": viewer,
        "state": state,
        "periods": PERIODS,
        "series": key,
        "chart": await cards.load_chart(tx, viewer, state, key, SURVEY_TYPE),
        "cards": await cards.list_cards(tx, viewer, state, key),
    }


async def _users_context(tx: Tx, actor: Actor, state: PageState, feature: ListedFeature) -> dict[str, Any]:
    """A page of the users who refused too often, and the address of the next one."""
    before = decode_cursor(state.own["users"]) or NEWEST_FIRST
    users = await analytics.list_exhausted(tx, actor, feature.path, before, USERS_SIZE + 1)
    shown = users[:USERS_SIZE]
    cursor = encode_cursor(Position(shown[-1].updated_at, shown[-1].id)) if len(users) > USERS_SIZE else ""
    return {
        "users": shown,
        "next_users": f"{state.with_own(users=cursor).address}#exhausted" if cursor else None,
        "usage": await analytics.get_usage(tx, actor, feature.path),
    }


def _read_query(state: PageState) -> FeatureQuery:
    return FeatureQuery(
        name_part=state.own["name"],
        period=state.period,
        compare=state.compare,
        sort=next((each for each in SORTS if each == state.own["sort"]), None),
        direction=Direction.ASC if state.own["direction"] == Direction.ASC else Direction.DESC,
    )


def _cells(row: ProductRow) -> Iterator[list[object]]:
    product = row.product
    yield [Kind.PRODUCT, product.id, product.name, product.name, None, *figure_cells(row.figures), None, None]
    for each in row.features:
        feature = each.feature
        yield [
            *(Kind.FEATURE, feature.id, feature.name, product.name, feature.user_count),
            *figure_cells(each.figures),
            *(feature.interaction_threshold, feature.rejection_threshold),
        ]


ROUTES: list[Any] = [show_features, export_features, show_product, show_feature]
