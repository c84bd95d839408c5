"""The section "Product features" of the API, generated from the OpenAPI document by `make clients`."""

from datetime import datetime
from typing import Required, TypedDict, Unpack
from uuid import UUID

from msgspec import Struct

from voxpop.client.api.words import Source
from voxpop.client.methods import call, paged
from voxpop.client.shapes import Call, Page, key_of_request, path


class Counters(Struct, frozen=True, kw_only=True):
    """A user's counters on a feature."""

    user_email: str
    interaction_count: int
    total_interaction_count: int
    interaction_threshold: int
    rejection_count: int
    rejection_threshold: int
    # Whether to show the prompt to this user now
    should_request_feedback: bool
    # UTC, with milliseconds
    created_at: datetime
    # UTC, with milliseconds
    updated_at: datetime


class Feature(Struct, frozen=True, kw_only=True):
    product_key: str
    feature_key: str
    name: str
    description: str | None
    interaction_threshold: int
    rejection_threshold: int


class FeatureRating(Struct, frozen=True, kw_only=True):
    """A rating of a feature. `comment_en` is reserved for a translation and null for now."""

    id: UUID
    user_email: str | None
    rating: int
    comment: str | None
    comment_en: str | None
    source: Source
    user_agent: str | None
    # UTC, with milliseconds
    created_at: datetime


class FeatureUser(Struct, frozen=True, kw_only=True):
    """A user of a feature. Here the flag depends on counts and thresholds only, not on recent ratings."""

    id: UUID
    user_email: str | None
    interaction_count: int
    total_interaction_count: int
    rejection_count: int
    # Whether to show the prompt to this user now
    should_request_feedback: bool
    # UTC, with milliseconds
    created_at: datetime
    # UTC, with milliseconds
    updated_at: datetime
    # Of a user of the widget without an address
    guid: str | None = None


class Features(Struct, frozen=True, kw_only=True):
    data: list[Feature]


class Month(Struct, frozen=True, kw_only=True):
    year: int
    month: int
    feedback_count: int
    # Two decimals, exact ties up
    average_rating: float
    # Of an even number the mean of the middle two
    median_rating: float
    # Share of ratings above 5, from 0 to 1, two decimals
    pm_rating: float


class Notes(Struct, frozen=True, kw_only=True):
    """The stored notes."""

    id: UUID
    notes: str | None
    notes_updated_by: str
    # UTC, with milliseconds
    notes_updated_at: datetime


class Product(Struct, frozen=True, kw_only=True):
    key: str
    name: str


class Products(Struct, frozen=True, kw_only=True):
    data: list[Product]


class Quarter(Struct, frozen=True, kw_only=True):
    year: int
    quarter: int
    feedback_count: int
    # Two decimals, exact ties up
    average_rating: float
    # Of an even number the mean of the middle two
    median_rating: float
    # Share of ratings above 5, from 0 to 1, two decimals
    pm_rating: float


class RatingFigures(Struct, frozen=True, kw_only=True):
    total_feedbacks: int
    # Two decimals, exact ties up
    average_rating: float
    # Of an even number the mean of the middle two
    median_rating: float
    # Share of ratings above 5, from 0 to 1, two decimals
    pm_rating: float
    prompted_count: int
    voluntary_count: int


class RatingOut(Struct, frozen=True, kw_only=True):
    """The stored rating."""

    id: UUID
    user_email: str
    rating: int
    comment: str | None
    source: Source
    user_agent: str | None
    # UTC, with milliseconds
    created_at: datetime


class State(Struct, frozen=True, kw_only=True):
    """One feature of a product with a user's counters."""

    product_feature_key: str
    product_feature_description: str | None
    interaction_count: int
    total_interaction_count: int
    interaction_threshold: int
    rejection_count: int
    rejection_threshold: int
    # Whether to show the prompt to this user now
    should_request_feedback: bool


class States(Struct, frozen=True, kw_only=True):
    data: list[State]


class TimeSeries(Struct, frozen=True, kw_only=True):
    """Periods with ratings only, newest first. Days are those of the workspace's time zone."""

    monthly: list[Month]
    quarterly: list[Quarter]


class UsageFigures(Struct, frozen=True, kw_only=True):
    users_with_interactions: int
    # Rounded half up
    avg_total_interactions: int
    max_total_interactions: int
    users_rejection_exhausted: int


class Usage(Struct, frozen=True, kw_only=True):
    summary: UsageFigures


class FeatureSummary(Struct, frozen=True, kw_only=True):
    summary: RatingFigures


class FeatureChangeBody(TypedDict, total=False):
    """A new name, a new description (null removes it), or both."""

    name: str
    description: str | None


class NewFeatureBody(TypedDict, total=False):
    """A feature to create; its name is derived from its key."""

    feature_key: Required[str]
    # Uses after which to prompt
    interaction_threshold: Required[int]
    # Rejections after which to stop
    rejection_threshold: Required[int]
    description: str


class NewProductBody(TypedDict, total=False):
    """A product to create."""

    key: Required[str]
    name: Required[str]


class NotesBody(TypedDict, total=False):
    """Notes to store on a rating; null removes the old ones."""

    notes: Required[str | None]
    # An email address
    updated_by: Required[str]


class ProductNameBody(TypedDict, total=False):
    name: Required[str]


class RatingBody(TypedDict, total=False):
    """A user's rating of a feature. Optional fields can be left out, but not be null."""

    # An email address
    user_email: Required[str]
    rating: Required[int]
    source: Required[Source]
    comment: str
    user_agent: str


class ThresholdsBody(TypedDict, total=False):
    """The thresholds of a feature."""

    interaction_threshold: Required[int]
    rejection_threshold: Required[int]


class UserBody(TypedDict, total=False):
    """The user of the feature."""

    # An email address
    user_email: Required[str]


class ListFeaturesQuery(TypedDict, total=False):
    # Only features of these products
    product_key: list[str] | None
    # A part of the name, ignoring case
    name_part: str | None


class ListFeatureStatesQuery(TypedDict, total=False):
    # An email address
    user_email: Required[str]


class ListFeatureUsersQuery(TypedDict, total=False):
    # The maximum number of rows on a page
    limit: int
    # `next_cursor` of the page before
    cursor: str | None


class ListFeatureRatingsQuery(TypedDict, total=False):
    # The maximum number of rows on a page
    limit: int
    # `next_cursor` of the page before
    cursor: str | None


class ProductFeaturesCalls:
    """The calls of this section."""

    @call
    def list_products(
        self,
    ) -> Call[Products]:
        """List products. Sorted by name. Requires an API key with the scope `read`."""
        return Call("GET", "/api/csat/v1/products", Products)

    @call
    def open_product(self, **body: Unpack[NewProductBody]) -> Call[Product]:
        """Create a product. The key identifies the product in all other requests. Requires an API key with the scope
        `manage`.
        """
        return Call("POST", "/api/csat/v1/products", Product, body=body)

    @call
    def delete_product(self, product: str) -> Call[None]:
        """Delete a product. A product with features cannot be deleted. Requires an API key with the scope `manage`."""
        return Call("DELETE", path("/api/csat/v1/products/{}", product), type(None))

    @call
    def rename_product(self, product: str, **body: Unpack[ProductNameBody]) -> Call[Product]:
        """Rename a product. The key stays the same. Requires an API key with the scope `manage`."""
        return Call("PATCH", path("/api/csat/v1/products/{}", product), Product, body=body)

    @call
    def list_features(self, **query: Unpack[ListFeaturesQuery]) -> Call[Features]:
        """List features. Sorted by product key, then feature key. Repeat `product_key` for several products. Requires
        an API key with the scope `read`.
        """
        return Call("GET", "/api/csat/v1/features", Features, query=query)

    @call
    def open_feature(self, product: str, **body: Unpack[NewFeatureBody]) -> Call[Feature]:
        """Create a feature. Its name is the key with spaces for `-`, `_`, `.` and `+`; PATCH can change the name.
        Requires an API key with the scope `manage`.
        """
        return Call("POST", path("/api/csat/v1/products/{}/features", product), Feature, body=body)

    @call
    def delete_feature(self, product: str, feature: str) -> Call[None]:
        """Delete a feature. A feature with interactions or ratings cannot be deleted. Requires an API key with the
        scope `manage`.
        """
        return Call("DELETE", path("/api/csat/v1/products/{}/features/{}", product, feature), type(None))

    @call
    def change_feature(self, product: str, feature: str, **body: Unpack[FeatureChangeBody]) -> Call[Feature]:
        """Change a feature's name or description. At least one of the two. Thresholds have an address of their own.
        Requires an API key with the scope `manage`.
        """
        return Call("PATCH", path("/api/csat/v1/products/{}/features/{}", product, feature), Feature, body=body)

    @call
    def set_thresholds(self, product: str, feature: str, **body: Unpack[ThresholdsBody]) -> Call[Feature]:
        """Set a feature's thresholds. They apply from the next request on, to existing counts too. Requires an API key
        with the scope `manage`.
        """
        return Call(
            "PUT", path("/api/csat/v1/products/{}/features/{}/thresholds", product, feature), Feature, body=body
        )

    @call
    def list_feature_states(self, product: str, **query: Unpack[ListFeatureStatesQuery]) -> Call[States]:
        """A user's counters on every feature. Features without uses have zeros. Reading changes nothing. Requires an
        API key with the scope `ingest`.
        """
        return Call("GET", path("/api/csat/v1/products/{}/feature-interactions", product), States, query=query)

    @call
    def increment(
        self, product: str, feature: str, *, idempotency_key: str | None = None, **body: Unpack[UserBody]
    ) -> Call[Counters]:
        """Count a use. Send it whenever a user uses the feature. Show the prompt when `should_request_feedback` is
        true. Requires an API key with the scope `ingest`.
        """
        return Call(
            "POST",
            path("/api/csat/v1/products/{}/features/{}/increment", product, feature),
            Counters,
            body=body,
            headers={"Idempotency-Key": key_of_request(idempotency_key)},
        )

    @call
    def reject(
        self, product: str, feature: str, *, idempotency_key: str | None = None, **body: Unpack[UserBody]
    ) -> Call[Counters]:
        """Count a rejection. Send it when a user closes the prompt without a rating. Uses start again; enough
        rejections stop the prompts. Requires an API key with the scope `ingest`.
        """
        return Call(
            "POST",
            path("/api/csat/v1/products/{}/features/{}/reject", product, feature),
            Counters,
            body=body,
            headers={"Idempotency-Key": key_of_request(idempotency_key)},
        )

    @call
    def rate(
        self, product: str, feature: str, *, idempotency_key: str | None = None, **body: Unpack[RatingBody]
    ) -> Call[RatingOut]:
        """Store a rating. A user can rate a feature any number of times. Each rating stops prompts for the workspace's
        cool-down. Requires an API key with the scope `ingest`.
        """
        return Call(
            "POST",
            path("/api/csat/v1/products/{}/features/{}/feedbacks", product, feature),
            RatingOut,
            body=body,
            headers={"Idempotency-Key": key_of_request(idempotency_key)},
        )

    @call
    def get_feature_usage(self, product: str, feature: str) -> Call[Usage]:
        """A feature's usage. Zeros for a feature without uses. Requires an API key with the scope `read`."""
        return Call("GET", path("/api/csat/v1/analytics/products/{}/features/{}/interactions", product, feature), Usage)

    @call
    def get_feature_summary(self, product: str, feature: str) -> Call[FeatureSummary]:
        """A feature's rating figures. Over all time; zeros for a feature without ratings. Requires an API key with the
        scope `read`.
        """
        return Call(
            "GET", path("/api/csat/v1/analytics/products/{}/features/{}/feedbacks", product, feature), FeatureSummary
        )

    @paged
    def list_feature_users(
        self, product: str, feature: str, **query: Unpack[ListFeatureUsersQuery]
    ) -> Call[Page[FeatureUser]]:
        """List a feature's users. The last changed first. An invalid cursor returns the first page. Requires an API
        key with the scope `read`.
        """
        return Call(
            "GET",
            path("/api/csat/v1/analytics/products/{}/features/{}/interactions/users", product, feature),
            Page[FeatureUser],
            query=query,
        )

    @paged
    def list_feature_ratings(
        self, product: str, feature: str, **query: Unpack[ListFeatureRatingsQuery]
    ) -> Call[Page[FeatureRating]]:
        """List a feature's ratings. Newest first. An invalid cursor returns the first page. Requires an API key with
        the scope `read`.
        """
        return Call(
            "GET",
            path("/api/csat/v1/analytics/products/{}/features/{}/feedbacks/users", product, feature),
            Page[FeatureRating],
            query=query,
        )

    @call
    def list_feature_periods(self, product: str, feature: str) -> Call[TimeSeries]:
        """Ratings by month and quarter. Periods without ratings are left out. Requires an API key with the scope
        `read`.
        """
        return Call(
            "GET",
            path("/api/csat/v1/analytics/products/{}/features/{}/feedbacks/timeseries", product, feature),
            TimeSeries,
        )

    @call
    def set_rating_notes(self, feedback: UUID | str, **body: Unpack[NotesBody]) -> Call[Notes]:
        """Set the notes on a rating. The last notes win; null removes them. Requires an API key with the scope
        `manage`.
        """
        return Call("PATCH", path("/api/csat/v1/feedbacks/{}/notes", feedback), Notes, body=body)
