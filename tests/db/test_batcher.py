"""The batcher: which items share a transaction, which result each caller gets, and which callers an error reaches."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, cast
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.factories import Factory

from voxpop.db.batcher import MAX_ATTEMPTS, MAX_BATCH_SIZE, Batcher
from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.db.pool import Begin, Database, Tx
from voxpop.errors import Unavailable
from voxpop.types import WorkspaceId

Work = Callable[[Tx, WorkspaceId, Sequence[int]], Awaitable[Sequence[int]]]
WORKSPACE, OTHER = WorkspaceId(uuid4()), WorkspaceId(uuid4())


class InMemoryDatabase:
    """Has transactions without a database, for rules that need none."""

    def __init__(self) -> None:
        self.open = 0

    @asynccontextmanager
    async def transactions(self, workspace: WorkspaceId | None, *, one_statement: bool) -> AsyncIterator[Begin]:
        await asyncio.sleep(0)
        yield self.transaction
        await asyncio.sleep(0)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        self.open += 1
        try:
            await asyncio.sleep(0)
            yield cast(Tx, None)
            await asyncio.sleep(0)
        finally:
            self.open -= 1


class DoublingBatcher:
    """A batcher whose work doubles numbers and records each batch. The work waits while `open` is not set."""

    def __init__(self, limit: int = 10_000) -> None:
        self.batches: list[list[int]] = []
        self.errors: list[Exception] = []
        self.rejected: set[int] = set()
        self.open = asyncio.Event()
        self.open.set()
        self.batcher = Batcher("double", cast(Database, InMemoryDatabase()), self.work, queue_limit=limit)

    async def work(self, tx: Tx, workspace: WorkspaceId, items: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(items))
        await self.open.wait()
        if self.errors:
            raise self.errors.pop()
        if self.rejected & set(items):
            raise asyncpg.NumericValueOutOfRangeError
        return [2 * item for item in items]

    def send(self, *items: int, workspace: WorkspaceId = WORKSPACE) -> list["asyncio.Task[int]"]:
        return [asyncio.create_task(self.batcher.submit(workspace, item)) for item in items]

    async def hold(self, item: int = 0, workspace: WorkspaceId = WORKSPACE) -> "asyncio.Task[int]":
        """Starts one item, which stays in flight until `open` is set."""
        self.open.clear()
        (first,) = self.send(item, workspace=workspace)
        await settle()
        return first


async def settle() -> None:
    """Runs every task that is ready."""
    for _ in range(20):
        await asyncio.sleep(0)


async def outcomes(tasks: Sequence["asyncio.Task[int]"]) -> list[int | str]:
    """The results, or the names of the errors; fails if one takes longer than a second."""
    async with asyncio.timeout(1):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    return [type(result).__name__ if isinstance(result, BaseException) else result for result in results]


async def test_a_single_item_runs_at_once() -> None:
    doubling = DoublingBatcher()
    assert await doubling.batcher.submit(WORKSPACE, 21) == 42
    assert doubling.batches == [[21]]


async def test_items_that_arrive_during_a_batch_form_the_next_batch() -> None:
    doubling = DoublingBatcher()
    first = await doubling.hold()
    others = doubling.send(*range(1, 6))
    await settle()
    assert doubling.batches == [[0]]
    doubling.open.set()
    assert await outcomes([first, *others]) == [0, 2, 4, 6, 8, 10]
    assert doubling.batches == [[0], [1, 2, 3, 4, 5]]


async def test_a_batch_has_a_maximum_size() -> None:
    doubling = DoublingBatcher()
    first = await doubling.hold()
    others = doubling.send(*range(MAX_BATCH_SIZE + 1))
    await settle()
    doubling.open.set()
    await outcomes([first, *others])
    assert [len(batch) for batch in doubling.batches] == [1, MAX_BATCH_SIZE, 1]


async def test_workspaces_do_not_wait_for_each_other() -> None:
    doubling = DoublingBatcher()
    await doubling.hold(1, WORKSPACE)
    await doubling.hold(2, OTHER)
    assert doubling.batches == [[1], [2]]
    more = [*doubling.send(3, workspace=WORKSPACE), *doubling.send(4, workspace=OTHER)]
    await settle()
    assert doubling.batches == [[1], [2]]
    doubling.open.set()
    assert await outcomes(more) == [6, 8]
    assert doubling.batches == [[1], [2], [3], [4]]


@pytest.mark.parametrize(("size", "rejected"), [(64, {17}), (64, {0, 63}), (3, {0, 1, 2}), (1, {0})])
async def test_a_rejected_item_fails_alone(size: int, rejected: set[int]) -> None:
    doubling = DoublingBatcher()
    first = await doubling.hold(-1)
    others = doubling.send(*range(size))
    await settle()
    doubling.rejected = rejected
    doubling.open.set()
    expected = ["NumericValueOutOfRangeError" if item in rejected else 2 * item for item in range(size)]
    assert await outcomes([first, *others]) == [-2, *expected]
    # For each rejected item the batch is split down to it, and each half is one transaction.
    assert len(doubling.batches) - 1 <= 1 + 2 * len(rejected) * size.bit_length()


@pytest.mark.parametrize("error", [asyncpg.DeadlockDetectedError, asyncpg.SerializationError])
async def test_transient_errors_are_retried(error: type[Exception]) -> None:
    doubling = DoublingBatcher()
    doubling.errors = [error()] * (MAX_ATTEMPTS - 1)
    assert await doubling.batcher.submit(WORKSPACE, 1) == 2
    assert doubling.batches == [[1]] * MAX_ATTEMPTS
    doubling.errors = [error()] * MAX_ATTEMPTS
    with pytest.raises(error):
        await doubling.batcher.submit(WORKSPACE, 1)
    assert await doubling.batcher.submit(WORKSPACE, 1) == 2


async def test_an_unexpected_error_fails_its_batch_and_no_other() -> None:
    doubling = DoublingBatcher()
    first = await doubling.hold()
    others = doubling.send(1, 2)
    await settle()
    doubling.errors = [KeyError()]
    doubling.open.set()
    assert await outcomes([first, *others]) == ["KeyError", 2, 4]


async def test_an_item_cancelled_while_it_waits_is_skipped() -> None:
    doubling = DoublingBatcher()
    first = await doubling.hold()
    others = doubling.send(1, 2, 3)
    await settle()
    others[1].cancel()
    await settle()
    doubling.open.set()
    assert await outcomes([first, *others]) == [0, 2, "CancelledError", 6]
    assert doubling.batches == [[0], [1, 3]]


async def test_an_item_cancelled_in_flight_does_not_cancel_the_others() -> None:
    doubling = DoublingBatcher()
    doubling.open.clear()
    tasks = doubling.send(1, 2, 3)
    await settle()
    tasks[0].cancel()
    await settle()
    doubling.open.set()
    assert await outcomes(tasks) == ["CancelledError", 4, 6]
    assert doubling.batches == [[1, 2, 3]]


async def test_a_batch_of_cancelled_items_is_not_run() -> None:
    doubling = DoublingBatcher()
    first = await doubling.hold()
    others = doubling.send(1, 2)
    await settle()
    for other in others:
        other.cancel()
    doubling.open.set()
    await outcomes([first, *others])
    assert doubling.batches == [[0]]


async def test_a_full_queue_refuses_items_until_it_has_room() -> None:
    doubling = DoublingBatcher(limit=2)
    first = await doubling.hold()
    waiting = [*doubling.send(1), *doubling.send(2, workspace=OTHER)]
    await settle()
    waiting += doubling.send(3)
    await settle()
    async with asyncio.timeout(1):
        with pytest.raises(Unavailable, match="Too many"):
            await doubling.batcher.submit(WORKSPACE, 4)
    doubling.open.set()
    assert await outcomes([first, *waiting]) == [0, 2, 4, 6]
    for _ in range(5):
        assert await outcomes(doubling.send(5, 6)) == [10, 12]


async def test_cancelled_items_do_not_fill_the_queue() -> None:
    doubling = DoublingBatcher(limit=3)
    for _ in range(5):
        first = await doubling.hold()
        cancelled = doubling.send(1, 2, 3)
        await settle()
        for one in cancelled:
            one.cancel()
        doubling.open.set()
        doubling.batches.clear()
        await outcomes([first, *cancelled])
    assert await outcomes(doubling.send(1, 2, 3)) == [2, 4, 6]


async def test_all_waiting_items_fail_when_the_process_stops() -> None:
    doubling = DoublingBatcher(limit=2)
    tasks = [await doubling.hold(), *doubling.send(1, 2)]
    await settle()
    for drain in list(doubling.batcher._drains):
        drain.cancel()
    assert await outcomes(tasks) == ["Unavailable"] * 3
    doubling.open.set()
    assert await outcomes(doubling.send(1, 2)) == [2, 4]


class Step(NamedTuple):
    """Submits an item for one of three workspaces, lets the loop run, and may cancel a caller."""

    item: int
    workspace: int
    pause: int
    cancels: bool


steps = st.lists(
    st.builds(Step, st.integers(0, 99), st.integers(0, 2), st.integers(0, 6), st.booleans()), min_size=1, max_size=60
)


@settings(max_examples=150, deadline=None)
@given(steps, st.sets(st.integers(0, 99), max_size=5), st.integers(3, 100))
def test_every_item_gets_its_result_in_any_order_of_events(steps: list[Step], rejected: set[int], limit: int) -> None:
    """Callers arrive, cancel and fail in any order; each gets its own result soon."""
    asyncio.run(run_steps(steps, rejected, limit))


async def run_steps(steps: list[Step], rejected: set[int], limit: int) -> None:
    doubling = DoublingBatcher(limit)
    doubling.rejected = rejected
    workspaces = [WORKSPACE, OTHER, WorkspaceId(uuid4())]
    tasks: list[asyncio.Task[int]] = []
    for step in steps:
        tasks += doubling.send(step.item, workspace=workspaces[step.workspace])
        for _ in range(step.pause):
            await asyncio.sleep(0)
        if step.cancels:
            tasks[len(tasks) // 2].cancel()
    for step, outcome in zip(steps, await outcomes(tasks), strict=True):
        allowed = {"NumericValueOutOfRangeError"} if step.item in rejected else {2 * step.item}
        assert outcome in allowed | {"CancelledError", "Unavailable"}
    assert doubling.batcher._length == 0
    assert doubling.batcher._queues == {}


each_way = pytest.mark.parametrize("one_statement", [False, True], ids=["transactions", "one statement"])


class CountBatcher:
    """A batcher over a table of the database: inserts numbers and returns them as stored."""

    def __init__(self, database: Database, *, one_statement: bool) -> None:
        self.transactions = 0
        self.batcher = Batcher("count", database, self.work, one_statement=one_statement)

    async def work(self, tx: Tx, workspace: WorkspaceId, items: Sequence[int]) -> Sequence[int]:
        self.transactions += 1
        rows = await tx.fetch(
            "INSERT INTO score_count (workspace_id, series_kind, series_id, survey_type_code, grain, date, counts) "
            "SELECT $1, 'x', gen_random_uuid(), place, 'day', now(), ARRAY[item]::int[] "
            "FROM unnest($2::bigint[]) WITH ORDINALITY AS new (item, place) ORDER BY place RETURNING counts[1] AS item",
            workspace,
            items,
        )
        return [row["item"] for row in rows]

    async def stored(self, owner: "asyncpg.Connection[Any]", workspace: WorkspaceId) -> list[int]:
        sql = "SELECT counts[1] AS item FROM score_count WHERE workspace_id = $1 ORDER BY 1"
        return [row["item"] for row in await owner.fetch(sql, workspace)]


@each_way
async def test_a_rejected_item_is_not_stored_and_all_others_are(
    make: Factory, database: Database, owner: "asyncpg.Connection[Any]", one_statement: bool
) -> None:
    counting, workspace = CountBatcher(database, one_statement=one_statement), await make.workspace("ours")
    items = [*range(20), 2**40, *range(20, 40)]
    tasks = [asyncio.create_task(counting.batcher.submit(workspace, item)) for item in items]
    results = await outcomes(tasks)
    assert results == [item if item < 40 else "NumericValueOutOfRangeError" for item in items]
    assert await counting.stored(owner, workspace) == list(range(40))
    assert counting.transactions < 14


@each_way
async def test_a_result_is_returned_after_its_commit(make: Factory, database: Database, one_statement: bool) -> None:
    counting, workspace = CountBatcher(database, one_statement=one_statement), await make.workspace("ours")

    async def submit_and_look(item: int) -> bool:
        await counting.batcher.submit(workspace, item)
        return item in await look(database, workspace)

    assert all(await asyncio.gather(*map(submit_and_look, range(30))))


async def look(database: Database, workspace: WorkspaceId) -> set[int]:
    async with database.transaction(workspace) as tx:
        return {row["item"] for row in await tx.fetch("SELECT counts[1] AS item FROM score_count")}


@each_way
async def test_a_lost_connection_fails_its_batch_and_the_next_one_works(
    make: Factory, database: Database, owner: "asyncpg.Connection[Any]", one_statement: bool
) -> None:
    workspace = await make.workspace("ours")
    lost: list[int] = []
    started = asyncio.Event()

    async def lose_once(tx: Tx, workspace: WorkspaceId, items: Sequence[int]) -> Sequence[int]:
        if not lost:
            lost.append(await tx.fetchval("SELECT pg_backend_pid()"))
            started.set()
            await owner.execute("SELECT pg_terminate_backend($1)", lost[0])
        await tx.execute("SELECT 1")
        return items

    batcher = Batcher("lossy", database, lose_once, one_statement=one_statement)
    first = asyncio.create_task(batcher.submit(workspace, 1))
    await started.wait()
    second = asyncio.create_task(batcher.submit(workspace, 2))
    with pytest.raises(CONNECTION_ERRORS):
        await first
    assert await second == 2


async def test_a_batch_that_the_database_cancels_for_a_deadlock_is_retried(
    make: Factory, live_db: str, database: Database
) -> None:
    """Two batchers lock two rows in opposite orders. The database cancels one of them, and it is retried."""
    workspace = await make.workspace("ours")
    both = asyncio.Barrier(2)
    met: set[str] = set()

    def lock_both(name: str, first: int, second: int) -> Batcher[int, int]:
        async def cross(tx: Tx, workspace: WorkspaceId, items: Sequence[int]) -> Sequence[int]:
            await tx.execute("SELECT pg_advisory_xact_lock($1)", first)
            if name not in met:
                met.add(name)
                await both.wait()
            await tx.execute("SELECT pg_advisory_xact_lock($1)", second)
            return items

        return Batcher(name, database, cross)

    batchers = lock_both("ascending", 1, 2), lock_both("descending", 2, 1)
    async with asyncio.timeout(20):
        assert await asyncio.gather(*(batcher.submit(workspace, 7) for batcher in batchers)) == [7, 7]


@each_way
async def test_no_result_is_lost_while_callers_cancel(
    make: Factory, database: Database, owner: "asyncpg.Connection[Any]", one_statement: bool
) -> None:
    """Half of the callers cancel at random: no result is lost, and each returned item is stored once."""
    counting, chance = CountBatcher(database, one_statement=one_statement), random.Random(7)  # noqa: S311 - repeatable
    workspaces = [await make.workspace(name) for name in ("ours", "theirs")]
    tasks = []
    for item in range(400):
        tasks.append(asyncio.create_task(counting.batcher.submit(workspaces[item % 2], item)))
        if chance.random() < 0.5:
            asyncio.get_running_loop().call_later(chance.random() / 50, tasks[chance.randrange(len(tasks))].cancel)
        if chance.random() < 0.1:
            await asyncio.sleep(chance.random() / 200)
    async with asyncio.timeout(20):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    returned = {result for result in results if isinstance(result, int)}
    assert returned == {item for item, result in enumerate(results) if isinstance(result, int)}
    assert {type(result) for result in results} == {int, asyncio.CancelledError}
    stored = [item for workspace in workspaces for item in await counting.stored(owner, workspace)]
    assert len(stored) == len(set(stored))
    assert returned <= set(stored)
    assert counting.transactions < 300


@each_way
async def test_busy_workspaces_take_turns_on_one_connection(make: Factory, live_db: str, one_statement: bool) -> None:
    database = await Database.open(live_db, size=1)
    counting = CountBatcher(database, one_statement=one_statement)
    workspaces = [await make.workspace(name) for name in ("ours", "theirs", "others")]

    async def keep_busy(workspace: WorkspaceId) -> int:
        until, count = time.monotonic() + 1, 0
        while time.monotonic() < until:
            await asyncio.gather(*(counting.batcher.submit(workspace, item) for item in range(3)))
            count += 1
        return count

    async with asyncio.timeout(10):
        assert all(await asyncio.gather(*map(keep_busy, workspaces)))
    await database.close()


async def test_callers_get_an_error_when_there_is_no_connection(make: Factory, live_db: str) -> None:
    workspace = await make.workspace("ours")
    database = await Database.open(live_db, size=1)
    await database.close()
    counting = CountBatcher(database, one_statement=True)
    for _ in range(2):
        tasks = [asyncio.create_task(counting.batcher.submit(workspace, item)) for item in range(3)]
        assert await outcomes(tasks) == ["InterfaceError"] * 3
    assert counting.batcher._length == 0
