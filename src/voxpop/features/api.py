"""The feature API: products and features, uses, rejections and ratings."""

from functools import partial
from typing import Annotated

from litestar import delete, get, patch, post, put
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, UnsetType

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.db.pool import Database
from voxpop.errors import Invalid
from voxpop.features import catalogue, service
from voxpop.features.analytics import service as analytics
from voxpop.features.errors import FeatureAlreadyExists, FeatureInUse, ProductAlreadyExists, ProductInUse
from voxpop.features.models import (
    Counters,
    Feature,
    FeaturePath,
    FeatureUpdate,
    FeatureUser,
    NewRating,
    Product,
    StoredRating,
    Use,
)
from voxpop.features.prompting import derive_name
from voxpop.features.schemas import (
    CountersOut,
    FeatureOut,
    FeaturesOut,
    NewFeatureBody,
    NewProductBody,
    ProductNameBody,
    ProductOut,
    ProductsOut,
    RatingBody,
    RatingOut,
    SomeFeatureChange,
    StateOut,
    StatesOut,
    ThresholdsBody,
    UserBody,
)
from voxpop.idempotency import IdempotencyKeyReused, IdempotentRequest
from voxpop.idempotent_batcher import IdempotentBatcher
from voxpop.types import MAX_NAME, Actor, Email, Scope, utcnow
from voxpop.web.headers import IdempotencyKey

BASE = "/api/csat/v1"
PRODUCT = f"{BASE}/products/{{product:str}}"
FEATURE = f"{PRODUCT}/features/{{feature:str}}"
TAG = ["Product features"]

ProductKeyPath = FromPath[Annotated[str, Meta(description="The product's key", examples=["pms"])]]
FeatureKeyPath = FromPath[Annotated[str, Meta(description="The feature's key", examples=["dashboard"])]]
ProductKeys = Annotated[list[str], Meta(description="Only features of these products", examples=[["pms"]])]
NamePart = Annotated[str, Meta(description="A part of the name, ignoring case", max_length=MAX_NAME, examples=["dash"])]
UserEmail = FromQuery[Annotated[Email, Meta(examples=["user@example.com"])]]


class FeatureBatchers:
    """Batches the three hot operations. The widget counts uses in the same batches.

    `key` is the Idempotency-Key header.
    """

    def __init__(self, database: Database, limit: int) -> None:
        self.uses = IdempotentBatcher("increment", database, service.count_uses, queue_limit=limit, one_statement=True)
        self._reject = IdempotentBatcher("reject", database, service.reject, queue_limit=limit)
        self._rate = IdempotentBatcher("rate", database, service.rate, queue_limit=limit)

    async def increment(self, actor: Actor, product: str, feature: str, body: UserBody, key: str | None) -> CountersOut:
        user = FeatureUser(product, feature, body.user_email)
        request, respond = IdempotentRequest(key, f"increment {user.path}", body), partial(_counters_out, user)
        return await self.uses.submit(actor.workspace, Use(user), request, respond, CountersOut)

    async def reject(self, actor: Actor, product: str, feature: str, body: UserBody, key: str | None) -> CountersOut:
        user = FeatureUser(product, feature, body.user_email)
        request, respond = IdempotentRequest(key, f"reject {user.path}", body), partial(_counters_out, user)
        return await self._reject.submit(actor.workspace, user, request, respond, CountersOut)

    async def rate(self, actor: Actor, product: str, feature: str, body: RatingBody, key: str | None) -> RatingOut:
        user = FeatureUser(product, feature, body.user_email)
        new = NewRating(user, int(body.rating), body.source, _or_none(body.comment), _or_none(body.user_agent))
        request, respond = IdempotentRequest(key, f"rate {user.path}", body), partial(_rating_out, user)
        return await self._rate.submit(actor.workspace, new, request, respond, RatingOut)


@get(
    f"{BASE}/products",
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="List products",
    description="Sorted by name.",
)
async def list_products(tx: Transaction, actor: CurrentActor) -> ProductsOut:
    return ProductsOut([ProductOut.of(product) for product in await catalogue.list_products(tx, actor)])


@post(
    f"{BASE}/products",
    opt=requires_scope(Scope.MANAGE) | {"errors": (ProductAlreadyExists,)},
    tags=TAG,
    summary="Create a product",
    description="The key identifies the product in all other requests.",
)
async def open_product(tx: Transaction, actor: CurrentActor, data: JSONBody[NewProductBody]) -> ProductOut:
    return ProductOut.of(await catalogue.open_product(tx, actor, Product(data.key, data.name), utcnow()))


@patch(
    PRODUCT,
    opt=requires_scope(Scope.MANAGE),
    tags=TAG,
    summary="Rename a product",
    description="The key stays the same.",
)
async def rename_product(
    tx: Transaction, actor: CurrentActor, product: ProductKeyPath, data: JSONBody[ProductNameBody]
) -> ProductOut:
    return ProductOut.of(await catalogue.rename_product(tx, actor, Product(product, data.name), utcnow()))


@delete(
    PRODUCT,
    opt=requires_scope(Scope.MANAGE) | {"errors": (ProductInUse,)},
    tags=TAG,
    summary="Delete a product",
    description="A product with features cannot be deleted.",
)
async def delete_product(tx: Transaction, actor: CurrentActor, product: ProductKeyPath) -> None:
    await catalogue.delete_product(tx, actor, product)


@get(
    f"{BASE}/features",
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="List features",
    description="Sorted by product key, then feature key. Repeat `product_key` for several products.",
)
async def list_features(
    tx: Transaction,
    actor: CurrentActor,
    product_key: FromQuery[ProductKeys | None] = None,
    name_part: FromQuery[NamePart | None] = None,
) -> FeaturesOut:
    features = await catalogue.list_features(tx, actor, product_key or [], name_part or "")
    return FeaturesOut([FeatureOut.of(feature) for feature in features])


@post(
    f"{PRODUCT}/features",
    opt=requires_scope(Scope.MANAGE) | {"errors": (FeatureAlreadyExists,)},
    tags=TAG,
    summary="Create a feature",
    description="Its name is the key with spaces for `-`, `_`, `.` and `+`; PATCH can change the name.",
)
async def open_feature(
    tx: Transaction, actor: CurrentActor, product: ProductKeyPath, data: JSONBody[NewFeatureBody]
) -> FeatureOut:
    feature = Feature(
        product,
        data.feature_key,
        derive_name(data.feature_key),
        _or_none(data.description),
        int(data.interaction_threshold),
        int(data.rejection_threshold),
    )
    return FeatureOut.of(await catalogue.open_feature(tx, actor, feature, utcnow()))


@patch(
    FEATURE,
    opt=requires_scope(Scope.MANAGE),
    tags=TAG,
    summary="Change a feature's name or description",
    description="At least one of the two. Thresholds have an address of their own.",
)
async def change_feature(
    tx: Transaction,
    actor: CurrentActor,
    product: ProductKeyPath,
    feature: FeatureKeyPath,
    data: JSONBody[SomeFeatureChange],
) -> FeatureOut:
    if data.name is UNSET and data.description is UNSET:
        raise Invalid("body must have name or description")
    update = FeatureUpdate(data.name, data.description)
    return FeatureOut.of(await catalogue.change_feature(tx, actor, FeaturePath(product, feature), update, utcnow()))


@put(
    f"{FEATURE}/thresholds",
    opt=requires_scope(Scope.MANAGE),
    tags=TAG,
    summary="Set a feature's thresholds",
    description="They apply from the next request on, to existing counts too.",
)
async def set_thresholds(
    tx: Transaction,
    actor: CurrentActor,
    product: ProductKeyPath,
    feature: FeatureKeyPath,
    data: JSONBody[ThresholdsBody],
) -> FeatureOut:
    path = FeaturePath(product, feature)
    return FeatureOut.of(await catalogue.set_thresholds(tx, actor, path, data.thresholds(), utcnow()))


@delete(
    FEATURE,
    opt=requires_scope(Scope.MANAGE) | {"errors": (FeatureInUse,)},
    tags=TAG,
    summary="Delete a feature",
    description="A feature with interactions or ratings cannot be deleted.",
)
async def delete_feature(
    tx: Transaction, actor: CurrentActor, product: ProductKeyPath, feature: FeatureKeyPath
) -> None:
    await catalogue.delete_feature(tx, actor, FeaturePath(product, feature))


@get(
    f"{PRODUCT}/feature-interactions",
    opt=requires_scope(Scope.INGEST),
    tags=TAG,
    summary="A user's counters on every feature",
    description="Features without uses have zeros. Reading changes nothing.",
)
async def list_feature_states(
    tx: Transaction, actor: CurrentActor, product: ProductKeyPath, user_email: UserEmail
) -> StatesOut:
    states = await analytics.list_states(tx, actor, product, user_email, utcnow())
    return StatesOut([StateOut.of(state) for state in states])


@post(
    f"{FEATURE}/increment",
    status_code=200,
    opt=requires_scope(Scope.INGEST) | {"errors": (IdempotencyKeyReused,)},
    tags=TAG,
    summary="Count a use",
    description=("Send it whenever a user uses the feature. Show the prompt when `should_request_feedback` is true."),
)
async def increment(
    state: State,
    actor: CurrentActor,
    product: ProductKeyPath,
    feature: FeatureKeyPath,
    data: JSONBody[UserBody],
    idempotency_key: IdempotencyKey = None,
) -> CountersOut:
    return await _batchers(state).increment(actor, product, feature, data, idempotency_key)


@post(
    f"{FEATURE}/reject",
    status_code=200,
    opt=requires_scope(Scope.INGEST) | {"errors": (IdempotencyKeyReused,)},
    tags=TAG,
    summary="Count a rejection",
    description=(
        "Send it when a user closes the prompt without a rating. Uses start again; enough rejections stop the prompts."
    ),
)
async def reject(
    state: State,
    actor: CurrentActor,
    product: ProductKeyPath,
    feature: FeatureKeyPath,
    data: JSONBody[UserBody],
    idempotency_key: IdempotencyKey = None,
) -> CountersOut:
    return await _batchers(state).reject(actor, product, feature, data, idempotency_key)


@post(
    f"{FEATURE}/feedbacks",
    opt=requires_scope(Scope.INGEST) | {"errors": (IdempotencyKeyReused,)},
    tags=TAG,
    summary="Store a rating",
    description=(
        "A user can rate a feature any number of times. Each rating stops prompts for the workspace's cool-down."
    ),
)
async def rate(
    state: State,
    actor: CurrentActor,
    product: ProductKeyPath,
    feature: FeatureKeyPath,
    data: JSONBody[RatingBody],
    idempotency_key: IdempotencyKey = None,
) -> RatingOut:
    return await _batchers(state).rate(actor, product, feature, data, idempotency_key)


def _batchers(state: State) -> FeatureBatchers:
    batchers: FeatureBatchers = state.feature_batchers
    return batchers


def _counters_out(user: FeatureUser, counters: Counters | None) -> CountersOut:
    if counters is None:
        raise catalogue.feature_not_found(user.path)
    return CountersOut.of(counters)


def _rating_out(user: FeatureUser, stored: StoredRating | None) -> RatingOut:
    if stored is None:
        raise catalogue.feature_not_found(user.path)
    return RatingOut.of(stored)


def _or_none(value: str | UnsetType | None) -> str | None:
    return None if value is UNSET else value


ROUTES = [
    list_products,
    open_product,
    rename_product,
    delete_product,
    list_features,
    open_feature,
    change_feature,
    set_thresholds,
    delete_feature,
    list_feature_states,
    increment,
    reject,
    rate,
]
