"""The forms of products and features: what was typed, and the API requests that say the same."""

from collections.abc import Sequence
from typing import Self

from msgspec import UNSET
from msgspec.structs import asdict

from voxpop.errors import FieldError, Invalid
from voxpop.features.models import Feature, FeatureUpdate, ListedFeature, ListedProduct, Thresholds
from voxpop.features.prompting import derive_name
from voxpop.features.schemas import (
    MAX_DESCRIPTION,
    FeatureChangeBody,
    NewFeatureBody,
    NewProductBody,
    ProductNameBody,
    ThresholdsBody,
)
from voxpop.i18n import N_
from voxpop.types import MAX_INTEGER, MAX_KEY, MAX_NAME
from voxpop.web.forms import parse_texts
from voxpop.web.versions import VersionedForm

KEY = N_("Use Latin letters, digits and - _ . +, at most {limit}.", limit=MAX_KEY)
NO_PRODUCT = N_("Choose a product.")
NUMBER = N_("Enter a whole number from 1 to {limit}.", limit=MAX_INTEGER)
MESSAGES = {
    "key": KEY,
    "feature_key": KEY,
    "name": N_("Give it a name of at most {limit} characters.", limit=MAX_NAME),
    "description": N_("Use {limit} characters or fewer.", limit=MAX_DESCRIPTION),
    "interaction_threshold": NUMBER,
    "rejection_threshold": NUMBER,
}


class ProductForm(VersionedForm):
    """A product as typed. The key is only read for a new one."""

    key: str = ""
    name: str = ""

    @classmethod
    def of(cls, product: ListedProduct) -> Self:
        return cls(product.key, product.name).with_version()

    def to_new(self) -> NewProductBody:
        return parse_texts({"key": self.key.strip(), "name": self.name}, NewProductBody)

    def to_name(self) -> str:
        return parse_texts({"name": self.name}, ProductNameBody).name


class ThresholdsForm(VersionedForm):
    """The thresholds of a feature as typed."""

    interaction_threshold: str = ""
    rejection_threshold: str = ""

    @classmethod
    def of(cls, feature: ListedFeature) -> Self:
        uses, refusals = str(feature.interaction_threshold), str(feature.rejection_threshold)
        return cls(uses, refusals, version=f"{uses}-{refusals}")

    def to_thresholds(self) -> Thresholds:
        typed = {name: getattr(self, name).strip() for name in ThresholdsBody.__struct_fields__}
        return parse_texts(typed, ThresholdsBody).thresholds()


class FeatureForm(VersionedForm):
    """A feature as typed. `product` is an id; product and key are only read for a new one."""

    product: str = ""
    feature_key: str = ""
    name: str = ""
    description: str = ""
    interaction_threshold: str = "5"
    rejection_threshold: str = "3"

    @classmethod
    def of(cls, feature: ListedFeature) -> Self:
        return cls(
            str(feature.product_id),
            feature.key,
            feature.name,
            feature.description or "",
            str(feature.interaction_threshold),
            str(feature.rejection_threshold),
        ).with_version()

    def to_new(self, products: Sequence[ListedProduct]) -> Feature:
        """The feature by the rules of the API. Without a name, it is derived from the key."""
        chosen = next((each for each in products if str(each.id) == self.product), None)
        errors = [] if chosen else [FieldError("product", NO_PRODUCT)]
        typed = {name: text.strip() for name, text in asdict(self).items() if name in NewFeatureBody.__struct_fields__}
        try:
            body = parse_texts(typed, NewFeatureBody)
            name = parse_texts({"name": self.name}, ProductNameBody).name if self.name.strip() else ""
        except Invalid as error:
            raise Invalid(error.message, details=[*errors, *error.details]) from error
        if chosen is None:
            raise Invalid(details=errors)
        return Feature(
            chosen.key,
            body.feature_key,
            name or derive_name(body.feature_key),
            self.description if typed["description"] else None,
            int(body.interaction_threshold),
            int(body.rejection_threshold),
        )

    def to_thresholds(self) -> Thresholds:
        return ThresholdsForm(self.interaction_threshold, self.rejection_threshold).to_thresholds()

    def to_update(self, stored: ListedFeature) -> FeatureUpdate:
        """What differs from the stored feature. A blank description removes it."""
        description = self.description if self.description.strip() else None
        body = parse_texts({"name": self.name, "description": description}, FeatureChangeBody)
        shown = (stored.description or "").replace("\r\n", "\n")
        return FeatureUpdate(
            UNSET if body.name == stored.name else body.name,
            UNSET if (body.description or "") == shown else body.description,
        )
