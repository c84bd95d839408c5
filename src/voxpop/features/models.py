"""Products, their features, and a customer's counters on a feature."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from voxpop.feedback.models import Source
from voxpop.metrics.models import Series, SeriesKind
from voxpop.types import FeatureId, FeedbackId, Origin, ProductId, SurveyId

SURVEY_TYPE = "CSAT10"
SCALE_MIN, SCALE_MAX = 1, 10
SATISFIED_MIN = 6
USER = "system"


class Product(Struct, frozen=True):
    key: str
    name: str


class Feature(Struct, frozen=True):
    product_key: str
    feature_key: str
    name: str
    description: str | None
    interaction_threshold: int
    rejection_threshold: int


class FeatureIds(Struct, frozen=True):
    """Where a feature stands, and the threshold its analytics need."""

    id: FeatureId
    product_id: ProductId
    rejection_threshold: int


class FeaturePath(NamedTuple):
    """How callers name a feature."""

    product: str
    feature: str


class FeatureUser(NamedTuple):
    """A customer on a feature: what one interaction row is about."""

    product: str
    feature: str
    email: str

    @property
    def path(self) -> FeaturePath:
        return FeaturePath(self.product, self.feature)


class InteractionRow(Struct, frozen=True):
    """An interaction row as a batch left it. `place` is the group's place in the batch, from 1; `fresh` when the row
    counts from now on; `cooling` while a rating keeps the customer from being asked."""

    place: int
    feature_id: FeatureId
    product_id: ProductId
    interaction_threshold: int
    rejection_threshold: int
    interaction_count: int
    total_interaction_count: int
    rejection_count: int
    first_used_at: datetime | None
    updated_at: datetime
    open_survey_id: SurveyId | None
    in_cooldown: bool
    fresh: bool

    @property
    def series(self) -> tuple[Series, ...]:
        """What surveys and ratings of the feature count under, besides the workspace."""
        return (Series(SeriesKind.PRODUCT, self.product_id), Series(Origin.FEATURE, self.feature_id))


class Counters(Struct, frozen=True):
    """What an increment or a rejection answers."""

    user_email: str
    interaction_count: int
    total_interaction_count: int
    interaction_threshold: int
    rejection_count: int
    rejection_threshold: int
    should_request_feedback: bool
    created_at: datetime
    updated_at: datetime


class NewRating(Struct, frozen=True):
    """A customer's rating of a feature."""

    person: FeatureUser
    rating: int
    source: Source
    comment: str | None
    user_agent: str | None


class Rated(Struct, frozen=True):
    """A rating as stored."""

    id: FeedbackId
    new: NewRating
    created_at: datetime


class FeatureState(Struct, frozen=True):
    """One feature of a product as one customer has used it."""

    feature_key: str
    description: str | None
    interaction_count: int
    total_interaction_count: int
    interaction_threshold: int
    rejection_count: int
    rejection_threshold: int
    feedback_at: datetime | None


class User(Struct, frozen=True):
    """A customer in the list of a feature's users."""

    id: UUID
    user_email: str
    interaction_count: int
    total_interaction_count: int
    rejection_count: int
    interaction_threshold: int
    rejection_threshold: int
    first_used_at: datetime
    updated_at: datetime


class UsageSum(Struct, frozen=True):
    """The kept sums of a feature's interactions."""

    user_count: int
    total_sum: int
    total_max: int


class Added(Struct, frozen=True):
    """What a batch adds to the kept sums of one feature."""

    feature: FeatureId
    users: int
    uses: int
    most: int


def source_series(source: Source, feature: FeatureId) -> Series:
    kind = SeriesKind.FEATURE_PROMPTED if source is Source.PROMPTED else SeriesKind.FEATURE_VOLUNTARY
    return Series(kind, feature)


def count_by_user(items: Sequence[FeatureUser]) -> dict[FeatureUser, int]:
    """How often each person on a feature stands in a batch, in the order of first appearance."""
    counts: dict[FeatureUser, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return counts
