"""The feature API: products and features, use, refusal, rating. Parses, calls, shapes."""

from typing import Annotated

from litestar import delete, get, patch, post, put
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, UnsetType

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.db.batcher import Batcher
from voxpop.db.pool import Database
from voxpop.errors import Invalid
from voxpop.features import catalogue, service
from voxpop.features.analytics import service as analytics
from voxpop.features.errors import FeatureAlreadyExists, FeatureInUse, ProductAlreadyExists, ProductInUse
from voxpop.features.models import Counters, Feature, FeaturePath, FeatureUser, NewRating, Product, Rated
from voxpop.features.prompting import derive_name, in_cooldown
from voxpop.features.schemas import (
    CountersOut,
    FeatureOut,
    Features,
    NewFeature,
    NewProduct,
    ProductName,
    ProductOut,
    Products,
    RatingBody,
    RatingOut,
    SomeFeatureChange,
    StateOut,
    States,
    Thresholds,
    UserBody,
)
from voxpop.types import Actor, Email, Scope, utcnow
from voxpop.workspaces import service as workspaces

BASE = "/api/csat/v1"
PRODUCT = f"{BASE}/products/{{product:str}}"
FEATURE = f"{PRODUCT}/features/{{feature:str}}"
TAG = ["Product features"]

ProductPath = FromPath[Annotated[str, Meta(description="The product's key", examples=["pms"])]]
FeaturePart = FromPath[Annotated[str, Meta(description="The feature's key", examples=["dashboard"])]]
ProductKeys = Annotated[list[str], Meta(description="Only these products' features", examples=[["pms"]])]
NamePart = Annotated[str, Meta(description="In the name, whatever its case", max_length=200, examples=["dash"])]
UserEmail = FromQuery[Annotated[Email, Meta(examples=["user@example.com"])]]


class FeatureBatchers:
    """The three ways in that many come by at once."""

    def __init__(self, database: Database, limit: int) -> None:
        self.use: Batcher[FeatureUser, Counters | None] = Batcher("increment", database, service.use, queue_limit=limit)
        self.reject: Batcher[FeatureUser, Counters | None] = Batcher(
            "reject", database, service.reject, queue_limit=limit
        )
        self.rate: Batcher[NewRating, Rated | None] = Batcher("rate", database, service.rate, queue_limit=limit)

    async def use_once(self, actor: Actor, product: str, feature: str, body: UserBody) -> CountersOut:
        return _counters(
            await self.use.submit(actor.workspace, FeatureUser(product, feature, body.user_email)), product, feature
        )

    async def reject_once(self, actor: Actor, product: str, feature: str, body: UserBody) -> CountersOut:
        return _counters(
            await self.reject.submit(actor.workspace, FeatureUser(product, feature, body.user_email)), product, feature
        )

    async def rate_once(self, actor: Actor, product: str, feature: str, body: RatingBody) -> RatingOut:
        person = FeatureUser(product, feature, body.user_email)
        new = NewRating(person, int(body.rating), body.source, _given(body.comment), _given(body.user_agent))
        rated = await self.rate.submit(actor.workspace, new)
        if rated is None:
            raise catalogue.no_feature(person.path)
        return RatingOut.of(rated)


@get(f"{BASE}/products", opt=requires_scope(Scope.READ), tags=TAG, summary="List the products")
async def list_products(tx: Transaction, actor: CurrentActor) -> Products:
    """All of them, by name."""
    return Products([ProductOut.of(product) for product in await catalogue.list_products(tx, actor)])


@post(
    f"{BASE}/products",
    opt=requires_scope(Scope.MANAGE) | {"errors": (ProductAlreadyExists,)},
    tags=TAG,
    summary="Set a product up",
)
async def open_product(tx: Transaction, actor: CurrentActor, data: JSONBody[NewProduct]) -> ProductOut:
    """The key is what all other addresses name it by."""
    return ProductOut.of(await catalogue.open_product(tx, actor, Product(data.key, data.name), utcnow()))


@patch(PRODUCT, opt=requires_scope(Scope.MANAGE), tags=TAG, summary="Rename a product")
async def rename_product(
    tx: Transaction, actor: CurrentActor, product: ProductPath, data: JSONBody[ProductName]
) -> ProductOut:
    """The key stays."""
    return ProductOut.of(await catalogue.rename_product(tx, actor, Product(product, data.name), utcnow()))


@delete(
    PRODUCT,
    opt=requires_scope(Scope.MANAGE) | {"errors": (ProductInUse,)},
    tags=TAG,
    summary="Delete a product",
)
async def delete_product(tx: Transaction, actor: CurrentActor, product: ProductPath) -> None:
    """Only one without features."""
    await catalogue.delete_product(tx, actor, product)


@get(f"{BASE}/features", opt=requires_scope(Scope.READ), tags=TAG, summary="List the features")
async def list_features(
    tx: Transaction,
    actor: CurrentActor,
    product_key: FromQuery[ProductKeys | None] = None,
    name_part: FromQuery[NamePart | None] = None,
) -> Features:
    """By product key, then feature key. Repeat `product_key` for several products."""
    found = await catalogue.list_features(tx, actor, product_key or [], name_part or "")
    return Features([FeatureOut.of(feature) for feature in found])


@post(
    f"{PRODUCT}/features",
    opt=requires_scope(Scope.MANAGE) | {"errors": (FeatureAlreadyExists,)},
    tags=TAG,
    summary="Set a feature up",
)
async def open_feature(
    tx: Transaction, actor: CurrentActor, product: ProductPath, data: JSONBody[NewFeature]
) -> FeatureOut:
    """Its name is the key with spaces for `-`, `_`, `.` and `+`; PATCH gives it another."""
    name = derive_name(data.feature_key)
    thresholds = int(data.interaction_threshold), int(data.rejection_threshold)
    feature = Feature(product, data.feature_key, name, _given(data.description), *thresholds)
    return FeatureOut.of(await catalogue.open_feature(tx, actor, feature, utcnow()))


@patch(FEATURE, opt=requires_scope(Scope.MANAGE), tags=TAG, summary="Name and describe a feature")
async def describe_feature(
    tx: Transaction, actor: CurrentActor, product: ProductPath, feature: FeaturePart, data: JSONBody[SomeFeatureChange]
) -> FeatureOut:
    """At least one of the two. Thresholds are changed at an address of their own."""
    if data.name is UNSET and data.description is UNSET:
        raise Invalid("body must have name or description")
    description = data.description is not UNSET, _given(data.description)
    path = FeaturePath(product, feature)
    return FeatureOut.of(await catalogue.describe_feature(tx, actor, path, _given(data.name), description, utcnow()))


@put(f"{FEATURE}/thresholds", opt=requires_scope(Scope.MANAGE), tags=TAG, summary="Change a feature's thresholds")
async def retune_feature(
    tx: Transaction, actor: CurrentActor, product: ProductPath, feature: FeaturePart, data: JSONBody[Thresholds]
) -> FeatureOut:
    """They hold from the next request on, for counts that exist too."""
    thresholds = int(data.interaction_threshold), int(data.rejection_threshold)
    return FeatureOut.of(await catalogue.set_thresholds(tx, actor, FeaturePath(product, feature), thresholds, utcnow()))


@delete(
    FEATURE,
    opt=requires_scope(Scope.MANAGE) | {"errors": (FeatureInUse,)},
    tags=TAG,
    summary="Delete a feature",
)
async def delete_feature(tx: Transaction, actor: CurrentActor, product: ProductPath, feature: FeaturePart) -> None:
    """Only one that nobody has used or rated."""
    await catalogue.delete_feature(tx, actor, FeaturePath(product, feature))


@get(
    f"{PRODUCT}/feature-interactions",
    opt=requires_scope(Scope.INGEST),
    tags=TAG,
    summary="A user's counters on every feature",
)
async def list_states(tx: Transaction, actor: CurrentActor, product: ProductPath, user_email: UserEmail) -> States:
    """Features never used have zeros. Reading changes nothing."""
    states = await analytics.list_states(tx, actor, product, user_email)
    days, now = (await workspaces.get_workspace(tx, actor.workspace)).cool_down_days, utcnow()
    return States([StateOut.of(state, cooling=in_cooldown(state.feedback_at, days, now)) for state in states])


@post(f"{FEATURE}/increment", status_code=200, opt=requires_scope(Scope.INGEST), tags=TAG, summary="Count a use")
async def increment(
    state: State, actor: CurrentActor, product: ProductPath, feature: FeaturePart, data: JSONBody[UserBody]
) -> CountersOut:
    """Call it whenever a user uses the feature; show the prompt when `should_request_feedback` is true."""
    return await _batchers(state).use_once(actor, product, feature, data)


@post(f"{FEATURE}/reject", status_code=200, opt=requires_scope(Scope.INGEST), tags=TAG, summary="Count a refusal")
async def reject(
    state: State, actor: CurrentActor, product: ProductPath, feature: FeaturePart, data: JSONBody[UserBody]
) -> CountersOut:
    """Call it when a user closes the prompt unrated: uses start anew, and after enough refusals it stays away."""
    return await _batchers(state).reject_once(actor, product, feature, data)


@post(f"{FEATURE}/feedbacks", opt=requires_scope(Scope.INGEST), tags=TAG, summary="Store a rating")
async def rate(
    state: State, actor: CurrentActor, product: ProductPath, feature: FeaturePart, data: JSONBody[RatingBody]
) -> RatingOut:
    """A user may rate a feature any number of times; for the cool-down of the workspace he is not asked again."""
    return await _batchers(state).rate_once(actor, product, feature, data)


def _batchers(state: State) -> FeatureBatchers:
    batchers: FeatureBatchers = state.feature_batchers
    return batchers


def _counters(counters: Counters | None, product: str, feature: str) -> CountersOut:
    if counters is None:
        raise catalogue.no_feature(FeaturePath(product, feature))
    return CountersOut.of(counters)


def _given(value: str | UnsetType | None) -> str | None:
    return None if value is UNSET else value


ROUTES = [
    list_products,
    open_product,
    rename_product,
    delete_product,
    list_features,
    open_feature,
    describe_feature,
    retune_feature,
    delete_feature,
    list_states,
    increment,
    reject,
    rate,
]
