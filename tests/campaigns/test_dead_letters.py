"""Dead letters are listed, paged and replayed."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.support.campaign_invariants import assert_counts_agree, funnel
from tests.support.campaigns import ORDER, TICKET, CampaignApi
from tests.support.clients import Client, error_code, expect_ok, invalid_fields
from tests.support.factories import Factory
from tests.support.invariants import Owner

from voxpop.campaigns import dead_letters
from voxpop.campaigns.models import DeadLetter
from voxpop.types import uuid7

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def store(make: Factory, client: Client, *messages: bytes, since: int = 0, now: datetime = START) -> None:
    """Stores messages of one partition as dead letters, with offsets from `since` on."""
    dead: Sequence[DeadLetter] = [
        DeadLetter(uuid7(), "customer-events.V1", 3, offset, "guid is missing", message, now, None)
        for offset, message in enumerate(messages, since)
    ]
    async with make.database.transaction(client.workspace) as tx:
        await dead_letters.store_dead_letters(tx, client.workspace, dead, now)


async def dead(api: CampaignApi, **query: Any) -> list[Any]:
    return list(expect_ok(await api.get("events/dead-letters", **query))["data"])


async def replay(api: CampaignApi, ident: str) -> Any:
    return await api.client.post(f"/api/v1/events/dead-letters/{ident}/replay")


async def test_a_dead_letter_is_listed_with_its_offset_and_reason(make: Factory, api: CampaignApi) -> None:  # F32
    await store(make, api.client, b'{"guid": "\xff\x00', since=4711)
    (row,) = await dead(api)
    assert row == {
        "id": row["id"],
        "topic": "customer-events.V1",
        "partition": 3,
        "offset": 4711,
        "reason": "guid is missing",
        "message": '{"guid": "\ufffd\x00',
        "create_time": "2026-03-01T12:00:00.000Z",
        "replayed_at": None,
    }


async def test_a_message_at_one_offset_is_stored_once(make: Factory, api: CampaignApi, theirs: CampaignApi) -> None:
    await store(make, api.client, b"1", b"2")
    await store(make, api.client, b"other", b"other", b"3")
    await store(make, theirs.client, b"theirs")
    assert sorted(one["message"] for one in await dead(api)) == ["1", "2", "3"]
    assert [one["message"] for one in await dead(theirs)] == ["theirs"]


async def test_paging_misses_no_dead_letter_while_new_ones_are_stored(make: Factory, api: CampaignApi) -> None:
    await store(make, api.client, *(b"%d" % number for number in range(7)))
    await store(make, api.client, b"7", b"8", since=7, now=START + timedelta(microseconds=1))
    first = expect_ok(await api.get("events/dead-letters", limit=4))
    await store(make, api.client, b"9", since=9, now=START + timedelta(hours=1))
    seen, page = first["data"], first
    assert {one["message"] for one in seen[:2]} == {"7", "8"}
    while page["has_more"]:
        page = expect_ok(await api.get("events/dead-letters", limit=4, cursor=page["next_cursor"]))
        seen += page["data"]
    assert page["next_cursor"] is None
    assert sorted(one["message"] for one in seen) == list("012345678")
    assert (await dead(api))[0]["message"] == "9"


async def test_the_page_size_is_limited(api: CampaignApi) -> None:
    for limit in ("0", "101", "x", "1.5", ""):
        assert invalid_fields(await api.get("events/dead-letters", limit=limit)) == ["limit"]


async def test_replay_ingests_the_message_again(make: Factory, api: CampaignApi, owner: Owner) -> None:
    valid, unknown = json.dumps(ORDER).encode(), json.dumps(TICKET | {"event_type": "SEEN"}).encode()
    await store(make, api.client, valid, unknown)
    rows = {one["offset"]: one["id"] for one in await dead(api)}
    assert expect_ok(await replay(api, rows[0]))["status"] == "ignored"  # no campaign yet
    await api.open()
    created = expect_ok(await replay(api, rows[0]))
    assert (created["status"], len(created["surveys"])) == ("created", 1)
    assert expect_ok(await replay(api, rows[0]))["status"] == "duplicate"
    assert expect_ok(await replay(api, rows[1]))["status"] == "ignored"
    assert all(one["replayed_at"] for one in await dead(api))
    assert await funnel(owner) == {"opened": 1}
    await assert_counts_agree(owner)


async def test_a_replay_of_an_invalid_message_leaves_the_dead_letter(make: Factory, api: CampaignApi) -> None:
    await api.open()
    await store(make, api.client, b"{", json.dumps(ORDER | {"guid": None}).encode(), b'{"x":' + b"[" * 30_000)
    for row in await dead(api):
        answer = await replay(api, row["id"])
        assert error_code(answer) == (400, "VALIDATION_ERROR")
        assert "still cannot be used" in answer.json()["message"]
    assert [one["replayed_at"] for one in await dead(api)] == [None] * 3


async def test_replay_of_an_unknown_dead_letter_is_not_found(
    make: Factory, api: CampaignApi, theirs: CampaignApi
) -> None:
    await store(make, theirs.client, json.dumps(ORDER).encode())
    await api.open()
    (row,) = await dead(theirs)
    for ident, status in ((row["id"], 404), (uuid4(), 404), ("x", 400)):
        assert (await replay(api, str(ident))).status_code == status
    assert (await dead(theirs))[0]["replayed_at"] is None


async def test_a_message_is_replayed_only_in_the_workspace_that_it_names(
    make: Factory, api: CampaignApi, theirs: CampaignApi
) -> None:
    """The workspace was unknown when the message came; it exists now, and the message is not for this one."""
    named = [DeadLetter(uuid7(), "t", 0, 0, "no such workspace", json.dumps(ORDER).encode(), START, None, "elsewhere")]
    async with make.database.transaction(api.client.workspace) as tx:
        await dead_letters.store_dead_letters(tx, api.client.workspace, named, START)
    (row,) = await dead(api)
    assert error_code(await replay(api, row["id"])) == (400, "VALIDATION_ERROR")
    assert (await dead(api))[0]["replayed_at"] is None
