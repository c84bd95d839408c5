"""The customers of a shop: their orders and tickets, their visits, and their answers to surveys."""

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from random import Random

from msgspec import Struct

from voxpop.campaigns.models import Event
from voxpop.demo.campaigns.campaign_scenarios import CAMPAIGN_SCENARIOS, CampaignScenario, change_progress
from voxpop.demo.comments import BAD, comment
from voxpop.demo.year import Year
from voxpop.surveys.models import DueSurvey, Submission

SHOPPERS = 2_000
RUSSIAN_SHARE = 0.75
CARELESS_SHARE = 0.35
FIRST_NUMBER = 10_000  # of orders and of tickets
CONCENTRATION = 1.6  # higher: fewer shoppers place most of the orders
VISITS, VISIT_WEIGHTS = (0, 1, 2, 3), (2, 4, 3, 1)  # the number of visits that follow an event
VISIT_DAYS = 3.5  # from the event to a visit, on average


class ShopEvent(Struct, frozen=True, order=True):
    """An order or a closed ticket of a shopper."""

    at: datetime
    shopper: int
    event: Event


class Visit(Struct, frozen=True, order=True):
    """A shopper visits the shop and sees their surveys."""

    at: datetime
    shopper: int


class Shopper(Struct, frozen=True):
    """A shopper with their habits."""

    guid: str
    is_russian: bool
    is_careless: bool  # writes without capitals and full stops
    warmth: float  # how far the scores lie above those of others, in spreads
    answer_chance: float  # the chance that a survey that is shown is answered


class Shop:
    """A year of events and visits. The customers decide on surveys as they see them."""

    def __init__(self, rng: Random, year: Year, scale: float) -> None:
        self._rng, self._year = rng, year
        self.shoppers = [self._shopper(number) for number in range(round(SHOPPERS * scale))]
        events = (self._events(scenario, round(scenario.events * scale)) for scenario in CAMPAIGN_SCENARIOS)
        self.events = sorted(chain.from_iterable(events), key=lambda event: event.at)
        self.visits = sorted(self._visits(self.events), key=lambda visit: visit.at)

    def answers(self, guid: str, surveys: Iterable[DueSurvey], at: datetime) -> Iterator[Submission]:
        """The answers that a shopper gives to some of the surveys that they see."""
        shopper = self.shoppers[int(guid.removeprefix("cust_"))]
        for survey in surveys:
            if self._rng.random() < shopper.answer_chance:
                scenario = next(one for one in CAMPAIGN_SCENARIOS if one.context == survey.context_type)
                yield self._answer(shopper, scenario, survey, at)

    def _shopper(self, number: int) -> Shopper:
        return Shopper(
            guid=f"cust_{number:05}",
            is_russian=self._rng.random() < RUSSIAN_SHARE,
            is_careless=self._rng.random() < CARELESS_SHARE,
            warmth=self._rng.gauss(0, 0.4),
            answer_chance=self._rng.uniform(0.1, 0.6),
        )

    def _events(self, scenario: CampaignScenario, count: int) -> Iterator[ShopEvent]:
        weights = self._year.cumulative_weights(scenario.weekday_weights)
        times = sorted(filter(self._year.contains, (self._event_time(scenario, weights) for _ in range(count))))
        for number, at in enumerate(times, FIRST_NUMBER):
            shopper = int(len(self.shoppers) * self._rng.random() ** CONCENTRATION)
            context_id = f"{scenario.context.lower()}_{number}"
            event = Event(
                scenario.campaign.trigger_type, self.shoppers[shopper].guid, scenario.context, context_id, at.date()
            )
            yield ShopEvent(at, shopper, event)

    def _event_time(self, scenario: CampaignScenario, weights: Sequence[float]) -> datetime:
        day = min(bisect(weights, self._rng.uniform(0, weights[-1])), self._year.days)
        hour = self._rng.triangular(scenario.first_hour, scenario.last_hour, scenario.busiest_hour)
        return self._year.midnight + timedelta(days=day, hours=hour)

    def _visits(self, events: Sequence[ShopEvent]) -> Iterator[Visit]:
        """After every event, shoppers visit the shop up to three times."""
        for event in events:
            for _ in range(self._rng.choices(VISITS, VISIT_WEIGHTS)[0]):
                at = event.at + timedelta(days=self._rng.expovariate(1 / VISIT_DAYS))
                if self._year.contains(at):
                    yield Visit(at, event.shopper)

    def _answer(self, shopper: Shopper, scenario: CampaignScenario, survey: DueSurvey, at: datetime) -> Submission:
        mean = scenario.mean(self._year, at) + shopper.warmth * scenario.spread
        score = min(scenario.scale_max, max(scenario.scale_min, round(self._rng.gauss(mean, scenario.spread))))
        return Submission(survey.id, score, self._comment(shopper, scenario, at, score))

    def _comment(self, shopper: Shopper, scenario: CampaignScenario, at: datetime, score: int) -> str | None:
        sentiment = scenario.sentiment(score)
        has_trouble = sentiment == BAD and change_progress(self._year, at) < 0.5
        subject = scenario.trouble if has_trouble else scenario.subject
        return comment(self._rng, subject, sentiment, is_russian=shopper.is_russian, is_careless=shopper.is_careless)
