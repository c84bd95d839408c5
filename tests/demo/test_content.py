"""What the demo shows of features: seen through the API, and held against the ledgers."""

from collections import Counter
from datetime import datetime, timedelta
from statistics import median
from typing import Any, TypeAlias

import asyncpg
import msgspec
import pytest
from tests.demo.conftest import Loaded
from tests.support import ticket_invariants as tickets
from tests.support.campaign_invariants import assert_answers_agree, true_asks
from tests.support.clients import Client, expect_ok
from tests.support.feature_invariants import assert_counts_agree
from tests.support.features import API, Feature

from voxpop.demo.plan import CUSTOMERS, PLANS, Plan
from voxpop.types import Email, utcnow

Behind: TypeAlias = "asyncpg.Connection[Any]"
each_plan = pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.feature.feature_key)


def of(client: Client, plan: Plan) -> Feature:
    return Feature(client, plan.feature.product_key, plan.feature.feature_key)


async def monthly(client: Client, plan: Plan) -> list[float]:
    """Mean scores of the months that have enough ratings to tell, the oldest first."""
    months = (await of(client, plan).analytics("feedbacks/timeseries"))["monthly"]
    return [month["average_rating"] for month in reversed(months) if month["feedback_count"] >= 20]


async def test_counts_are_what_the_ledgers_add_up_to(behind: Behind) -> None:
    await assert_counts_agree(behind, await true_asks(behind) + await tickets.true_asks(behind))
    await assert_answers_agree(behind, await tickets.true_scores(behind))


async def test_two_products_with_eight_features(visitor: Client) -> None:
    features = expect_ok(await visitor.get(f"{API}/features"))["data"]
    assert len(features) == 8
    assert len({feature["product_key"] for feature in features}) == 2
    thresholds = {one["feature_key"]: (one["interaction_threshold"], one["rejection_threshold"]) for one in features}
    assert thresholds["dashboard"] == thresholds["export-csv"] == (5, 3)


async def test_its_size(behind: Behind) -> None:
    assert await behind.fetchval("SELECT count(DISTINCT user_email) FROM interaction") == CUSTOMERS == 5_000
    assert 150_000 <= await behind.fetchval("SELECT sum(total_sum) FROM interaction_sum") <= 250_000
    assert 12_000 <= await behind.fetchval("SELECT count(*) FROM feedback WHERE origin = 'feature'") <= 20_000


async def test_it_lasts_a_year_up_to_now(behind: Behind) -> None:
    first = await behind.fetchval("SELECT min(create_time) FROM survey WHERE origin = 'feature'")
    last = await behind.fetchval("SELECT max(last_update_time) FROM survey WHERE origin = 'feature'")
    now = utcnow()
    assert timedelta(days=350) < now - first < timedelta(days=366)
    assert now - timedelta(days=3) < last < now
    assert await behind.fetchval("SELECT max(updated_at) FROM interaction") < now


@each_plan
async def test_the_api_agrees_with_the_ledgers(visitor: Client, behind: Behind, plan: Plan) -> None:
    feature = of(visitor, plan)
    ident = await behind.fetchval("SELECT id FROM feature WHERE key = $1", feature.key)
    scores = await behind.fetch("SELECT score, source FROM feedback WHERE origin_id = $1", ident)
    summary = await feature.summary()
    sources = Counter(row["source"] for row in scores)
    assert (summary["prompted_count"], summary["voluntary_count"]) == (sources["prompted"], sources["voluntary"])
    assert summary["average_rating"] == pytest.approx(sum(row["score"] for row in scores) / len(scores), abs=0.006)
    assert summary["median_rating"] == median(row["score"] for row in scores)
    months = (await feature.analytics("feedbacks/timeseries"))["monthly"]
    assert sum(month["feedback_count"] for month in months) == summary["total_feedbacks"] == len(scores)
    totals = await behind.fetch(
        "SELECT total_interaction_count AS n FROM interaction WHERE feature_id = $1 AND first_used_at IS NOT NULL",
        ident,
    )
    used = await feature.summary("interactions")
    assert used["users_with_interactions"] == len(totals)
    assert used["max_total_interactions"] == max(row["n"] for row in totals)
    assert used["users_rejection_exhausted"] > 0


@each_plan
async def test_one_feature_drops_and_recovers(visitor: Client, plan: Plan) -> None:
    means = await monthly(visitor, plan)
    assert len(means) >= 11
    fall = median(means) - min(means)
    assert (fall > 2) is plan.drops
    assert median(means[-3:]) > median(means) - 1


async def test_every_end_of_a_survey_is_there(behind: Behind) -> None:
    rows = await behind.fetch("SELECT status, count(*) AS n FROM survey WHERE origin = 'feature' GROUP BY status")
    assert {row["status"] for row in rows if row["n"] > 50} == {"PENDING", "COMPLETED", "DISMISSED", "WITHDRAWN"}


async def test_nobody_is_asked_in_the_cool_down(behind: Behind) -> None:
    rows = await behind.fetch(
        "SELECT s.create_time FROM survey s JOIN feedback f USING (workspace_id, origin_id, user_email)"
        " WHERE s.create_time > f.create_time AND s.create_time < f.create_time + interval '4320 hours'"
    )
    assert rows == []


async def test_weekends_are_quiet(behind: Behind) -> None:
    rows = await behind.fetch("SELECT day FROM feedback WHERE origin = 'feature'")
    days = Counter(row["day"].weekday() for row in rows)
    assert max(days[5], days[6]) * 2 < min(days[day] for day in range(5))


async def test_comments_are_many_and_fit_the_customer(behind: Behind) -> None:
    rows = await behind.fetch("SELECT comment FROM feedback WHERE comment IS NOT NULL AND origin = 'feature'")
    comments = Counter(row["comment"] for row in rows)
    assert len(rows) > 4_000
    assert len(comments) > 1_500
    assert comments.most_common(1)[0][1] < len(rows) / 50
    russian = [row for row in rows if "а" <= row["comment"][0].lower() <= "я"]
    assert len(rows) / 20 < len(russian) < len(rows) / 4
    assert not any("{" in comment for comment in comments)


async def test_addresses_are_addresses(behind: Behind) -> None:
    rows = await behind.fetch("SELECT DISTINCT user_email FROM interaction")
    emails = [row["user_email"] for row in rows]
    assert msgspec.convert(emails, list[Email]) == emails
    assert {email.rpartition(".")[2] for email in emails} == {"example"}


async def test_ids_tell_their_time(behind: Behind) -> None:
    for row in await behind.fetch("SELECT id, create_time FROM feedback LIMIT 500"):
        assert row["id"].version == 7
        told = datetime.fromtimestamp((row["id"].int >> 80) / 1000, row["create_time"].tzinfo)
        assert timedelta() <= row["create_time"] - told < timedelta(milliseconds=1.1)


def test_loading_tells_how_far_it_is(loaded: Loaded) -> None:
    shares = loaded.shares
    assert shares == sorted(shares)
    assert len(shares) > 20
    assert 0 < shares[0] < 0.05
    assert shares[-1] == 1
