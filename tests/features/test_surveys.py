"""Surveys of features: when they open, and how they close."""

import asyncio
from datetime import UTC, date, datetime
from itertools import product
from typing import Any, cast
from zoneinfo import available_timezones

import pytest
from tests.support.clients import Client, expect_ok
from tests.support.feature_invariants import age, answered, assert_counts_agree, funnel, surveys
from tests.support.features import USER, Feature
from tests.support.invariants import Owner

from voxpop.db.pool import Database, Tx
from voxpop.features import service
from voxpop.features.models import FeatureUser
from voxpop.features.prompting import should_prompt, should_prompt_sql
from voxpop.workspaces.service import is_time_zone


async def test_the_first_prompting_use_opens_one_survey(feature: Feature, owner: Owner) -> None:
    await feature.use(2)
    assert await surveys(owner) == []
    await feature.use(4)
    assert await surveys(owner) == ["PENDING"]
    row = await owner.fetchrow("SELECT survey_type_code, origin, user_email, guid, sent_at FROM survey")
    assert tuple(row.values()) == ("CSAT10", "feature", USER, None, None)
    assert await funnel(owner) == {"opened": 1}
    await assert_counts_agree(owner)


async def test_a_threshold_crossed_within_a_batch_opens_one_survey(feature: Feature, owner: Owner) -> None:
    answers = [expect_ok(answer) for answer in await asyncio.gather(*(feature.post("increment") for _ in range(20)))]
    asked = sorted(one["interaction_count"] for one in answers if one["should_request_feedback"])
    assert asked == list(range(3, 21))
    assert await surveys(owner) == ["PENDING"]
    await assert_counts_agree(owner)


async def test_a_refusal_dismisses_the_survey_and_the_next_threshold_opens_another(
    feature: Feature, owner: Owner
) -> None:
    await feature.use(3)
    await feature.reject()
    assert await surveys(owner) == ["DISMISSED"]
    await feature.use(3)
    assert await surveys(owner) == ["DISMISSED", "PENDING"]
    await feature.reject(2)
    await feature.use(9)
    assert await surveys(owner) == ["DISMISSED", "DISMISSED"]
    assert await funnel(owner) == {"opened": 2, "dismissed": 2}
    await assert_counts_agree(owner)


async def test_a_prompted_rating_completes_the_open_survey(feature: Feature, owner: Owner) -> None:
    await feature.use(3)
    rated = await feature.rate()
    row = await owner.fetchrow("SELECT id, status, completed_at FROM survey")
    tied = await owner.fetchrow("SELECT id::text, survey_id, create_time FROM feedback")
    assert tuple(tied.values()) == (rated["id"], row["id"], row["completed_at"])
    assert row["status"] == "COMPLETED"
    await feature.rate()
    assert await answered(owner) == [True, False]
    assert await funnel(owner) == {"opened": 1, "completed": 1}
    await assert_counts_agree(owner)


async def test_a_voluntary_rating_withdraws_the_open_survey(feature: Feature, owner: Owner) -> None:
    await feature.use(3)
    await feature.rate(8, "voluntary")
    await feature.rate(8, "prompted")
    assert await surveys(owner) == ["WITHDRAWN"]
    assert await answered(owner) == [False, False]
    assert await funnel(owner) == {"opened": 1, "withdrawn": 1}
    await assert_counts_agree(owner)


async def test_a_rating_without_an_open_survey_refers_to_no_survey(feature: Feature, owner: Owner) -> None:
    for source in ("prompted", "voluntary"):
        await feature.use(2, f"{source}@example.com")
        await feature.rate(8, source, f"{source}@example.com")
    assert (await surveys(owner), await answered(owner), await owner.fetch("TABLE survey_count")) == (
        [],
        [False] * 2,
        [],
    )


async def test_ratings_in_a_batch_close_the_survey_once(feature: Feature, owner: Owner) -> None:
    await feature.use(3)
    await asyncio.gather(*(feature.rate() for _ in range(10)))
    assert await surveys(owner) == ["COMPLETED"]
    assert sorted(await answered(owner)) == [False] * 9 + [True]
    await assert_counts_agree(owner)


async def test_after_the_cool_down_a_new_survey_opens(feature: Feature, owner: Owner) -> None:
    await feature.use(3)
    await feature.rate()
    await feature.use(5)
    await age(owner, 181)
    await feature.use(3)
    assert await surveys(owner) == ["COMPLETED", "PENDING"]


async def test_a_survey_belongs_to_one_customer_and_one_feature(client: Client, feature: Feature, owner: Owner) -> None:
    export = await Feature.open(client, key="export", uses=1)
    await export.use()
    await feature.use(3)
    await feature.use(3, "other@example.com")
    await feature.rate(email="other@example.com")
    await feature.reject()
    rows = await owner.fetch("SELECT user_email, status FROM survey ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        (USER, "PENDING"),
        (USER, "DISMISSED"),
        ("other@example.com", "COMPLETED"),
    ]
    await assert_counts_agree(owner)


async def test_lower_thresholds_open_a_survey_at_the_next_use(feature: Feature, owner: Owner) -> None:
    await feature.use(2)
    body = {"interaction_threshold": 1, "rejection_threshold": 2}
    expect_ok(await feature.client.put(f"{feature.path}/thresholds", json=body))
    assert await surveys(owner) == []
    await feature.use()
    assert await surveys(owner) == ["PENDING"]


class StatementCounter:
    """A transaction that counts the statements sent through it."""

    def __init__(self, tx: Tx) -> None:
        self._tx, self.count, self.changes = tx, 0, tx.changes

    def __getattr__(self, name: str) -> Any:
        self.count += 1
        return getattr(self._tx, name)


async def test_a_batch_of_uses_is_one_statement_whatever_it_opens(
    feature: Feature, database: Database, owner: Owner
) -> None:
    """So that it commits by itself: the rows, the sums, the surveys and their counts."""
    users = [FeatureUser("pms", "dashboard", f"u{number % 7}@x.com") for number in range(30)]
    workspace = feature.client.workspace
    async with database.transaction(workspace) as tx:
        counter = StatementCounter(tx)
        counters = await service.increment(cast(Any, counter), workspace, users)
    assert counter.count == 1
    assert sum(one is not None and one.should_request_feedback for one in counters) == 30 - 2 * 7
    assert await surveys(owner) == ["PENDING"] * 7
    await assert_counts_agree(owner)


async def test_a_survey_counts_on_the_day_of_the_workspace(
    feature: Feature, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:  # G3
    await owner.execute("UPDATE workspace SET time_zone = 'Pacific/Kiritimati'")
    monkeypatch.setattr(service, "utcnow", lambda: datetime(2026, 1, 31, 10, tzinfo=UTC))
    await feature.use(3)
    rows = await owner.fetch("SELECT DISTINCT grain, date FROM survey_count ORDER BY grain")
    assert [tuple(row) for row in rows] == [("day", date(2026, 2, 1)), ("month", date(2026, 2, 1))]


async def test_postgresql_knows_every_time_zone_of_a_workspace(owner: Owner) -> None:  # G3
    zones = [name for name in available_timezones() if is_time_zone(name)]
    assert len(zones) > 400
    sql = "SELECT count(now() AT TIME ZONE name) FROM unnest($1::text[]) AS zone (name)"
    assert await owner.fetchval(sql, zones) == len(zones)


async def test_the_prompt_is_the_same_rule_in_sql_and_in_python(owner: Owner) -> None:  # C34
    rule = should_prompt_sql("$1::int", "$2::int", "$3::int", "$4::int")
    for numbers in product((0, 1, 2, 3), (1, 2), (0, 1, 2), (1, 2)):
        assert await owner.fetchval(f"SELECT {rule}", *numbers) is should_prompt(*numbers), numbers


async def test_uses_update_rows_in_place_within_an_hour(feature: Feature, database: Database) -> None:
    """No index reads what a use changes (HOT)."""
    users = [FeatureUser("pms", "dashboard", f"u{number}@x.com") for number in range(5)]
    workspace = feature.client.workspace
    async with database.transaction(workspace) as tx:
        for _ in range(4):
            await service.increment(tx, workspace, users)
        sql = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'interaction'"
        updated = tuple(await tx.fetchrow(sql) or ())
    assert updated in ((15, 15), (15, 10))  # an hour may end in between
