"""Remembered identities: how long, how many, and forgotten as soon as any process changes one."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.features import API
from tests.support.sites import Site
from tests.support.waiting import until

from voxpop.auth import remembered
from voxpop.auth.remembered import Remembered
from voxpop.db.batcher import BATCH_SIZE
from voxpop.db.pool import Database
from voxpop.types import utcnow
from voxpop.workspaces import service

HOUR = 3600.0


class LookUp:
    """A look-up that counts its calls and takes the time that a test gives it."""

    def __init__(self, value: int | None = 7) -> None:
        self.value, self.calls = value, 0
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> int | None:
        self.calls += 1
        found = self.value
        await self.may_end.wait()
        return found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock of remembered values forwards."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


async def test_a_value_is_looked_up_once_a_second(clock: Callable[[float], None]) -> None:
    values, look_up = Remembered[int](), LookUp()
    for _ in range(3):
        assert await values.get("key", look_up) == 7
        clock(0.4)
    assert look_up.calls == 1
    assert await values.get("key", look_up) == 7
    assert look_up.calls == 2


async def test_the_second_begins_before_the_look_up(clock: Callable[[float], None]) -> None:
    values, look_up = Remembered[int](), LookUp()
    look_up.may_end.clear()
    slow = asyncio.create_task(values.get("key", look_up))
    await asyncio.sleep(0)
    clock(1.0)
    look_up.may_end.set()
    assert await slow == 7
    assert await values.get("key", look_up) == 7
    assert look_up.calls == 2


async def test_a_refusal_is_not_remembered() -> None:
    values, look_up = Remembered[int](), LookUp(None)
    assert await values.get("key", look_up) is None
    look_up.value = 7
    assert await values.get("key", look_up) == 7
    assert await values.get("other", LookUp(None)) is None


async def test_a_look_up_in_flight_during_a_change_is_not_remembered(clock: Callable[[float], None]) -> None:
    values, look_up = Remembered[int](), LookUp()
    look_up.may_end.clear()
    slow = asyncio.create_task(values.get("key", look_up))
    await asyncio.sleep(0)
    clock(0.001)
    look_up.value = None
    values.forget()
    look_up.may_end.set()
    assert await slow == 7
    assert await values.get("key", look_up) is None


async def test_the_oldest_entries_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MAX_ENTRIES", 3)
    values, look_up = Remembered[int](), LookUp()
    for key in "abcd":
        await values.get(key, look_up)
    assert look_up.calls == 4
    for key in "dcb":
        await values.get(key, look_up)
    assert look_up.calls == 4
    await values.get("a", look_up)
    assert look_up.calls == 5


def key_look_ups() -> float:
    samples = next(iter(BATCH_SIZE.collect())).samples
    return sum(one.value for one in samples if one.name.endswith("_count") and one.labels["batcher"] == "keys")


@pytest.fixture
async def other(live_db: str) -> AsyncIterator[Database]:
    """The pool of another process on the same database."""
    opened = await Database.open(live_db, size=2)
    yield opened
    await opened.close()


@pytest.fixture
def remembered_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a notification makes a process forget."""
    monkeypatch.setattr(remembered, "TTL", HOUR)


async def settled(database: Database) -> None:
    """Waits until the process listens, because it forgets everything when it begins to."""
    heard = asyncio.Event()
    database.notifier.on_identity_change(heard.set)
    database.notifier.listen()
    async with asyncio.timeout(5):
        await heard.wait()


@pytest.mark.usefixtures("remembered_long")
async def test_a_revoked_key_is_refused_at_once_here_and_by_notification_elsewhere(
    database: Database, other: Database, make: Factory, client: Client, other_client: Client
) -> None:  # G1
    there = Factory(other, make.settings).anonymous(headers=client.headers)
    for each in (database, other):
        await settled(each)
    for caller in (client, other_client, there):
        assert (await caller.get(f"{API}/products")).status_code == 200
    before = key_look_ups()
    for caller in (client, other_client, there):
        assert (await caller.get(f"{API}/products")).status_code == 200
    assert key_look_ups() == before
    async with database.transaction(client.workspace) as tx:
        (key,) = await service.list_keys(tx, client.workspace)
        await service.revoke_key(tx, client.workspace, key.id, utcnow())
    assert (await client.get(f"{API}/products")).status_code == 401
    assert (await other_client.get(f"{API}/products")).status_code == 200

    async def refused() -> bool:
        return (await there.get(f"{API}/products")).status_code == 401

    await until(refused)
    await there.aclose()


@pytest.mark.usefixtures("remembered_long")
async def test_a_rolled_back_revocation_changes_nothing(database: Database, client: Client) -> None:
    await settled(database)
    await client.get(f"{API}/products")
    before = key_look_ups()
    with suppress(RuntimeError):
        async with database.transaction(client.workspace) as tx:
            (key,) = await service.list_keys(tx, client.workspace)
            await service.revoke_key(tx, client.workspace, key.id, utcnow())
            raise RuntimeError
    assert (await client.get(f"{API}/products")).status_code == 200
    assert key_look_ups() == before


@pytest.mark.usefixtures("remembered_long")
@pytest.mark.parametrize("change", ["sign out", "remove the portal", "rename the member"])
async def test_pages_of_every_process_see_a_change(live_db: str, change: str) -> None:
    here, there = [await Database.open(live_db, size=3) for _ in range(2)]
    site = await Site(here).set_up()
    elsewhere = Site(there)
    browser = await site.owner()
    cookies = {"cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    visitor = elsewhere.browser()
    for each in (here, there):
        await settled(each)
    changes = {
        "sign out": ("/logout", {}, "/settings/profile", lambda page: page.status_code == 303),
        "remove the portal": (
            "/settings/workspace",
            {"name": "default", "time_zone": "UTC", "cool_down_days": "1"},
            "/tickets/login",
            lambda page: page.status_code == 404,
        ),
        "rename the member": (
            "/settings/profile",
            {"name": "Zoe Changed"},
            "/settings/profile",
            lambda page: "Zoe Changed" in page.text,
        ),
    }
    path, fields, seen, is_changed = changes[change]
    assert not is_changed(await visitor.get(seen, headers=cookies))
    assert (await browser.submit(path, **fields)).status_code == 303

    async def changed() -> bool:
        return is_changed(await visitor.get(seen, headers=cookies))

    await until(changed)
    for each in (site, elsewhere):
        for one in each.browsers:
            await one.aclose()
    for database in (here, there):
        await database.close()
