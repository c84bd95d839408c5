"""Ratings: validation, their effect on the counts, and the cool-down."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.features.conftest import SetClock
from tests.support.clients import Client, error_code, expect_ok
from tests.support.feature_invariants import age, assert_counts_agree
from tests.support.features import USER, Feature, counts
from tests.support.invariants import Owner

from voxpop.db.parameters import parameterize
from voxpop.db.pool import Database
from voxpop.features.prompting import IN_COOLDOWN, in_cooldown

FEEDBACK_COUNT = "SELECT count(*) FROM feedback"
GOOD = {"user_email": USER, "rating": 8, "source": "prompted"}


async def test_the_response_has_the_stored_rating(feature: Feature) -> None:  # C39
    sent = {"rating": 8, "comment": "Works great", "source": "prompted", "user_agent": "Mozilla/5.0"}
    full = await feature.rate(**sent)
    UUID(full.pop("id"))
    assert full.pop("created_at").endswith("Z")
    assert full == sent | {"user_email": USER}
    bare = await feature.rate(1, "voluntary")
    assert (bare["rating"], bare["source"], bare["comment"], bare["user_agent"]) == (1, "voluntary", None, None)


async def test_an_invalid_rating_stores_nothing(feature: Feature, owner: Owner) -> None:  # C40
    wrong: list[dict[str, Any]] = [
        *({"rating": rating} for rating in (0, 11, 8.5, -8, "8", "", True, False, None, [8], 10**400, 1e300)),
        *({"source": source} for source in ("", "Prompted", "other", None, 1)),
        *({"comment": comment} for comment in (None, 5, ["a"], "c" * 10_001)),
        *({"user_agent": agent} for agent in (None, 5, "a" * 1001)),
    ]
    for change in wrong:
        answer = await feature.client.post(f"{feature.path}/feedbacks", json=GOOD | change)
        assert error_code(answer) == (400, "VALIDATION_ERROR"), change
    for missing in GOOD:
        body = {name: value for name, value in GOOD.items() if name != missing}
        answer = await feature.client.post(f"{feature.path}/feedbacks", json=body)
        assert answer.json()["details"] == [{"field": missing, "message": "is required"}]
    assert await owner.fetchval(FEEDBACK_COUNT) == 0
    assert await owner.fetchval("SELECT count(*) FROM interaction") == 0


async def test_a_whole_number_may_be_written_as_a_float(feature: Feature) -> None:  # C40
    for number, rating in (("1", 1), ("10", 10), ("8.0", 8), ("8e0", 8), ("0.1e2", 10)):
        body = f'{{"user_email": "{USER}", "source": "voluntary", "rating": {number}}}'
        headers = {"content-type": "application/json"}
        answer = expect_ok(await feature.client.post(f"{feature.path}/feedbacks", content=body, headers=headers), 201)
        assert repr(answer["rating"]) == repr(rating)
        row = (await feature.analytics("feedbacks/users"))["data"][0]
        assert repr(row["rating"]) == repr(rating)


async def test_texts_are_stored_unchanged(feature: Feature) -> None:  # C40, G4
    texts = ["", " \t\n ", "ё" * 10_000, "👍🏽 it's <b>\\u0000</b> \\x00 %s {} \u2028 \ue000", "\x01\x7f\ufffe"]
    for text in texts:
        assert (await feature.rate(comment=text, user_agent=text[:1000]))["comment"] == text
    rows = (await feature.analytics("feedbacks/users"))["data"]
    assert [row["comment"] for row in reversed(rows)] == texts
    assert [row["user_agent"] for row in reversed(rows)] == [text[:1000] for text in texts]


async def test_a_rating_resets_all_counts_except_the_total(feature: Feature, owner: Owner) -> None:  # C41
    await feature.reject()
    await feature.use(2)
    await feature.use(2, "other@example.com")
    assert await feature.counts() == (2, 2, 1)
    await feature.rate(3, "voluntary")
    assert await feature.counts() == (0, 2, 0)
    assert await feature.counts("other@example.com") == (2, 2, 0)
    await assert_counts_agree(owner)


@pytest.mark.parametrize("source", ["prompted", "voluntary"])
async def test_uses_in_the_cool_down_count_only_in_the_total(
    feature: Feature, owner: Owner, source: str
) -> None:  # C42
    await feature.use(3)
    await feature.rate(8, source)
    await age(owner, 179)
    cooling = await feature.use(4)
    assert (counts(cooling), cooling["should_request_feedback"]) == ((0, 7, 0), False)
    assert (await feature.counts(), await feature.asks()) == ((0, 7, 0), False)
    await age(owner, 1)
    assert counts(await feature.use()) == (1, 8, 0)
    await age(owner, 1)
    again = await feature.use(2)
    assert (counts(again), again["should_request_feedback"]) == ((3, 10, 0), True)
    assert await feature.asks()


async def test_the_cool_down_ends_at_the_exact_microsecond(feature: Feature, set_clock: SetClock) -> None:  # C42
    set_clock(2026, 1, 1, 12)
    await feature.rate()
    set_clock(2026, 6, 30, 11, 59, 59, 999_999)
    assert counts(await feature.use(5)) == (0, 5, 0)
    set_clock(2026, 6, 30, 12)
    assert counts(await feature.use()) == (1, 6, 0)


@pytest.mark.parametrize("days", [0, 1, 180, 3650])
async def test_the_cool_down_is_the_same_rule_in_sql_and_in_python(
    database: Database, client: Client, owner: Owner, days: int
) -> None:  # C42
    await owner.execute("UPDATE workspace SET cool_down_days = $1", days)
    now = datetime(2026, 6, 30, 12, tzinfo=UTC)
    end = now - timedelta(days=days)
    moments = [None, end, end - timedelta(microseconds=1), end + timedelta(microseconds=1), now]
    statement = parameterize(f"SELECT {IN_COOLDOWN} FROM (SELECT :feedback_at::timestamptz AS feedback_at) AS i")
    async with database.transaction(client.workspace) as tx:
        for moment in moments:
            values = {"now": now, "workspace": client.workspace, "feedback_at": moment}
            in_sql = await tx.fetchval(statement.sql, *(values[name] for name in statement.names))
            assert in_sql is in_cooldown(moment, days, now), moment


@pytest.fixture
async def server_in_berlin(owner: Owner) -> None:
    """Connections opened after this fixture have a time zone with daylight saving time."""
    name = await owner.fetchval("SELECT current_database()")
    await owner.execute(f"ALTER DATABASE {name} SET timezone = 'Europe/Berlin'")


@pytest.mark.usefixtures("server_in_berlin")
async def test_a_day_of_the_cool_down_has_24_hours(feature: Feature, set_clock: SetClock) -> None:  # C42, G3
    expect_ok(await feature.client.patch("/api/v1/workspace", json={"cool_down_days": 30}))
    set_clock(2026, 3, 20, 12)
    await feature.rate()
    for moment, uses in (((2026, 4, 19, 11, 30), 0), ((2026, 4, 19, 12), 1)):
        set_clock(*moment)
        assert (await feature.use())["interaction_count"] == uses
        assert (await feature.state())["interaction_count"] == uses


async def test_the_cool_down_is_a_setting_of_the_workspace(
    client: Client, feature: Feature, owner: Owner
) -> None:  # C42
    await feature.rate()
    expect_ok(await client.patch("/api/v1/workspace", json={"cool_down_days": 30}))
    await age(owner, 29)
    assert counts(await feature.use(3)) == (0, 3, 0)
    await age(owner, 1)
    assert counts(await feature.use(3)) == (3, 6, 0)
    assert await feature.asks()
    expect_ok(await client.patch("/api/v1/workspace", json={"cool_down_days": 31}))
    assert not await feature.asks()
    expect_ok(await client.patch("/api/v1/workspace", json={"cool_down_days": 0}))
    assert await feature.asks()
    await feature.rate()
    assert counts(await feature.use()) == (1, 7, 0)


async def test_a_user_may_rate_again_and_again(feature: Feature, owner: Owner) -> None:  # C43
    for rating in (1, 10, 1):
        await feature.rate(rating, "voluntary")
    assert [row["rating"] for row in (await feature.analytics("feedbacks/users"))["data"]] == [1, 10, 1]
    assert (await feature.summary())["total_feedbacks"] == 3
    await assert_counts_agree(owner)


async def test_the_latest_rating_starts_the_cool_down(feature: Feature, owner: Owner) -> None:  # C42, C43
    await feature.rate()
    await age(owner, 170)
    await feature.rate()
    await age(owner, 100)
    assert counts(await feature.use()) == (0, 1, 0)


async def test_a_rating_is_not_counted_as_a_use(feature: Feature, owner: Owner) -> None:  # C44
    await feature.rate()
    assert (await feature.counts(), await feature.asks()) == ((0, 0, 0), False)
    assert (await feature.analytics("interactions/users"))["data"] == []
    assert (await feature.summary("interactions"))["users_with_interactions"] == 0
    first = await feature.use()
    assert (counts(first), first["created_at"]) == ((0, 1, 0), first["updated_at"])
    (row,) = (await feature.analytics("interactions/users"))["data"]
    assert row["created_at"] == first["created_at"]
    assert (await feature.summary("interactions"))["users_with_interactions"] == 1
    await assert_counts_agree(owner)


async def test_a_rating_does_not_affect_other_features_and_users(client: Client, feature: Feature) -> None:  # C45
    other = await Feature.open(client, key="export")
    await feature.rate()
    assert (await other.use(3))["should_request_feedback"]
    assert (await feature.use(3, "other@example.com"))["should_request_feedback"]
    assert not (await feature.use(3))["should_request_feedback"]


async def test_a_user_is_prompted_again_after_the_cool_down(feature: Feature, owner: Owner) -> None:  # C47
    await feature.reject(5)
    assert (await feature.summary("interactions"))["users_rejection_exhausted"] == 1
    await feature.rate(8, "voluntary")
    assert (await feature.summary("interactions"))["users_rejection_exhausted"] == 0
    assert counts(await feature.use(3)) == (0, 3, 0)
    await age(owner, 181)
    assert (await feature.use(3))["should_request_feedback"]
