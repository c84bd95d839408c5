"""The customers of a shop: their orders and tickets, the surveys that follow, and what becomes of those."""

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import chain, count
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from voxpop.demo.comments import remark
from voxpop.demo.courses import COURSES, Course, change
from voxpop.demo.ids import new_id
from voxpop.demo.plan import DAYS, Year, busy_until
from voxpop.types import FeedbackId, SurveyId

RUSSIAN_SHARE = 0.75
FIRST_NUMBER = 10_000  # of orders and of tickets
REGULARS = 1.6  # the higher, the more of the orders are those of few
VISITS = (0, 1, 2, 3), (2, 4, 3, 1)  # so many visits follow an event, with these weights
VISIT_DAYS = 3.5  # after it, on average

# Surveys that were shown expire in the first night in which they are older.
EXPIRY_AGE, EXPIRY_AT = timedelta(days=7), time(1)


class Event(NamedTuple):
    """An order or a ticket."""

    at: datetime
    course: Course
    context: str


class Shopper(Struct, frozen=True):
    guid: str
    russian: bool
    careless: bool  # writes without capitals and full stops
    warmth: float  # the share of the spread by which the scores lie above those of others
    answers: float  # the chance that a survey that is shown is answered


class Answer(Struct, frozen=True):
    id: FeedbackId
    at: datetime
    score: int
    comment: str | None


class Survey(Struct, frozen=True):
    """A survey as it ended up; what has not happened is None."""

    id: SurveyId
    guid: str
    event: Event
    sent_at: datetime | None
    answer: Answer | None
    expired_at: datetime | None


class Shop:
    """A year of it, with so many customers, for a workspace in this zone."""

    def __init__(self, rng: Random, year: Year, zone: ZoneInfo, size: int) -> None:
        self._rng, self._year, self._zone, self._size = rng, year, zone, size

    def tell(self) -> Iterator[list[Survey]]:
        """The surveys of one customer after the other; of each, those of all events, in order of time."""
        events_of: dict[int, list[Event]] = defaultdict(list)
        for event in sorted(chain.from_iterable(map(self._events, COURSES)), key=lambda event: event.at):
            events_of[int(self._size * self._rng.random() ** REGULARS)].append(event)
        for number, events in sorted(events_of.items()):
            shopper = self._shopper(number)
            visits = self._visits(events)
            yield [self._ask(shopper, event, visits) for event in events]

    def _events(self, course: Course) -> Iterator[Event]:
        busy = busy_until(self._year.midnight.date(), course.week)
        low, high, peak = course.hours
        hours = sorted(
            24 * min(bisect(busy, self._rng.uniform(0, busy[-1])), DAYS) + self._rng.triangular(low, high, peak)
            for _ in range(course.events)
        )
        times = (self._year.midnight + timedelta(hours=hour) for hour in hours)
        for number, at in enumerate((at for at in times if self._year.start <= at < self._year.now), FIRST_NUMBER):
            yield Event(at, course, f"{course.context.lower()}_{number}")

    def _shopper(self, number: int) -> Shopper:
        rng = self._rng
        return Shopper(
            guid=f"cust_{number:05}",
            russian=rng.random() < RUSSIAN_SHARE,
            careless=rng.random() < 0.35,
            warmth=rng.gauss(0, 0.4),
            answers=rng.uniform(0.1, 0.6),
        )

    def _visits(self, events: Sequence[Event]) -> list[datetime]:
        """When the customer comes by and is shown what is due, in order of time."""
        visits = (
            event.at + timedelta(days=self._rng.expovariate(1 / VISIT_DAYS))
            for event in events
            for _ in range(self._rng.choices(*VISITS)[0])
        )
        return sorted(visit for visit in visits if visit < self._year.now)

    def _ask(self, shopper: Shopper, event: Event, visits: Sequence[datetime]) -> Survey:
        scheduled_at = event.at + timedelta(hours=event.course.campaign.delay_hours)
        shown = [visit for visit in visits if visit > scheduled_at]
        sent_at = shown[0] if shown else None
        end = min(self._expiry(sent_at), self._year.now) if sent_at else None
        answer = next(filter(None, (self._visit(shopper, event, visit, end) for visit in shown if end)), None)
        expired_at = end if end and end < self._year.now and not answer else None
        ident = SurveyId(new_id(self._rng, event.at))
        return Survey(ident, shopper.guid, event, sent_at, answer, expired_at)

    def _visit(self, shopper: Shopper, event: Event, visit: datetime, end: datetime) -> Answer | None:
        """What is answered at a visit, if anything; not once the survey has come to its end."""
        rng, course = self._rng, event.course
        at = visit + timedelta(seconds=rng.uniform(5, 90))
        if rng.random() >= shopper.answers or at >= end:
            return None
        mean = course.mean(self._year, at) + shopper.warmth * course.spread
        score = min(course.scale[1], max(course.scale[0], round(rng.gauss(mean, course.spread))))
        return Answer(FeedbackId(new_id(rng, at)), at, score, self._comment(shopper, course, at, score))

    def _comment(self, shopper: Shopper, course: Course, at: datetime, score: int) -> str | None:
        low, high = course.fair
        band = "bad" if score < low else "fair" if score <= high else "good"
        about = course.trouble if band == "bad" and change(self._year, at) < 0.5 else course.about
        return remark(self._rng, about, band, russian=shopper.russian, careless=shopper.careless)

    def _expiry(self, sent_at: datetime) -> datetime:
        """The night that finds it too old."""
        oldest = sent_at + EXPIRY_AGE
        day = oldest.astimezone(self._zone).date()
        nights = (datetime.combine(day + timedelta(days=days), EXPIRY_AT, self._zone) for days in count())
        return next(night for night in (night.astimezone(UTC) for night in nights) if night > oldest)
