"""Statements on products and features."""

from collections.abc import Sequence

from msgspec import UNSET, Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.features.models import (
    Feature,
    FeaturePath,
    FeatureUpdate,
    ListedFeature,
    ListedProduct,
    Product,
    Thresholds,
)
from voxpop.types import Audit, FeatureId, ProductId, WorkspaceId


class FeatureDetails(Struct):
    """The columns that a change of details sets; None keeps the name."""

    name: str | None
    name_folded: str | None
    sets_description: bool
    description: str | None

    @classmethod
    def of(cls, update: FeatureUpdate) -> "FeatureDetails":
        name = None if update.name is UNSET else update.name
        folded = None if name is None else name.casefold()
        if update.description is UNSET:
            return cls(name, folded, False, None)
        return cls(name, folded, True, update.description)


_FEATURE = """p.key AS product_key, f.key AS feature_key, f.name, f.description,
        f.interaction_threshold, f.rejection_threshold"""

_IS_FEATURE = """f.workspace_id = :workspace AND p.workspace_id = :workspace AND p.key = :product
        AND f.product_id = p.id AND f.key = :feature"""

PRODUCTS = Query("SELECT key, name FROM product WHERE workspace_id = :workspace", Product)

LISTED_PRODUCTS = Query("SELECT id, key, name FROM product WHERE workspace_id = :workspace", ListedProduct)

_LISTED_FEATURE = """
    SELECT f.id, f.product_id, p.key AS product_key, f.key, f.name, f.description, f.interaction_threshold,
           f.rejection_threshold, coalesce(s.user_count, 0) AS user_count, coalesce(s.total_sum, 0) AS use_count
    FROM feature f JOIN product p ON p.workspace_id = :workspace AND p.id = f.product_id
    LEFT JOIN interaction_sum s ON s.workspace_id = :workspace AND s.feature_id = f.id
    WHERE f.workspace_id = :workspace"""

LISTED_FEATURES = Query(f"{_LISTED_FEATURE} AND position(:name_part IN f.name_folded) > 0", ListedFeature)

LISTED_FEATURE = Query(f"{_LISTED_FEATURE} AND f.id = :feature", ListedFeature)

NEW_PRODUCT = Query(
    """
    INSERT INTO product (workspace_id, id, key, name, create_time, create_user, last_update_time, last_update_user)
    VALUES (:workspace, :id, :key, :name, :now, :user, :now, :user) RETURNING key, name
    """,
    Product,
)

RENAMED_PRODUCT = Query(
    """
    UPDATE product SET name = :name, last_update_time = :now, last_update_user = :user
    WHERE workspace_id = :workspace AND key = :key RETURNING key, name
    """,
    Product,
)

LOCKED_PRODUCT = Query(
    "SELECT FROM product WHERE workspace_id = :workspace AND id = :product FOR NO KEY UPDATE", NoRows
)

# Uses of the feature, whose rows refer to it, do not wait.
LOCKED_FEATURE = Query(
    "SELECT FROM feature WHERE workspace_id = :workspace AND id = :feature FOR NO KEY UPDATE", NoRows
)

DELETED_PRODUCT = Query("DELETE FROM product WHERE workspace_id = :workspace AND key = :key", NoRows)

# Without product keys, features of all products. The application folds names, because a locale may fold ASCII only.
FEATURES = Query(
    f"""
    SELECT {_FEATURE}
    FROM feature f JOIN product p ON p.workspace_id = :workspace AND p.id = f.product_id
    WHERE f.workspace_id = :workspace AND (cardinality(:products::text[]) = 0 OR p.key = ANY (:products::text[]))
        AND position(:name_part IN f.name_folded) > 0
    ORDER BY p.key, f.key
    """,
    Feature,
)

NEW_FEATURE = Query(
    f"""
    WITH p AS (SELECT id, key FROM product WHERE workspace_id = :workspace AND key = :product_key FOR KEY SHARE),
    f AS (
        INSERT INTO feature (workspace_id, id, product_id, key, name, name_folded, description, interaction_threshold,
                             rejection_threshold, create_time, create_user, last_update_time, last_update_user)
        SELECT :workspace, :id, p.id, :feature_key, :name, :name_folded, :description, :interaction_threshold,
               :rejection_threshold, :now, :user, :now, :user FROM p RETURNING *
    )
    SELECT {_FEATURE} FROM f JOIN p ON p.id = f.product_id
    """,
    Feature,
    values=Feature,
)

CHANGED_FEATURE = Query(
    f"""
    UPDATE feature f SET name = coalesce(:name, f.name), name_folded = coalesce(:name_folded, f.name_folded),
        description = CASE WHEN :sets_description::boolean THEN :description::text ELSE f.description END,
        last_update_time = :now, last_update_user = :user
    FROM product p
    WHERE {_IS_FEATURE}
    RETURNING {_FEATURE}
    """,
    Feature,
    values=FeatureDetails,
)

CHANGED_THRESHOLDS = Query(
    f"""
    UPDATE feature f SET interaction_threshold = :interaction, rejection_threshold = :rejection,
        last_update_time = :now, last_update_user = :user
    FROM product p
    WHERE {_IS_FEATURE}
    RETURNING {_FEATURE}
    """,
    Feature,
    values=Thresholds,
)

DELETED_FEATURE = Query(f"DELETE FROM feature f USING product p WHERE {_IS_FEATURE}", NoRows)


async def list_products(tx: Tx, workspace: WorkspaceId) -> list[Product]:
    """In no order."""
    return await PRODUCTS.all(tx, workspace=workspace)


async def insert_product(tx: Tx, workspace: WorkspaceId, product: ProductId, new: Product, audit: Audit) -> Product:
    return await NEW_PRODUCT.one(
        tx, workspace=workspace, id=product, key=new.key, name=new.name, now=audit.at, user=audit.by
    )


async def rename_product(tx: Tx, workspace: WorkspaceId, product: Product, audit: Audit) -> Product | None:
    return await RENAMED_PRODUCT.find(
        tx, workspace=workspace, key=product.key, name=product.name, now=audit.at, user=audit.by
    )


async def lock_product(tx: Tx, workspace: WorkspaceId, product: ProductId) -> None:
    """Until the end of the transaction; an unknown product is no error."""
    await LOCKED_PRODUCT.run(tx, workspace=workspace, product=product)


async def lock_feature(tx: Tx, workspace: WorkspaceId, feature: FeatureId) -> None:
    """Until the end of the transaction; an unknown feature is no error."""
    await LOCKED_FEATURE.run(tx, workspace=workspace, feature=feature)


async def delete_product(tx: Tx, workspace: WorkspaceId, key: str) -> bool:
    """False for an unknown product. The constraint on features refuses a product that has any."""
    return await DELETED_PRODUCT.run(tx, workspace=workspace, key=key) == 1


async def list_features(tx: Tx, workspace: WorkspaceId, products: Sequence[str], name_part: str) -> list[Feature]:
    """`name_part` is a part of the folded name. Without product keys, features of all products."""
    return await FEATURES.all(tx, workspace=workspace, products=products, name_part=name_part)


async def insert_feature(
    tx: Tx, workspace: WorkspaceId, feature: FeatureId, new: Feature, audit: Audit
) -> Feature | None:
    """None for an unknown product."""
    folded = new.name.casefold()
    return await NEW_FEATURE.find(
        tx, new, workspace=workspace, id=feature, name_folded=folded, now=audit.at, user=audit.by
    )


async def set_feature_details(
    tx: Tx, workspace: WorkspaceId, path: FeaturePath, update: FeatureUpdate, audit: Audit
) -> Feature | None:
    """None for an unknown feature."""
    details = FeatureDetails.of(update)
    return await CHANGED_FEATURE.find(
        tx,
        details,
        workspace=workspace,
        product=path.product,
        feature=path.feature,
        now=audit.at,
        user=audit.by,
    )


async def set_thresholds(
    tx: Tx, workspace: WorkspaceId, path: FeaturePath, thresholds: Thresholds, audit: Audit
) -> Feature | None:
    """None for an unknown feature."""
    return await CHANGED_THRESHOLDS.find(
        tx,
        thresholds,
        workspace=workspace,
        product=path.product,
        feature=path.feature,
        now=audit.at,
        user=audit.by,
    )


async def delete_feature(tx: Tx, workspace: WorkspaceId, path: FeaturePath) -> bool:
    """False for an unknown feature. The constraint on interactions refuses a feature that was used or rated."""
    return await DELETED_FEATURE.run(tx, workspace=workspace, product=path.product, feature=path.feature) == 1


async def list_products_with_ids(tx: Tx, workspace: WorkspaceId) -> list[ListedProduct]:
    """In no order."""
    return await LISTED_PRODUCTS.all(tx, workspace=workspace)


async def list_features_with_use(tx: Tx, workspace: WorkspaceId, name_part: str) -> list[ListedFeature]:
    """In no order. `name_part` is a part of the folded name."""
    return await LISTED_FEATURES.all(tx, workspace=workspace, name_part=name_part)


async def find_feature_with_use(tx: Tx, workspace: WorkspaceId, feature: FeatureId) -> ListedFeature | None:
    return await LISTED_FEATURE.find(tx, workspace=workspace, feature=feature)
