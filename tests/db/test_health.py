"""Readiness, and the responses to requests while the database takes no writes or loses connections."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import AsyncMock
from urllib.parse import urlsplit

import anyio
import httpx
import pytest
from structlog.testing import capture_logs
from tests.support.clients import Client, error_code
from tests.support.databases import at, run_sql
from tests.support.factories import Factory
from tests.support.features import API, Feature
from tests.support.invariants import Owner
from tests.support.portal import PortalSite
from tests.support.tickets import NEW, TICKETS

from voxpop import logs
from voxpop.auth.streams import changes
from voxpop.config.loading import load
from voxpop.db import health
from voxpop.db.change_feed import ChangeFeed
from voxpop.db.pool import Database, Tx
from voxpop.tickets.inbox.live_updates import describe_tickets
from voxpop.tickets.inbox.store import list_changed_tickets
from voxpop.types import utcnow

READY = "/health/ready"
FULL_DISK = """
    CREATE FUNCTION fill_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE 'could not extend file "base/1/2": No space left on device' USING ERRCODE = 'disk_full';
    END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON %s FOR EACH STATEMENT EXECUTE FUNCTION fill_disk()
"""


@asynccontextmanager
async def database_setting(server_dsn: str, dsn: str, setting: str) -> AsyncIterator[Client]:
    """A client of a new pool, whose sessions have the setting."""
    name = urlsplit(dsn).path.removeprefix("/")
    await run_sql(at(server_dsn, "postgres"), f"ALTER DATABASE {name} SET {setting}")
    database = await Database.open(dsn, size=2)
    client = Factory(database, load(env={})).anonymous()
    yield client
    await client.aclose()
    await database.close()
    await run_sql(at(server_dsn, "postgres"), f"ALTER DATABASE {name} RESET ALL")


def is_unavailable(response: httpx.Response) -> bool:
    return response.status_code == 503 and response.headers["retry-after"] == "1"


@pytest.mark.parametrize("setting", ["default_transaction_read_only = on", "temp_file_limit = '8kB'"])
async def test_ready_is_503_while_the_database_takes_no_writes(server_dsn: str, live_db: str, setting: str) -> None:
    """The limit of temporary files stands for a full disk: both leave no room for another page."""
    async with database_setting(server_dsn, live_db, setting) as client:  # C10
        response = await client.get(READY)
        assert is_unavailable(response)
        assert response.content == b""
        assert is_unavailable(await client.get(READY))  # remembered
        assert (await client.get("/health/check")).status_code == 200


async def test_ready_writes_at_most_once_a_second(
    client: Client, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:  # C10
    now = 100.0
    monkeypatch.setattr(health, "monotonic", lambda: now)

    async def last_write() -> Any:
        assert {answer.status_code for answer in await asyncio.gather(*(client.get(READY) for _ in range(5)))} == {200}
        return await owner.fetchval("SELECT xmin::text FROM health_check")

    first = await last_write()
    now += 0.9
    assert await last_write() == first
    now += 0.2
    assert await last_write() != first


async def test_ready_recovers_with_the_database(
    client: Client, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:  # C10
    monkeypatch.setattr(health, "WRITE_INTERVAL", 0)
    await owner.execute(FULL_DISK % "health_check")
    assert is_unavailable(await client.get(READY))
    await owner.execute("DROP TRIGGER full_disk ON health_check")
    assert (await client.get(READY)).status_code == 200


async def test_a_full_disk_is_503_and_one_line_in_the_log(
    make: Factory, client: Client, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:  # G2
    monkeypatch.setattr(logs, "REPEAT_SECONDS", 0.3)
    feature = await Feature.open(client)
    for table in ("ticket", "interaction", "product"):
        await owner.execute((FULL_DISK % table).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    with capture_logs() as lines:
        for _ in range(5):
            for response in (
                await client.post(TICKETS, json=NEW),
                await client.post(f"{API}/products", json={"key": "other", "name": "Other"}),
                await feature.post("increment"),
                await feature.post("reject"),
            ):
                assert error_code(response) == (503, "UNAVAILABLE")
                assert is_unavailable(response)
        (first,) = lines
        assert (first["event"], first["log_level"], first["count"]) == ("request.unavailable", "warning", 1)
        assert "No space left on device" in first["reason"]
        await asyncio.sleep(0.4)
    assert [line["count"] for line in lines] == [1, 19]


async def test_a_full_disk_is_a_page_of_503(database: Database, owner: Owner) -> None:  # G2
    site = await PortalSite(database).set_up()
    await owner.execute(FULL_DISK % "ticket")
    form = {"name": "Ann", "email": "ann@example.com", "subject": "Help", "description": "Please"}
    assert is_unavailable(await site.browser().submit("/tickets/new", **form))


async def test_repeats_of_a_failure_are_counted_for_each_cause(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:  # G2
    async def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(logs, "REPEAT_SECONDS", 0.2)
    monkeypatch.setattr("voxpop.features.catalogue.list_products", fail)
    monkeypatch.setattr("voxpop.features.catalogue.open_product", fail)
    with capture_logs() as lines:
        for _ in range(4):
            assert (await client.get(f"{API}/products")).status_code == 500
        assert (await client.post(f"{API}/products", json={"key": "k", "name": "K"})).status_code == 500
        await asyncio.sleep(0.3)
        assert (await client.get(f"{API}/products")).status_code == 500
        await asyncio.sleep(0.5)
        assert (await client.get(f"{API}/products")).status_code == 500  # a new failure after a quiet time
    assert [line["count"] for line in lines] == [1, 1, 3, 1, 1]


@pytest.mark.parametrize("is_closed_here", [True, False])
async def test_a_connection_lost_in_a_statement_is_503(
    is_closed_here: bool, client: Client, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:  # G2
    async def lose_connection(tx: Tx, *_: object) -> None:
        if is_closed_here:
            asyncio.get_running_loop().call_later(0.1, tx.terminate)
        else:
            session = await tx.fetchval("SELECT pg_backend_pid()")
            await owner.execute("SELECT pg_terminate_backend($1, 2000)", session)
        await tx.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr("voxpop.features.catalogue.list_products", lose_connection)
    monkeypatch.setattr("voxpop.features.store.add_uses", lose_connection)
    with capture_logs() as lines:
        responses = [await client.get(f"{API}/products"), await Feature(client).post("increment")]
    assert {line["event"] for line in lines} == {"request.unavailable"}
    assert all(map(is_unavailable, responses))


async def fail_after_losing_the_connection(database: Database) -> None:
    async with database.system_transaction() as tx:
        tx.terminate()
        await asyncio.sleep(0)
        raise LookupError("in the block")


async def test_the_error_of_a_lost_transaction_is_the_error_of_its_block(database: Database) -> None:
    with pytest.raises(LookupError, match="in the block"):
        await fail_after_losing_the_connection(database)


async def test_cancelling_a_statement_again_and_again_loses_no_exception(
    database: Database, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The framework cancels a stream at every await when the browser closes it, also while its transaction ends."""
    lost: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))

    async def query() -> None:
        async with database.system_transaction() as tx:
            await tx.execute("SELECT pg_sleep(5)")

    for _ in range(3):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(query)
            await asyncio.sleep(0.05)
            tasks.cancel_scope.cancel()
        await asyncio.sleep(0.05)
        gc.collect()
    assert lost == []
    assert await database.ping()


async def test_a_live_stream_ends_quietly_when_the_database_fails(live_db: str, make: Factory) -> None:
    workspace = await make.workspace("ours")
    database = await Database.open(live_db, size=1)
    await database.close()
    with capture_logs() as lines:
        feed = ChangeFeed(database, list_changed_tickets, describe_tickets)
        assert [each.event async for each in changes(feed, workspace, utcnow(), AsyncMock(return_value=True))] == [
            "quiet"
        ]
    assert "stream.read_failed" in {line["event"] for line in lines}
