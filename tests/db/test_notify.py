"""Change notifications between processes: which subscribers wake, how often NOTIFY runs, and lost connections."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.support.factories import Factory

import voxpop
from voxpop.db.notify import NOTIFY_CHANNEL, Subscription
from voxpop.db.pool import Database, notify_on_commit
from voxpop.types import WorkspaceId

Owner = asyncpg.Connection
LISTENERS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()"


@pytest.fixture
async def other(live_db: str) -> AsyncIterator[Database]:
    """The pool of another process on the same database."""
    opened = await Database.open(live_db, size=2)
    yield opened
    await opened.close()


async def change(database: Database, workspace: WorkspaceId) -> None:
    async with database.transaction(workspace) as tx:
        notify_on_commit(tx, workspace)


async def listening(subscription: Subscription) -> None:
    """Waits for the first wake, which comes when the connection listens, because earlier changes are unknown."""
    assert await subscription.wait(10)


async def test_a_commit_wakes_subscribers_of_that_workspace_in_every_process(
    database: Database, other: Database, make: Factory
) -> None:
    ours, theirs = await make.workspace("ours"), await make.workspace("theirs")
    with (
        other.notifier.subscribe(ours) as subscription,
        other.notifier.subscribe(theirs) as other_subscription,
        database.notifier.subscribe(ours) as same,
    ):
        for each in (subscription, other_subscription, same):
            await listening(each)
        began = time.monotonic()
        await change(database, ours)
        assert await subscription.wait(10)
        assert await same.wait(10)
        assert time.monotonic() - began < 1
        assert not await other_subscription.wait(0.1)


async def test_a_rollback_wakes_no_subscriber(database: Database, make: Factory) -> None:
    ours = await make.workspace("ours")
    with database.notifier.subscribe(ours) as subscription:
        await listening(subscription)
        with suppress(RuntimeError):
            async with database.transaction(ours) as tx:
                notify_on_commit(tx, ours)
                raise RuntimeError
        async with database.transaction(ours):
            """The same connection, without a change."""
        assert not await subscription.wait(0.3)


async def test_a_process_notifies_ten_times_a_second_at_most(
    database: Database, owner: "Owner[Any]", make: Factory
) -> None:
    workspaces, payloads = [await make.workspace(f"place {number}") for number in range(5)], list[str]()
    await owner.add_listener(NOTIFY_CHANNEL, lambda *arguments: payloads.append(str(arguments[-1])))
    began = time.monotonic()
    while time.monotonic() - began < 0.35:
        await asyncio.gather(*(change(database, workspace) for workspace in workspaces))
    await asyncio.sleep(0.3)
    assert 2 <= len(payloads) <= 6
    assert {name for payload in payloads for name in payload.split()} == set(map(str, workspaces))


async def test_a_lost_connection_is_opened_again_and_wakes_all_subscribers(
    database: Database, owner: "Owner[Any]", make: Factory
) -> None:
    ours = await make.workspace("ours")
    with database.notifier.subscribe(ours) as subscription:
        await listening(subscription)
        await owner.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
            "WHERE application_name = $1 AND datname = current_database()",
            NOTIFY_CHANNEL,
        )
        await listening(subscription)
        await change(database, ours)
        assert await subscription.wait(1)


async def test_one_connection_listens_for_a_process_until_it_closes(
    database: Database, other: Database, owner: "Owner[Any]", make: Factory
) -> None:
    ours = await make.workspace("ours")
    await change(database, ours)
    assert await owner.fetchval(LISTENERS, NOTIFY_CHANNEL) == 0
    with other.notifier.subscribe(ours) as one, other.notifier.subscribe(ours) as two:
        await listening(one)
        await listening(two)
        assert await owner.fetchval(LISTENERS, NOTIFY_CHANNEL) == 1
    await other.close()
    await asyncio.sleep(0.1)
    assert await owner.fetchval(LISTENERS, NOTIFY_CHANNEL) == 0


async def test_a_change_is_sent_before_the_process_closes(database: Database, live_db: str, make: Factory) -> None:
    ours = await make.workspace("ours")
    with database.notifier.subscribe(ours) as subscription:
        await listening(subscription)
        leaving = await Database.open(live_db, size=1)
        await change(leaving, ours)
        await leaving.close()
        assert await subscription.wait(1)


async def test_a_stop_wakes_all_subscribers(database: Database, make: Factory) -> None:
    with database.notifier.subscribe(await make.workspace("ours")) as subscription:
        await listening(subscription)
        database.notifier.stop()
        assert await subscription.wait(0)
        assert database.notifier.stopping


def test_only_the_pool_notifies() -> None:
    """A NOTIFY takes a lock of the whole server, so no transaction with data may contain one."""
    source = Path(voxpop.__file__).parent
    texts = {path.relative_to(source).as_posix(): path.read_text("utf-8") for path in source.rglob("*.py")}
    texts |= {path.relative_to(source).as_posix(): path.read_text("utf-8") for path in source.rglob("*.sql")}
    assert [name for name, text in texts.items() if "pg_notify(" in text or '"NOTIFY' in text] == ["db/pool.py"]
