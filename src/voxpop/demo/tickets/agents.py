"""The four agents: how fast and how well each of them works, and their working hours."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from msgspec import Struct

from voxpop.types import AccountId

DAY_BEGINS, DAY_ENDS = time(8), time(18, 30)
WEEKEND_BEGINS, WEEKEND_ENDS = time(9), time(15)
SATURDAY = 5
NIGHT_BEGINS, NIGHT_ENDS = time(22, 30), time(7)


class Agent(Struct, frozen=True):
    """An agent's habits. Shares are chances from 0 to 1, and hours are medians."""

    name: str
    email: str
    workload: float  # the number of tickets, relative to the other agents
    stars: float  # the mean rating of a ticket without trouble
    first_hours: float  # until the agent starts on a ticket
    next_hours: float  # until each later answer
    curt: float  # the share of tickets with a short answer that helps little
    fails: float  # the share of tickets that the requester reopens
    forgets: float  # the share of recent tickets that the agent leaves unanswered
    closing: str

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


HANNAH = Agent(
    "Hannah Lindqvist", "hannah.lindqvist@hoteldesk.example",
    workload=5, stars=5.1, first_hours=0.4, next_hours=0.8, curt=0, fails=0.02, forgets=0.03, closing="Best regards,",
)  # fmt: skip
ANNA = Agent(
    "Anna Sokolova", "anna.sokolova@hoteldesk.example",
    workload=1, stars=4.8, first_hours=0.9, next_hours=1.5, curt=0, fails=0.05, forgets=0.06, closing="Kind regards,",
)  # fmt: skip
DANIEL = Agent(
    "Daniel Okafor", "daniel.okafor@hoteldesk.example",
    workload=4.5, stars=4.4, first_hours=2.4, next_hours=3, curt=0.12, fails=0.1, forgets=0.18, closing="Best,",
)  # fmt: skip
MARCUS = Agent(
    "Marcus Webb", "marcus.webb@hoteldesk.example",
    workload=4, stars=3.9, first_hours=8, next_hours=9, curt=0.6, fails=0.24, forgets=0.45, closing="",
)  # fmt: skip
AGENTS = (HANNAH, ANNA, DANIEL, MARCUS)
SENIOR_AGENTS = (HANNAH, ANNA)  # they take over tickets that went wrong


class AgentMember(Struct, frozen=True):
    """An agent with their account in the workspace."""

    agent: Agent
    account: AccountId


def weekend_agent(day: datetime) -> Agent:
    """The one agent who works on the weekend of that week."""
    return AGENTS[day.isocalendar().week % len(AGENTS)]


def next_working_time(rng: Random, zone: ZoneInfo, agent: Agent, at: datetime) -> datetime:
    """The moment itself during the agent's working hours, else one soon after they begin again."""
    local = at.astimezone(zone)
    while True:
        hours = _working_hours(agent, local)
        if hours and local.time() < hours[0]:
            local = local.replace(hour=hours[0].hour, minute=0) + timedelta(minutes=rng.uniform(2, 75))
        if hours and local.time() < hours[1]:
            return local.astimezone(at.tzinfo)
        local = (local + timedelta(days=1)).replace(hour=0, minute=0)


def next_waking_time(rng: Random, zone: ZoneInfo, at: datetime) -> datetime:
    """The moment itself by day, else one in the next morning."""
    local = at.astimezone(zone)
    if local.time() >= NIGHT_BEGINS:
        local += timedelta(hours=2)
    if local.time() < NIGHT_ENDS:
        local = local.replace(hour=NIGHT_ENDS.hour, minute=0) + timedelta(minutes=rng.uniform(0, 150))
    return local.astimezone(at.tzinfo)


def _working_hours(agent: Agent, day: datetime) -> Sequence[time]:
    if day.weekday() < SATURDAY:
        return DAY_BEGINS, DAY_ENDS
    return (WEEKEND_BEGINS, WEEKEND_ENDS) if weekend_agent(day) is agent else ()
