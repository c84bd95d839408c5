"""Loads the campaigns: a simulated clock runs through the year, and the services handle what happened in each step."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from voxpop.campaigns import event_ingest, service
from voxpop.campaigns.models import CampaignFilter, Page
from voxpop.db.pool import Tx
from voxpop.demo.campaigns.campaign_scenarios import CAMPAIGN_SCENARIOS
from voxpop.demo.campaigns.shoppers import Shop
from voxpop.demo.year import Year
from voxpop.metrics import daily
from voxpop.surveys import campaign_surveys
from voxpop.types import Actor
from voxpop.workspaces.models import Workspace

STEP_HOUR = 20  # of each day, in UTC; a step covers the time since the one before it
AGGREGATION_TIME, EXPIRY_TIME, EXPIRY_DAYS = time(0, 5), time(1), 7


async def has_campaigns(tx: Tx, actor: Actor) -> bool:
    return bool(await service.list_campaigns(tx, actor, CampaignFilter(), Page(1, 0)))


async def load_campaigns(
    tx: Tx, actor: Actor, workspace: Workspace, rng: Random, year: Year, scale: float, progress: Callable[[float], None]
) -> None:
    """Loads a year of surveys. `progress` gets the finished share of it."""
    for scenario in CAMPAIGN_SCENARIOS:
        await service.open_campaign(tx, actor, scenario.campaign, year.start)
    simulation = CampaignSimulation(workspace, Shop(rng, year, scale))
    day = workspace.day(year.start)
    for now in _steps(year):
        while day < workspace.day(now):
            await simulation.run_nightly_jobs(tx, day)
            day += timedelta(days=1)
        await simulation.step(tx, now)
        progress(year.share(now))


class CampaignSimulation:
    """The events, visits and nightly jobs of one workspace."""

    def __init__(self, workspace: Workspace, shop: Shop) -> None:
        self._workspace, self._shop = workspace, shop
        self._event = self._visit = 0  # the next ones

    async def step(self, tx: Tx, now: datetime) -> None:
        """Everything since the step before happens now: first the visits, then the events."""
        await self._show_surveys(tx, self._next_visitors(now), now)
        events = []
        while self._event < len(self._shop.events) and self._shop.events[self._event].at <= now:
            events.append(self._shop.events[self._event].event)
            self._event += 1
        await event_ingest.ingest(tx, self._workspace.id, events, now)

    async def run_nightly_jobs(self, tx: Tx, day: date) -> None:
        """The nightly jobs after that day."""
        night = day + timedelta(days=1)
        aggregated_at = datetime.combine(night, AGGREGATION_TIME, self._workspace.zone).astimezone(UTC)
        await daily.aggregate_day(tx, self._workspace.id, day, aggregated_at, resend=False)
        expired_at = datetime.combine(night, EXPIRY_TIME, self._workspace.zone).astimezone(UTC)
        await campaign_surveys.expire_surveys(tx, self._workspace.id, expired_at, EXPIRY_DAYS, None, expired_at)

    def _next_visitors(self, now: datetime) -> list[str]:
        first = self._visit
        while self._visit < len(self._shop.visits) and self._shop.visits[self._visit].at <= now:
            self._visit += 1
        shoppers = sorted({visit.shopper for visit in self._shop.visits[first : self._visit]})
        return [self._shop.shoppers[shopper].guid for shopper in shoppers]

    async def _show_surveys(self, tx: Tx, guids: Sequence[str], now: datetime) -> None:
        if not guids:
            return
        shown = await campaign_surveys.show_surveys(tx, self._workspace.id, [(guid,) for guid in guids], now)
        answers = [
            answer
            for guid, surveys in zip(guids, shown, strict=True)
            for answer in self._shop.answers(guid, surveys, now)
        ]
        if answers:
            await campaign_surveys.submit_answers(tx, self._workspace.id, answers, now)


def _steps(year: Year) -> Iterator[datetime]:
    """The times of the steps; the last one is now."""
    steps = (year.midnight + timedelta(days=day, hours=STEP_HOUR) for day in range(year.days + 1))
    yield from filter(year.contains, steps)
    yield year.now
