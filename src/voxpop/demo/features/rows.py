"""The bulk rows of journeys, with everything that the services store in them, and their counts."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from voxpop.db.query import array_text
from voxpop.demo.features.customers import Customer
from voxpop.demo.features.journey import Journey, Rating, Survey
from voxpop.features.models import SCALE_MIN, SURVEY_TYPE, FeaturePath, source_series
from voxpop.feedback.models import IndexedRating
from voxpop.metrics.models import ScoreIncrement, Series, SeriesKind, SurveyIncrement
from voxpop.surveys.models import STAGE_OF_STATUS, Status
from voxpop.types import FeatureId, FeedbackId, Origin, ProductId, SurveyId
from voxpop.workspaces.models import Workspace


class StoredFeature(Struct, frozen=True):
    """A feature with the ids that the database knows it by."""

    product_key: str
    feature_key: str
    product_id: ProductId
    feature_id: FeatureId


class InteractionRow(Struct, frozen=True):
    """A customer's counters on a feature."""

    feature: FeatureId
    email: str
    id: UUID | None
    uses: int
    total: int
    rejections: int
    first_used_at: datetime | None
    updated_at: datetime | None
    feedback_at: datetime | None
    open_survey: SurveyId | None


class SurveyRow(Struct, frozen=True):
    """A survey of a feature, open or closed."""

    id: SurveyId
    feature: FeatureId
    email: str
    status: str
    opened_at: datetime
    changed_at: datetime


class FeedbackRow(Struct, frozen=True):
    """A rating of a feature. The series are arrays as text."""

    id: FeedbackId
    survey: SurveyId | None
    feature: FeatureId
    source: str
    email: str
    score: int
    comment: str | None
    user_agent: str | None
    day: date
    series_kinds: str
    series_ids: str
    at: datetime


class FeatureRows:
    """Collects rows, which the caller writes in batches, and increments, which it writes at the end."""

    def __init__(self, workspace: Workspace, features: Mapping[FeaturePath, StoredFeature]) -> None:
        self._workspace, self._features = workspace, features
        self.interactions: list[InteractionRow] = []
        self.surveys: list[SurveyRow] = []
        self.feedback: list[FeedbackRow] = []
        self.indexed: list[IndexedRating] = []
        self.score_increments: list[ScoreIncrement] = []
        self.survey_increments: list[SurveyIncrement] = []

    def add(self, journey: Journey) -> None:
        plan = journey.plan.feature
        feature = self._features[FeaturePath(plan.product_key, plan.feature_key)]
        self._add_interaction(journey, feature)
        for survey in journey.surveys:
            self._add_survey(survey, feature, journey.customer.email)
        for rating in journey.ratings:
            self._add_rating(rating, feature, journey.customer)

    def clear(self) -> None:
        """Forgets the rows and keeps the increments."""
        for rows in (self.interactions, self.surveys, self.feedback, self.indexed):
            rows.clear()

    def _series(self, feature: StoredFeature) -> tuple[Series, ...]:
        return (
            Series(SeriesKind.WORKSPACE, self._workspace.id),
            Series(SeriesKind.PRODUCT, feature.product_id),
            Series(Origin.FEATURE, feature.feature_id),
        )

    def _add_interaction(self, journey: Journey, feature: StoredFeature) -> None:
        self.interactions.append(
            InteractionRow(
                feature=feature.feature_id,
                email=journey.customer.email,
                id=journey.id,
                uses=journey.uses,
                total=journey.total,
                rejections=journey.rejections,
                first_used_at=journey.first_used_at,
                updated_at=journey.updated_at,
                feedback_at=journey.feedback_at,
                open_survey=journey.open_survey.id if journey.open_survey else None,
            )
        )

    def _add_survey(self, survey: Survey, feature: StoredFeature, email: str) -> None:
        times = survey.opened_at, survey.changed_at
        self.surveys.append(SurveyRow(survey.id, feature.feature_id, email, survey.status, *times))
        stages = {Status.PENDING: survey.opened_at, survey.status: survey.changed_at}
        for status, at in stages.items():
            increment = SurveyIncrement(STAGE_OF_STATUS[status], self._workspace.day(at), self._series(feature))
            self.survey_increments.append(increment)

    def _add_rating(self, rating: Rating, feature: StoredFeature, customer: Customer) -> None:
        day = self._workspace.day(rating.at)
        series = (*self._series(feature), source_series(rating.source, feature.feature_id))
        self.feedback.append(
            FeedbackRow(
                id=rating.id,
                survey=rating.survey_id,
                feature=feature.feature_id,
                source=rating.source,
                email=customer.email,
                score=rating.score,
                comment=rating.comment,
                user_agent=customer.user_agent,
                day=day,
                series_kinds=array_text(one.kind for one in series),
                series_ids=array_text(one.id for one in series),
                at=rating.at,
            )
        )
        self.indexed.append(IndexedRating(rating.id, rating.at, series, rating.comment))
        self.score_increments.append(ScoreIncrement(SURVEY_TYPE, rating.score - SCALE_MIN, day, series))
