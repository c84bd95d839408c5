"""What the feature API takes and gives, as structs with their bounds and examples."""

from typing import Annotated, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from voxpop.features.models import Counters, Feature, FeatureState, Product, Rated, User
from voxpop.features.prompting import should_prompt
from voxpop.feedback.models import Feedback, Source
from voxpop.types import Email, FeedbackId, Instant, Key, Name, instant, whole_number

USER = "user@example.com"
Threshold = Annotated[float, whole_number(1, 2**31 - 1)]
Rating = Annotated[float, whole_number(1, 10)]  # 8.0 counts as 8 (C40)
Description = Annotated[str, Meta(max_length=1000, examples=["The page people begin with"])]
ProductKey = Annotated[str, Meta(examples=["pms"])]
FeatureKey = Annotated[str, Meta(examples=["dashboard"])]
FeatureName = Annotated[str, Meta(examples=["dashboard"])]
Count = Annotated[int, Meta(examples=[5])]
UserEmail = Annotated[str, Meta(examples=[USER])]
Comment = Annotated[str, Meta(examples=["Works great, but could be faster."])]
Agent = Annotated[str, Meta(examples=["Mozilla/5.0"])]
Asks = Annotated[bool, Meta(description="Whether to show the prompt to this user now")]


class NewProduct(Struct, frozen=True):
    """A product to be set up."""

    key: Annotated[Key, Meta(examples=["pms"])]
    name: Annotated[Name, Meta(examples=["Property management"])]


class ProductName(Struct, frozen=True):
    name: Annotated[Name, Meta(examples=["Property management"])]


class ProductOut(Struct, frozen=True):
    key: ProductKey
    name: Annotated[str, Meta(examples=["Property management"])]

    @classmethod
    def of(cls, product: Product) -> Self:
        return cls(product.key, product.name)


class Products(Struct, frozen=True):
    data: list[ProductOut]


class NewFeature(Struct, frozen=True):
    """A feature to be asked about; its name is derived from its key."""

    feature_key: Annotated[Key, Meta(examples=["dashboard"])]
    interaction_threshold: Annotated[Threshold, Meta(examples=[5], description="Uses after which to ask")]
    rejection_threshold: Annotated[Threshold, Meta(examples=[3], description="Refusals after which to stop asking")]
    description: Description | UnsetType = UNSET


class FeatureChange(Struct, frozen=True):
    """A new name, a new description (null takes it away), or both."""

    name: Annotated[Name, Meta(examples=["Dashboard"])] | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET


SomeFeatureChange = Annotated[
    FeatureChange,
    Meta(extra_json_schema={"anyOf": [{"required": [field]} for field in FeatureChange.__struct_fields__]}),
]


class Thresholds(Struct, frozen=True):
    interaction_threshold: Annotated[Threshold, Meta(examples=[10])]
    rejection_threshold: Annotated[Threshold, Meta(examples=[2])]


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


class Features(Struct, frozen=True):
    data: list[FeatureOut]


class UserBody(Struct, frozen=True):
    """Who used or refused."""

    user_email: Annotated[Email, Meta(examples=[USER])]


class CountersOut(Struct, frozen=True):
    """A user's counters on a feature."""

    user_email: UserEmail
    interaction_count: Count
    total_interaction_count: Count
    interaction_threshold: Count
    rejection_count: Annotated[int, Meta(examples=[0])]
    rejection_threshold: Annotated[int, Meta(examples=[3])]
    should_request_feedback: Asks
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
    """One feature of a product as a user has used it."""

    product_feature_key: FeatureKey
    product_feature_description: Description | None
    interaction_count: Count
    total_interaction_count: Count
    interaction_threshold: Count
    rejection_count: Annotated[int, Meta(examples=[0])]
    rejection_threshold: Annotated[int, Meta(examples=[3])]
    should_request_feedback: Asks

    @classmethod
    def of(cls, state: FeatureState, *, cooling: bool) -> Self:
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
                cooling=cooling,
            ),
        )


class States(Struct, frozen=True):
    data: list[StateOut]


class RatingBody(Struct, frozen=True):
    """A user's rating of a feature. Leave out what there is not; null is refused."""

    user_email: Annotated[Email, Meta(examples=[USER])]
    rating: Annotated[Rating, Meta(examples=[8])]
    source: Source
    comment: Annotated[str, Meta(max_length=10_000, examples=["Works great, but could be faster."])] | UnsetType = UNSET
    user_agent: Annotated[str, Meta(max_length=1000, examples=["Mozilla/5.0"])] | UnsetType = UNSET


class RatingOut(Struct, frozen=True):
    """A rating as stored."""

    id: FeedbackId
    user_email: UserEmail
    rating: Annotated[int, Meta(examples=[8])]
    comment: Comment | None
    source: Source
    user_agent: Agent | None
    created_at: Instant

    @classmethod
    def of(cls, rated: Rated) -> Self:
        new = rated.new
        return cls(
            rated.id, new.person.email, new.rating, new.comment, new.source, new.user_agent, instant(rated.created_at)
        )


class UserRow(Struct, frozen=True):
    """A user of a feature. Here the flag looks at counts and thresholds only, not at recent ratings."""

    id: UUID
    user_email: UserEmail
    interaction_count: Count
    total_interaction_count: Count
    rejection_count: Annotated[int, Meta(examples=[0])]
    should_request_feedback: Asks
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            user.id,
            user.user_email,
            user.interaction_count,
            user.total_interaction_count,
            user.rejection_count,
            should_prompt(
                user.interaction_count, user.interaction_threshold, user.rejection_count, user.rejection_threshold
            ),
            instant(user.first_used_at),
            instant(user.updated_at),
        )


class RatingRow(Struct, frozen=True):
    """A rating in the list of a feature's ratings; `comment_en` is for a translation and null until there is one."""

    id: FeedbackId
    user_email: UserEmail | None
    rating: Annotated[int, Meta(examples=[8])]
    comment: Comment | None
    comment_en: Comment | None
    source: Source
    user_agent: Agent | None
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
