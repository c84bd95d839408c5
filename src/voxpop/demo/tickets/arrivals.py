"""The tickets of ninety days: when each arrives, its requester, its problem and its agent."""

from bisect import bisect
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import accumulate, takewhile
from random import Random

from msgspec import Struct

from voxpop.demo.tickets import agents
from voxpop.demo.tickets.actions import SimulatedTicket
from voxpop.demo.tickets.agents import Agent, AgentMember
from voxpop.demo.tickets.conversation import Conversation, ConversationSetup
from voxpop.demo.tickets.requesters import choose_requester, make_requesters
from voxpop.demo.tickets.scripts import ENGLISH, RUSSIAN, Script, ShuffledTexts, load_openings
from voxpop.demo.year import WEEKDAY_WEIGHTS
from voxpop.tickets.models import Priority
from voxpop.workspaces.models import Workspace

TICKETS, DAYS = 320, 90
RUSSIAN_SHARE = 0.19
GROWTH = 0.35  # of the number of tickets a day, over the ninety days
FIRST_HOUR, LAST_HOUR, BUSIEST_HOUR = 7, 21.5, 10.5
# The newest tickets, in minutes before now, so that the inbox looks alive at any hour.
NEWEST_MINUTES = (9, 34, 71, 128, 190, 275, 366, 480, 610, 770)
URGENT_MINUTES = (9, 128)
QUIET_BEFORE_NEWEST = timedelta(hours=15)
NOT_STARTED = timedelta(minutes=45)  # no agent has started on a ticket that is newer
NIGHT_ARRIVALS = timedelta(hours=3)  # a ticket that is newer may have arrived at night
URGENT_SHARE = 0.05
MARCUS_URGENT_WORKLOAD = 0.4
MARCUS_CHANNELS_FACTOR = 4  # Marcus gets more of the tickets about channels
WEEKEND_AGENT_SHARE = 0.8


class Arrival(Struct, frozen=True, order=True):
    """When a ticket arrives, and whether it is urgent."""

    at: datetime
    is_urgent: bool


class TicketSimulation:
    """Ninety days of tickets up to now, in a workspace with these members."""

    def __init__(self, rng: Random, workspace: Workspace, now: datetime, members: Sequence[AgentMember]) -> None:
        self._rng, self._zone, self._now = rng, workspace.zone, now
        self._members = {member.agent: member for member in members}
        self._seniors = [self._members[agent] for agent in agents.SENIOR_AGENTS]
        self._texts = ShuffledTexts(rng)
        self._requesters = make_requesters(rng)

    def tickets(self, count: int) -> list[SimulatedTicket]:
        """So many tickets in the order of their arrival; the newest ones among them are always the same number."""
        russian = set(self._rng.sample(range(count), round(count * RUSSIAN_SHARE)))
        return [
            self._ticket(arrival, RUSSIAN if number in russian else ENGLISH)
            for number, arrival in enumerate(self._arrivals(count))
        ]

    def _arrivals(self, count: int) -> list[Arrival]:
        start, end = self._now - timedelta(days=DAYS), self._now - QUIET_BEFORE_NEWEST
        newest = [Arrival(self._newest_time(minutes), minutes in URGENT_MINUTES) for minutes in NEWEST_MINUTES]
        older: list[Arrival] = []
        while len(older) < count - len(newest):
            at = self._working_day_time(start)
            if start < at < end:
                older.append(Arrival(at, self._rng.random() < URGENT_SHARE))
        return sorted([*older, *newest])

    def _working_day_time(self, start: datetime) -> datetime:
        """A random time, mostly on working days and before noon."""
        first = start.astimezone(self._zone)
        days = range(DAYS + 1)
        weights = list(
            accumulate(WEEKDAY_WEIGHTS[(first.weekday() + day) % 7] * (1 + GROWTH * day / DAYS) for day in days)
        )
        day = first.date() + timedelta(days=bisect(weights, self._rng.uniform(0, weights[-1])))
        midnight = datetime.combine(day, time(), self._zone)
        hour = self._rng.triangular(FIRST_HOUR, LAST_HOUR, BUSIEST_HOUR)
        return (midnight + timedelta(hours=hour)).astimezone(start.tzinfo)

    def _newest_time(self, minutes: int) -> datetime:
        """About so many minutes before now; in the evening before, if that was at night."""
        at = self._now - timedelta(minutes=minutes * self._rng.uniform(0.9, 1.1))
        local = at.astimezone(self._zone)
        if FIRST_HOUR <= local.hour < LAST_HOUR or self._now - at < NIGHT_ARRIVALS:
            return at
        evening = datetime.combine((local - timedelta(hours=FIRST_HOUR)).date(), time(18), self._zone)
        return (evening + timedelta(hours=self._rng.uniform(0, 3.5))).astimezone(at.tzinfo)

    def _ticket(self, arrival: Arrival, language: str) -> SimulatedTicket:
        openings = load_openings(language, urgent=arrival.is_urgent)
        opening = self._texts.take(f"{language} {arrival.is_urgent}", openings)
        setup = ConversationSetup(
            requester=choose_requester(self._rng, self._requesters[language]),
            opening=opening,
            at=arrival.at,
            member=self._members[self._agent(language, opening.script, arrival.at)],
            senior_members=self._seniors,
            zone=self._zone,
            now=self._now,
        )
        end = arrival.at if self._now - arrival.at < NOT_STARTED else self._now
        actions = takewhile(lambda action: action.at <= end, Conversation(self._rng, self._texts, setup).actions())
        return SimulatedTicket(setup.requester.requester.email_folded, list(actions))

    def _agent(self, language: str, script: Script, at: datetime) -> Agent:
        """One agent reads Russian. The slowest agent gets few urgent tickets."""
        if language == RUSSIAN:
            return agents.ANNA
        day = at.astimezone(self._zone)
        if day.weekday() >= agents.SATURDAY and self._rng.random() < WEEKEND_AGENT_SHARE:
            return agents.weekend_agent(day)
        weights = [agent.workload for agent in agents.AGENTS]
        marcus = agents.AGENTS.index(agents.MARCUS)
        if script.urgency is Priority.URGENT:
            weights[marcus] = MARCUS_URGENT_WORKLOAD
        elif "channels" in script.tags:
            weights[marcus] *= MARCUS_CHANNELS_FACTOR
        return self._rng.choices(agents.AGENTS, weights)[0]
