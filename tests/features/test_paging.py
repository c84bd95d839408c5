"""Pages of users and ratings contain each row exactly once, also while rows change."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.clients import error_code
from tests.support.features import API, Feature
from tests.support.invariants import Owner

VIEWS = ["interactions/users", "feedbacks/users"]
# 60 rows have the same time; then 60 rows of which three each share a time.
TIES = ["now()", "to_timestamp(1700000000 + (rank / 3) * 0.000001)"]
FILL = {
    "interactions/users": """
        INSERT INTO interaction (workspace_id, feature_id, user_email, id, first_used_at, updated_at,
                                 total_interaction_count)
        SELECT workspace_id, id, rank || '@x.com', gen_random_uuid(), now(), {moment}, 1
        FROM feature, generate_series(1, 60) rank""",
    "feedbacks/users": """
        INSERT INTO feedback (workspace_id, id, survey_type_code, origin, origin_id, source, user_email, score, day,
                              series_kinds, series_ids, create_time, last_update_time)
        SELECT workspace_id, gen_random_uuid(), 'CSAT10', 'feature', id, 'prompted', rank || '@x.com', 8,
               current_date, '{{}}', '{{}}', {moment}, now()
        FROM feature, generate_series(1, 60) rank""",
}


async def pages(feature: Feature, view: str, limit: int) -> AsyncIterator[list[Any]]:
    """The email addresses of each page."""
    query: dict[str, Any] = {"limit": limit}
    while True:
        page = await feature.analytics(view, **query)
        assert page["has_more"] == (page["next_cursor"] is not None)
        assert len(page["data"]) == limit or not page["has_more"]
        yield [row["user_email"] for row in page["data"]]
        if not page["has_more"]:
            return
        query["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("moment", TIES, ids=["one", "threes"])
async def test_paging_returns_every_row_with_equal_times(feature: Feature, owner: Owner, moment: str) -> None:  # C56
    for view in VIEWS:
        await owner.execute(FILL[view].format(moment=moment))
        whole = await anext(pages(feature, view, 60))
        assert len(set(whole)) == 60
        for limit in (1, 7, 20, 59):
            assert [email async for page in pages(feature, view, limit) for email in page] == whole, limit


@pytest.mark.parametrize("view", VIEWS)
async def test_new_rows_do_not_affect_paging(feature: Feature, owner: Owner, view: str) -> None:  # C56
    await owner.execute(FILL[view].format(moment=TIES[1]))
    seen: list[str] = []
    async for page in pages(feature, view, 7):
        seen += page
        await feature.use(email=f"new{len(seen)}@x.com")
        await feature.rate(email=f"new{len(seen)}@x.com")
    assert sorted(seen) == sorted(f"{rank}@x.com" for rank in range(1, 61))


async def test_changed_rows_do_not_affect_the_paging_of_others(feature: Feature, owner: Owner) -> None:  # C56
    await owner.execute(FILL[VIEWS[0]].format(moment="to_timestamp(1700000000 + rank)"))
    seen: list[str] = []
    changed: set[str] = set()
    async for page in pages(feature, VIEWS[0], 7):
        seen += page
        unseen = next((f"{rank}@x.com" for rank in range(1, 61) if f"{rank}@x.com" not in {*seen, *changed}), None)
        for email in filter(None, (page[0], unseen)):
            await feature.use(email=email)
            changed.add(email)
    assert len(seen) == len(set(seen))
    assert {f"{rank}@x.com" for rank in range(1, 61)} - changed <= set(seen)


async def test_a_deleted_row_does_not_affect_the_paging_of_others(feature: Feature, owner: Owner) -> None:  # C56
    await owner.execute(FILL[VIEWS[1]].format(moment=TIES[0]))
    seen: list[str] = []
    async for page in pages(feature, VIEWS[1], 9):
        seen += page
        await owner.execute("DELETE FROM feedback WHERE user_email = $1", page[-1])
    assert len(seen) == len(set(seen)) == 60


@pytest.mark.parametrize("view", VIEWS)
async def test_a_page_has_50_rows_and_at_most_100(feature: Feature, owner: Owner, view: str) -> None:  # C56
    for _ in range(2):
        await owner.execute(FILL[view].format(moment="now()").replace("rank ||", "gen_random_uuid() ||"))
    assert len((await feature.analytics(view))["data"]) == 50
    for limit in (1, 100):
        assert len((await feature.analytics(view, limit=limit))["data"]) == limit
    address = f"{API}/analytics/products/pms/features/dashboard/{view}"
    for limit in ("0", "101", "-1", "1.5", "many", "", "9" * 40, "true", "%00", "5&limit=5"):
        answer = await feature.client.get(f"{address}?limit={limit}")
        assert error_code(answer) == (400, "VALIDATION_ERROR"), limit
        assert answer.json()["details"][0]["field"] == "limit"


def written(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


async def test_an_invalid_cursor_starts_from_the_first_page(feature: Feature, owner: Owner) -> None:  # C56
    zeros = "0" * 32
    nonsense = ["", "x", "ё", "====", "a" * 5000, "null", "%", " ", "\ud7ff", written("\x00"), written("ё.x")]
    nonsense += [written(f".0.{at}.{zeros}") for at in ("", "-1", "1e9", "1 ", "١٢", "9" * 18)]
    nonsense += [
        written(text) for text in ("1.2", f".0.1.{zeros}\n", f".0.1.{zeros}'--", f"created.0.1.{zeros}", '{"id": 1}')
    ]
    for view in VIEWS:
        await owner.execute(FILL[view].format(moment="to_timestamp(1700000000 + rank)"))
        first = await feature.analytics(view, limit=5)
        for cursor in nonsense:
            assert await feature.analytics(view, limit=5, cursor=cursor) == first, cursor


async def test_a_valid_cursor_starts_at_its_position(feature: Feature, owner: Owner) -> None:  # C56
    """Also a cursor that no page returned: in the past nothing follows, in the future everything does."""
    for view in VIEWS:
        await owner.execute(FILL[view].format(moment="to_timestamp(1700000000 + rank)"))
        assert (await feature.analytics(view, cursor=written(f".0.0.{'0' * 32}")))["data"] == []
        far = await feature.analytics(view, cursor=written(f".0.{'9' * 17}.{'f' * 32}"))
        assert far == await feature.analytics(view)


async def test_a_cursor_of_another_view_is_harmless(feature: Feature, owner: Owner) -> None:  # C56
    for view in VIEWS:
        await owner.execute(FILL[view].format(moment="now()"))
    for view, other in (VIEWS, VIEWS[::-1]):
        cursor = (await feature.analytics(view, limit=5))["next_cursor"]
        assert len((await feature.analytics(other, limit=5, cursor=cursor))["data"]) <= 5
    twice = f"{API}/analytics/products/pms/features/dashboard/{view}?cursor={cursor}&cursor={cursor}"
    assert error_code(await feature.client.get(twice)) == (400, "VALIDATION_ERROR")
