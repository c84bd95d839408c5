"""What the demo shows of campaigns: seen through the API, and held against the ledgers."""

from collections import Counter
from datetime import date, timedelta
from typing import Any, TypeAlias

import asyncpg
import pytest
from tests.demo.conftest import Loaded
from tests.support.clients import Client, expect_ok

from voxpop.demo.courses import CHANGE_DAYS_AGO, COURSES, Course
from voxpop.demo.words import words
from voxpop.types import utcnow

Behind: TypeAlias = "asyncpg.Connection[Any]"
each_course = pytest.mark.parametrize("course", COURSES, ids=lambda course: course.campaign.survey_type_code)
FUNNEL = """
    SELECT sum(opened)::int AS opened, sum(shown)::int AS shown, sum(completed)::int AS completed,
           sum(expired)::int AS expired, sum(dismissed + withdrawn)::int AS others
    FROM survey_count WHERE series_kind = 'campaign' AND grain = $1
"""
SURVEYS = """
    SELECT status, sent_at IS NOT NULL AS shown, count(*)::int AS n FROM survey WHERE origin = 'campaign' GROUP BY 1, 2
"""


async def open_campaigns(visitor: Client) -> list[Any]:
    return expect_ok(await visitor.post("/api/v1/campaigns/filter", json={}))["campaigns"]  # type: ignore[no-any-return]


async def metrics(visitor: Client, **criteria: str) -> Any:
    return expect_ok(await visitor.post("/api/v1/metrics/filter", json=criteria))


async def test_the_two_of_the_description(visitor: Client) -> None:  # F17
    shown = {
        one["name"]: [one[field] for field in ("survey_type_code", "trigger_type", "delay_hours", "active")]
        for one in await open_campaigns(visitor)
    }
    assert shown == {
        "NPS после заказа": ["NPS", "ORDER_COMPLETED", 24, True],
        "CSAT после обращения в поддержку": ["CSAT", "TICKET_CLOSED", 0, True],
    }
    assert {one["start_date"] for one in await open_campaigns(visitor)} == {"2024-01-01T00:00:00.000Z"}


async def test_a_month_is_the_same_aggregated_and_live(visitor: Client) -> None:
    last = utcnow().date().replace(day=1) - timedelta(days=1)
    month = {"dateFrom": last.replace(day=1).isoformat(), "dateTo": last.isoformat()}
    for campaign in await open_campaigns(visitor):
        criteria = {"campaignId": campaign["id"], **month}
        kept = await metrics(visitor, **criteria)
        assert kept == expect_ok(await visitor.get("/api/v1/metrics/live", params=criteria))
        assert len(kept["metrics"]) > 20
        assert kept["summary"]["totalResponses"] > 80


async def test_every_day_that_is_over_is_aggregated(visitor: Client, behind: Behind) -> None:
    today = utcnow().date()
    days = {date.fromisoformat(row["date"]) for row in (await metrics(visitor))["metrics"]}
    rated = {row["day"] for row in await behind.fetch("SELECT DISTINCT day FROM feedback WHERE origin = 'campaign'")}
    assert days == rated - {today}
    assert len(days) > 350


async def test_nothing_of_the_past_is_sent(behind: Behind) -> None:
    assert await behind.fetchval("SELECT count(*) FROM outbox") == 0


async def test_the_funnel_adds_up(behind: Behind) -> None:
    surveys = {(row["status"], row["shown"]): row["n"] for row in await behind.fetch(SURVEYS)}
    by_day, by_month = [await behind.fetchrow(FUNNEL, grain) for grain in ("day", "month")]
    assert by_day == by_month
    asked, seen, answered, expired, others = by_day
    assert asked == sum(surveys.values())
    assert seen == sum(n for (_, shown), n in surveys.items() if shown)
    assert (answered, expired, others) == (surveys["COMPLETED", True], surveys["EXPIRED", True], 0)
    assert asked > seen > answered > asked / 4
    assert set(surveys) == {("COMPLETED", True), ("EXPIRED", True), ("PENDING", True), ("PENDING", False)}
    assert min(surveys.values()) > 20


async def test_old_surveys_are_open_only_if_never_shown(behind: Behind) -> None:  # F90
    open_for = "SELECT now() - min(sent_at) FROM survey WHERE status = 'PENDING' AND origin = 'campaign'"
    assert await behind.fetchval(open_for) < timedelta(days=8)
    too_early = (
        "SELECT count(*) FROM survey WHERE status = 'EXPIRED' AND last_update_time <= sent_at + interval '7 days'"
    )
    assert await behind.fetchval(too_early) == 0


async def test_nps_changes_once_and_stays(visitor: Client) -> None:
    rows = (await metrics(visitor, type="NPS"))["metrics"]
    totals: Counter[str] = Counter()
    nets: Counter[str] = Counter()
    for row in rows:
        totals[row["date"][:7]] += row["totalResponses"]
        nets[row["date"][:7]] += row["promoters"] - row["detractors"]
    changed = f"{utcnow() - timedelta(days=CHANGE_DAYS_AGO):%Y-%m}"
    scores = {month: 100 * nets[month] / total for month, total in totals.items() if total > 100}
    before, after = ([scores[month] for month in scores if (month >= changed) is late] for late in (False, True))
    assert len(before) >= 7
    assert max(before) + 15 < min(after)


@each_course
async def test_the_week_has_a_rhythm(behind: Behind, course: Course) -> None:
    context = course.context.value
    rows = await behind.fetch("SELECT context_date AS day FROM survey WHERE context_type = $1", context)
    days = Counter(row["day"].weekday() for row in rows)
    quiet, busy = (pick(range(7), key=course.week.__getitem__) for pick in (min, max))
    assert days[quiet] * 1.4 < days[busy]


@each_course
async def test_comments_fit_the_score(behind: Behind, course: Course) -> None:
    rows = await behind.fetch(
        "SELECT score, comment FROM feedback"
        " WHERE survey_type_code = $1 AND origin = 'campaign' AND comment IS NOT NULL",
        course.campaign.survey_type_code,
    )
    phrases = words().phrases
    said = {"bad": [], "fair": [], "good": []}
    for row in rows:
        band = "bad" if row["score"] < course.fair[0] else "fair" if row["score"] <= course.fair[1] else "good"
        said[band].append(row["comment"].lower())
    for band, comments in said.items():
        abouts = {course.about, course.trouble} if band == "bad" else {course.about}
        known = [one.lower() for about in abouts for phrases_of in phrases[about][band].values() for one in phrases_of]
        assert len(comments) > 10
        assert all(any(one in comment for one in known) for comment in comments)
    russian = [row for row in rows if "а" <= row["comment"][0].lower() <= "я"]
    assert len(rows) / 2 < len(russian) < len(rows) * 0.9


def test_its_telling_ends_the_progress(loaded: Loaded) -> None:
    assert sum(0.8 < share < 1 for share in loaded.shares) > 20
