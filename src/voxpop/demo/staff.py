"""The four who answer tickets: how fast each is, how well, and when they are at work."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from msgspec import Struct

from voxpop.types import AccountId

DAY_BEGINS, DAY_ENDS = time(8), time(18, 30)
WEEKEND_BEGINS, WEEKEND_ENDS = time(9), time(15)
SATURDAY = 5


class Agent(Struct, frozen=True):
    """Shares are chances, from 0 to 1."""

    name: str
    email: str
    tickets: float  # how many are his, beside the others'
    stars: float  # the mean rating of a ticket that went well
    first_hours: float  # until he takes up a ticket, the median
    next_hours: float  # until each answer after that
    curt: float  # the share answered in a line that does not help much
    fails: float  # the share that its requester has to open again
    forgets: float  # the share of the last weeks that he has let lie
    bye: str

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


HANNAH = Agent(
    "Hannah Lindqvist", "hannah.lindqvist@hoteldesk.example",
    tickets=5, stars=5.1, first_hours=0.4, next_hours=0.8, curt=0, fails=0.02, forgets=0.03, bye="Best regards,",
)  # fmt: skip
ANNA = Agent(
    "Anna Sokolova", "anna.sokolova@hoteldesk.example",
    tickets=1, stars=4.8, first_hours=0.9, next_hours=1.5, curt=0, fails=0.05, forgets=0.06, bye="Kind regards,",
)  # fmt: skip
DANIEL = Agent(
    "Daniel Okafor", "daniel.okafor@hoteldesk.example",
    tickets=4.5, stars=4.4, first_hours=2.4, next_hours=3, curt=0.12, fails=0.1, forgets=0.18, bye="Best,",
)  # fmt: skip
MARCUS = Agent(
    "Marcus Webb", "marcus.webb@hoteldesk.example",
    tickets=4, stars=3.9, first_hours=8, next_hours=9, curt=0.6, fails=0.24, forgets=0.45, bye="",
)  # fmt: skip
STAFF = (HANNAH, ANNA, DANIEL, MARCUS)
ADVISERS = (HANNAH, ANNA)  # who take over what went wrong


class Member(Struct, frozen=True):
    """An agent with his account in a workspace."""

    agent: Agent
    account: AccountId


def on_duty(day: datetime) -> Agent:
    """Who works that weekend."""
    return STAFF[day.isocalendar().week % len(STAFF)]


def at_work(rng: Random, zone: ZoneInfo, agent: Agent, at: datetime) -> datetime:
    """That moment, or one soon after the agent's work begins again."""
    local = at.astimezone(zone)
    while True:
        hours = _hours(agent, local)
        if hours and local.time() < hours[0]:
            local = local.replace(hour=hours[0].hour, minute=0) + timedelta(minutes=rng.uniform(2, 75))
        if hours and local.time() < hours[1]:
            return local.astimezone(at.tzinfo)
        local = (local + timedelta(days=1)).replace(hour=0, minute=0)


def awake(rng: Random, zone: ZoneInfo, at: datetime) -> datetime:
    """That moment, or one in the morning after it: people in hotels write from seven to half past ten."""
    local = at.astimezone(zone)
    if local.time() >= time(22, 30):
        local += timedelta(hours=2)
    if local.time() < time(7):
        local = local.replace(hour=7, minute=0) + timedelta(minutes=rng.uniform(0, 150))
    return local.astimezone(at.tzinfo)


def _hours(agent: Agent, day: datetime) -> Sequence[time]:
    if day.weekday() < SATURDAY:
        return DAY_BEGINS, DAY_ENDS
    return (WEEKEND_BEGINS, WEEKEND_ENDS) if on_duty(day) is agent else ()
