"""What a team says about a rating: notes, marks and tags, by key and by session."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from tests.support.clients import Client, error_code, expect_ok
from tests.support.dashboards import FEEDBACK, TODAY, Ratings, feedback_rows
from tests.support.factories import Factory
from tests.support.invariants import Owner
from tests.support.metrics import Clock
from tests.support.sites import AGENT, Site, closing
from tests.support.tickets import TicketFactory

from voxpop.db.pool import Database
from voxpop.types import Scope


@pytest.fixture
async def rating(ours: Ratings, make: Factory) -> str:
    """The id of the rating of a ticket with tags."""
    await TicketFactory(make, ours.client.workspace).rated(2, tags=("billing", "export"))
    return str((await feedback_rows(ours.client))[0]["id"])


async def test_changes_are_stored_and_shown(ours: Ratings, rating: str) -> None:
    path = f"{FEEDBACK}/{rating}"
    changes: list[dict[str, Any]] = [
        {"notes": "Called back"}, {"read": True}, {"handled": True, "read": False}, {"tags": ["export", "VIP"]},
        {"notes": None}, {"tags": []}, {"read": True, "handled": False, "notes": "x", "tags": ["vip"], "unknown": 1},
    ]  # fmt: skip
    (shown,) = await feedback_rows(ours.client)
    for change in changes:
        shown |= {name: value for name, value in change.items() if name in shown}
        if change.get("tags") == ["vip"]:
            shown["tags"] = ["VIP"]
        assert expect_ok(await ours.client.patch(path, json=change)) == shown
        assert await feedback_rows(ours.client) == [shown]


async def test_marks_and_tags_filter_the_list(ours: Ratings, rating: str) -> None:
    await ours.give(TODAY, [7])
    path = f"{FEEDBACK}/{rating}"
    expect_ok(await ours.client.patch(path, json={"read": True, "handled": True, "tags": ["vip", "export"]}))

    async def found(**query: Any) -> list[int]:
        return [row["score"] for row in await feedback_rows(ours.client, **query)]

    assert (await found(read="true"), await found(read="false")) == ([2], [7])
    assert (await found(handled="true"), await found(handled="false")) == ([2], [7])
    assert (await found(tag="vip"), await found(tag="export"), await found(tag="billing")) == ([2], [2], [])
    (series,) = [row for row in await ours.list(kind="tag", to=str(TODAY)) if row["name"] == "billing"]
    assert series["responses"] == 1
    assert await found(series=f"tag:{series['id']}") == [2]
    expect_ok(await ours.client.patch(path, json={"tags": []}))
    assert await found(tag="vip") == []
    assert await found(series=f"tag:{series['id']}") == [2]


async def test_a_mark_keeps_its_first_member_and_time(ours: Ratings, rating: str, owner: Owner) -> None:
    for change in ({"read": True}, {"read": True}, {"notes": "x"}):
        expect_ok(await ours.client.patch(f"{FEEDBACK}/{rating}", json=change))
    marks = "SELECT read_by, read_at < last_update_time AS earlier, handled_at, handled_by FROM feedback"
    row = await owner.fetchrow(marks)
    assert row is not None
    assert tuple(row) == ("key:test", True, None, None)
    expect_ok(await ours.client.patch(f"{FEEDBACK}/{rating}", json={"read": False}))
    assert tuple(await owner.fetchrow(marks) or ())[:1] == (None,)


@pytest.mark.parametrize(
    "change",
    [
        {}, {"unknown": 1}, {"read": None}, {"read": "true"}, {"handled": 1}, {"notes": 5}, {"notes": "x" * 10_001},
        {"tags": None}, {"tags": "x"}, {"tags": [""]}, {"tags": ["a,b"]}, {"tags": ["x" * 201]}, {"tags": ["x"] * 51},
        {"notes": "a\x00b"},
    ],
)  # fmt: skip
async def test_an_invalid_change_is_refused(ours: Ratings, rating: str, change: dict[str, Any]) -> None:  # G2, G4
    answer = await ours.client.patch(f"{FEEDBACK}/{rating}", json=change)
    assert error_code(answer) == (400, "VALIDATION_ERROR"), answer.text


async def test_unknown_ratings_and_those_of_others_are_not_found(ours: Ratings, theirs: Ratings, rating: str) -> None:
    for client, path in ((theirs.client, rating), (ours.client, str(uuid4()))):
        answer = await client.patch(f"{FEEDBACK}/{path}", json={"read": True})
        assert error_code(answer) == (404, "NOT_FOUND")
    assert error_code(await ours.client.patch(f"{FEEDBACK}/1", json={"read": True})) == (400, "VALIDATION_ERROR")


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    async with closing(await Site(database).set_up()) as made:
        yield made


async def test_members_change_ratings_by_their_session(site: Site, owner: Owner) -> None:
    browser = await site.owner()
    agent = await site.accept_invitation(browser, AGENT, "agent")
    client = Client()
    client.workspace = site.workspace_id()
    await Ratings(site.database, client, Clock()).give(TODAY, [2])
    (row,) = expect_ok(await agent.get(FEEDBACK))["data"]
    path = f"{FEEDBACK}/{row['id']}"
    assert expect_ok(await agent.patch(path, json={"handled": True}))["handled"] is True
    assert await owner.fetchval("SELECT handled_by FROM feedback") == f"member:{AGENT}"
    assert error_code(await site.browser().patch(path, json={"read": True})) == (401, "UNAUTHORIZED")
    foreign = {"sec-fetch-site": "cross-site"}
    assert error_code(await agent.patch(path, json={"read": True}, headers=foreign)) == (401, "UNAUTHORIZED")
    other = await site.owner("acme", "other@example.com")
    assert error_code(await other.patch(path, json={"read": True})) == (404, "NOT_FOUND")


async def test_a_key_without_manage_may_not_change(ours: Ratings, make: Factory, rating: str) -> None:  # G1
    reader = await make.client(ours.client.workspace, Scope.READ, Scope.INGEST)
    assert (await reader.patch(f"{FEEDBACK}/{rating}", json={"read": True})).status_code == 403
