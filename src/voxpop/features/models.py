"""Products, their features, and a user's interactions with a feature."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from voxpop.feedback.models import Source
from voxpop.metrics.models import Series, SeriesKind
from voxpop.surveys.models import FEATURE_SURVEY_TYPE, SurveyType, decode_survey_type
from voxpop.types import FeatureId, FeedbackId, Origin, ProductId, SurveyId

SURVEY_TYPE = FEATURE_SURVEY_TYPE
SCALE_MIN, SCALE_MAX = 1, 10
SATISFIED_MIN = 6


class Product(Struct, frozen=True):
    key: str
    name: str


class Thresholds(Struct, frozen=True):
    """The uses after which to prompt, and the rejections after which to stop."""

    interaction: int
    rejection: int


class Feature(Struct, frozen=True):
    product_key: str
    feature_key: str
    name: str
    description: str | None
    interaction_threshold: int
    rejection_threshold: int


class ListedProduct(Struct, frozen=True):
    """A product with its id, which its series has."""

    id: ProductId
    key: str
    name: str


class ListedFeature(Struct, frozen=True):
    """A feature with its ids and the totals of its use."""

    id: FeatureId
    product_id: ProductId
    product_key: str
    key: str
    name: str
    description: str | None
    interaction_threshold: int
    rejection_threshold: int
    user_count: int
    use_count: int

    @property
    def path(self) -> "FeaturePath":
        return FeaturePath(self.product_key, self.key)

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.interaction_threshold, self.rejection_threshold)


class ExhaustedUser(Struct, frozen=True):
    """A user who refused so often that they are not prompted any more."""

    id: UUID
    user_email: str
    is_guid: bool
    rejection_count: int
    total_interaction_count: int
    updated_at: datetime


class FeatureUpdate(Struct, frozen=True):
    """Changes of a feature; UNSET keeps a value, None removes the description."""

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


class FeatureIds(Struct, frozen=True):
    """A feature's ids, and the threshold that its analytics need."""

    id: FeatureId
    product_id: ProductId
    rejection_threshold: int


class FeaturePath(NamedTuple):
    """The keys by which callers name a feature."""

    product: str
    feature: str

    def __str__(self) -> str:
        return "/".join(self)


class FeatureUser(NamedTuple):
    """A user of a feature: the key of an interaction row, in the caller's words.

    With `is_guid`, `user_email` is a guid. A guid and an equal address are two users.
    """

    product: str
    feature: str
    user_email: str
    is_guid: bool = False

    @property
    def path(self) -> FeaturePath:
        return FeaturePath(self.product, self.feature)


class ShownPrompt(Struct, frozen=True):
    """A prompt to show now: its survey, and the survey type of features."""

    survey: SurveyId
    survey_type: SurveyType


class Use(NamedTuple):
    """A use to count. `shows`: the caller shows the prompt at once if there is one, as the widget does."""

    user: FeatureUser
    shows: bool = False


class InteractionRow(Struct, frozen=True):
    """An interaction row after a batch. `is_new_user` is true if the row counts from now on.

    `number` is that of its feature in the batch, from 1.
    """

    number: int
    user_email: str
    is_guid: bool
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
    is_new_user: bool

    @property
    def series(self) -> tuple[Series, ...]:
        """The series of surveys and ratings of the feature, besides the workspace."""
        return (Series(SeriesKind.PRODUCT, self.product_id), Series(Origin.FEATURE, self.feature_id))


class UsedRow(InteractionRow, frozen=True):
    """An interaction row after uses that show their prompt. `survey_type`: as JSON, with an open survey only."""

    survey_type: str | None

    @property
    def prompt(self) -> ShownPrompt | None:
        """That of the open survey."""
        if self.survey_type is None or self.open_survey_id is None:
            return None
        return ShownPrompt(self.open_survey_id, decode_survey_type(self.survey_type))


class PromptedUser(Struct, frozen=True):
    """The user of a survey of a feature."""

    survey: SurveyId
    product: str
    feature: str
    user_email: str
    is_guid: bool

    @property
    def user(self) -> FeatureUser:
        return FeatureUser(self.product, self.feature, self.user_email, self.is_guid)


class OpenSurvey(Struct, frozen=True):
    """The open survey of an interaction row; None for none."""

    feature: FeatureId
    user_email: str
    is_guid: bool
    survey: SurveyId | None


class Counters(Struct, frozen=True):
    """A user's counters on a feature, after a use or a rejection. `prompt`: that of a use that shows it."""

    user_email: str
    interaction_count: int
    total_interaction_count: int
    interaction_threshold: int
    rejection_count: int
    rejection_threshold: int
    should_request_feedback: bool
    created_at: datetime
    updated_at: datetime
    prompt: ShownPrompt | None = None


class NewRating(Struct, frozen=True):
    """A user's rating of a feature."""

    user: FeatureUser
    rating: int
    source: Source
    comment: str | None
    user_agent: str | None


class StoredRating(Struct, frozen=True):
    id: FeedbackId
    new: NewRating
    created_at: datetime


class FeatureState(Struct, frozen=True):
    """One feature of a product with the counters of one user."""

    feature_key: str
    description: str | None
    interaction_count: int
    total_interaction_count: int
    interaction_threshold: int
    rejection_count: int
    rejection_threshold: int
    in_cooldown: bool


class UserUsage(Struct, frozen=True):
    """A user in the list of a feature's users."""

    id: UUID
    user_email: str
    is_guid: bool
    interaction_count: int
    total_interaction_count: int
    rejection_count: int
    interaction_threshold: int
    rejection_threshold: int
    first_used_at: datetime
    updated_at: datetime


class UsageTotals(Struct, frozen=True):
    """The totals of a feature's interactions."""

    user_count: int
    total_sum: int
    total_max: int


class UsageIncrement(Struct, frozen=True):
    """The increments for the totals of one feature; `max_uses` can only raise the maximum."""

    feature: FeatureId
    users: int
    uses: int
    max_uses: int


def source_series(source: Source, feature: FeatureId) -> Series:
    """The series that counts a feature's ratings of one source."""
    kind = SeriesKind.FEATURE_PROMPTED if source is Source.PROMPTED else SeriesKind.FEATURE_VOLUNTARY
    return Series(kind, feature)


def count_by_user(items: Sequence[FeatureUser]) -> dict[FeatureUser, int]:
    """How often each user appears in a batch, in the order of first appearance."""
    counts: dict[FeatureUser, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return counts
