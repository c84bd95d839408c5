"""How the conversation on one ticket goes: what is said and done, by whom and when."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import log
from random import Random
from zoneinfo import ZoneInfo

from msgspec import Struct

from voxpop.demo.callers import Caller
from voxpop.demo.case import Deed, Step
from voxpop.demo.scenes import RUSSIAN, TROUBLE, Deck, Filler, Scene, manners
from voxpop.demo.staff import Member, at_work, awake
from voxpop.tickets.models import Author, NewTicket, Priority, Status
from voxpop.types import AccountId

# The chances of what happens in a conversation.
TAGGED_FROM_THE_START = 0.3  # written from within the product, which knows what it is about
ASKS_BACK, SAYS_HE_LOOKS, NOTES = 0.5, 0.3, 0.22
NUDGES, THANKS, INSISTS = 0.55, 0.34, 0.35
IS_SEEN, IS_RATED, IS_RATED_UNHAPPY, IS_CLOSED = 0.7, 0.6, 0.76, 0.88
IS_TAKEN_OVER, COMES_BACK_ANGRY, SEES_BEFORE = 0.5, 0.2, 0.4
SAYS_WHY = {"bad": 0.85, "fair": 0.6, "good": 0.5}

UNHAPPY = 3.2  # stars, on average
LONG_WAIT = timedelta(hours=9)
LATELY = timedelta(days=28)  # what was forgotten before that has come up again, and some troubles are new
HASTE = {Priority.URGENT: 0.12, Priority.HIGH: 0.6, Priority.MEDIUM: 1.0, Priority.LOW: 1.5}
SPREAD = 0.8  # of one customer's stars
RUSSIAN_NAMES = {"Anna": "Анна"}


class Talk(Struct, frozen=True):
    """Who writes about what and when, and who answers."""

    caller: Caller
    scene: Scene
    opening: str
    at: datetime
    member: Member


class Conversation:
    """Steps come in order of time, also such as lie after now."""

    def __init__(
        self,
        rng: Random,
        zone: ZoneInfo,
        texts: tuple[Deck, Filler],
        talk: Talk,
        advisers: Sequence[Member],
        now: datetime,
    ) -> None:
        self._rng, self._zone, self._talk, self._advisers, self._now = rng, zone, talk, advisers, now
        self._deck, self._filler = texts
        self._scene, self._caller, self._member = talk.scene, talk.caller, talk.member
        self._said = manners()[talk.caller.language]
        self._at = talk.at
        self._greeted = self._curt = self._explained = self._thanked = self._twice = False
        self._wait = timedelta()
        self._tagged = self._scene.urgency is Priority.URGENT or rng.random() < TAGGED_FROM_THE_START

    def begin(self) -> tuple[NewTicket, tuple[Author, datetime]]:
        subject, _, text = self._filler.fill(self._talk.opening).partition("\n")
        calm = self._scene.urgency is not Priority.URGENT
        new = NewTicket(subject, self._caller.letter(text) if calm else text, self._caller.requester)
        if self._tagged:
            new = NewTicket(
                new.subject, new.description, new.requester, self._scene.urgency, tags=tuple(self._scene.tags.split())
            )
        return new, (self._customer, self._at)

    def steps(self) -> Iterator[Step]:
        yield from self._take_up()
        yield from self._answer()
        if self._is_late and self._chance(self._member.agent.forgets):
            yield from self._nudge(timedelta(days=2))
            return
        yield from self._solve()
        if self._fails():
            yield from self._again()
        yield from self._afterwards()

    def _take_up(self) -> Iterator[Step]:
        hours = self._hours(self._member.agent.first_hours * HASTE[self._scene.urgency])
        taken_at = self._working(self._talk.at + hours)
        self._wait = taken_at - self._talk.at
        if self._wait > LONG_WAIT:
            yield from self._nudge(self._wait * 0.55)
        self._at = max(taken_at, self._at + timedelta(minutes=5))
        yield self._do(Deed.ASSIGN, self._agent)
        if not self._tagged:
            yield self._do(Deed.TAG, sorted(self._scene.tags.split()), seconds=(8, 40))
            if self._scene.urgency is not Priority.MEDIUM:
                yield self._do(Deed.RANK, self._scene.urgency, seconds=(3, 20))
        if self._scene.noted and self._chance(NOTES):
            yield self._do(Deed.NOTE, self._text("noted", self._scene.noted), seconds=(120, 400))

    def _nudge(self, after: timedelta) -> Iterator[Step]:
        if self._chance(NUDGES):
            self._at = awake(self._rng, self._zone, self._at + after * self._rng.uniform(0.7, 1.3))
            yield self._write("nudge")

    def _answer(self) -> Iterator[Step]:
        """The first one, which may be all that there is to say."""
        scene = self._scene
        self._curt = bool(scene.curt) and self._chance(self._member.agent.curt)
        if self._curt:
            yield self._reply(self._text("curt", scene.curt), seconds=(60, 400))
        elif scene.asked and self._chance(ASKS_BACK):
            question, answer = self._deck.deal(f"{scene.openings[0]} asked", scene.asked)
            yield self._reply(self._filler.fill(question), seconds=(150, 900))
            self._at = awake(self._rng, self._zone, self._at + self._hours(1.6))
            yield Step(self._at, self._customer, Deed.WRITE, self._filler.fill(answer))
        elif self._chance(SAYS_HE_LOOKS):
            yield self._reply(self._manner("looking"), seconds=(100, 600))

    def _solve(self) -> Iterator[Step]:
        if not self._curt:
            self._at = self._working(self._at + self._hours(self._member.agent.next_hours))
            yield self._reply(self._solution(), seconds=(60, 300))
        elif self._chance(INSISTS):
            self._at = awake(self._rng, self._zone, self._at + self._hours(2))
            yield self._write("insists")
            self._at = self._working(self._at + self._hours(self._member.agent.next_hours))
            yield self._reply(self._solution(), seconds=(60, 300))
        yield from self._resolve(thanked=not self._curt and self._chance(THANKS))

    def _resolve(self, *, thanked: bool) -> Iterator[Step]:
        self._thanked = thanked
        if thanked:
            self._at = awake(self._rng, self._zone, self._at + self._hours(1.2))
            yield self._write("thanks")
            self._at = self._working(self._at + self._hours(0.6))
        elif not self._curt and self._chance(0.35):
            self._at = self._working(self._at + timedelta(hours=self._rng.uniform(18, 30)))
        yield self._do(Deed.MOVE, Status.RESOLVED, seconds=(15, 150))

    def _fails(self) -> bool:
        """Who has thanked is content, and who had a question by its answer."""
        content = self._thanked or (self._explained and self._scene.urgency is Priority.LOW)
        return not content and self._chance(self._member.agent.fails)

    def _again(self) -> Iterator[Step]:
        """The customer opens the ticket again; somebody who knows better may take it over."""
        resolved_at = self._at
        self._at = awake(self._rng, self._zone, self._at + self._hours(14))
        if self._chance(SEES_BEFORE):
            yield Step(resolved_at + (self._at - resolved_at) * 0.9, self._customer, Deed.SEE)
        yield self._write("insists" if self._scene.urgency is Priority.LOW else "again")
        self._twice = True
        yield from self._second_answer()
        yield from self._resolve(thanked=self._chance(THANKS))

    def _second_answer(self) -> Iterator[Step]:
        adviser = self._rng.choice(self._advisers)
        curt = self._member.agent.curt > 0
        if curt and self._chance(IS_TAKEN_OVER):
            self._member, self._greeted, curt = adviser, False, False
            self._at = self._working(self._at + self._hours(1.5))
            yield self._do(Deed.NOTE, self._manner("takeover"))
            yield self._do(Deed.ASSIGN, self._agent, seconds=(5, 30))
            text = f"{self._manner('sorry')}\n\n{self._solution()}"
        else:
            self._at = self._working(self._at + self._hours(self._member.agent.next_hours))
            text = self._manner("retry") if curt and self._explained else self._solution()
        self._curt = False
        yield self._reply(text, seconds=(120, 900))

    def _solution(self) -> str:
        """Where the first one did not help there was more to it."""
        if self._explained:
            return self._manner("deeper")
        self._explained = True
        return self._text("solved", self._scene.solved)

    def _afterwards(self) -> Iterator[Step]:
        """The panel is seen and perhaps used, and days later the ticket is closed."""
        closed_at = self._working(self._at + timedelta(days=self._rng.uniform(3, 8)))
        if self._chance(IS_SEEN):
            self._at = awake(self._rng, self._zone, self._at + self._hours(4.5))
            yield Step(self._at, self._customer, Deed.SEE)
            mean = self._mean()
            if self._chance(IS_RATED if mean > UNHAPPY else IS_RATED_UNHAPPY):
                rated = self._rate(mean)
                yield rated
                if rated.value[0] <= 2 and self._chance(COMES_BACK_ANGRY):
                    yield from self._come_back()
                    closed_at = self._working(self._at + timedelta(days=self._rng.uniform(3, 8)))
        if self._chance(IS_CLOSED):
            yield Step(max(closed_at, self._at), self._agent, Deed.MOVE, Status.CLOSED)

    def _come_back(self) -> Iterator[Step]:
        """Rated and reopened: the rating stays, and there is no second one."""
        self._at = awake(self._rng, self._zone, self._at + self._hours(0.3))
        yield self._write("again")
        yield from self._second_answer()
        yield from self._resolve(thanked=False)

    def _mean(self) -> float:
        """The stars that a ticket like this one gets on average."""
        late = min(1.3, self._wait / timedelta(hours=24))
        trouble = (TROUBLE in self._scene.tags) * (2.0 if self._is_late else 0.6)
        return self._member.agent.stars - 0.9 * self._twice - 0.5 * self._curt - late - trouble

    def _rate(self, mean: float) -> Step:
        stars = min(5, max(1, round(self._rng.gauss(mean, SPREAD))))
        return self._do(Deed.RATE, (stars, self._comment(stars)), seconds=(20, 150), author=self._customer)

    def _comment(self, stars: int) -> str | None:
        band = "bad" if stars <= 2 else "fair" if stars == 3 else "good"
        if not self._chance(SAYS_WHY[band]):
            return None
        if band == "bad":
            return self._complaint()
        if band == "good" and self._scene.good and self._chance(0.35):
            return self._text(band, self._scene.good)
        return self._manner(band)

    def _complaint(self) -> str:
        """About what went wrong, if anything did."""
        reasons = {"slow": self._wait > LONG_WAIT, "twice": self._twice, "curt": self._member.agent.curt > 0.5}
        true = [reason for reason, holds in reasons.items() if holds]
        own = self._member.agent.curt > 0 or self._caller.language == RUSSIAN
        if own and self._scene.bad and (true or TROUBLE in self._scene.tags) and self._chance(0.6):
            return self._text("bad", self._scene.bad)
        return self._manner(self._rng.choice(true or ["bad"]))

    @property
    def _is_late(self) -> bool:
        return self._now - self._talk.at < LATELY

    @property
    def _customer(self) -> Author:
        return Author(self._caller.requester.name)

    @property
    def _agent(self) -> Author:
        return Author(self._member.agent.name, AccountId(self._member.account))

    def _do(
        self, deed: Deed, value: object, *, seconds: tuple[int, int] = (0, 0), author: Author | None = None
    ) -> Step:
        """By the agent, if nobody else, so many seconds after what was before."""
        self._at += timedelta(seconds=self._rng.uniform(*seconds))
        return Step(self._at, author or self._agent, deed, value)

    def _write(self, manner: str) -> Step:
        return Step(self._at, self._customer, Deed.WRITE, self._manner(manner))

    def _reply(self, text: str, *, seconds: tuple[int, int]) -> Step:
        """With a greeting the first time."""
        agent, russian = self._member.agent, self._caller.language == RUSSIAN
        name = RUSSIAN_NAMES.get(agent.first_name, agent.first_name) if russian else agent.first_name
        bye = "С уважением," if russian else agent.bye
        hello = f"Здравствуйте, {self._caller.first_name}!" if russian else f"Hi {self._caller.first_name},"
        parts = [text, "\n".join(filter(None, (bye if not self._greeted else "", name)))]
        if not self._greeted and (agent.bye or not self._curt):
            parts.insert(0, hello)
        self._greeted = True
        return self._do(Deed.REPLY, "\n\n".join(parts), seconds=seconds)

    def _text(self, kind: str, texts: Sequence[str]) -> str:
        return self._filler.fill(self._deck.deal(f"{self._scene.openings[0]} {kind}", texts))

    def _manner(self, occasion: str) -> str:
        texts = self._said[occasion]
        name = self._member.agent.first_name
        russian = self._caller.language == RUSSIAN
        return self._filler.fill(
            self._deck.deal(f"{self._caller.language} {occasion}", texts),
            name=RUSSIAN_NAMES.get(name, name) if russian else name,
        )

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def _hours(self, median: float) -> timedelta:
        return timedelta(hours=self._rng.lognormvariate(log(median), 0.7))

    def _working(self, at: datetime) -> datetime:
        return at_work(self._rng, self._zone, self._member.agent, at)
