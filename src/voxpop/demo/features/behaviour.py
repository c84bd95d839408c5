"""The behaviour of customers: their uses, their reactions to prompts, and their ratings."""

from bisect import bisect
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, islice, pairwise
from random import Random

from voxpop.demo.comments import BAD, comment, sentiment_of
from voxpop.demo.features.customers import Customer, make_customers
from voxpop.demo.features.journey import Journey
from voxpop.demo.features.plans import PLANS
from voxpop.demo.year import WEEKDAY_WEIGHTS, Year
from voxpop.features.models import SCALE_MAX, SCALE_MIN
from voxpop.feedback.models import Source

VOLUNTARY_SHARE = 0.008  # the share of uses that a voluntary rating follows
VOLUNTARY_SHARE_IN_DROP = 0.05
RATED_UNUSED = 0.004  # the chance that a customer rates a feature without using it
VOLUNTARY_DEDUCTION = 0.5  # points by which voluntary ratings lie below prompted ones
SPREAD = 1.75  # of one customer's scores, in points


class Behaviour:
    """The journeys of customers in the year."""

    def __init__(self, rng: Random, year: Year, cool_down_days: int) -> None:
        self._rng, self._year, self._cool_down_days = rng, year, cool_down_days
        self._weights = year.cumulative_weights(WEEKDAY_WEIGHTS)

    def simulate(self, customers: int) -> Iterator[list[Journey]]:
        """The journeys of each of so many customers, on different features. Customers without any do not count."""
        everyone = map(self._journeys, make_customers(self._rng))
        return islice(filter(None, everyone), customers)

    def live(self, journey: Journey) -> None:
        """Takes the journey through the year."""
        customer = journey.customer
        if self._rng.random() < journey.plan.reach:
            times = self._times(customer, self._use_count(journey))
            for at, next_use in pairwise(chain(times, [self._year.now])):
                self._use(journey, at, next_use)
        elif self._rng.random() < RATED_UNUSED:
            for at in self._times(customer, 1):
                self._rate(journey, at, Source.VOLUNTARY)

    def _journeys(self, customer: Customer) -> list[Journey]:
        journeys = [Journey(self._rng, customer, plan, self._cool_down_days) for plan in PLANS]
        for journey in journeys:
            self.live(journey)
        return [journey for journey in journeys if journey.id is not None]

    def _use_count(self, journey: Journey) -> int:
        customer = journey.customer
        uses = journey.plan.uses * customer.activity * (customer.left - customer.joined)
        return round(uses * self._rng.lognormvariate(0, 0.5) + 0.4)

    def _times(self, customer: Customer, count: int) -> list[datetime]:
        """The times of uses in order, mostly on working days and before noon."""
        rng, weights = self._rng, self._weights
        first, last = (weights[int(share * self._year.days)] for share in (customer.joined, customer.left))
        days = (min(bisect(weights, rng.uniform(first, last)), self._year.days) for _ in range(count))
        hours = sorted(24 * day + rng.triangular(6, 21, 10) for day in days)
        times = (self._year.midnight + timedelta(hours=hour) for hour in hours)
        return list(filter(self._year.contains, times))

    def _use(self, journey: Journey, at: datetime, next_use: datetime) -> None:
        """A use, and the reaction to a prompt before the next use."""
        customer, plan = journey.customer, journey.plan
        later = at + min(timedelta(seconds=self._rng.uniform(4, 90)), (next_use - at) / 2)
        chance = self._rng.random()
        if journey.use(at):
            if chance < customer.answer_chance:
                self._rate(journey, later, Source.PROMPTED)
                return
            if chance < customer.answer_chance + customer.dismissal_chance:
                journey.reject(later)
                return
        drop = plan.drop(self._year, at)
        if self._rng.random() < VOLUNTARY_SHARE + (VOLUNTARY_SHARE_IN_DROP - VOLUNTARY_SHARE) * drop:
            self._rate(journey, later, Source.VOLUNTARY)

    def _rate(self, journey: Journey, at: datetime, source: Source) -> None:
        customer, plan = journey.customer, journey.plan
        mean = plan.mean(self._year, at) + customer.warmth - VOLUNTARY_DEDUCTION * (source is Source.VOLUNTARY)
        score = min(SCALE_MAX, max(SCALE_MIN, round(self._rng.gauss(mean, SPREAD))))
        sentiment = sentiment_of(score)
        is_broken = sentiment == BAD and plan.drop(self._year, at) > 0.5
        subject = "broken" if is_broken else plan.feature.feature_key
        text = comment(
            self._rng,
            subject,
            sentiment,
            is_russian=customer.is_russian,
            is_careless=customer.is_careless,
            general=True,
        )
        journey.rate(at, source, score, text)
