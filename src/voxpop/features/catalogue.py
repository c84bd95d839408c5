"""Setting products and features up."""

from datetime import datetime
from typing import TypeVar

from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.features import catalogue_store as store
from voxpop.features.models import Feature, FeaturePath, Product
from voxpop.types import Actor, FeatureId, ProductId, uuid7

Value = TypeVar("Value")


async def list_products(tx: Tx, actor: Actor) -> list[Product]:
    """By name, as people sort names, whatever the database's locale."""
    products = await store.list_products(tx, actor.workspace)
    return sorted(products, key=lambda product: (product.name.casefold(), product.name, product.key))


async def open_product(tx: Tx, actor: Actor, product: Product, now: datetime) -> Product:
    """ProductAlreadyExists where the key exists."""
    return await store.insert_product(tx, actor.workspace, ProductId(uuid7()), product, (now, actor.name))


async def rename_product(tx: Tx, actor: Actor, product: Product, now: datetime) -> Product:
    return _found(await store.rename_product(tx, actor.workspace, product, (now, actor.name)), "Product", product.key)


async def delete_product(tx: Tx, actor: Actor, key: str) -> None:
    """ProductInUse while it has features."""
    if not await store.delete_product(tx, actor.workspace, key):
        raise NotFound.of("Product", key)


async def list_features(tx: Tx, actor: Actor, products: list[str], name_part: str = "") -> list[Feature]:
    """By product key, then feature key. No product named, or an empty name alone, means all of them."""
    named = [key for key in products if key]
    return await store.list_features(tx, actor.workspace, named, name_part.casefold())


async def open_feature(tx: Tx, actor: Actor, feature: Feature, now: datetime) -> Feature:
    """NotFound without its product, FeatureAlreadyExists where the product has the key."""
    opened = await store.insert_feature(tx, actor.workspace, FeatureId(uuid7()), feature, (now, actor.name))
    return _found(opened, "Product", feature.product_key)


async def describe_feature(
    tx: Tx, actor: Actor, path: FeaturePath, name: str | None, description: tuple[bool, str | None], now: datetime
) -> Feature:
    """None for `name` keeps it; `description` is whether to set it, and what to."""
    by = (now, actor.name)
    return _found(await store.describe_feature(tx, actor.workspace, path, name, description, by), "Feature", path)


async def set_thresholds(
    tx: Tx, actor: Actor, path: FeaturePath, thresholds: tuple[int, int], now: datetime
) -> Feature:
    """New thresholds, of interactions and of rejections; they hold from the next request on."""
    by = (now, actor.name)
    return _found(await store.set_thresholds(tx, actor.workspace, path, thresholds, by), "Feature", path)


async def delete_feature(tx: Tx, actor: Actor, path: FeaturePath) -> None:
    """FeatureInUse once anybody has used or rated it."""
    if not await store.delete_feature(tx, actor.workspace, path):
        raise no_feature(path)


def no_feature(path: FeaturePath) -> NotFound:
    return NotFound.of("Feature", "/".join(path))


def _found(value: Value | None, entity: str, ident: object) -> Value:
    if value is None:
        raise NotFound.of(entity, "/".join(ident) if isinstance(ident, tuple) else ident)
    return value
