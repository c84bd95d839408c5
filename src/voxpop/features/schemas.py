"""The request and response structs of the feature API, with their limits and examples."""

from typing import Annotated, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from voxpop.features.models import (
    SCALE_MAX,
    SCALE_MIN,
    Counters,
    Feature,
    FeatureState,
    Product,
    StoredRating,
    Thresholds,
    UserUsage,
)
from voxpop.features.prompting import should_prompt
from voxpop.feedback.models import MAX_COMMENT, MAX_USER_AGENT, Feedback, Source
from voxpop.types import MAX_INTEGER, Email, FeedbackId, Guid, Instant, Key, Name, instant, whole_number

USER, COMMENT, USER_AGENT = "user@example.com", "Works great, but could be faster.", "Mozilla/5.0"
MAX_DESCRIPTION = 1000

Threshold = Annotated[float, whole_number(1, MAX_INTEGER)]
Rating = Annotated[float, whole_number(SCALE_MIN, SCALE_MAX)]  # 8.0 counts as 8 (C40)
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION, examples=["The first page after signing in"])]
ProductKey = Annotated[str, Meta(examples=["pms"])]
FeatureKey = Annotated[str, Meta(examples=["dashboard"])]
FeatureName = Annotated[str, Meta(examples=["dashboard"])]
Count = Annotated[int, Meta(examples=[5])]
UserEmail = Annotated[str, Meta(examples=[USER])]
Comment = Annotated[str, Meta(examples=[COMMENT])]
UserAgent = Annotated[str, Meta(examples=[USER_AGENT])]
ShouldRequestFeedback = Annotated[bool, Meta(description="Whether to show the prompt to this user now")]


class NewProductBody(Struct, frozen=True):
    """A product to create."""

    key: Annotated[Key, Meta(examples=["pms"])]
    name: Annotated[Name, Meta(examples=["Property management"])]


class ProductNameBody(Struct, frozen=True):
    name: Annotated[Name, Meta(examples=["Property management"])]


class ProductOut(Struct, frozen=True):
    key: ProductKey
    name: Annotated[str, Meta(examples=["Property management"])]

    @classmethod
    def of(cls, product: Product) -> Self:
        return cls(product.key, product.name)


class ProductsOut(Struct, frozen=True):
    data: list[ProductOut]


class NewFeatureBody(Struct, frozen=True):
    """A feature to create; its name is derived from its key."""

    feature_key: Annotated[Key, Meta(examples=["dashboard"])]
    interaction_threshold: Annotated[Threshold, Meta(examples=[5], description="Uses after which to prompt")]
    rejection_threshold: Annotated[Threshold, Meta(examples=[3], description="Rejections after which to stop")]
    description: Description | UnsetType = UNSET


class FeatureChangeBody(Struct, frozen=True):
    """A new name, a new description (null removes it), or both."""

    name: Annotated[Name, Meta(examples=["Dashboard"])] | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET


SomeFeatureChange = Annotated[
    FeatureChangeBody,
    Meta(extra_json_schema={"anyOf": [{"required": [field]} for field in FeatureChangeBody.__struct_fields__]}),
]


class ThresholdsBody(Struct, frozen=True):
    """The thresholds of a feature."""

    interaction_threshold: Annotated[Threshold, Meta(examples=[10])]
    rejection_threshold: Annotated[Threshold, Meta(examples=[2])]

    def thresholds(self) -> Thresholds:
        return Thresholds(int(self.interaction_threshold), int(self.rejection_threshold))


class FeatureOut(Struct, frozen=True):
    product_key: ProductKey
    feature_key: FeatureKey
    name: FeatureName
    description: Description | None
    interaction_threshold: Count
    rejection_threshold: Annotated[int, Meta(examples=[3])]

    @classmethod
    def of(cls, feature: Feature) -> Self:
        return cls(*(getattr(feature, field) for field in cls.__struct_fields__))


class FeaturesOut(Struct, frozen=True):
    data: list[FeatureOut]


class UserBody(Struct, frozen=True):
    """The user of the feature."""

    user_email: Annotated[Email, Meta(examples=[USER])]


class CountersOut(Struct, frozen=True):
    """A user's counters on a feature."""

    user_email: UserEmail
    interaction_count: Count
    total_interaction_count: Count
    interaction_threshold: Count
    rejection_count: Annotated[int, Meta(examples=[0])]
    rejection_threshold: Annotated[int, Meta(examples=[3])]
    should_request_feedback: ShouldRequestFeedback
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, counters: Counters) -> Self:
        return cls(
            counters.user_email,
            counters.interaction_count,
            counters.total_interaction_count,
            counters.interaction_threshold,
            counters.rejection_count,
            counters.rejection_threshold,
            counters.should_request_feedback,
            instant(counters.created_at),
            instant(counters.updated_at),
        )


class StateOut(Struct, frozen=True):
    """One feature of a product with a user's counters."""

    product_feature_key: FeatureKey
    product_feature_description: Description | None
    interaction_count: Count
    total_interaction_count: Count
    interaction_threshold: Count
    rejection_count: Annotated[int, Meta(examples=[0])]
    rejection_threshold: Annotated[int, Meta(examples=[3])]
    should_request_feedback: ShouldRequestFeedback

    @classmethod
    def of(cls, state: FeatureState) -> Self:
        return cls(
            state.feature_key,
            state.description,
            state.interaction_count,
            state.total_interaction_count,
            state.interaction_threshold,
            state.rejection_count,
            state.rejection_threshold,
            should_prompt(
                state.interaction_count,
                state.interaction_threshold,
                state.rejection_count,
                state.rejection_threshold,
                in_cooldown=state.in_cooldown,
            ),
        )


class StatesOut(Struct, frozen=True):
    data: list[StateOut]


class RatingBody(Struct, frozen=True):
    """A user's rating of a feature. Optional fields can be left out, but not be null."""

    user_email: Annotated[Email, Meta(examples=[USER])]
    rating: Annotated[Rating, Meta(examples=[8])]
    source: Source
    comment: Annotated[str, Meta(max_length=MAX_COMMENT, examples=[COMMENT])] | UnsetType = UNSET
    user_agent: Annotated[str, Meta(max_length=MAX_USER_AGENT, examples=[USER_AGENT])] | UnsetType = UNSET


class RatingOut(Struct, frozen=True):
    """The stored rating."""

    id: FeedbackId
    user_email: UserEmail
    rating: Annotated[int, Meta(examples=[8])]
    comment: Comment | None
    source: Source
    user_agent: UserAgent | None
    created_at: Instant

    @classmethod
    def of(cls, stored: StoredRating) -> Self:
        new = stored.new
        return cls(
            stored.id,
            new.user.user_email,
            new.rating,
            new.comment,
            new.source,
            new.user_agent,
            instant(stored.created_at),
        )


class FeatureUserOut(Struct, frozen=True, omit_defaults=True):
    """A user of a feature. Here the flag depends on counts and thresholds only, not on recent ratings."""

    id: UUID
    user_email: UserEmail | None
    interaction_count: Count
    total_interaction_count: Count
    rejection_count: Annotated[int, Meta(examples=[0])]
    should_request_feedback: ShouldRequestFeedback
    created_at: Instant
    updated_at: Instant
    guid: Annotated[Guid, Meta(description="Of a user of the widget without an address")] | None = None

    @classmethod
    def of(cls, user: UserUsage) -> Self:
        return cls(
            user.id,
            None if user.is_guid else user.user_email,
            user.interaction_count,
            user.total_interaction_count,
            user.rejection_count,
            should_prompt(
                user.interaction_count, user.interaction_threshold, user.rejection_count, user.rejection_threshold
            ),
            instant(user.first_used_at),
            instant(user.updated_at),
            user.user_email if user.is_guid else None,
        )


class FeatureRatingOut(Struct, frozen=True):
    """A rating of a feature. `comment_en` is reserved for a translation and null for now."""

    id: FeedbackId
    user_email: UserEmail | None
    rating: Annotated[int, Meta(examples=[8])]
    comment: Comment | None
    comment_en: Comment | None
    source: Source
    user_agent: UserAgent | None
    created_at: Instant

    @classmethod
    def of(cls, row: Feedback) -> Self:
        return cls(
            row.id,
            row.user_email,
            row.score,
            row.comment,
            None,
            Source(row.source),
            row.user_agent,
            instant(row.create_time),
        )
