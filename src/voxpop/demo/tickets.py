"""Ninety days of tickets with the four who answer them, as the product would have left them. No mail, no events."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from msgspec.structs import astuple

from voxpop.db.pool import Tx
from voxpop.demo import store
from voxpop.demo import ticket_store as rows
from voxpop.demo.case import Case
from voxpop.demo.helpdesk import DAYS, Helpdesk
from voxpop.demo.history import array
from voxpop.demo.ids import new_id
from voxpop.demo.scenes import ENGLISH, RUSSIAN, scenes
from voxpop.demo.staff import STAFF, Member
from voxpop.demo.store import Row
from voxpop.metrics.models import ScoreIncrement, Stage, SurveyIncrement
from voxpop.surveys.models import STAGE_OF_STATUS, with_workspace
from voxpop.tickets import ratings, search_text
from voxpop.tickets.models import SCALE_MIN, SURVEY_TYPE, Priority, Tag
from voxpop.types import AccountId, Origin
from voxpop.workspaces.models import Workspace

USER = "demo"
BATCH = 40  # so many tickets share their statements; few, as requests in this process wait meanwhile


class Tickets:
    """Scores and steps are kept to the end, as counts are written last."""

    def __init__(self, rng: Random, place: Workspace, now: datetime) -> None:
        self._rng, self._place, self._now = rng, place, now
        names = {tag for language in (ENGLISH, RUSSIAN) for scene in scenes(language) for tag in scene.tags.split()}
        self._start = now - timedelta(days=DAYS)
        self._tags = [Tag(new_id(rng, self._start), name) for name in sorted(names)]
        self.scored: list[ScoreIncrement] = []
        self.moved: list[SurveyIncrement] = []

    async def open_all(self, tx: Tx) -> None:
        """Members and tags first, then everything that hangs on a ticket."""
        members = [
            Member(agent, await rows.insert_agent(tx, self._place.id, agent, self._account(), (self._start, USER)))
            for agent in STAFF
        ]
        cases = []
        for case in Helpdesk(self._rng, self._place, self._now, members).cases(self._tags):
            cases.append(case)
            await asyncio.sleep(0)  # the requests of this process go first
        await rows.insert_counter(tx, self._place.id, len(cases))
        await store.insert_past(tx, self._place.id, rows.PAST_TAGS, self._first_used(cases))
        for first in range(0, len(cases), BATCH):
            await self._write(tx, cases[first : first + BATCH])

    def _account(self) -> AccountId:
        return AccountId(new_id(self._rng, self._start))

    async def _write(self, tx: Tx, cases: Sequence[Case]) -> None:
        """In the order in which the product writes."""
        kind = SURVEY_TYPE, Origin.TICKET
        for query, past, same in (
            (rows.PAST_TICKETS, map(_ticket, cases), ()),
            (rows.PAST_MESSAGES, _messages(cases), ()),
            (rows.PAST_ACTIVITIES, self._activities(cases), ()),
            (rows.PAST_TAGGED, self._tagged(cases), ()),
            (rows.PAST_WORDS, map(self._words, cases), ()),
            (rows.PAST_QUESTIONS, self._questions(cases), kind),
            (store.PAST_FEEDBACK, self._ratings(cases), kind),
        ):
            await store.insert_past(tx, self._place.id, query, list(past), *same)

    def _activities(self, cases: Iterable[Case]) -> Iterator[Row]:
        for case in cases:
            for one in case.activities:
                ident = new_id(self._rng, one.create_time)
                yield case.ticket.id, ident, *astuple(one)

    def _first_used(self, cases: Iterable[Case]) -> list[Row]:
        """Tags are made by the first ticket that has them."""
        used: dict[str, datetime] = {}
        for case in cases:
            for name, at in case.tagged_at.items():
                used[name] = min(at, used.get(name, at))
        return [(tag.id, tag.name, used[tag.name]) for tag in self._tags if tag.name in used]

    def _tagged(self, cases: Iterable[Case]) -> list[Row]:
        return [(case.ticket.id, tag.id) for case in cases for tag in self._tags if tag.name in case.tags]

    def _words(self, case: Case) -> Row:
        ticket = case.ticket
        head = f"{ticket.ref} {ticket.subject} {ticket.description} {ticket.requester_name} {ticket.requester_email}"
        text = "\n".join((head, *(message.body for message in case.messages)))
        return ticket.id, " ".join(search_text.lexemes(self._place.id, text))

    def _questions(self, cases: Iterable[Case]) -> Iterator[Row]:
        for case in cases:
            ticket = case.ticket
            for ask in case.asks:
                times = ask.asked_at, ask.seen_at, ask.ended_at
                yield ask.id, ticket.id, ticket.requester_guid, ticket.requester_email, ask.status, *times
                self._move(Stage.OPENED, ask.asked_at)
                self._move(Stage.SHOWN, ask.seen_at)
                self._move(STAGE_OF_STATUS[ask.status], ask.ended_at)

    def _move(self, stage: Stage, at: datetime | None) -> None:
        if at is not None:
            self.moved.append(
                SurveyIncrement(
                    stage,
                    self._place.day(at),
                    with_workspace(self._place.id, (ratings.tickets_series(self._place.id),)),
                )
            )

    def _ratings(self, cases: Iterable[Case]) -> Iterator[Row]:
        for case in cases:
            if rating := case.feedback:
                kinds, ids = zip(*((series.kind, series.id) for series in rating.series), strict=True)
                head = rating.id, rating.survey_id, rating.origin_id, rating.source, rating.user_email
                at = case.ticket.csat_rated_at
                yield *head, rating.score, rating.comment, None, rating.day, array(kinds), array(ids), at
                self.scored.append(ScoreIncrement(SURVEY_TYPE, rating.score - SCALE_MIN, rating.day, rating.series))


def _ticket(case: Case) -> Row:
    ticket = case.ticket
    return *astuple(ticket), Priority(ticket.priority).rank, case.opened[0].name, case.user


def _messages(cases: Iterable[Case]) -> Iterator[Row]:
    for case in cases:
        for message in case.messages:
            yield case.ticket.id, *astuple(message)
