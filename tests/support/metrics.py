"""Campaigns whose customers answer at times that the test sets."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from tests.support.invariants import Owner

from voxpop.campaigns import event_ingest
from voxpop.campaigns import service as campaigns
from voxpop.campaigns.models import CampaignPlan, ContextType, Event, Trigger
from voxpop.db.pool import Database
from voxpop.metrics import daily
from voxpop.metrics.models import DailyMetric
from voxpop.surveys import campaign_surveys as surveys
from voxpop.surveys.models import Submission
from voxpop.types import Actor, CampaignId, Scope, SurveyId, WorkspaceId
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import WorkspaceChange

NUMBERS = count()
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NIGHT = datetime(2026, 3, 11, 0, 5, tzinfo=UTC)  # five minutes after the end of the day
DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Campaigns:
    """The campaigns of a workspace, through the product's services."""

    def __init__(self, database: Database, workspace: WorkspaceId, clock: Clock) -> None:
        self.database, self.workspace, self.clock = database, workspace, clock
        self.actor = Actor(workspace, "test", frozenset(Scope))

    async def open(self, survey_type: str = "NPS", name: str = "After an order") -> CampaignId:
        plan = CampaignPlan(
            name=name, survey_type_code=survey_type, trigger_type=Trigger.ORDER_COMPLETED, start_date=LONG_AGO
        )
        async with self.database.transaction(self.workspace) as tx:
            opened_at = LONG_AGO + timedelta(microseconds=next(NUMBERS))  # lists begin with the latest
            return (await campaigns.open_campaign(tx, self.actor, plan, opened_at)).id

    async def delete(self, campaign: CampaignId) -> None:
        async with self.database.transaction(self.workspace) as tx:
            await campaigns.delete_campaign(tx, self.actor, campaign, self.clock.now)

    async def move(self, zone: str) -> None:
        """Sets the time zone of the workspace."""
        async with self.database.transaction(self.workspace) as tx:
            await workspaces.change_workspace(tx, self.workspace, WorkspaceChange(time_zone=zone), LONG_AGO, "test")

    async def today(self, now: datetime) -> date:
        async with self.database.transaction(self.workspace) as tx:
            return (await workspaces.get_workspace(tx, self.workspace)).day(now)

    async def ask(self, campaign: CampaignId, number: int = 1, *, show: bool = True) -> list[SurveyId]:
        """Opens surveys of so many customers, and shows them unless `show` is false."""
        guids = [f"customer-{next(NUMBERS)}" for _ in range(number)]
        events = [Event(Trigger.ORDER_COMPLETED, guid, ContextType.ORDER, guid, DAY) for guid in guids]
        async with self.database.transaction(self.workspace) as tx:
            outcomes = await event_ingest.ingest(tx, self.workspace, events, self.clock.now - timedelta(hours=1))
        if not show:
            return [survey for outcome in outcomes for survey in outcome.surveys]
        async with self.database.transaction(self.workspace) as tx:
            shown = await surveys.show_surveys(tx, self.workspace, [(guid,) for guid in guids], self.clock.now)
        return [survey.id for due in shown for survey in due if survey.campaign_id == campaign]

    async def submit(self, asked: Sequence[SurveyId], *scores: int) -> None:
        answers = [Submission(survey, score, "Fine") for survey, score in zip(asked, scores, strict=True)]
        async with self.database.transaction(self.workspace) as tx:
            assert all(
                one.feedback for one in await surveys.submit_answers(tx, self.workspace, answers, self.clock.now)
            )

    async def answer(self, campaign: CampaignId, *scores: int, at: datetime | None = None) -> None:
        """Opens a survey for each score and submits the scores."""
        self.clock.now = at or self.clock.now
        await self.submit(await self.ask(campaign, len(scores)), *scores)

    async def aggregate(self, day: date = DAY, now: datetime = NIGHT, *, resend: bool = True) -> list[DailyMetric]:
        async with self.database.transaction(self.workspace) as tx:
            return await daily.aggregate_day(tx, self.workspace, day, now, resend=resend)

    async def aggregate_night(self, day: date = DAY, now: datetime = NIGHT) -> list[DailyMetric]:
        async with self.database.transaction(self.workspace) as tx:
            return await daily.aggregate_night(tx, self.workspace, day, now)


def noon(day: int) -> datetime:
    """Noon of a day of March 2026, in UTC."""
    return NOON.replace(day=day)


def local(zone: str, *moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[arg-type,misc]


async def messages(owner: Owner) -> list[dict[str, Any]]:
    """The messages of the outbox, oldest first."""
    rows = await owner.fetch("SELECT body FROM outbox WHERE kind = 'daily-metrics' ORDER BY id")
    return [msgspec.json.decode(row["body"]) for row in rows]


async def daily_metrics(owner: Owner) -> list[dict[str, Any]]:
    return [dict(row) for row in await owner.fetch("SELECT * FROM daily_metrics ORDER BY date, campaign_id")]
