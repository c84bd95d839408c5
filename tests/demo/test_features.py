"""The features of the demo: their API agrees with the stored rows, and the year is plausible."""

from collections import Counter
from datetime import datetime, timedelta
from statistics import median
from typing import Any, TypeAlias

import asyncpg
import msgspec
import pytest
from tests.demo.conftest import SCALE, LoadedDemo
from tests.support import ticket_invariants as tickets
from tests.support.campaign_invariants import assert_answers_agree, expected_survey_counts
from tests.support.clients import Client, expect_ok
from tests.support.feature_invariants import assert_counts_agree
from tests.support.features import API, Feature

from voxpop.demo.features.loader import CUSTOMERS
from voxpop.demo.features.plans import PLANS, FeaturePlan
from voxpop.types import Email, utcnow

Connection: TypeAlias = "asyncpg.Connection[Any]"
each_plan = pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.feature.feature_key)


def feature_of(client: Client, plan: FeaturePlan) -> Feature:
    return Feature(client, plan.feature.product_key, plan.feature.feature_key)


async def monthly(client: Client, plan: FeaturePlan) -> list[float]:
    """Mean scores of the months with enough ratings, the oldest first."""
    months = (await feature_of(client, plan).analytics("feedbacks/timeseries"))["monthly"]
    return [month["average_rating"] for month in reversed(months) if month["feedback_count"] >= 20 * SCALE]


async def test_counts_agree_with_the_rows(demo_db: Connection) -> None:
    await assert_counts_agree(
        demo_db, await expected_survey_counts(demo_db) + await tickets.expected_survey_counts(demo_db)
    )
    await assert_answers_agree(demo_db, await tickets.expected_score_counts(demo_db))


async def test_two_products_with_eight_features(demo_client: Client) -> None:
    features = expect_ok(await demo_client.get(f"{API}/features"))["data"]
    assert len(features) == 8
    assert len({feature["product_key"] for feature in features}) == 2
    thresholds = {one["feature_key"]: (one["interaction_threshold"], one["rejection_threshold"]) for one in features}
    assert thresholds["dashboard"] == thresholds["export-csv"] == (5, 3)


async def test_the_size_follows_the_scale(demo_db: Connection) -> None:
    assert await demo_db.fetchval("SELECT count(DISTINCT user_email) FROM interaction") == CUSTOMERS * SCALE
    assert 150_000 * SCALE <= await demo_db.fetchval("SELECT sum(total_sum) FROM interaction_sum") <= 250_000 * SCALE
    ratings = await demo_db.fetchval("SELECT count(*) FROM feedback WHERE origin = 'feature'")
    assert 12_000 * SCALE <= ratings <= 20_000 * SCALE


async def test_it_lasts_a_year_up_to_now(demo_db: Connection) -> None:
    first = await demo_db.fetchval("SELECT min(create_time) FROM survey WHERE origin = 'feature'")
    last = await demo_db.fetchval("SELECT max(last_update_time) FROM survey WHERE origin = 'feature'")
    now = utcnow()
    assert timedelta(days=350) < now - first < timedelta(days=366)
    assert now - timedelta(days=3) < last < now
    assert await demo_db.fetchval("SELECT max(updated_at) FROM interaction") < now


@each_plan
async def test_the_api_agrees_with_the_rows(demo_client: Client, demo_db: Connection, plan: FeaturePlan) -> None:
    feature = feature_of(demo_client, plan)
    ident = await demo_db.fetchval("SELECT id FROM feature WHERE key = $1", feature.key)
    scores = await demo_db.fetch("SELECT score, source FROM feedback WHERE origin_id = $1", ident)
    summary = await feature.summary()
    sources = Counter(row["source"] for row in scores)
    assert (summary["prompted_count"], summary["voluntary_count"]) == (sources["prompted"], sources["voluntary"])
    assert summary["average_rating"] == pytest.approx(sum(row["score"] for row in scores) / len(scores), abs=0.006)
    assert summary["median_rating"] == median(row["score"] for row in scores)
    months = (await feature.analytics("feedbacks/timeseries"))["monthly"]
    assert sum(month["feedback_count"] for month in months) == summary["total_feedbacks"] == len(scores)
    totals = await demo_db.fetch(
        "SELECT total_interaction_count AS n FROM interaction WHERE feature_id = $1 AND first_used_at IS NOT NULL",
        ident,
    )
    used = await feature.summary("interactions")
    assert used["users_with_interactions"] == len(totals)
    assert used["max_total_interactions"] == max(row["n"] for row in totals)
    assert used["users_rejection_exhausted"] > 0


@each_plan
async def test_one_feature_drops_and_recovers(demo_client: Client, plan: FeaturePlan) -> None:
    means = await monthly(demo_client, plan)
    assert len(means) >= 11
    fall = median(means) - min(means)
    assert (fall > 2) is plan.drops
    assert median(means[-3:]) > median(means) - 1


async def test_surveys_have_every_status(demo_db: Connection) -> None:
    rows = await demo_db.fetch("SELECT status, count(*) AS n FROM survey WHERE origin = 'feature' GROUP BY status")
    assert {row["status"] for row in rows if row["n"] > 40 * SCALE} == {
        "PENDING",
        "COMPLETED",
        "DISMISSED",
        "WITHDRAWN",
    }


async def test_no_survey_is_opened_in_the_cool_down(demo_db: Connection) -> None:
    rows = await demo_db.fetch(
        "SELECT s.create_time FROM survey s JOIN feedback f USING (workspace_id, origin_id, user_email)"
        " WHERE s.create_time > f.create_time AND s.create_time < f.create_time + interval '4320 hours'"
    )
    assert rows == []


async def test_weekends_are_quiet(demo_db: Connection) -> None:
    rows = await demo_db.fetch("SELECT day FROM feedback WHERE origin = 'feature'")
    days = Counter(row["day"].weekday() for row in rows)
    assert max(days[5], days[6]) * 2 < min(days[day] for day in range(5))


async def test_comments_are_many_and_fit_the_customer(demo_db: Connection) -> None:
    rows = await demo_db.fetch("SELECT comment FROM feedback WHERE comment IS NOT NULL AND origin = 'feature'")
    comments = Counter(row["comment"] for row in rows)
    assert len(rows) > 4_000 * SCALE
    assert len(comments) > 1_500 * SCALE
    assert comments.most_common(1)[0][1] < len(rows) / 50
    russian = [row for row in rows if "а" <= row["comment"][0].lower() <= "я"]
    assert len(rows) / 20 < len(russian) < len(rows) / 4
    assert not any("{" in comment for comment in comments)


async def test_emails_are_valid(demo_db: Connection) -> None:
    rows = await demo_db.fetch("SELECT DISTINCT user_email FROM interaction")
    emails = [row["user_email"] for row in rows]
    assert msgspec.convert(emails, list[Email]) == emails
    assert {email.rpartition(".")[2] for email in emails} == {"example"}


async def test_ids_have_the_time_of_their_rows(demo_db: Connection) -> None:
    for row in await demo_db.fetch("SELECT id, create_time FROM feedback WHERE origin = 'feature' LIMIT 500"):
        assert row["id"].version == 7
        made_at = datetime.fromtimestamp((row["id"].int >> 80) / 1000, row["create_time"].tzinfo)
        assert timedelta() <= row["create_time"] - made_at < timedelta(milliseconds=1.1)


def test_loading_reports_its_progress(loaded: LoadedDemo) -> None:
    shares = loaded.shares
    assert shares == sorted(shares)
    assert len(shares) > 20
    assert 0 < shares[0] < 0.05
    assert shares[-1] == 1
