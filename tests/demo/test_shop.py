"""The demo's surveys, step by step through the product's own services: both must leave the same rows."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

import asyncpg
import msgspec
import pytest
from tests.demo.kit import far_away, kept, without_tickets
from tests.support.clients import Client

from voxpop import demo
from voxpop.campaigns import event_ingest
from voxpop.campaigns.models import Event
from voxpop.db.pool import Database, Tx
from voxpop.demo import campaigns, service, shoppers
from voxpop.demo.courses import COURSES
from voxpop.demo.plan import DAYS, Year
from voxpop.demo.shoppers import Shop, Shopper, Survey
from voxpop.metrics import daily
from voxpop.surveys import campaign_surveys as surveys
from voxpop.surveys.models import Submission
from voxpop.types import Actor
from voxpop.workspaces.models import Workspace

NOW = datetime(2026, 3, 31, 21, tzinfo=UTC)
SIZE, EVENTS = 25, 60
KEPT = {
    "campaign": "name, survey_type_code, trigger_type, delay_hours, active, start_date, end_date, create_time",
    "survey": "survey_type_code, origin, origin_id, campaign_id, guid, user_email, status, context_type, context_id,"
    " context_date, scheduled_at, sent_at, completed_at, create_time, create_user, last_update_time, last_update_user",
    "feedback": "survey_id IS NOT NULL, survey_type_code, origin, origin_id, source, guid, user_email, score, comment,"
    " user_agent, day, series_kinds, series_ids, create_time, create_user, last_update_time, last_update_user",
    "score_count": "series_kind, series_id, survey_type_code, grain, date, counts",
    "survey_count": "series_kind, series_id, grain, date, opened, shown, completed, dismissed, expired, withdrawn",
    "daily_metrics": "campaign_id, date, survey_type_code, total_responses, score_value, promoters, passives,"
    " detractors, counts, create_time, create_user, last_update_time, last_update_user",
}


class Recorder(Shop):
    """A shop that keeps the visits."""

    def __init__(self, *setting: Any) -> None:
        super().__init__(*setting)
        self.visits: dict[str, Sequence[datetime]] = {}

    def _ask(self, shopper: Shopper, event: shoppers.Event, visits: Sequence[datetime]) -> Survey:
        self.visits[shopper.guid] = visits
        return super()._ask(shopper, event, visits)


class Step(NamedTuple):
    at: datetime
    take: Callable[[Tx], Awaitable[object]]


class Replay:
    """The same year through the services, in one workspace."""

    def __init__(self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.workspace, self.monkeypatch = workspace, monkeypatch

    async def run(self, tx: Tx, steps: Sequence[Step]) -> None:
        await campaigns.open_all(tx, Actor(self.workspace.id, "demo", frozenset()), Year.up_to(NOW).start)
        for step in sorted(steps, key=lambda step: step.at):
            self.monkeypatch.setattr(surveys, "utcnow", lambda now=step.at: now)
            await step.take(tx)

    def event(self, survey: Survey) -> Step:
        at, course, context = survey.event
        event = Event(course.campaign.trigger_type, survey.guid, course.context, context, at.date())
        return Step(at, lambda tx: event_ingest.ingest(tx, self.workspace.id, [event], at))

    def visit(self, guid: str, at: datetime) -> Step:
        return Step(at, lambda tx: surveys.show_surveys(tx, self.workspace.id, [guid]))

    def answer(self, survey: Survey, answer: shoppers.Answer) -> Step:
        async def submit(tx: Tx) -> None:
            [due] = await surveys.show_surveys(tx, self.workspace.id, [survey.guid])
            ident = next(one.id for one in due if one.context_id == survey.event.context)
            submission = Submission(ident, answer.score, answer.comment)
            [submitted] = await surveys.submit_answers(tx, self.workspace.id, [submission])
            assert submitted.feedback

        return Step(answer.at, submit)

    def nights(self) -> Iterator[Step]:
        """What the daily jobs do."""
        first = self.workspace.day(Year.up_to(NOW).start)
        for day in (first + timedelta(days=number) for number in range(1, DAYS + 2)):
            yield self._aggregation(day)
            yield self._expiry(day)

    def _aggregation(self, day: date) -> Step:
        at = self._instant(day, time(0, 5))
        yesterday = day - timedelta(days=1)
        return Step(at, lambda tx: daily.aggregate_day(tx, self.workspace.id, yesterday, at, resend=False))

    def _expiry(self, day: date) -> Step:
        at = self._instant(day, time(1))
        return Step(at, lambda tx: surveys.expire_surveys(tx, self.workspace.id, at, 7, None, at))

    def _instant(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.workspace.zone).astimezone(UTC)


async def test_the_product_would_have_left_the_same(
    database: Database,
    client: Client,
    other_client: Client,
    owner: "asyncpg.Connection[Any]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = tuple(msgspec.structs.replace(course, events=EVENTS) for course in COURSES)
    monkeypatch.setattr(shoppers, "COURSES", few)
    monkeypatch.setattr(service, "SHOPPERS", SIZE)
    monkeypatch.setattr(service, "lives", lambda *_: iter(()))
    monkeypatch.setattr(service, "utcnow", lambda: NOW)
    without_tickets(monkeypatch)
    workspace, other = [await far_away(database, one.workspace, NOW) for one in (client, other_client)]
    assert await demo.load(database, other, lambda what, share: None)

    shop = Recorder(Random(service.SEED), Year.up_to(NOW), workspace.zone, SIZE)  # noqa: S311
    told = [survey for life in shop.tell() for survey in life]
    replay = Replay(workspace, monkeypatch)
    steps = [replay.event(survey) for survey in told]
    steps += [replay.visit(guid, at) for guid, visits in shop.visits.items() for at in visits]
    steps += [replay.answer(survey, survey.answer) for survey in told if survey.answer]
    async with database.transaction(workspace.id) as tx:
        await replay.run(tx, [step for step in (*steps, *replay.nights()) if step.at <= NOW])

    expected, found = [await kept(owner, one, KEPT) for one in (workspace.id, other.id)]
    assert len(found["survey"]) > 100
    assert len(found["daily_metrics"]) > 20
    for table in KEPT:
        assert found[table] == expected[table]
