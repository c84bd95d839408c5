"""One customer's journey with one feature: its counters, surveys and ratings, by the product's own rules."""

from datetime import datetime
from random import Random
from uuid import UUID

from msgspec import Struct

from voxpop.demo.features.customers import Customer
from voxpop.demo.features.ids import new_id
from voxpop.demo.features.plans import FeaturePlan
from voxpop.features.prompting import in_cooldown, should_prompt
from voxpop.feedback.models import Source
from voxpop.surveys.models import Status
from voxpop.types import FeedbackId, SurveyId


class Survey(Struct):
    """A survey in its final state. `changed_at` is the time at which it was closed, or else opened."""

    id: SurveyId
    opened_at: datetime
    status: Status
    changed_at: datetime


class Rating(Struct, frozen=True):
    id: FeedbackId
    survey_id: SurveyId | None
    at: datetime
    source: Source
    score: int
    comment: str | None


class Journey:
    """The customer's counters on the feature, their surveys and their ratings. Calls must come in order of time."""

    def __init__(self, rng: Random, customer: Customer, plan: FeaturePlan, cool_down_days: int) -> None:
        self.customer, self.plan = customer, plan
        self._rng, self._cool_down_days = rng, cool_down_days
        self.id: UUID | None = None
        self.uses = self.total = self.rejections = 0
        self.first_used_at: datetime | None = None
        self.updated_at: datetime | None = None
        self.feedback_at: datetime | None = None
        self.open_survey: Survey | None = None
        self.surveys: list[Survey] = []
        self.ratings: list[Rating] = []

    def use(self, at: datetime) -> bool:
        """Counts a use and returns whether the product shows a prompt."""
        self._begin(at)
        is_cooling = in_cooldown(self.feedback_at, self._cool_down_days, at)
        self.total += 1
        self.uses += not is_cooling
        feature = self.plan.feature
        thresholds = feature.interaction_threshold, feature.rejection_threshold
        is_prompted = should_prompt(self.uses, thresholds[0], self.rejections, thresholds[1], in_cooldown=is_cooling)
        if is_prompted and self.open_survey is None:
            self.open_survey = Survey(SurveyId(new_id(self._rng, at)), at, Status.PENDING, at)
            self.surveys.append(self.open_survey)
        return is_prompted

    def reject(self, at: datetime) -> None:
        self._begin(at)
        self.uses = 0
        self.rejections += 1
        self._close(Status.DISMISSED, at)

    def rate(self, at: datetime, source: Source, score: int, comment: str | None) -> None:
        """A prompted rating completes the open survey, and a voluntary one withdraws it."""
        if self.id is None:
            self.id = new_id(self._rng, at)
        self.uses = self.rejections = 0
        self.feedback_at = self.updated_at = at
        closed = self._close(Status.COMPLETED if source is Source.PROMPTED else Status.WITHDRAWN, at)
        survey = closed.id if closed and source is Source.PROMPTED else None
        self.ratings.append(Rating(FeedbackId(new_id(self._rng, at)), survey, at, source, score, comment))

    def _begin(self, at: datetime) -> None:
        """The first use gives the row its id; a row that a rating made counts from its first use on."""
        if self.first_used_at is None:
            self.id, self.first_used_at = new_id(self._rng, at), at
        self.updated_at = at

    def _close(self, status: Status, at: datetime) -> Survey | None:
        closed, self.open_survey = self.open_survey, None
        if closed is not None:
            closed.status, closed.changed_at = status, at
        return closed
