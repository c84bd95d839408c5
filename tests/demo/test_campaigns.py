"""The campaigns of the demo: their API agrees with the stored rows, and the year is plausible."""

from collections import Counter
from datetime import date, timedelta
from statistics import mean
from typing import Any, TypeAlias

import asyncpg
import pytest
from tests.demo.conftest import SCALE
from tests.support.clients import Client, expect_ok

from voxpop.demo.campaigns.campaign_scenarios import (
    CAMPAIGN_SCENARIOS,
    CHANGE_DAYS_AGO,
    CampaignScenario,
)
from voxpop.demo.comments import BAD, FAIR, GOOD
from voxpop.demo.text_files import load_texts
from voxpop.types import utcnow

Connection: TypeAlias = "asyncpg.Connection[Any]"
each_scenario = pytest.mark.parametrize(
    "scenario", CAMPAIGN_SCENARIOS, ids=lambda scenario: scenario.campaign.survey_type_code
)
FUNNEL = """
    SELECT sum(opened)::int AS opened, sum(shown)::int AS shown, sum(completed)::int AS completed,
           sum(expired)::int AS expired, sum(dismissed + withdrawn)::int AS others
    FROM survey_count WHERE series_kind = 'campaign' AND grain = $1
"""
SURVEYS = """
    SELECT status, sent_at IS NOT NULL AS shown, count(*)::int AS n FROM survey WHERE origin = 'campaign' GROUP BY 1, 2
"""


async def open_campaigns(demo_client: Client) -> list[Any]:
    return expect_ok(await demo_client.post("/api/v1/campaigns/filter", json={}))["campaigns"]  # type: ignore[no-any-return]


async def metrics(demo_client: Client, **criteria: str) -> Any:
    return expect_ok(await demo_client.post("/api/v1/metrics/filter", json=criteria))


async def test_there_are_two_campaigns(demo_client: Client) -> None:  # F17
    shown = {
        one["name"]: [one[field] for field in ("survey_type_code", "trigger_type", "delay_hours", "active")]
        for one in await open_campaigns(demo_client)
    }
    assert shown == {
        "NPS after an order": ["NPS", "ORDER_COMPLETED", 24, True],
        "CSAT after a support request": ["CSAT", "TICKET_CLOSED", 0, True],
    }
    assert {one["start_date"] for one in await open_campaigns(demo_client)} == {"2024-01-01T00:00:00.000Z"}


async def test_daily_and_live_metrics_agree(demo_client: Client) -> None:
    last = utcnow().date().replace(day=1) - timedelta(days=1)
    month = {"dateFrom": last.replace(day=1).isoformat(), "dateTo": last.isoformat()}
    for campaign in await open_campaigns(demo_client):
        criteria = {"campaignId": campaign["id"], **month}
        daily = await metrics(demo_client, **criteria)
        assert daily == expect_ok(await demo_client.get("/api/v1/metrics/live", params=criteria))
        assert len(daily["metrics"]) > 20
        assert daily["summary"]["totalResponses"] > 60 * SCALE


async def test_every_past_day_is_aggregated(demo_client: Client, demo_db: Connection) -> None:
    today = utcnow().date()
    days = {date.fromisoformat(row["date"]) for row in (await metrics(demo_client))["metrics"]}
    rated = {row["day"] for row in await demo_db.fetch("SELECT DISTINCT day FROM feedback WHERE origin = 'campaign'")}
    assert days == rated - {today}
    assert len(days) > 330


async def test_no_message_is_left_to_send(demo_db: Connection) -> None:
    assert await demo_db.fetchval("SELECT count(*) FROM outbox") == 0


async def test_the_funnel_adds_up(demo_db: Connection) -> None:
    surveys = {(row["status"], row["shown"]): row["n"] for row in await demo_db.fetch(SURVEYS)}
    by_day, by_month = [await demo_db.fetchrow(FUNNEL, grain) for grain in ("day", "month")]
    assert by_day == by_month
    opened, shown, completed, expired, others = by_day
    assert opened == sum(surveys.values())
    assert shown == sum(n for (_, was_shown), n in surveys.items() if was_shown)
    assert (completed, expired, others) == (surveys["COMPLETED", True], surveys["EXPIRED", True], 0)
    assert opened > shown > completed > opened / 4
    assert set(surveys) == {("COMPLETED", True), ("EXPIRED", True), ("PENDING", True), ("PENDING", False)}
    assert min(surveys.values()) > 20 * SCALE


async def test_shown_surveys_expire(demo_db: Connection) -> None:  # F90
    open_for = "SELECT now() - min(sent_at) FROM survey WHERE status = 'PENDING' AND origin = 'campaign'"
    assert await demo_db.fetchval(open_for) < timedelta(days=8)
    too_early = (
        "SELECT count(*) FROM survey WHERE status = 'EXPIRED' AND last_update_time <= sent_at + interval '7 days'"
    )
    assert await demo_db.fetchval(too_early) == 0


async def test_nps_rises_once_and_stays(demo_client: Client) -> None:
    rows = (await metrics(demo_client, type="NPS"))["metrics"]
    totals: Counter[str] = Counter()
    nets: Counter[str] = Counter()
    for row in rows:
        totals[row["date"][:7]] += row["totalResponses"]
        nets[row["date"][:7]] += row["promoters"] - row["detractors"]
    changed = f"{utcnow() - timedelta(days=CHANGE_DAYS_AGO):%Y-%m}"
    scores = {month: 100 * nets[month] / total for month, total in totals.items() if total > 100 * SCALE}
    before, after = ([scores[month] for month in scores if (month >= changed) is late] for late in (False, True))
    assert len(before) >= 7
    assert max(before) < min(after)
    assert mean(before) + 25 < mean(after)


@each_scenario
async def test_some_days_of_the_week_are_busy(demo_db: Connection, scenario: CampaignScenario) -> None:
    context = scenario.context.value
    rows = await demo_db.fetch(
        "SELECT context_date AS day FROM survey WHERE context_type = $1 AND guid LIKE 'cust%'", context
    )
    days = Counter(row["day"].weekday() for row in rows)
    quiet, busy = (pick(range(7), key=scenario.weekday_weights.__getitem__) for pick in (min, max))
    assert days[quiet] * 1.4 < days[busy]


@each_scenario
async def test_comments_fit_the_score(demo_db: Connection, scenario: CampaignScenario) -> None:
    rows = await demo_db.fetch(
        "SELECT score, comment FROM feedback"
        " WHERE survey_type_code = $1 AND origin = 'campaign' AND comment IS NOT NULL",
        scenario.campaign.survey_type_code,
    )
    remarks = load_texts().remarks
    comments: dict[str, list[str]] = {BAD: [], FAIR: [], GOOD: []}
    for row in rows:
        comments[scenario.sentiment(row["score"])].append(row["comment"].lower())
    for sentiment, texts in comments.items():
        subjects = {scenario.subject, scenario.trouble} if sentiment == BAD else {scenario.subject}
        known = [
            remark.lower()
            for subject in subjects
            for in_language in remarks[subject][sentiment].values()
            for remark in in_language
        ]
        assert len(texts) > 10 * SCALE
        assert all(any(remark in text for remark in known) for text in texts)
    russian = [row for row in rows if "а" <= row["comment"][0].lower() <= "я"]
    assert len(rows) / 2 < len(russian) < len(rows) * 0.9
