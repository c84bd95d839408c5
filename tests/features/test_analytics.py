"""Analytics of a feature: figures of use and ratings, lists, months and quarters."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from tests.features.conftest import SetClock
from tests.support.clients import Client, expect_ok
from tests.support.feature_invariants import age, assert_counts_agree
from tests.support.features import API, USER, Feature, counts
from tests.support.invariants import Owner

EMPTY_PAGE = {"data": [], "next_cursor": None, "has_more": False}
NO_USE = {
    "users_with_interactions": 0,
    "avg_total_interactions": 0,
    "max_total_interactions": 0,
    "users_rejection_exhausted": 0,
}
NO_RATINGS = {
    "total_feedbacks": 0,
    "average_rating": 0,
    "median_rating": 0,
    "pm_rating": 0,
    "prompted_count": 0,
    "voluntary_count": 0,
}


async def rate_all(feature: Feature, ratings: list[int], source: str = "voluntary") -> None:
    for number, rating in enumerate(ratings):
        await feature.rate(rating, source, f"u{number}@example.com")


async def test_the_use_of_a_feature_is_summarized(feature: Feature, owner: Owner) -> None:  # C50
    await feature.use(2, "a@example.com")
    await feature.use(3, "b@example.com")
    figures = NO_USE | {"users_with_interactions": 2, "avg_total_interactions": 3, "max_total_interactions": 3}
    assert await feature.analytics("interactions") == {"summary": figures}
    assert repr((await feature.summary("interactions"))["avg_total_interactions"]) == "3"
    await feature.reject(1, "c@example.com")
    await feature.use(1, "b@example.com")
    assert (await feature.summary("interactions"))["avg_total_interactions"] == 2
    await feature.reject(1, "c@example.com")
    await feature.reject(3, "a@example.com")
    assert (await feature.summary("interactions"))["users_rejection_exhausted"] == 2
    await assert_counts_agree(owner)


@pytest.mark.parametrize("place", [("pms", "dashboard"), ("pms", "nothing"), ("nothing", "dashboard")])
async def test_a_feature_without_data_has_zeros(feature: Feature, place: tuple[str, str]) -> None:  # C51, C52
    here = Feature(feature.client, *place)
    assert await here.analytics("interactions") == {"summary": NO_USE}
    assert await here.analytics("feedbacks") == {"summary": NO_RATINGS}
    assert await here.analytics("interactions/users") == EMPTY_PAGE
    assert await here.analytics("feedbacks/users", cursor="abc", limit=1) == EMPTY_PAGE
    assert await here.analytics("feedbacks/timeseries") == {"monthly": [], "quarterly": []}


async def test_averages_of_ratings_round_half_up(feature: Feature, owner: Owner) -> None:  # C53
    await rate_all(feature, [6, 1, 1, 1, 2, 2, 2], "voluntary")
    await feature.rate(2, "prompted")
    assert await feature.analytics("feedbacks") == {
        "summary": {
            "total_feedbacks": 8,
            "average_rating": 2.13,
            "median_rating": 2,
            "pm_rating": 0.13,
            "prompted_count": 1,
            "voluntary_count": 7,
        }
    }
    await assert_counts_agree(owner)


async def test_average_median_and_share(client: Client) -> None:  # C53
    cases: list[tuple[list[int], float, float, float]] = [
        ([7], 7, 7, 1),
        ([5], 5, 5, 0),
        ([8, 7], 7.5, 7.5, 1),
        ([10, 1, 10, 1], 5.5, 5.5, 0.5),
        ([6, 5, 5], 5.33, 5, 0.33),
        ([6, 6, 5], 5.67, 6, 0.67),
        ([1, 2, 3, 4], 2.5, 2.5, 0),
    ]
    for number, (ratings, *expected) in enumerate(cases):
        feature = await Feature.open(client, key=f"f{number}")
        await rate_all(feature, ratings)
        (month,) = (await feature.analytics("feedbacks/timeseries"))["monthly"]
        for figures in (await feature.summary(), month):
            assert [figures[name] for name in ("average_rating", "median_rating", "pm_rating")] == expected, ratings


async def test_users_are_listed_the_latest_changed_first(feature: Feature, set_clock: SetClock) -> None:  # C54
    for day, email in enumerate(("a@x.com", "b@x.com", "c@x.com"), start=1):
        set_clock(2026, 1, day)
        await feature.use(3, email)
    set_clock(2026, 1, 10)
    await feature.reject(1, "a@x.com")
    page = await feature.analytics("interactions/users")
    assert [row["user_email"] for row in page["data"]] == ["a@x.com", "c@x.com", "b@x.com"]
    assert (page["next_cursor"], page["has_more"]) == (None, False)
    first = page["data"][0]
    UUID(first.pop("id"))
    assert first == {
        "user_email": "a@x.com",
        "interaction_count": 0,
        "total_interaction_count": 3,
        "rejection_count": 1,
        "should_request_feedback": False,
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-10T00:00:00.000Z",
    }
    assert page["data"][1]["should_request_feedback"]


async def test_the_prompt_flag_of_the_list_depends_only_on_counts(
    client: Client, feature: Feature, owner: Owner
) -> None:  # C54
    await feature.rate()
    await age(owner, 181)
    await feature.use(3)
    await owner.execute("UPDATE interaction SET feedback_at = now()")
    (row,) = (await feature.analytics("interactions/users"))["data"]
    assert (counts(row), row["should_request_feedback"]) == ((3, 3, 0), True)
    assert not await feature.asks()


async def test_ratings_are_listed_newest_first(feature: Feature, set_clock: SetClock) -> None:  # C55
    set_clock(2026, 1, 1)
    await feature.rate(3, "voluntary")
    set_clock(2026, 1, 2)
    rated = await feature.rate(8, "prompted", "b@x.com", comment="Schön", user_agent="curl")
    page = await feature.analytics("feedbacks/users")
    assert page["data"][0] == rated | {"comment_en": None}
    assert page["data"][0].keys() == {
        "id",
        "user_email",
        "rating",
        "comment",
        "comment_en",
        "source",
        "user_agent",
        "created_at",
    }
    assert page["data"][1]["user_email"] == USER
    assert (page["next_cursor"], page["has_more"]) == (None, False)


def period(year: int, name: str, number: int, *figures: float) -> dict[str, Any]:
    fields = ("feedback_count", "average_rating", "median_rating", "pm_rating")
    return {"year": year, name: number} | dict(zip(fields, figures, strict=True))


async def test_ratings_are_grouped_by_month_and_quarter(
    feature: Feature, set_clock: SetClock, owner: Owner
) -> None:  # C57
    ratings = [((2025, 12, 31, 23, 59, 59, 999_999), 1), ((2026, 1, 1), 10), ((2026, 2, 28), 4), ((2026, 2, 1), 5)]
    for moment, rating in [*ratings, ((2026, 11, 30), 8), ((2026, 3, 31), 10), ((2026, 4, 1), 9)]:
        set_clock(*moment)
        await feature.rate(rating, "prompted" if rating == 8 else "voluntary")
    assert await feature.analytics("feedbacks/timeseries") == {
        "monthly": [
            period(2026, "month", 11, 1, 8, 8, 1),
            period(2026, "month", 4, 1, 9, 9, 1),
            period(2026, "month", 3, 1, 10, 10, 1),
            period(2026, "month", 2, 2, 4.5, 4.5, 0),
            period(2026, "month", 1, 1, 10, 10, 1),
            period(2025, "month", 12, 1, 1, 1, 0),
        ],
        "quarterly": [
            period(2026, "quarter", 4, 1, 8, 8, 1),
            period(2026, "quarter", 2, 1, 9, 9, 1),
            period(2026, "quarter", 1, 4, 7.25, 7.5, 0.5),
            period(2025, "quarter", 4, 1, 1, 1, 0),
        ],
    }
    assert (await feature.summary())["average_rating"] == 6.71
    await assert_counts_agree(owner)


async def test_days_are_in_the_workspace_time_zone_and_a_new_zone_applies_to_later_days(
    client: Client, feature: Feature, set_clock: SetClock
) -> None:  # C57, G3
    async def rate_in(zone: str, *moment: int) -> None:
        expect_ok(await client.patch("/api/v1/workspace", json={"time_zone": zone}))
        local = datetime(*moment, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[arg-type,misc]
        set_clock(*local.timetuple()[:6])
        await feature.rate()

    async def months() -> list[tuple[int, int]]:
        series = (await feature.analytics("feedbacks/timeseries"))["monthly"]
        return [(month["month"], month["feedback_count"]) for month in series]

    await rate_in("UTC", 2026, 1, 31, 23, 30)
    await rate_in("Pacific/Kiritimati", 2026, 2, 1, 0, 0)
    await rate_in("Pacific/Kiritimati", 2026, 2, 28, 23, 59)
    assert await months() == [(2, 2), (1, 1)]
    await rate_in("America/Los_Angeles", 2026, 2, 28, 23, 59)
    assert await months() == [(2, 3), (1, 1)]
    await rate_in("UTC", 2026, 3, 1, 0, 0)
    assert await months() == [(3, 1), (2, 3), (1, 1)]


async def test_a_workspace_with_the_same_keys_and_customers_sees_only_its_own_data(
    client: Client, other_client: Client, owner: Owner
) -> None:  # G1, C29
    ours, theirs = await Feature.open(client, uses=1), await Feature.open(other_client, uses=1)
    await ours.use(5)
    await ours.rate(1)
    await ours.reject()
    assert await theirs.counts() == (0, 0, 0)
    assert await theirs.summary("interactions") == NO_USE
    assert await theirs.summary() == NO_RATINGS
    for view in ("interactions/users", "feedbacks/users"):
        assert await theirs.analytics(view) == EMPTY_PAGE
    assert await theirs.analytics("feedbacks/timeseries") == {"monthly": [], "quarterly": []}
    assert (await theirs.use())["should_request_feedback"]
    assert counts(await ours.use()) == (0, 6, 1)
    await assert_counts_agree(owner)


async def test_averages_are_computed_from_all_ratings_not_from_averages(
    feature: Feature, set_clock: SetClock
) -> None:  # C53, C57
    set_clock(2026, 1, 1)
    await rate_all(feature, [10] * 9)
    set_clock(2026, 2, 1)
    await feature.rate(1)
    assert (await feature.summary())["average_rating"] == 9.1
    (quarter,) = (await feature.analytics("feedbacks/timeseries"))["quarterly"]
    assert quarter == period(2026, "quarter", 1, 10, 9.1, 10, 0.9)


async def test_views_contain_no_data_of_other_features(client: Client) -> None:
    for product, key, rating in (("a", "b", 1), ("a", "c", 5), ("d", "b", 9)):
        await (await Feature.open(client, product, key)).rate(rating)
    for product, key, rating in (("a", "b", 1), ("a", "c", 5), ("d", "b", 9)):
        feature = Feature(client, product, key)
        assert (await feature.summary())["average_rating"] == rating
        assert [row["rating"] for row in (await feature.analytics("feedbacks/users"))["data"]] == [rating]
    assert (await client.get(f"{API}/analytics/products/a/features/b")).status_code == 404
