"""What customers do: when they use a feature, whether they answer a prompt, and what they think of it."""

from bisect import bisect
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, islice, pairwise
from random import Random

from voxpop.demo.comments import comment
from voxpop.demo.journey import Journey
from voxpop.demo.people import Customer, customers
from voxpop.demo.plan import DAYS, PLANS, Plan, Year, liking
from voxpop.feedback.models import Source

VOLUNTEERS = 0.008  # the chance that a use is followed by a rating that nobody asked for
ANGRY_VOLUNTEERS = 0.05  # the same at the bottom of a drop
RATES_UNUSED = 0.004  # the chance that somebody rates a feature without ever using it
GRUMBLE = 0.5  # points by which voluntary ratings lie below prompted ones
SPREAD = 1.75  # of one customer's scores, in points


def lives(rng: Random, year: Year, cool_down_days: int, count: int) -> Iterator[list[Journey]]:
    """What so many customers did in the year: each one's journeys, on different features. Who did nothing is none."""
    everybody = (_life(rng, year, customer, cool_down_days) for customer in customers(rng))
    return islice(filter(None, everybody), count)


def _life(rng: Random, year: Year, customer: Customer, cool_down_days: int) -> list[Journey]:
    journeys = [Journey(rng, customer, plan, cool_down_days) for plan in PLANS]
    for journey in journeys:
        live(rng, year, journey)
    return [journey for journey in journeys if journey.id is not None]


def live(rng: Random, year: Year, journey: Journey) -> None:
    """Takes the journey through the year."""
    customer, plan = journey.customer, journey.plan
    if rng.random() < plan.reach:
        times = _times(rng, year, customer, _use_count(rng, customer, plan))
        for at, following in pairwise(chain(times, [year.now])):
            _visit(rng, year, journey, at, following)
    elif rng.random() < RATES_UNUSED:
        for at in _times(rng, year, customer, 1):
            _rate(rng, year, journey, at, Source.VOLUNTARY)


def _use_count(rng: Random, customer: Customer, plan: Plan) -> int:
    stays = customer.leaves - customer.joins
    return round(plan.uses * customer.activity * stays * rng.lognormvariate(0, 0.5) + 0.4)


def _times(rng: Random, year: Year, customer: Customer, count: int) -> list[datetime]:
    """When the customer uses a feature: mostly on working days and before noon, in order of time."""
    busy = year.busy_until
    first, last = (busy[int(share * DAYS)] for share in (customer.joins, customer.leaves))
    hours = sorted(
        24 * min(bisect(busy, rng.uniform(first, last)), DAYS) + rng.triangular(6, 21, 10) for _ in range(count)
    )
    times = (year.midnight + timedelta(hours=hour) for hour in hours)
    return [at for at in times if year.start <= at < year.now]


def _visit(rng: Random, year: Year, journey: Journey, at: datetime, following: datetime) -> None:
    """A use and what comes of it, before the following one."""
    later = at + min(timedelta(seconds=rng.uniform(4, 90)), (following - at) / 2)
    chance = rng.random()
    if journey.use(at):
        if chance < journey.customer.answers:
            _rate(rng, year, journey, later, Source.PROMPTED)
            return
        if chance < journey.customer.answers + journey.customer.refuses:
            journey.reject(later)
            return
    anger = year.drop(at) if journey.plan.drops else 0
    if rng.random() < VOLUNTEERS + (ANGRY_VOLUNTEERS - VOLUNTEERS) * anger:
        _rate(rng, year, journey, later, Source.VOLUNTARY)


def _rate(rng: Random, year: Year, journey: Journey, at: datetime, source: Source) -> None:
    mean = liking(journey.plan, year, at) + journey.customer.warmth - GRUMBLE * (source is Source.VOLUNTARY)
    score = min(10, max(1, round(rng.gauss(mean, SPREAD))))
    broken = journey.plan.drops and year.drop(at) > 0.5
    journey.rate(at, source, score, comment(rng, journey.customer, journey.plan.feature.feature_key, score, broken))
