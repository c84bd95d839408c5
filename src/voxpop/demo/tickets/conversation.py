"""The conversation on one ticket: the messages and actions of its requester and its agents, with their times."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import log
from random import Random
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from voxpop.demo.tickets.actions import ActionKind, TicketAction
from voxpop.demo.tickets.agents import AgentMember, next_waking_time, next_working_time
from voxpop.demo.tickets.requesters import SimulatedRequester
from voxpop.demo.tickets.scripts import RUSSIAN, TROUBLE_TAG, Opening, ShuffledTexts, TemplateFiller, load_phrases
from voxpop.tickets.models import Assignee, Author, NewRating, NewTicket, Priority, Status

# The chances of what happens in a conversation.
TAGGED_BY_PRODUCT = 0.3  # the requester wrote from within the product, which sets tags and priority
AGENT_ASKS, AGENT_ANNOUNCES, AGENT_NOTES, SENIOR_TAKES_OVER = 0.5, 0.3, 0.22, 0.5
REQUESTER_NUDGES, REQUESTER_THANKS, REQUESTER_INSISTS = 0.55, 0.34, 0.35
PANEL_SHOWN, PANEL_SHOWN_BEFORE_REOPENING = 0.7, 0.4
RATED, RATED_IF_DISSATISFIED, REOPENED_AFTER_LOW_RATING = 0.6, 0.76, 0.2
CLOSED, RESOLVED_NEXT_DAY = 0.88, 0.35
COMMENTED = {"bad": 0.85, "fair": 0.6, "good": 0.5}

DISSATISFIED = 3.2  # mean stars
LOW_RATING, THANKFUL_RATING = 2, 4  # stars
LONG_WAIT = timedelta(hours=9)
RECENT = timedelta(days=28)  # agents forget recent tickets only, and the overbooking trouble is recent
URGENCY_FACTORS = {Priority.URGENT: 0.12, Priority.HIGH: 0.6, Priority.MEDIUM: 1.0, Priority.LOW: 1.5}  # of the wait
STARS_SPREAD = 0.8  # of the ratings of one kind of ticket
RUSSIAN_NAMES = {"Anna": "Анна"}


class ConversationSetup(Struct, frozen=True):
    """The requester, their problem, the time of their first message, and the agents."""

    requester: SimulatedRequester
    opening: Opening
    at: datetime
    member: AgentMember
    senior_members: Sequence[AgentMember]
    zone: ZoneInfo
    now: datetime


class Conversation:
    """Yields actions in order of time. They may go on after `now`."""

    def __init__(self, rng: Random, texts: ShuffledTexts, setup: ConversationSetup) -> None:
        self._rng, self._texts, self._setup = rng, texts, setup
        self._script, self._requester, self._member = setup.opening.script, setup.requester, setup.member
        self._filler = TemplateFiller(rng, setup.requester.language, setup.at)
        self._is_russian = setup.requester.language == RUSSIAN
        self._at = setup.at
        self._was_greeted = self._is_curt = self._was_explained = self._was_thanked = self._was_reopened = False
        self._wait = timedelta()
        self._is_tagged = self._script.urgency is Priority.URGENT or self._chance(TAGGED_BY_PRODUCT)

    def actions(self) -> Iterator[TicketAction]:
        yield self._open()
        yield from self._start_work()
        yield from self._first_answer()
        if self._is_recent and self._chance(self._member.agent.forgets):
            yield from self._nudge(timedelta(days=2))
            return
        yield from self._solve()
        if self._fails():
            yield from self._reopen()
        yield from self._finish()

    def _open(self) -> TicketAction:
        subject, _, text = self._filler.fill(self._setup.opening.text).partition("\n")
        is_urgent = self._script.urgency is Priority.URGENT
        description = text if is_urgent else self._requester.format_message(text)
        new = NewTicket(subject, description, self._requester.requester)
        if self._is_tagged:
            new = replace(new, priority=self._script.urgency, tags=tuple(self._script.tag_names))
        return TicketAction(self._at, self._author, ActionKind.OPEN, new)

    def _start_work(self) -> Iterator[TicketAction]:
        hours = self._hours(self._member.agent.first_hours * URGENCY_FACTORS[self._script.urgency])
        started_at = self._working_time(self._at + hours)
        self._wait = started_at - self._at
        if self._wait > LONG_WAIT:
            yield from self._nudge(self._wait * 0.55)
        self._at = max(started_at, self._at + timedelta(minutes=5))
        yield self._assign()
        if not self._is_tagged:
            yield self._agent_action(ActionKind.SET_TAGS, self._script.tag_names, seconds=(8, 40))
            if self._script.urgency is not Priority.MEDIUM:
                yield self._agent_action(ActionKind.SET_PRIORITY, self._script.urgency, seconds=(3, 20))
        if self._script.notes and self._chance(AGENT_NOTES):
            note = self._script_text("notes", self._script.notes)
            yield self._agent_action(ActionKind.NOTE, note, seconds=(120, 400))

    def _nudge(self, after: timedelta) -> Iterator[TicketAction]:
        if self._chance(REQUESTER_NUDGES):
            self._at = self._waking_time(self._at + after * self._rng.uniform(0.7, 1.3))
            yield self._customer_reply("nudge")

    def _first_answer(self) -> Iterator[TicketAction]:
        """A curt answer, a question with its answer, an announcement, or nothing before the solution."""
        script = self._script
        self._is_curt = bool(script.curt_replies) and self._chance(self._member.agent.curt)
        if self._is_curt:
            yield self._reply(self._script_text("curt", script.curt_replies), seconds=(60, 400))
        elif script.questions and self._chance(AGENT_ASKS):
            question = self._texts.take(f"{script.openings[0]} questions", script.questions)
            yield self._reply(self._filler.fill(question.text), seconds=(150, 900))
            self._at = self._waking_time(self._at + self._hours(1.6))
            answer = self._filler.fill(question.answer)
            yield TicketAction(self._at, self._author, ActionKind.CUSTOMER_REPLY, answer)
        elif self._chance(AGENT_ANNOUNCES):
            yield self._reply(self._phrase("looking"), seconds=(100, 600))

    def _solve(self) -> Iterator[TicketAction]:
        insists = self._is_curt and self._chance(REQUESTER_INSISTS)
        if insists:
            self._at = self._waking_time(self._at + self._hours(2))
            yield self._customer_reply("insists")
        if insists or not self._is_curt:
            self._at = self._working_time(self._at + self._hours(self._member.agent.next_hours))
            yield self._reply(self._solution(), seconds=(60, 300))
        yield from self._resolve(thanked=not self._is_curt and self._chance(REQUESTER_THANKS))

    def _resolve(self, *, thanked: bool) -> Iterator[TicketAction]:
        self._was_thanked = thanked
        if thanked:
            self._at = self._waking_time(self._at + self._hours(1.2))
            yield self._customer_reply("thanks")
            self._at = self._working_time(self._at + self._hours(0.6))
        elif not self._is_curt and self._chance(RESOLVED_NEXT_DAY):
            self._at = self._working_time(self._at + timedelta(hours=self._rng.uniform(18, 30)))
        yield self._agent_action(ActionKind.SET_STATUS, Status.RESOLVED, seconds=(15, 150))

    def _fails(self) -> bool:
        """Whether the requester reopens the ticket; never after thanks or an answered question."""
        is_content = self._was_thanked or (self._was_explained and self._script.urgency is Priority.LOW)
        return not is_content and self._chance(self._member.agent.fails)

    def _reopen(self) -> Iterator[TicketAction]:
        resolved_at = self._at
        self._at = self._waking_time(self._at + self._hours(14))
        if self._chance(PANEL_SHOWN_BEFORE_REOPENING):
            yield TicketAction(resolved_at + (self._at - resolved_at) * 0.9, self._author, ActionKind.SHOW_PANEL)
        yield self._customer_reply("insists" if self._script.urgency is Priority.LOW else "again")
        self._was_reopened = True
        yield from self._second_answer()
        yield from self._resolve(thanked=self._chance(REQUESTER_THANKS))

    def _second_answer(self) -> Iterator[TicketAction]:
        """A senior agent may take the ticket over from one with curt answers."""
        senior = self._rng.choice(self._setup.senior_members)
        was_curt = self._member.agent.curt > 0
        if was_curt and self._chance(SENIOR_TAKES_OVER):
            self._member, self._was_greeted = senior, False
            self._at = self._working_time(self._at + self._hours(1.5))
            yield self._agent_action(ActionKind.NOTE, self._phrase("takeover"))
            yield self._assign(seconds=(5, 30))
            text = f"{self._phrase('sorry')}\n\n{self._solution()}"
        else:
            self._at = self._working_time(self._at + self._hours(self._member.agent.next_hours))
            text = self._phrase("retry") if was_curt and self._was_explained else self._solution()
        self._is_curt = False
        yield self._reply(text, seconds=(120, 900))

    def _solution(self) -> str:
        """The script's solution; a deeper cause when that was given before."""
        if self._was_explained:
            return self._phrase("deeper")
        self._was_explained = True
        return self._script_text("solutions", self._script.solutions)

    def _finish(self) -> Iterator[TicketAction]:
        """The requester may see the panel and rate, and days later an agent may close the ticket."""
        closed_at = self._closing_time()
        if self._chance(PANEL_SHOWN):
            self._at = self._waking_time(self._at + self._hours(4.5))
            yield TicketAction(self._at, self._author, ActionKind.SHOW_PANEL)
            mean = self._mean_stars()
            if self._chance(RATED if mean > DISSATISFIED else RATED_IF_DISSATISFIED):
                rated = self._rate(mean)
                yield rated
                if rated.value.score <= LOW_RATING and self._chance(REOPENED_AFTER_LOW_RATING):
                    yield from self._reopen_rated()
                    closed_at = self._closing_time()
        if self._chance(CLOSED):
            agent = self._agent_author
            yield TicketAction(max(closed_at, self._at), agent, ActionKind.SET_STATUS, Status.CLOSED)

    def _reopen_rated(self) -> Iterator[TicketAction]:
        """The rating stays, and there is no second one."""
        self._at = self._waking_time(self._at + self._hours(0.3))
        yield self._customer_reply("again")
        yield from self._second_answer()
        yield from self._resolve(thanked=False)

    def _mean_stars(self) -> float:
        """The mean rating of tickets like this one."""
        late = min(1.3, self._wait / timedelta(hours=24))
        trouble = (TROUBLE_TAG in self._script.tags) * (2.0 if self._is_recent else 0.6)
        return self._member.agent.stars - 0.9 * self._was_reopened - 0.5 * self._is_curt - late - trouble

    def _rate(self, mean: float) -> TicketAction:
        worst = THANKFUL_RATING if self._was_thanked else 1  # customers rate as they write
        stars = min(5, max(worst, round(self._rng.gauss(mean, STARS_SPREAD))))
        self._at += timedelta(seconds=self._rng.uniform(20, 150))
        return TicketAction(self._at, self._author, ActionKind.RATE, NewRating(stars, self._comment(stars)))

    def _comment(self, stars: int) -> str | None:
        sentiment = "bad" if stars <= LOW_RATING else "fair" if stars == 3 else "good"
        if not self._chance(COMMENTED[sentiment]):
            return None
        if sentiment == "bad":
            return self._complaint()
        if sentiment == "good" and self._script.praise and self._chance(0.35):
            return self._script_text(sentiment, self._script.praise)
        return self._phrase(sentiment)

    def _complaint(self) -> str:
        """About something that did go wrong, if anything did."""
        is_curt = self._member.agent.curt > 0.5
        causes = {"slow": self._wait > LONG_WAIT, "twice": self._was_reopened, "curt": is_curt}
        true = [cause for cause, holds in causes.items() if holds]
        fits_script = self._member.agent.curt > 0 or self._is_russian
        has_cause = bool(true) or TROUBLE_TAG in self._script.tags
        if fits_script and self._script.complaints and has_cause and self._chance(0.6):
            return self._script_text("bad", self._script.complaints)
        return self._phrase(self._rng.choice(true or ["bad"]))

    @property
    def _is_recent(self) -> bool:
        return self._setup.now - self._setup.at < RECENT

    @property
    def _author(self) -> Author:
        return Author(self._requester.requester.name)

    @property
    def _agent_author(self) -> Author:
        return Author(self._member.agent.name, self._member.account)

    def _agent_action(self, kind: ActionKind, value: object, *, seconds: Sequence[int] = (0, 0)) -> TicketAction:
        """An action of the agent, a random number of seconds after the action before it."""
        self._at += timedelta(seconds=self._rng.uniform(*seconds))
        return TicketAction(self._at, self._agent_author, kind, value)

    def _assign(self, *, seconds: Sequence[int] = (0, 0)) -> TicketAction:
        """The agent takes the ticket."""
        assignee = Assignee(self._member.account, self._member.agent.name)
        return self._agent_action(ActionKind.ASSIGN, assignee, seconds=seconds)

    def _customer_reply(self, occasion: str) -> TicketAction:
        return TicketAction(self._at, self._author, ActionKind.CUSTOMER_REPLY, self._phrase(occasion))

    def _reply(self, text: str, *, seconds: Sequence[int]) -> TicketAction:
        """A signed reply; an agent's first one has a greeting too."""
        agent, first_name = self._member.agent, self._requester.first_name
        greeting = f"Здравствуйте, {first_name}!" if self._is_russian else f"Hi {first_name},"
        closing = "С уважением," if self._is_russian else agent.closing
        signature = "\n".join(filter(None, ("" if self._was_greeted else closing, self._agent_name())))
        has_greeting = not self._was_greeted and (agent.closing or not self._is_curt)
        self._was_greeted = True
        parts = [greeting, text, signature] if has_greeting else [text, signature]
        return self._agent_action(ActionKind.REPLY, "\n\n".join(parts), seconds=seconds)

    def _agent_name(self) -> str:
        """The agent's first name in the language of the conversation."""
        name = self._member.agent.first_name
        return RUSSIAN_NAMES.get(name, name) if self._is_russian else name

    def _script_text(self, kind: str, texts: Sequence[str]) -> str:
        return self._filler.fill(self._texts.take(f"{self._script.openings[0]} {kind}", texts))

    def _phrase(self, occasion: str) -> str:
        language = self._requester.language
        template = self._texts.take(f"{language} {occasion}", load_phrases()[language][occasion])
        return self._filler.fill(template, name=self._agent_name())

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def _hours(self, median: float) -> timedelta:
        return timedelta(hours=self._rng.lognormvariate(log(median), 0.7))

    def _closing_time(self) -> datetime:
        return self._working_time(self._at + timedelta(days=self._rng.uniform(3, 8)))

    def _working_time(self, at: datetime) -> datetime:
        return next_working_time(self._rng, self._setup.zone, self._member.agent, at)

    def _waking_time(self, at: datetime) -> datetime:
        return next_waking_time(self._rng, self._setup.zone, at)
