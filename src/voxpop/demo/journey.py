"""One customer's way with one feature, moved by the product's own rules; leaves what the product would leave."""

from datetime import datetime
from random import Random
from uuid import UUID

from msgspec import Struct

from voxpop.demo.ids import new_id
from voxpop.demo.people import Customer
from voxpop.demo.plan import Plan
from voxpop.features.prompting import in_cooldown, should_prompt
from voxpop.feedback.models import Source
from voxpop.surveys.models import Status
from voxpop.types import FeedbackId, SurveyId


class Ask(Struct):
    """A survey as it ended up; `changed_at` is when it was asked, or ended."""

    id: SurveyId
    asked_at: datetime
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
    """The customer's counters on the feature, and all asks and ratings so far. Steps must come in order of time."""

    def __init__(self, rng: Random, customer: Customer, plan: Plan, cool_down_days: int) -> None:
        self.customer, self.plan = customer, plan
        self._rng, self._cool_down_days = rng, cool_down_days
        self.id: UUID | None = None
        self.uses = self.total = self.rejections = 0
        self.first_used_at: datetime | None = None
        self.updated_at: datetime | None = None
        self.feedback_at: datetime | None = None
        self.open: Ask | None = None
        self.asks: list[Ask] = []
        self.ratings: list[Rating] = []

    def use(self, at: datetime) -> bool:
        """Counts a use, and tells whether the product asks now."""
        self._begin(at)
        is_cooling = in_cooldown(self.feedback_at, self._cool_down_days, at)
        self.total += 1
        self.uses += not is_cooling
        feature = self.plan.feature
        thresholds = feature.interaction_threshold, feature.rejection_threshold
        ask = should_prompt(self.uses, thresholds[0], self.rejections, thresholds[1], in_cooldown=is_cooling)
        if ask and self.open is None:
            self.open = Ask(SurveyId(new_id(self._rng, at)), at, Status.PENDING, at)
            self.asks.append(self.open)
        return ask

    def reject(self, at: datetime) -> None:
        self._begin(at)
        self.uses = 0
        self.rejections += 1
        self._end(Status.DISMISSED, at)

    def rate(self, at: datetime, source: Source, score: int, comment: str | None) -> None:
        """A prompted rating answers the open survey, a voluntary one makes it needless."""
        if self.id is None:
            self.id = new_id(self._rng, at)
        self.uses = self.rejections = 0
        self.feedback_at = self.updated_at = at
        ended = self._end(Status.COMPLETED if source is Source.PROMPTED else Status.WITHDRAWN, at)
        survey = ended.id if ended and source is Source.PROMPTED else None
        self.ratings.append(Rating(FeedbackId(new_id(self._rng, at)), survey, at, source, score, comment))

    def _begin(self, at: datetime) -> None:
        """The row gets its id when it is first used; one that only a rating made counts from then on."""
        if self.first_used_at is None:
            self.id, self.first_used_at = new_id(self._rng, at), at
        self.updated_at = at

    def _end(self, status: Status, at: datetime) -> Ask | None:
        ended, self.open = self.open, None
        if ended is not None:
            ended.status, ended.changed_at = status, at
        return ended
