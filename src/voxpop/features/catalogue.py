"""Products and features: adding, changing and deleting them."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.features import catalogue_store as store
from voxpop.features.models import (
    Feature,
    FeaturePath,
    FeatureUpdate,
    ListedFeature,
    ListedProduct,
    Product,
    Thresholds,
)
from voxpop.i18n import name_key
from voxpop.types import Actor, Audit, FeatureId, ProductId, uuid7

Value = TypeVar("Value")


async def list_products(tx: Tx, actor: Actor) -> list[Product]:
    """By name, ignoring case. Sorted here, because the order must not depend on the database's locale."""
    products = await store.list_products(tx, actor.workspace)
    return sorted(products, key=lambda product: (product.name.casefold(), product.name, product.key))


async def list_products_with_ids(tx: Tx, actor: Actor) -> list[ListedProduct]:
    """By name, ignoring case."""
    products = await store.list_products_with_ids(tx, actor.workspace)
    return sorted(products, key=lambda product: (name_key(product.name), product.key))


async def find_product(tx: Tx, actor: Actor, product: ProductId) -> ListedProduct | None:
    products = await store.list_products_with_ids(tx, actor.workspace)
    return next((each for each in products if each.id == product), None)


async def get_product(tx: Tx, actor: Actor, product: ProductId) -> ListedProduct:
    """Raises NotFound for an unknown id."""
    return _require(await find_product(tx, actor, product), "Product", product)


async def lock_product(tx: Tx, actor: Actor, product: ProductId) -> ListedProduct:
    """The product, locked until the end of the transaction. Raises NotFound for an unknown id."""
    await store.lock_product(tx, actor.workspace, product)
    return await get_product(tx, actor, product)


async def lock_feature(tx: Tx, actor: Actor, feature: FeatureId) -> ListedFeature:
    """The feature, locked until the end of the transaction. Raises NotFound for an unknown id."""
    await store.lock_feature(tx, actor.workspace, feature)
    return await get_feature(tx, actor, feature)


async def list_features_with_use(tx: Tx, actor: Actor, name_part: str = "") -> list[ListedFeature]:
    """By name, ignoring case."""
    features = await store.list_features_with_use(tx, actor.workspace, name_part.casefold())
    return sorted(features, key=lambda feature: (name_key(feature.name), feature.key, feature.id))


async def find_feature(tx: Tx, actor: Actor, feature: FeatureId) -> ListedFeature | None:
    return await store.find_feature_with_use(tx, actor.workspace, feature)


async def get_feature(tx: Tx, actor: Actor, feature: FeatureId) -> ListedFeature:
    """Raises NotFound for an unknown id."""
    return _require(await find_feature(tx, actor, feature), "Feature", feature)


async def edit_feature(
    tx: Tx, actor: Actor, old: ListedFeature, update: FeatureUpdate, thresholds: Thresholds, now: datetime
) -> None:
    """Changes details and thresholds together. Thresholds that do not change are not written."""
    if update != FeatureUpdate():
        await change_feature(tx, actor, old.path, update, now)
    if thresholds != old.thresholds:
        await set_thresholds(tx, actor, old.path, thresholds, now)


async def open_product(tx: Tx, actor: Actor, product: Product, now: datetime) -> Product:
    """Raises ProductAlreadyExists for a key in use."""
    return await store.insert_product(tx, actor.workspace, ProductId(uuid7()), product, Audit(now, actor.name))


async def rename_product(tx: Tx, actor: Actor, product: Product, now: datetime) -> Product:
    renamed = await store.rename_product(tx, actor.workspace, product, Audit(now, actor.name))
    return _require(renamed, "Product", product.key)


async def delete_product(tx: Tx, actor: Actor, key: str) -> None:
    """Raises ProductInUse while the product has features."""
    if not await store.delete_product(tx, actor.workspace, key):
        raise NotFound.of("Product", key)


async def list_features(tx: Tx, actor: Actor, products: Sequence[str], name_part: str = "") -> list[Feature]:
    """By product key, then feature key. Without product keys, or with an empty one only, those of all products."""
    keys = [key for key in products if key]
    return await store.list_features(tx, actor.workspace, keys, name_part.casefold())


async def open_feature(tx: Tx, actor: Actor, feature: Feature, now: datetime) -> Feature:
    """Raises NotFound for an unknown product, FeatureAlreadyExists for a key in use."""
    opened = await store.insert_feature(tx, actor.workspace, FeatureId(uuid7()), feature, Audit(now, actor.name))
    return _require(opened, "Product", feature.product_key)


async def change_feature(tx: Tx, actor: Actor, path: FeaturePath, update: FeatureUpdate, now: datetime) -> Feature:
    changed = await store.set_feature_details(tx, actor.workspace, path, update, Audit(now, actor.name))
    return _require(changed, "Feature", path)


async def set_thresholds(tx: Tx, actor: Actor, path: FeaturePath, thresholds: Thresholds, now: datetime) -> Feature:
    """They apply from the next request on, to existing counts too."""
    changed = await store.set_thresholds(tx, actor.workspace, path, thresholds, Audit(now, actor.name))
    return _require(changed, "Feature", path)


async def delete_feature(tx: Tx, actor: Actor, path: FeaturePath) -> None:
    """Raises FeatureInUse if the feature has interactions or ratings."""
    if not await store.delete_feature(tx, actor.workspace, path):
        raise feature_not_found(path)


def feature_not_found(path: FeaturePath) -> NotFound:
    return NotFound.of("Feature", path)


def _require(value: Value | None, entity: str, identifier: object) -> Value:
    if value is None:
        raise NotFound.of(entity, identifier)
    return value
