"""Changes told between processes: who is woken, how often it is said, what a lost connection does."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.conftest import Make

import voxpop
from voxpop.db.notify import CHANNEL, Subscription
from voxpop.db.pool import Database, notify_on_commit
from voxpop.types import WorkspaceId

Owner = asyncpg.Connection
LISTENERS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()"


@pytest.fixture
async def other(live_db: str) -> AsyncIterator[Database]:
    """What another process has: a pool of its own on the same database."""
    opened = await Database.open(live_db, size=2)
    yield opened
    await opened.close()


async def change(database: Database, workspace: WorkspaceId) -> None:
    async with database.transaction(workspace) as tx:
        notify_on_commit(tx, workspace)


async def listening(watch: Subscription) -> None:
    """A watch is woken once when the connection listens, as nobody knows what was before."""
    assert await watch.wait(10)


async def test_a_commit_wakes_who_watches_that_workspace_in_another_process(
    database: Database, other: Database, make: Make
) -> None:
    ours, theirs = await make.workspace("ours"), await make.workspace("theirs")
    with (
        other.notifier.subscribe(ours) as mine,
        other.notifier.subscribe(theirs) as neighbour,
        database.notifier.subscribe(ours) as same,
    ):
        for watch in (mine, neighbour, same):
            await listening(watch)
        began = time.monotonic()
        await change(database, ours)
        assert await mine.wait(10)
        assert await same.wait(10)
        assert time.monotonic() - began < 1
        assert not await neighbour.wait(0.1)


async def test_what_is_undone_wakes_nobody(database: Database, make: Make) -> None:
    ours = await make.workspace("ours")
    with database.notifier.subscribe(ours) as watch:
        await listening(watch)
        with suppress(RuntimeError):
            async with database.transaction(ours) as tx:
                notify_on_commit(tx, ours)
                raise RuntimeError
        async with database.transaction(ours):
            """The same connection, where nothing changes now."""
        assert not await watch.wait(0.3)


async def test_many_changes_are_told_ten_times_a_second_at_most(
    database: Database, owner: "Owner[Any]", make: Make
) -> None:
    places, heard = [await make.workspace(f"place {number}") for number in range(5)], list[str]()
    await owner.add_listener(CHANNEL, lambda *said: heard.append(str(said[-1])))
    began = time.monotonic()
    while time.monotonic() - began < 0.35:
        await asyncio.gather(*(change(database, place) for place in places))
    await asyncio.sleep(0.3)
    assert 2 <= len(heard) <= 6
    assert {name for payload in heard for name in payload.split()} == set(map(str, places))


async def test_a_lost_connection_is_opened_anew_and_everybody_looks(
    database: Database, owner: "Owner[Any]", make: Make
) -> None:
    ours = await make.workspace("ours")
    with database.notifier.subscribe(ours) as watch:
        await listening(watch)
        await owner.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
            "WHERE application_name = $1 AND datname = current_database()",
            CHANNEL,
        )
        await listening(watch)
        await change(database, ours)
        assert await watch.wait(1)


async def test_one_connection_listens_for_a_process_and_only_while_it_lives(
    database: Database, other: Database, owner: "Owner[Any]", make: Make
) -> None:
    ours = await make.workspace("ours")
    await change(database, ours)
    assert await owner.fetchval(LISTENERS, CHANNEL) == 0
    with other.notifier.subscribe(ours) as one, other.notifier.subscribe(ours) as two:
        await listening(one)
        await listening(two)
        assert await owner.fetchval(LISTENERS, CHANNEL) == 1
    await other.close()
    await asyncio.sleep(0.1)
    assert await owner.fetchval(LISTENERS, CHANNEL) == 0


async def test_the_last_change_is_told_before_the_process_ends(database: Database, live_db: str, make: Make) -> None:
    ours = await make.workspace("ours")
    with database.notifier.subscribe(ours) as watch:
        await listening(watch)
        leaving = await Database.open(live_db, size=1)
        await change(leaving, ours)
        await leaving.close()
        assert await watch.wait(1)


async def test_the_end_wakes_everybody(database: Database, make: Make) -> None:
    with database.notifier.subscribe(await make.workspace("ours")) as watch:
        await listening(watch)
        database.notifier.end()
        assert await watch.wait(0)
        assert database.notifier.ended


def test_nothing_else_notifies() -> None:
    """So that no transaction with data in it holds the lock of the whole server that a NOTIFY takes."""
    source = Path(voxpop.__file__).parent
    texts = {path.relative_to(source).as_posix(): path.read_text("utf-8") for path in source.rglob("*.py")}
    texts |= {path.relative_to(source).as_posix(): path.read_text("utf-8") for path in source.rglob("*.sql")}
    assert [name for name, text in texts.items() if "pg_notify(" in text or '"NOTIFY' in text] == ["db/pool.py"]
