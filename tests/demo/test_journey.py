"""A journey follows the product's rules for prompts."""

from datetime import UTC, datetime, timedelta
from random import Random

from voxpop.demo.features.customers import make_customers
from voxpop.demo.features.journey import Journey
from voxpop.demo.features.plans import PLANS
from voxpop.feedback.models import Source
from voxpop.surveys.models import Status

NOW = datetime(2026, 3, 31, 21, tzinfo=UTC)
COOL_DOWN = 180  # days


def new_journey() -> Journey:
    rng = Random(1)  # noqa: S311
    return Journey(rng, next(make_customers(rng)), PLANS[0], COOL_DOWN)


def test_a_customer_is_not_prompted_in_the_cool_down() -> None:
    journey = new_journey()
    assert [journey.use(NOW + timedelta(minutes=minute)) for minute in range(5)] == [False] * 4 + [True]
    journey.rate(NOW + timedelta(hours=1), Source.PROMPTED, 8, None)
    prompted = [journey.use(NOW + timedelta(days=day)) for day in range(1, 186)]
    assert prompted == [False] * 184 + [True]
    opened = [survey.opened_at for survey in journey.surveys]
    assert opened == [NOW + timedelta(minutes=4), NOW + timedelta(days=185)]


def test_a_voluntary_rating_withdraws_the_open_survey() -> None:
    journey = new_journey()
    for minute in range(5):
        journey.use(NOW + timedelta(minutes=minute))
    journey.rate(NOW + timedelta(hours=1), Source.VOLUNTARY, 8, None)
    assert [survey.status for survey in journey.surveys] == [Status.WITHDRAWN]
    assert journey.ratings[0].survey_id is None


def test_a_rejection_dismisses_the_open_survey_and_resets_the_uses() -> None:
    journey = new_journey()
    for minute in range(5):
        journey.use(NOW + timedelta(minutes=minute))
    journey.reject(NOW + timedelta(minutes=6))
    assert [survey.status for survey in journey.surveys] == [Status.DISMISSED]
    assert (journey.uses, journey.total, journey.rejections) == (0, 5, 1)
