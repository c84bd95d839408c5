"""The errors of products and features."""

from voxpop.errors import Conflict


class ProductAlreadyExists(Conflict):
    """The product key is in use."""

    code = "PRODUCT_ALREADY_EXISTS"
    message = "A product with this key already exists."
    constraints = ("product_key_unique",)


class ProductInUse(Conflict):
    """A product with features cannot be deleted."""

    code = "PRODUCT_IN_USE"
    message = "The product still has features. Delete them first."
    constraints = ("feature_product_exists",)


class FeatureAlreadyExists(Conflict):
    """The feature key is in use in this product."""

    code = "FEATURE_ALREADY_EXISTS"
    message = "The product already has a feature with this key."
    constraints = ("feature_key_unique",)


class FeatureInUse(Conflict):
    """A feature with interactions or ratings cannot be deleted."""

    code = "FEATURE_IN_USE"
    message = "The feature has been used or rated and cannot be deleted."
    constraints = ("interaction_feature_exists",)
