"""Statements on products and features as they are set up."""

from datetime import datetime

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.features.models import Feature, FeaturePath, Product
from voxpop.types import FeatureId, ProductId, WorkspaceId

_FEATURE = """p.key AS product_key, f.key AS feature_key, f.name, f.description,
        f.interaction_threshold, f.rejection_threshold"""

PRODUCTS = Query("SELECT key, name FROM product WHERE workspace_id = $1", Product)

NEW_PRODUCT = Query(
    """
    INSERT INTO product (workspace_id, id, key, name, create_time, create_user, last_update_time, last_update_user)
    VALUES ($1, $2, $3, $4, $5, $6, $5, $6) RETURNING key, name
    """,
    Product,
)

RENAMED_PRODUCT = Query(
    """
    UPDATE product SET name = $3, last_update_time = $4, last_update_user = $5
    WHERE workspace_id = $1 AND key = $2 RETURNING key, name
    """,
    Product,
)

DELETED_PRODUCT = Query("DELETE FROM product WHERE workspace_id = $1 AND key = $2", NoRows)

# No product named means all of them. Names are compared folded by the application: the locale may know ASCII only.
FEATURES = Query(
    f"""
    SELECT {_FEATURE}
    FROM feature f JOIN product p ON p.workspace_id = $1 AND p.id = f.product_id
    WHERE f.workspace_id = $1 AND (cardinality($2::text[]) = 0 OR p.key = ANY ($2::text[]))
        AND position($3 IN f.name_folded) > 0
    ORDER BY p.key, f.key
    """,
    Feature,
)

NEW_FEATURE = Query(
    f"""
    WITH p AS (SELECT id, key FROM product WHERE workspace_id = $1 AND key = $3 FOR KEY SHARE),
    f AS (
        INSERT INTO feature (workspace_id, id, product_id, key, name, name_folded, description, interaction_threshold,
                             rejection_threshold, create_time, create_user, last_update_time, last_update_user)
        SELECT $1, $2, p.id, $4, $5, $6, $7, $8, $9, $10, $11, $10, $11 FROM p RETURNING *
    )
    SELECT {_FEATURE} FROM f JOIN p ON p.id = f.product_id
    """,
    Feature,
)

DESCRIBED_FEATURE = Query(
    f"""
    UPDATE feature f SET name = coalesce($4, f.name), name_folded = coalesce($5, f.name_folded),
        description = CASE WHEN $6::boolean THEN $7::text ELSE f.description END,
        last_update_time = $8, last_update_user = $9
    FROM product p
    WHERE f.workspace_id = $1 AND p.workspace_id = $1 AND p.key = $2 AND f.product_id = p.id AND f.key = $3
    RETURNING {_FEATURE}
    """,
    Feature,
)

RETUNED_FEATURE = Query(
    f"""
    UPDATE feature f SET interaction_threshold = $4, rejection_threshold = $5,
        last_update_time = $6, last_update_user = $7
    FROM product p
    WHERE f.workspace_id = $1 AND p.workspace_id = $1 AND p.key = $2 AND f.product_id = p.id AND f.key = $3
    RETURNING {_FEATURE}
    """,
    Feature,
)

DELETED_FEATURE = Query(
    """
    DELETE FROM feature f USING product p
    WHERE f.workspace_id = $1 AND p.workspace_id = $1 AND p.key = $2 AND f.product_id = p.id AND f.key = $3
    """,
    NoRows,
)


async def list_products(tx: Tx, workspace: WorkspaceId) -> list[Product]:
    """In no order: names are sorted by the application, whatever the database's locale."""
    return await PRODUCTS.all(tx, workspace)


async def insert_product(
    tx: Tx, workspace: WorkspaceId, ident: ProductId, new: Product, by: tuple[datetime, str]
) -> Product:
    """`by`: when and who."""
    return await NEW_PRODUCT.one(tx, workspace, ident, new.key, new.name, *by)


async def rename_product(tx: Tx, workspace: WorkspaceId, product: Product, by: tuple[datetime, str]) -> Product | None:
    return await RENAMED_PRODUCT.find(tx, workspace, product.key, product.name, *by)


async def delete_product(tx: Tx, workspace: WorkspaceId, key: str) -> bool:
    """False where there is no such product; the constraint on features refuses one that has any."""
    return await DELETED_PRODUCT.run(tx, workspace, key) == 1


async def list_features(tx: Tx, workspace: WorkspaceId, products: list[str], folded_part: str) -> list[Feature]:
    """Features of these products (of all where none is named) whose folded name has that part."""
    return await FEATURES.all(tx, workspace, products, folded_part)


async def insert_feature(
    tx: Tx, workspace: WorkspaceId, ident: FeatureId, new: Feature, by: tuple[datetime, str]
) -> Feature | None:
    """None where there is no such product."""
    keys = (new.product_key, new.feature_key, new.name, new.name.casefold(), new.description)
    return await NEW_FEATURE.find(tx, workspace, ident, *keys, new.interaction_threshold, new.rejection_threshold, *by)


async def describe_feature(
    tx: Tx,
    workspace: WorkspaceId,
    path: FeaturePath,
    name: str | None,
    description: tuple[bool, str | None],
    by: tuple[datetime, str],
) -> Feature | None:
    """None for `name` keeps it; `description`: whether to set it, and what to. None where there is no such feature."""
    folded = None if name is None else name.casefold()
    return await DESCRIBED_FEATURE.find(tx, workspace, *path, name, folded, *description, *by)


async def set_thresholds(
    tx: Tx, workspace: WorkspaceId, path: FeaturePath, thresholds: tuple[int, int], by: tuple[datetime, str]
) -> Feature | None:
    """`thresholds`: of interactions and of rejections."""
    return await RETUNED_FEATURE.find(tx, workspace, *path, *thresholds, *by)


async def delete_feature(tx: Tx, workspace: WorkspaceId, path: FeaturePath) -> bool:
    """False where there is no such feature; the constraint on interactions refuses one that was used or rated."""
    return await DELETED_FEATURE.run(tx, workspace, *path) == 1
