"""The two campaigns that the demo shows, and how each of them goes over the year."""

from datetime import UTC, datetime, time, timedelta

from msgspec import Struct

from voxpop.campaigns.models import CampaignPlan, ContextType, Trigger
from voxpop.demo.plan import Year

START = datetime(2024, 1, 1, tzinfo=UTC)
CHANGE_DAYS_AGO = 110  # things get better with the month that this day lies in
CHANGE_DAYS = 10  # until they are as good as they get


class Course(Struct, frozen=True):
    """A campaign and how it goes: what happens how often, and what customers think of it."""

    campaign: CampaignPlan
    context: ContextType
    events: int  # in the year
    week: tuple[float, ...]  # how busy its days are, from Monday on
    hours: tuple[int, int, int]  # of a day, in UTC: the first, the last, the busiest
    scale: tuple[int, int]
    fair: tuple[int, int]  # the scores between the bad ones and the good ones
    liking: float  # the mean score
    spread: float  # of one customer's scores
    about: str  # what comments are about
    trouble: str  # what complaints are about until the change
    gain: float = 0  # points by which the liking rises with the change

    def mean(self, year: Year, moment: datetime) -> float:
        """The mean score that customers give at that moment."""
        return self.liking + self.gain * change(year, moment)


def change(year: Year, moment: datetime) -> float:
    """How much of the change has come, from 0 to 1."""
    month = (year.now - timedelta(days=CHANGE_DAYS_AGO)).date().replace(day=1)
    days = (moment - datetime.combine(month, time(), UTC)) / timedelta(days=1)
    return min(1.0, max(0.0, days / CHANGE_DAYS))


def _plan(name: str, survey_type: str, trigger: Trigger, *, delay_hours: int) -> CampaignPlan:
    return CampaignPlan(
        name=name,
        survey_type_code=survey_type,
        trigger_type=trigger,
        delay_hours=delay_hours,
        start_date=START,
    )


COURSES = (
    Course(
        _plan("NPS после заказа", "NPS", Trigger.ORDER_COMPLETED, delay_hours=24),
        ContextType.ORDER, events=9_000, week=(0.9, 0.9, 0.95, 1.0, 1.2, 1.3, 0.7), hours=(6, 22, 17),
        scale=(0, 10), fair=(7, 8), liking=7.5, spread=2.1, gain=1.5, about="order", trouble="late-delivery",
    ),
    Course(
        _plan("CSAT после обращения в поддержку", "CSAT", Trigger.TICKET_CLOSED, delay_hours=0),
        ContextType.TICKET, events=4_000, week=(1.3, 1.15, 1.0, 1.0, 0.95, 0.4, 0.3), hours=(7, 18, 11),
        scale=(1, 5), fair=(3, 3), liking=4.25, spread=0.9, about="support", trouble="support",
    ),
)  # fmt: skip
