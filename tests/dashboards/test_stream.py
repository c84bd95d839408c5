"""The stream of changes: what it names, where it resumes, when it ends, and how many a caller may open."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.support.clients import Client, error_code, expect_ok
from tests.support.dashboards import FEEDBACK, Ratings, feedback_rows
from tests.support.factories import Factory
from tests.support.served import serving
from tests.support.waiting import until

from voxpop.auth import streams
from voxpop.auth.streams import changes, read_since
from voxpop.config.loading import load
from voxpop.dashboards.stream_api import describe_ratings
from voxpop.db import change_feed
from voxpop.db.change_feed import ChangeFeed
from voxpop.db.pool import Database
from voxpop.feedback import lists
from voxpop.types import CampaignId, utcnow
from voxpop.workspaces import service as workspaces

STREAM = "/api/v1/stream"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Stream:
    """The messages of a stream without the network."""

    def __init__(self, database: Database, client: Client, since: datetime | None) -> None:
        self.allowed = True
        feed = ChangeFeed(database, lists.list_changes, describe_ratings)
        self.messages = changes(feed, client.workspace, since, self.may_go_on)

    async def may_go_on(self) -> bool:
        return self.allowed

    async def read(self, event: str) -> Any:
        """The data of the next event of this name."""
        async with asyncio.timeout(5):
            async for message in self.messages:
                if message.event == event:
                    return json.loads(str(message.data))
        raise AssertionError("the stream ended")


@pytest.fixture
async def stream(database: Database, client: Client) -> AsyncIterator[Stream]:
    made = Stream(database, client, utcnow())
    yield made
    await made.messages.aclose()


async def test_a_stream_names_new_ratings_and_their_series(ours: Ratings, theirs: Ratings, stream: Stream) -> None:
    campaign = await ours.campaign("A")
    await stream.read("quiet")
    await theirs.give(utcnow().date(), [3])
    ours.campaigns.clock.now = utcnow()
    await ours.campaigns.answer(CampaignId(campaign.id), 9)
    assert (await stream.read("series"))["series"] == [
        {"kind": "campaign", "id": str(campaign.id), "survey_type": "NPS"},
        {"kind": "workspace", "id": str(ours.client.workspace), "survey_type": "NPS"},
    ]
    (row,) = await feedback_rows(ours.client)
    assert await stream.read("feedback") == {"ids": [row["id"]]}


async def test_a_stream_names_changed_ratings_without_series(ours: Ratings, stream: Stream) -> None:
    await ours.give((utcnow() - timedelta(days=2)).date(), [3])
    (row,) = await feedback_rows(ours.client)
    await stream.read("quiet")
    expect_ok(await ours.client.patch(f"{FEEDBACK}/{row['id']}", json={"handled": True}))
    assert await stream.read("feedback") == {"ids": [row["id"]]}


async def test_a_stream_resumes_after_its_last_event(ours: Ratings, database: Database) -> None:
    now = utcnow()
    ours.campaigns.clock.now = now - timedelta(minutes=5)
    await ours.campaigns.answer(CampaignId((await ours.campaign("A")).id), 9)
    (row,) = await feedback_rows(ours.client)
    resumed = Stream(database, ours.client, now - timedelta(minutes=6))
    assert await resumed.read("feedback") == {"ids": [row["id"]]}
    await resumed.messages.aclose()
    reloading = Stream(database, ours.client, None)
    assert (await anext(reloading.messages)).event == "reload"
    await reloading.messages.aclose()


@pytest.mark.parametrize(
    ("text", "since"),
    [
        (None, NOW),
        ("nonsense", None),
        ("2026-11-30T11:59:00", None),
        ("2026-11-30T11:59:00+00:00", NOW - timedelta(minutes=1)),
        ("2026-11-30T11:45:00+00:00", NOW - timedelta(minutes=15)),
        ("2026-11-30T11:44:59+00:00", None),
        ("2031-01-01T00:00:00+00:00", NOW),
    ],
)
def test_where_a_stream_resumes(text: str | None, since: datetime | None) -> None:
    assert read_since(text, NOW) == since


async def test_too_many_changes_make_a_page_reload(
    ours: Ratings, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_feed, "MAX_CHANGES", 2)
    await stream.read("quiet")
    ours.campaigns.clock.now = utcnow()
    await ours.campaigns.answer(CampaignId((await ours.campaign("A")).id), 1, 2, 3)
    assert await stream.read("reload") == {}


async def test_a_stream_is_quiet_and_ends_after_its_lifetime(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LIFETIME_SECONDS", 0.4)
    monkeypatch.setattr(streams, "QUIET_SECONDS", 0.1)
    monkeypatch.setattr(streams, "CHECK_SECONDS", 0.05)
    events = [message.event async for message in stream.messages]
    assert set(events) == {"quiet"}
    assert 3 <= len(events) <= 5


async def lines_of(client: httpx.AsyncClient, key: str, seconds: float) -> list[str]:
    """The lines that a stream sends, until it ends or for so long."""
    lines: list[str] = []
    async with asyncio.timeout(seconds), client.stream("GET", STREAM, headers={"authorization": key}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            lines.append(line)
    return lines


@pytest.fixture
async def server(make: Factory) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key, over a real connection."""
    async with serving(make.app, load(env={})) as server:
        server.timeout = httpx.Timeout(20)
        yield server


async def test_a_stream_ends_with_its_key(server: httpx.AsyncClient, client: Client, make: Factory) -> None:
    key = (await make.client(client.workspace)).headers["authorization"]
    reader = asyncio.create_task(lines_of(server, key, 10))
    await asyncio.sleep(0.3)
    assert not reader.done()
    async with make.database.transaction(client.workspace) as tx:
        keys = await workspaces.list_keys(tx, client.workspace)
        await workspaces.revoke_key(tx, client.workspace, keys[-1].id, utcnow())
    began = asyncio.get_running_loop().time()
    assert "event: quiet" in await reader
    assert asyncio.get_running_loop().time() - began < 1.5


async def test_a_caller_may_open_ten_streams(server: httpx.AsyncClient, client: Client, make: Factory) -> None:
    key = client.headers["authorization"]
    readers = [asyncio.create_task(lines_of(server, key, 15)) for _ in range(10)]
    await asyncio.sleep(0.5)
    answer = await server.get(STREAM, headers={"authorization": key})
    assert error_code(answer) == (429, "RATE_LIMITED")
    assert int(answer.headers["retry-after"]) > 0
    other = (await make.client(client.workspace)).headers["authorization"]
    assert await is_open(server, other)
    readers.pop().cancel()
    await until(lambda: is_open(server, key), 5)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)


async def is_open(server: httpx.AsyncClient, key: str) -> bool:
    """Whether the caller may open one more stream, which is closed at once."""
    async with server.stream("GET", STREAM, headers={"authorization": key}) as answer:
        return answer.status_code == 200


async def test_a_rating_is_on_the_stream_within_a_second(server: httpx.AsyncClient, ours: Ratings) -> None:
    campaign = CampaignId((await ours.campaign("A")).id)
    headers = {"authorization": ours.client.headers["authorization"]}
    async with asyncio.timeout(10), server.stream("GET", STREAM, headers=headers) as answer:
        lines = answer.aiter_lines()
        await wait_for(lines, "event: quiet")
        began = asyncio.get_running_loop().time()
        ours.campaigns.clock.now = utcnow()
        await ours.campaigns.answer(campaign, 9)
        await wait_for(lines, "event: series")
        assert asyncio.get_running_loop().time() - began < 1


async def wait_for(lines: AsyncIterator[str], wanted: str) -> None:
    async for line in lines:
        if line == wanted:
            return
    raise AssertionError("the stream ended")
