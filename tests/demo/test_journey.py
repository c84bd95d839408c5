"""The demo's journeys, step by step through the product's own service: both must leave the same rows."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import asyncpg
import pytest
from tests.demo.kit import COOL_DOWN, far_away, kept, without_tickets
from tests.support.clients import Client

from voxpop import demo
from voxpop.db.pool import Database, Tx
from voxpop.demo import service, shoppers
from voxpop.demo.behaviour import live
from voxpop.demo.journey import Journey
from voxpop.demo.people import customers
from voxpop.demo.plan import PLANS, PRODUCTS, Year
from voxpop.features import catalogue
from voxpop.features import service as features
from voxpop.features.models import FeatureUser, NewRating
from voxpop.feedback.models import Source
from voxpop.types import Actor, WorkspaceId

NOW = datetime(2026, 3, 31, 21, tzinfo=UTC)
KEPT = {
    "interaction": "feature_id, user_email, interaction_count, total_interaction_count, rejection_count, first_used_at,"
    " updated_at, feedback_at, open_survey_id IS NOT NULL",
    "survey": "origin, origin_id, survey_type_code, guid, user_email, status, scheduled_at, sent_at, completed_at,"
    " create_time, create_user, last_update_time, last_update_user",
    "feedback": "survey_id IS NOT NULL, survey_type_code, origin, origin_id, source, guid, user_email, score, comment,"
    " user_agent, day, series_kinds, series_ids, create_time, create_user, last_update_time, last_update_user",
    "interaction_sum": "feature_id, user_count, total_sum, total_max",
    "score_count": "series_kind, series_id, survey_type_code, grain, date, counts",
    "survey_count": "series_kind, series_id, grain, date, opened, shown, completed, dismissed, expired, withdrawn",
}


class Step(NamedTuple):
    at: datetime
    person: FeatureUser
    rating: NewRating | None = None
    refusal: bool = False


class Recorder(Journey):
    """A journey that keeps its steps."""

    def __init__(self, *setting: Any) -> None:
        super().__init__(*setting)
        self.steps: list[Step] = []
        feature = self.plan.feature
        self.person = FeatureUser(feature.product_key, feature.feature_key, self.customer.email)

    def use(self, at: datetime) -> bool:
        self.steps.append(Step(at, self.person))
        return super().use(at)

    def reject(self, at: datetime) -> None:
        self.steps.append(Step(at, self.person, refusal=True))
        super().reject(at)

    def rate(self, at: datetime, source: Source, score: int, comment: str | None) -> None:
        rating = NewRating(self.person, score, source, comment, self.customer.user_agent)
        self.steps.append(Step(at, self.person, rating))
        super().rate(at, source, score, comment)


def recorded(size: int) -> list[Recorder]:
    """Journeys as the demo makes them up, and two rare ones: rated before used; refused before used, then withdrawn."""
    rng, year = Random(7), Year.up_to(NOW)  # noqa: S311
    people = customers(rng)
    journeys = [Recorder(rng, next(people), plan, COOL_DOWN) for _ in range(size) for plan in PLANS]
    for journey in journeys:
        live(rng, year, journey)
    rated, refused = (Recorder(rng, next(people), PLANS[0], COOL_DOWN) for _ in range(2))
    rated.rate(NOW - timedelta(days=9), Source.VOLUNTARY, 3, "why")
    rated.use(NOW - timedelta(days=8))
    refused.reject(NOW - timedelta(days=7))
    assert [refused.use(NOW - timedelta(days=6, minutes=-minute)) for minute in range(5)][-1]
    refused.rate(NOW - timedelta(days=5), Source.VOLUNTARY, 10, None)
    return [journey for journey in (*journeys, rated, refused) if journey.steps]


async def replay(tx: Tx, workspace: WorkspaceId, steps: Sequence[Step], set_now: Callable[[datetime], None]) -> None:
    actor = Actor(workspace, "test", frozenset())
    for product in PRODUCTS:
        await catalogue.open_product(tx, actor, product, NOW)
    for plan in PLANS:
        await catalogue.open_feature(tx, actor, plan.feature, NOW)
    for step in steps:
        set_now(step.at)
        if step.rating:
            await features.rate(tx, workspace, [step.rating])
        elif step.refusal:
            await features.reject(tx, workspace, [step.person])
        else:
            await features.increment(tx, workspace, [step.person])


async def test_the_product_would_have_left_the_same(
    database: Database,
    client: Client,
    other_client: Client,
    owner: "asyncpg.Connection[Any]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journeys = recorded(24)

    def lives(*_: object) -> Iterator[list[Recorder]]:
        return iter([journeys])

    monkeypatch.setattr(service, "lives", lives)
    monkeypatch.setattr(service, "CUSTOMERS", 1)
    monkeypatch.setattr(shoppers, "COURSES", ())
    without_tickets(monkeypatch)
    for one in (client, other_client):
        workspace = await far_away(database, one.workspace, NOW)
    assert await demo.load(database, workspace, lambda what, share: None)
    steps = sorted((step for journey in journeys for step in journey.steps), key=lambda step: step.at)
    async with database.transaction(client.workspace) as tx:
        await replay(tx, client.workspace, steps, lambda now: monkeypatch.setattr(features, "utcnow", lambda: now))
    assert len(steps) > 800
    expected, found = [await kept(owner, one.workspace, KEPT) for one in (client, other_client)]
    for table in KEPT:
        assert found[table] == expected[table]
    assert {"COMPLETED", "PENDING", "DISMISSED", "WITHDRAWN"} <= {
        word for row in found["survey"] for word in row.split("'")
    }


def test_nobody_is_asked_again_in_the_cool_down() -> None:
    rng = Random(1)  # noqa: S311
    journey = Recorder(rng, next(customers(rng)), PLANS[0], 180)
    asked = [journey.use(NOW + timedelta(minutes=minute)) for minute in range(5)]
    assert asked == [False] * 4 + [True]
    journey.rate(NOW + timedelta(hours=1), Source.PROMPTED, 8, None)
    asked = [journey.use(NOW + timedelta(days=day)) for day in range(1, 186)]
    assert asked == [False] * 184 + [True]
    assert [ask.asked_at for ask in journey.asks] == [NOW + timedelta(minutes=4), NOW + timedelta(days=185)]
