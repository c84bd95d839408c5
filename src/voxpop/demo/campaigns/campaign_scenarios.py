"""The two campaigns of the demo: their events, and the scores that customers give over the year."""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from voxpop.campaigns.models import CampaignPlan, ContextType, Trigger
from voxpop.demo.comments import BAD, FAIR, GOOD
from voxpop.demo.year import Year

START_DATE = datetime(2024, 1, 1, tzinfo=UTC)
CHANGE_DAYS_AGO = 110  # scores improve from the beginning of the month in which this day lies
CHANGE_DAYS = 10  # until the improvement is complete


class CampaignScenario(Struct, frozen=True):
    """A campaign with its events and scores. Hours are in UTC."""

    campaign: CampaignPlan
    context: ContextType
    events: int  # in the year
    weekday_weights: tuple[float, ...]  # how busy the days of a week are, from Monday on
    first_hour: int
    last_hour: int
    busiest_hour: int
    scale_min: int
    scale_max: int
    fair_min: int  # the scores from here to `fair_max` are neither good nor bad
    fair_max: int
    mean_score: float
    spread: float  # of one customer's scores
    subject: str  # of comments
    trouble: str  # the subject of complaints before the change
    improvement: float = 0  # of the mean score by the change

    def mean(self, year: Year, moment: datetime) -> float:
        """The mean score at that moment."""
        return self.mean_score + self.improvement * change_progress(year, moment)

    def sentiment(self, score: int) -> str:
        return BAD if score < self.fair_min else FAIR if score <= self.fair_max else GOOD


def change_progress(year: Year, moment: datetime) -> float:
    """How much of the change is complete, from 0 to 1."""
    days = (moment - year.month_start(CHANGE_DAYS_AGO)) / timedelta(days=1)
    return min(1.0, max(0.0, days / CHANGE_DAYS))


def _plan(name: str, survey_type: str, trigger: Trigger, *, delay_hours: int) -> CampaignPlan:
    return CampaignPlan(
        name=name,
        survey_type_code=survey_type,
        trigger_type=trigger,
        delay_hours=delay_hours,
        start_date=START_DATE,
    )


NPS = CampaignScenario(
    _plan("NPS after an order", "NPS", Trigger.ORDER_COMPLETED, delay_hours=24),
    ContextType.ORDER, events=6_000, weekday_weights=(0.9, 0.9, 0.95, 1.0, 1.2, 1.3, 0.7),
    first_hour=6, last_hour=22, busiest_hour=17, scale_min=0, scale_max=10, fair_min=7, fair_max=8,
    mean_score=7.5, spread=2.1, improvement=1.5, subject="order", trouble="late-delivery",
)  # fmt: skip
CSAT = CampaignScenario(
    _plan("CSAT after a support request", "CSAT", Trigger.TICKET_CLOSED, delay_hours=0),
    ContextType.TICKET, events=3_000, weekday_weights=(1.3, 1.15, 1.0, 1.0, 0.95, 0.4, 0.3),
    first_hour=7, last_hour=18, busiest_hour=11, scale_min=1, scale_max=5, fair_min=3, fair_max=3,
    mean_score=4.25, spread=0.9, subject="support", trouble="support",
)  # fmt: skip
CAMPAIGN_SCENARIOS = (NPS, CSAT)
