"""Messages that could not be used: listed, paged and replayed."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.support.campaign_invariants import Owner, assert_counts_agree, funnel
from tests.support.campaigns import ORDER, TICKET, CampaignApi
from tests.support.clients import Client, error_code, expect_ok, invalid_fields
from tests.support.factories import Factory

from voxpop.campaigns import dead_letters
from voxpop.campaigns.models import DeadLetter
from voxpop.types import uuid7

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def bury(make: Factory, client: Client, *messages: bytes, since: int = 0, now: datetime = START) -> None:
    """Messages of one partition, at the offsets from `since` on."""
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


async def test_a_message_is_listed_with_its_place_and_reason(make: Factory, api: CampaignApi) -> None:  # F32
    await bury(make, api.client, b'{"guid": "\xff\x00', since=4711)
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


async def test_a_place_is_kept_once(make: Factory, api: CampaignApi, theirs: CampaignApi) -> None:
    await bury(make, api.client, b"1", b"2")
    await bury(make, api.client, b"other", b"other", b"3")
    await bury(make, theirs.client, b"theirs")
    assert sorted(one["message"] for one in await dead(api)) == ["1", "2", "3"]
    assert [one["message"] for one in await dead(theirs)] == ["theirs"]


async def test_pages_are_whole_though_messages_come_meanwhile(make: Factory, api: CampaignApi) -> None:
    await bury(make, api.client, *(b"%d" % number for number in range(7)))
    await bury(make, api.client, b"7", b"8", since=7, now=START + timedelta(microseconds=1))
    first = expect_ok(await api.get("events/dead-letters", limit=4))
    await bury(make, api.client, b"9", since=9, now=START + timedelta(hours=1))
    seen, page = first["data"], first
    assert {one["message"] for one in seen[:2]} == {"7", "8"}
    while page["has_more"]:
        page = expect_ok(await api.get("events/dead-letters", limit=4, cursor=page["next_cursor"]))
        seen += page["data"]
    assert page["next_cursor"] is None
    assert sorted(one["message"] for one in seen) == list("012345678")
    assert (await dead(api))[0]["message"] == "9"


async def test_a_page_has_a_size(api: CampaignApi) -> None:
    for limit in ("0", "101", "x", "1.5", ""):
        assert invalid_fields(await api.get("events/dead-letters", limit=limit)) == ["limit"]


async def test_replay_takes_a_message_once_more(make: Factory, api: CampaignApi, owner: Owner) -> None:
    good_one, unknown = json.dumps(ORDER).encode(), json.dumps(TICKET | {"event_type": "SEEN"}).encode()
    await bury(make, api.client, good_one, unknown)
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


async def test_what_still_cannot_be_used_stays_as_it_is(make: Factory, api: CampaignApi) -> None:
    await api.open()
    await bury(make, api.client, b"{", json.dumps(ORDER | {"guid": None}).encode(), b'{"x":' + b"[" * 30_000)
    for row in await dead(api):
        answer = await replay(api, row["id"])
        assert error_code(answer) == (400, "VALIDATION_ERROR")
        assert "still cannot be used" in answer.json()["message"]
    assert [one["replayed_at"] for one in await dead(api)] == [None] * 3


async def test_only_what_is_there_is_replayed(make: Factory, api: CampaignApi, theirs: CampaignApi) -> None:
    await bury(make, theirs.client, json.dumps(ORDER).encode())
    await api.open()
    (row,) = await dead(theirs)
    for ident, status in ((row["id"], 404), (uuid4(), 404), ("x", 400)):
        assert (await replay(api, str(ident))).status_code == status
    assert (await dead(theirs))[0]["replayed_at"] is None


async def test_a_message_is_replayed_in_the_workspace_it_named_alone(
    make: Factory, api: CampaignApi, theirs: CampaignApi
) -> None:
    """Buried here because there was no such workspace; once there is, it is still not ours."""
    named = [DeadLetter(uuid7(), "t", 0, 0, "no such workspace", json.dumps(ORDER).encode(), START, None, "elsewhere")]
    async with make.database.transaction(api.client.workspace) as tx:
        await dead_letters.store_dead_letters(tx, api.client.workspace, named, START)
    (row,) = await dead(api)
    assert error_code(await replay(api, row["id"])) == (400, "VALIDATION_ERROR")
    assert (await dead(api))[0]["replayed_at"] is None
