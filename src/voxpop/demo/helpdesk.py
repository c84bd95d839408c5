"""When tickets come, from whom and about what, and who answers them; how each goes on is `conversation`'s."""

from bisect import bisect
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import accumulate
from random import Random

from voxpop.demo import staff
from voxpop.demo.callers import callers, one_of
from voxpop.demo.case import Case
from voxpop.demo.conversation import Conversation, Talk
from voxpop.demo.plan import WEEK
from voxpop.demo.scenes import ENGLISH, RUSSIAN, Deck, Filler, Scene, openings
from voxpop.demo.staff import Member
from voxpop.tickets.models import Priority, Tag
from voxpop.workspaces.models import Workspace

TICKETS, DAYS = 400, 90
RUSSIAN_SHARE = 0.19
GROWTH = 0.35  # by so much more are there at the end than at the beginning
HOURS = (7, 21.5, 10.5)  # of a day: the first, the last, the busiest
# Minutes before now at which the last tickets came; of these, the urgent ones.
FRESH = (9, 34, 71, 128, 190, 275, 366, 480, 610, 770)
FRESH_URGENT = (9, 128)
UNTOUCHED = timedelta(minutes=45)  # nobody has come to what came since
QUIET_BEFORE = timedelta(hours=15)  # now, but for these
WAKEFUL = timedelta(hours=3)  # before now: what came then may have come at night
URGENT_SHARE = 0.05
CHANNELS_OF_MARCUS = 4  # how many more of the tickets about channels are his


class Helpdesk:
    """Ninety days of it, in a workspace with these four members."""

    def __init__(self, rng: Random, place: Workspace, now: datetime, members: Sequence[Member]) -> None:
        self._rng, self._place, self._now = rng, place, now
        self._members = {member.agent: member for member in members}
        self._deck = Deck(rng)
        self._callers = callers(rng)
        self._russian = set(rng.sample(range(1, TICKETS + 1), round(TICKETS * RUSSIAN_SHARE)))

    def cases(self, tags: list[Tag]) -> Iterator[Case]:
        """One ticket after the other, in the order in which they came. `tags`: all there are, by name."""
        for number, (at, urgent) in enumerate(self._openings(), 1):
            yield self._case(number, at, urgent, tags)

    def _openings(self) -> list[tuple[datetime, bool]]:
        """When each comes, and whether it is urgent."""
        start = self._now - timedelta(days=DAYS)
        end = self._now - QUIET_BEFORE
        found: list[tuple[datetime, bool]] = []
        while len(found) < TICKETS - len(FRESH):
            at = self._moment(start)
            if start < at < end:
                found.append((at, self._rng.random() < URGENT_SHARE))
        fresh = ((self._fresh(minutes), minutes in FRESH_URGENT) for minutes in FRESH)
        return sorted([*found, *fresh], key=lambda one: one[0])

    def _moment(self, start: datetime) -> datetime:
        """Mostly on working days and before noon."""
        first = start.astimezone(self._place.zone)
        busy = list(
            accumulate(WEEK[(first.weekday() + day) % 7] * (1 + GROWTH * day / DAYS) for day in range(DAYS + 1))
        )
        day = first.date() + timedelta(days=bisect(busy, self._rng.uniform(0, busy[-1])))
        midnight = datetime.combine(day, time(), self._place.zone)
        return (midnight + timedelta(hours=self._rng.triangular(*HOURS))).astimezone(start.tzinfo)

    def _fresh(self, minutes: int) -> datetime:
        """Of the last hours; what would have come at night came in the evening before."""
        at = self._now - timedelta(minutes=minutes * self._rng.uniform(0.9, 1.1))
        local = at.astimezone(self._place.zone)
        if HOURS[0] <= local.hour < HOURS[1] or self._now - at < WAKEFUL:
            return at
        evening = datetime.combine((local - timedelta(hours=HOURS[0])).date(), time(18), self._place.zone)
        return (evening + timedelta(hours=self._rng.uniform(0, 3.5))).astimezone(at.tzinfo)

    def _case(self, number: int, at: datetime, urgent: bool, tags: list[Tag]) -> Case:
        rng = self._rng
        language = RUSSIAN if number in self._russian else ENGLISH
        scene, opening = self._deck.deal(f"{language} {urgent}", openings(language, urgent=urgent))
        caller = one_of(rng, self._callers[language])
        member = self._members[self._agent(language, scene, at)]
        talk = Talk(caller, scene, opening, at, member)
        advisers = [self._members[agent] for agent in staff.ADVISERS]
        filler = Filler(rng, language, at)
        conversation = Conversation(rng, self._place.zone, (self._deck, filler), talk, advisers, self._now)
        case = Case(rng, self._place, number, *conversation.begin())
        for step in conversation.steps():
            if step.at > self._now or self._now - at < UNTOUCHED:
                break
            case.take(step, tags)
        return case

    def _agent(self, language: str, scene: Scene, at: datetime) -> staff.Agent:
        """One of them reads Russian; what is urgent is not for the slowest."""
        if language == RUSSIAN:
            return staff.ANNA
        day = at.astimezone(self._place.zone)
        if day.weekday() >= staff.SATURDAY and self._rng.random() < 0.8:
            return staff.on_duty(day)
        weights = [agent.tickets for agent in staff.STAFF]
        marcus = staff.STAFF.index(staff.MARCUS)
        if scene.urgency is Priority.URGENT:
            weights[marcus] = 0.4
        elif "channels" in scene.tags:
            weights[marcus] *= CHANNELS_OF_MARCUS
        return self._rng.choices(staff.STAFF, weights)[0]
