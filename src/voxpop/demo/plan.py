"""What the demo shows of features: two products, their eight features, and how each of them does over the year."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate

from msgspec import Struct

from voxpop.features.models import Feature, Product
from voxpop.features.prompting import derive_name

CUSTOMERS = 5_000
SHOPPERS = 3_000  # of campaigns, who are others
DAYS = 365
# How busy the days of a week are, from Monday on.
WEEK = (1.1, 1.15, 1.1, 1.05, 0.95, 0.35, 0.25)

DROP_DEPTH = 3.4  # points of the scale
DROP_DAYS, RECOVERY_DAYS = 28, 8
DROP_DAYS_AGO = 140  # the drop begins with the month that this day lies in


class Plan(Struct, frozen=True):
    """A feature and its fate: how many use it and how often, how well they like it, and what changes that."""

    feature: Feature
    reach: float  # the share of customers who use it
    uses: float  # of a typical customer in a year
    liking: float  # the mean score
    gain: float = 0  # points by which the liking rises within the year
    drops: bool = False


class Year(Struct, frozen=True):
    """The time that the demo covers; days are counted from the midnight before its start."""

    now: datetime
    start: datetime
    midnight: datetime
    drop_start: datetime
    busy_until: list[float]  # at index i: how busy the days up to day i are together

    @classmethod
    def up_to(cls, now: datetime) -> "Year":
        start = now - timedelta(days=DAYS)
        first = start.date()
        drop = (now - timedelta(days=DROP_DAYS_AGO)).date().replace(day=1)
        return cls(now, start, _midnight(first), _midnight(drop), busy_until(first, WEEK))

    def share(self, moment: datetime) -> float:
        """How much of the year is over, from 0 to 1."""
        return (moment - self.start) / (self.now - self.start)

    def drop(self, moment: datetime) -> float:
        """How deep the drop is, from 0 to 1: all at once, then mended within days."""
        days = (moment - self.drop_start) / timedelta(days=1)
        if days < 0:
            return 0
        return min(1.0, max(0.0, (DROP_DAYS + RECOVERY_DAYS - days) / RECOVERY_DAYS))


def busy_until(first: date, week: Sequence[float]) -> list[float]:
    """At index i: how busy the days from the first up to day i are together, by the days of the week."""
    return list(accumulate(week[(first.weekday() + day) % 7] for day in range(DAYS + 1)))


def liking(plan: Plan, year: Year, moment: datetime) -> float:
    """The mean score that customers give at that moment."""
    fall = DROP_DEPTH * year.drop(moment) if plan.drops else 0
    return plan.liking + plan.gain * year.share(moment) - fall


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _feature(product: Product, key: str, description: str, interactions: int, rejections: int) -> Feature:
    return Feature(product.key, key, derive_name(key), description, interactions, rejections)


PMS = Product("pms", "Hotel desk")
BOOKING = Product("booking", "Booking site")
PRODUCTS = (PMS, BOOKING)

PLANS = (
    Plan(
        _feature(PMS, "dashboard", "Arrivals, departures and occupancy of the day at a glance", 5, 3),
        reach=0.93, uses=17, liking=7.9,
    ),
    Plan(
        _feature(PMS, "calendar", "All rooms and stays on one timeline, moved by dragging", 6, 3),
        reach=0.82, uses=16, liking=8.5,
    ),
    Plan(
        _feature(PMS, "export-csv", "Stays, guests and payments as files for a spreadsheet", 5, 3),
        reach=0.72, uses=12, liking=7.6, drops=True,
    ),
    Plan(
        _feature(PMS, "invoices", "Invoices and credit notes, with tax and deposits", 4, 2),
        reach=0.62, uses=10, liking=6.7,
    ),
    Plan(
        _feature(PMS, "guest-messages", "Mail and chat with guests before and during a stay", 4, 3),
        reach=0.58, uses=11, liking=6.8, gain=1.4,
    ),
    Plan(
        _feature(BOOKING, "availability", "Rooms and rates as guests see them, on every channel", 4, 2),
        reach=0.5, uses=10, liking=7.3,
    ),
    Plan(
        _feature(BOOKING, "checkout", "The last step of a booking: details, extras, payment", 3, 2),
        reach=0.42, uses=8, liking=6.0, gain=0.4,
    ),
    Plan(
        _feature(BOOKING, "promo-codes", "Discounts for returning guests and partners", 3, 2),
        reach=0.28, uses=6, liking=7.0,
    ),
)  # fmt: skip
