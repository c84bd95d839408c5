"""Messages that could not be used: listed, paged and replayed."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.conftest import Client, Make
from tests.support.campaign_invariants import Owner, assert_counts_agree, funnel
from tests.support.campaigns import ORDER, TICKET, Door, fields, good, refusal

from voxpop.campaigns import dead_letters
from voxpop.campaigns.models import DeadLetter
from voxpop.types import uuid7

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def bury(make: Make, client: Client, *messages: bytes, since: int = 0, now: datetime = START) -> None:
    """Messages of one partition, at the offsets from `since` on."""
    dead: Sequence[DeadLetter] = [
        DeadLetter(uuid7(), "customer-events.V1", 3, offset, "guid is missing", message, now, None)
        for offset, message in enumerate(messages, since)
    ]
    async with make.database.transaction(client.workspace) as tx:
        await dead_letters.store_dead_letters(tx, client.workspace, dead, now)


async def dead(door: Door, **query: Any) -> list[Any]:
    return list(good(await door.get("events/dead-letters", **query))["data"])


async def replay(door: Door, ident: str) -> Any:
    return await door.client.post(f"/api/v1/events/dead-letters/{ident}/replay")


async def test_a_message_is_listed_with_its_place_and_reason(make: Make, door: Door) -> None:  # F32
    await bury(make, door.client, b'{"guid": "\xff\x00', since=4711)
    (row,) = await dead(door)
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


async def test_a_place_is_kept_once(make: Make, door: Door, theirs: Door) -> None:
    await bury(make, door.client, b"1", b"2")
    await bury(make, door.client, b"other", b"other", b"3")
    await bury(make, theirs.client, b"theirs")
    assert sorted(one["message"] for one in await dead(door)) == ["1", "2", "3"]
    assert [one["message"] for one in await dead(theirs)] == ["theirs"]


async def test_pages_are_whole_though_messages_come_meanwhile(make: Make, door: Door) -> None:
    await bury(make, door.client, *(b"%d" % number for number in range(7)))
    await bury(make, door.client, b"7", b"8", since=7, now=START + timedelta(microseconds=1))
    first = good(await door.get("events/dead-letters", limit=4))
    await bury(make, door.client, b"9", since=9, now=START + timedelta(hours=1))
    seen, page = first["data"], first
    assert {one["message"] for one in seen[:2]} == {"7", "8"}
    while page["has_more"]:
        page = good(await door.get("events/dead-letters", limit=4, cursor=page["next_cursor"]))
        seen += page["data"]
    assert page["next_cursor"] is None
    assert sorted(one["message"] for one in seen) == list("012345678")
    assert (await dead(door))[0]["message"] == "9"


async def test_a_page_has_a_size(door: Door) -> None:
    for limit in ("0", "101", "x", "1.5", ""):
        assert fields(await door.get("events/dead-letters", limit=limit)) == ["limit"]


async def test_replay_takes_a_message_once_more(make: Make, door: Door, owner: Owner) -> None:
    good_one, unknown = json.dumps(ORDER).encode(), json.dumps(TICKET | {"event_type": "SEEN"}).encode()
    await bury(make, door.client, good_one, unknown)
    rows = {one["offset"]: one["id"] for one in await dead(door)}
    assert good(await replay(door, rows[0]))["status"] == "ignored"  # no campaign yet
    await door.open()
    created = good(await replay(door, rows[0]))
    assert (created["status"], len(created["surveys"])) == ("created", 1)
    assert good(await replay(door, rows[0]))["status"] == "duplicate"
    assert good(await replay(door, rows[1]))["status"] == "ignored"
    assert all(one["replayed_at"] for one in await dead(door))
    assert await funnel(owner) == {"opened": 1}
    await assert_counts_agree(owner)


async def test_what_still_cannot_be_used_stays_as_it_is(make: Make, door: Door) -> None:
    await door.open()
    await bury(make, door.client, b"{", json.dumps(ORDER | {"guid": None}).encode(), b'{"x":' + b"[" * 30_000)
    for row in await dead(door):
        answer = await replay(door, row["id"])
        assert refusal(answer) == (400, "VALIDATION_ERROR")
        assert "still cannot be used" in answer.json()["message"]
    assert [one["replayed_at"] for one in await dead(door)] == [None] * 3


async def test_only_what_is_there_is_replayed(make: Make, door: Door, theirs: Door) -> None:
    await bury(make, theirs.client, json.dumps(ORDER).encode())
    await door.open()
    (row,) = await dead(theirs)
    for ident, status in ((row["id"], 404), (uuid4(), 404), ("x", 400)):
        assert (await replay(door, str(ident))).status_code == status
    assert (await dead(theirs))[0]["replayed_at"] is None


async def test_a_message_is_replayed_in_the_workspace_it_named_alone(make: Make, door: Door, theirs: Door) -> None:
    """Buried here because there was no such workspace; once there is, it is still not ours."""
    named = [DeadLetter(uuid7(), "t", 0, 0, "no such workspace", json.dumps(ORDER).encode(), START, None, "elsewhere")]
    async with make.database.transaction(door.client.workspace) as tx:
        await dead_letters.store_dead_letters(tx, door.client.workspace, named, START)
    (row,) = await dead(door)
    assert refusal(await replay(door, row["id"])) == (400, "VALIDATION_ERROR")
    assert (await dead(door))[0]["replayed_at"] is None
