"""The year that the demo covers, and the busy and quiet days in it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate

from msgspec import Struct

DAYS = 365
WEEKDAY_WEIGHTS = (1.1, 1.15, 1.1, 1.05, 0.95, 0.35, 0.25)  # how busy the days of a week are, from Monday on


class Year(Struct, frozen=True):
    """A year up to now. Its days are counted from `midnight`, before the start."""

    now: datetime
    start: datetime
    midnight: datetime
    days: int

    @classmethod
    def up_to(cls, now: datetime) -> "Year":
        start = now - timedelta(days=DAYS)
        return cls(now, start, midnight_of(start.date()), DAYS)

    def share(self, moment: datetime) -> float:
        """How much of the year is over, from 0 to 1."""
        return (moment - self.start) / (self.now - self.start)

    def month_start(self, days_ago: int) -> datetime:
        """The beginning of the month in which the day so many days ago lies."""
        return midnight_of((self.now - timedelta(days=days_ago)).date().replace(day=1))

    def contains(self, moment: datetime) -> bool:
        return self.start <= moment < self.now

    def cumulative_weights(self, weekday_weights: Sequence[float]) -> list[float]:
        """At index i: the weight of the days up to day i together, by their days of the week."""
        first = self.midnight.weekday()
        return list(accumulate(weekday_weights[(first + day) % 7] for day in range(self.days + 1)))


def midnight_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
