"""The features of the demo: two products with eight features, their use and their scores over the year."""

from datetime import datetime, timedelta

from msgspec import Struct

from voxpop.demo.year import Year
from voxpop.features.models import Feature, Product
from voxpop.features.prompting import derive_name

DROP_DEPTH = 3.4  # points of the scale
DROP_DAYS, RECOVERY_DAYS = 28, 8
DROP_DAYS_AGO = 140  # scores drop from the beginning of the month in which this day lies


class FeaturePlan(Struct, frozen=True):
    """A feature with its use and its scores."""

    feature: Feature
    reach: float  # the share of customers who use it
    uses: float  # by a typical customer in a year
    mean_score: float  # at the beginning of the year
    improvement: float = 0  # of the mean score within the year
    drops: bool = False  # whether the score falls for a month

    def mean(self, year: Year, moment: datetime) -> float:
        """The mean score at that moment."""
        fall = DROP_DEPTH * self.drop(year, moment)
        return self.mean_score + self.improvement * year.share(moment) - fall

    def drop(self, year: Year, moment: datetime) -> float:
        """How deep the drop is, from 0 to 1. It comes at once and recovers within days."""
        if not self.drops:
            return 0
        days = (moment - year.month_start(DROP_DAYS_AGO)) / timedelta(days=1)
        if days < 0:
            return 0
        return min(1.0, max(0.0, (DROP_DAYS + RECOVERY_DAYS - days) / RECOVERY_DAYS))


def _feature(product: Product, key: str, description: str, interactions: int, rejections: int) -> Feature:
    return Feature(product.key, key, derive_name(key), description, interactions, rejections)


PMS = Product("pms", "Hotel desk")
BOOKING = Product("booking", "Booking site")
PRODUCTS = (PMS, BOOKING)

PLANS = (
    FeaturePlan(
        _feature(PMS, "dashboard", "Arrivals, departures and occupancy of the day at a glance", 5, 3),
        reach=0.93, uses=17, mean_score=7.9,
    ),
    FeaturePlan(
        _feature(PMS, "calendar", "All rooms and stays on one timeline, moved by dragging", 6, 3),
        reach=0.82, uses=16, mean_score=8.5,
    ),
    FeaturePlan(
        _feature(PMS, "export-csv", "Stays, guests and payments as files for a spreadsheet", 5, 3),
        reach=0.72, uses=12, mean_score=7.6, drops=True,
    ),
    FeaturePlan(
        _feature(PMS, "invoices", "Invoices and credit notes, with tax and deposits", 4, 2),
        reach=0.62, uses=10, mean_score=6.7,
    ),
    FeaturePlan(
        _feature(PMS, "guest-messages", "Mail and chat with guests before and during a stay", 4, 3),
        reach=0.58, uses=11, mean_score=6.8, improvement=1.4,
    ),
    FeaturePlan(
        _feature(BOOKING, "availability", "Rooms and rates as guests see them, on every channel", 4, 2),
        reach=0.5, uses=10, mean_score=7.3,
    ),
    FeaturePlan(
        _feature(BOOKING, "checkout", "The last step of a booking: details, extras, payment", 3, 2),
        reach=0.42, uses=8, mean_score=6.0, improvement=0.4,
    ),
    FeaturePlan(
        _feature(BOOKING, "promo-codes", "Discounts for returning guests and partners", 3, 2),
        reach=0.28, uses=6, mean_score=7.0,
    ),
)  # fmt: skip
