"""The gate: who shares a transaction, who gets which answer, whom a fault touches, and that nobody waits for ever."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import Make

from voxpop.db.batcher import MAX_BATCH_SIZE, RETRIES, Batcher
from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.db.pool import Database, Tx
from voxpop.errors import Unavailable
from voxpop.types import WorkspaceId

Work = Callable[[Tx, WorkspaceId, Sequence[int]], Awaitable[Sequence[int]]]
HERE, THERE = WorkspaceId(uuid4()), WorkspaceId(uuid4())


class Memory:
    """Transactions of nothing, for what is decided before the database: a block that raises was undone."""

    def __init__(self) -> None:
        self.open = 0

    @asynccontextmanager
    async def transaction(self, workspace: WorkspaceId | None) -> AsyncIterator[Tx]:
        self.open += 1
        try:
            await asyncio.sleep(0)
            yield cast(Tx, None)
            await asyncio.sleep(0)
        finally:
            self.open -= 1


class Desk:
    """A gate over nothing whose work doubles numbers, and notes each batch. It waits while `closed`."""

    def __init__(self, limit: int = 10_000) -> None:
        self.batches: list[list[int]] = []
        self.faults: list[Exception] = []
        self.bad: set[int] = set()
        self.open = asyncio.Event()
        self.open.set()
        self.gate = Batcher("desk", cast(Database, Memory()), self.work, limit=limit)

    async def work(self, tx: Tx, workspace: WorkspaceId, items: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(items))
        await self.open.wait()
        if self.faults:
            raise self.faults.pop()
        if self.bad & set(items):
            raise asyncpg.NumericValueOutOfRangeError
        return [2 * item for item in items]

    def send(self, *items: int, workspace: WorkspaceId = HERE) -> list["asyncio.Task[int]"]:
        return [asyncio.create_task(self.gate.submit(workspace, item)) for item in items]

    async def hold(self, item: int = 0, workspace: WorkspaceId = HERE) -> "asyncio.Task[int]":
        """One item in flight, that stays there until the desk opens."""
        self.open.clear()
        (first,) = self.send(item, workspace=workspace)
        await settle()
        return first


async def settle() -> None:
    """Lets everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def outcomes(tasks: Sequence["asyncio.Task[int]"]) -> list[int | str]:
    """The answers, or the names of what was raised; all of them within a second."""
    async with asyncio.timeout(1):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    return [type(result).__name__ if isinstance(result, BaseException) else result for result in results]


async def test_alone_means_at_once() -> None:
    desk = Desk()
    assert await desk.gate.submit(HERE, 21) == 42
    assert desk.batches == [[21]]


async def test_a_batch_grows_while_another_is_in_flight() -> None:
    desk = Desk()
    first = await desk.hold()
    others = desk.send(*range(1, 6))
    await settle()
    assert desk.batches == [[0]]
    desk.open.set()
    assert await outcomes([first, *others]) == [0, 2, 4, 6, 8, 10]
    assert desk.batches == [[0], [1, 2, 3, 4, 5]]


async def test_a_batch_has_an_end() -> None:
    desk = Desk()
    first = await desk.hold()
    others = desk.send(*range(MAX_BATCH_SIZE + 1))
    await settle()
    desk.open.set()
    await outcomes([first, *others])
    assert [len(batch) for batch in desk.batches] == [1, MAX_BATCH_SIZE, 1]


async def test_workspaces_don_t_wait_for_each_other() -> None:
    desk = Desk()
    await desk.hold(1, HERE)
    await desk.hold(2, THERE)
    assert desk.batches == [[1], [2]]
    more = [*desk.send(3, workspace=HERE), *desk.send(4, workspace=THERE)]
    await settle()
    assert desk.batches == [[1], [2]]
    desk.open.set()
    assert await outcomes(more) == [6, 8]
    assert desk.batches == [[1], [2], [3], [4]]


@pytest.mark.parametrize(("size", "bad"), [(64, {17}), (64, {0, 63}), (3, {0, 1, 2}), (1, {0})])
async def test_a_bad_item_fails_alone(size: int, bad: set[int]) -> None:
    desk = Desk()
    first = await desk.hold(-1)
    others = desk.send(*range(size))
    await settle()
    desk.bad = bad
    desk.open.set()
    expected = ["NumericValueOutOfRangeError" if item in bad else 2 * item for item in range(size)]
    assert await outcomes([first, *others]) == [-2, *expected]
    # For each bad item the batch is halved down to it, and each half is one transaction.
    assert len(desk.batches) - 1 <= 1 + 2 * len(bad) * size.bit_length()


@pytest.mark.parametrize("fault", [asyncpg.DeadlockDetectedError, asyncpg.SerializationError])
async def test_what_was_nobody_s_fault_is_tried_again(fault: type[Exception]) -> None:
    desk = Desk()
    desk.faults = [fault()] * (RETRIES - 1)
    assert await desk.gate.submit(HERE, 1) == 2
    assert desk.batches == [[1]] * RETRIES
    desk.faults = [fault()] * RETRIES
    with pytest.raises(fault):
        await desk.gate.submit(HERE, 1)
    assert await desk.gate.submit(HERE, 1) == 2


async def test_what_nobody_foresaw_reaches_the_whole_batch_and_no_other() -> None:
    desk = Desk()
    first = await desk.hold()
    others = desk.send(1, 2)
    await settle()
    desk.faults = [KeyError()]
    desk.open.set()
    assert await outcomes([first, *others]) == ["KeyError", 2, 4]


async def test_who_gave_up_while_waiting_is_left_out() -> None:
    desk = Desk()
    first = await desk.hold()
    others = desk.send(1, 2, 3)
    await settle()
    others[1].cancel()
    await settle()
    desk.open.set()
    assert await outcomes([first, *others]) == [0, 2, "CancelledError", 6]
    assert desk.batches == [[0], [1, 3]]


async def test_who_gives_up_in_flight_takes_nobody_along() -> None:
    desk = Desk()
    desk.open.clear()
    tasks = desk.send(1, 2, 3)
    await settle()
    tasks[0].cancel()
    await settle()
    desk.open.set()
    assert await outcomes(tasks) == ["CancelledError", 4, 6]
    assert desk.batches == [[1, 2, 3]]


async def test_a_batch_that_everybody_left_is_not_run() -> None:
    desk = Desk()
    first = await desk.hold()
    others = desk.send(1, 2)
    await settle()
    for other in others:
        other.cancel()
    desk.open.set()
    await outcomes([first, *others])
    assert desk.batches == [[0]]


async def test_too_many_are_refused_at_once_and_later_not() -> None:
    desk = Desk(limit=2)
    first = await desk.hold()
    waiting = [*desk.send(1), *desk.send(2, workspace=THERE)]
    await settle()
    waiting += desk.send(3)
    await settle()
    async with asyncio.timeout(1):
        with pytest.raises(Unavailable, match="Too many"):
            await desk.gate.submit(HERE, 4)
    desk.open.set()
    assert await outcomes([first, *waiting]) == [0, 2, 4, 6]
    for _ in range(5):
        assert await outcomes(desk.send(5, 6)) == [10, 12]


async def test_those_who_gave_up_don_t_count_for_ever() -> None:
    desk = Desk(limit=3)
    for _ in range(5):
        first = await desk.hold()
        leaving = desk.send(1, 2, 3)
        await settle()
        for one in leaving:
            one.cancel()
        desk.open.set()
        desk.batches.clear()
        await outcomes([first, *leaving])
    assert await outcomes(desk.send(1, 2, 3)) == [2, 4, 6]


async def test_a_stop_answers_everybody() -> None:
    desk = Desk(limit=2)
    tasks = [await desk.hold(), *desk.send(1, 2)]
    await settle()
    for drain in list(desk.gate._drains):
        drain.cancel()
    assert await outcomes(tasks) == ["Unavailable"] * 3
    desk.open.set()
    assert await outcomes(desk.send(1, 2)) == [2, 4]


Step = tuple[int, int, bool, int]
steps = st.lists(
    st.tuples(st.integers(0, 99), st.integers(0, 2), st.booleans(), st.integers(0, 6)), min_size=1, max_size=60
)


@settings(max_examples=150, deadline=None)
@given(steps, st.sets(st.integers(0, 99), max_size=5), st.integers(3, 100))
def test_the_gate_is_never_stuck(steps: list[Step], bad: set[int], limit: int) -> None:
    """Whoever comes, leaves and fails in whatever order: each gets the answer to its own question, soon."""
    asyncio.run(mingle(steps, bad, limit))


async def mingle(steps: list[Step], bad: set[int], limit: int) -> None:
    desk = Desk(limit)
    desk.bad = bad
    lanes = [HERE, THERE, WorkspaceId(uuid4())]
    tasks: list[asyncio.Task[int]] = []
    for item, lane, leaves, pause in steps:
        tasks += desk.send(item, workspace=lanes[lane])
        for _ in range(pause):
            await asyncio.sleep(0)
        if leaves:
            tasks[len(tasks) // 2].cancel()
    for (item, *_), outcome in zip(steps, await outcomes(tasks), strict=True):
        allowed = {"NumericValueOutOfRangeError"} if item in bad else {2 * item}
        assert outcome in allowed | {"CancelledError", "Unavailable"}
    assert desk.gate._length == 0
    assert desk.gate._queues == {}


class Till:
    """A gate over a table of the database: adds numbers and answers what each came to."""

    def __init__(self, database: Database) -> None:
        self.transactions = 0
        self.gate = Batcher("till", database, self.work)

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


async def test_what_the_database_refuses_is_not_stored_and_all_else_is(
    make: Make, database: Database, owner: "asyncpg.Connection[Any]"
) -> None:
    till, workspace = Till(database), await make.workspace("ours")
    items = [*range(20), 2**40, *range(20, 40)]
    tasks = [asyncio.create_task(till.gate.submit(workspace, item)) for item in items]
    results = await outcomes(tasks)
    assert results == [item if item < 40 else "NumericValueOutOfRangeError" for item in items]
    assert await till.stored(owner, workspace) == list(range(40))
    assert till.transactions < 14


async def test_an_answer_comes_after_its_commit(
    make: Make, database: Database, owner: "asyncpg.Connection[Any]"
) -> None:
    till, workspace = Till(database), await make.workspace("ours")

    async def enter_and_look(item: int) -> bool:
        await till.gate.submit(workspace, item)
        return item in await look(database, workspace)

    assert all(await asyncio.gather(*map(enter_and_look, range(30))))


async def look(database: Database, workspace: WorkspaceId) -> set[int]:
    async with database.transaction(workspace) as tx:
        return {row["item"] for row in await tx.fetch("SELECT counts[1] AS item FROM score_count")}


async def test_a_lost_connection_fails_its_batch_and_the_next_one_works(
    make: Make, database: Database, owner: "asyncpg.Connection[Any]"
) -> None:
    workspace = await make.workspace("ours")
    lost: list[int] = []

    async def lose_once(tx: Tx, workspace: WorkspaceId, items: Sequence[int]) -> Sequence[int]:
        if not lost:
            lost.append(await tx.fetchval("SELECT pg_backend_pid()"))
            await owner.execute("SELECT pg_terminate_backend($1)", lost[0])
        await tx.execute("SELECT 1")
        return items

    gate = Batcher("lossy", database, lose_once)
    with pytest.raises(CONNECTION_ERRORS):
        await gate.submit(workspace, 1)
    assert await gate.submit(workspace, 2) == 2


async def test_a_real_deadlock_is_settled(make: Make, live_db: str, database: Database) -> None:
    """Two gates that take two rows in opposite orders: one is chosen by the database, and goes again."""
    workspace = await make.workspace("ours")
    both = asyncio.Barrier(2)
    met: set[str] = set()

    def crossing(name: str, rows: tuple[int, int]) -> Batcher[int, int]:
        async def cross(tx: Tx, workspace: WorkspaceId, items: Sequence[int]) -> Sequence[int]:
            await tx.execute("SELECT pg_advisory_xact_lock($1)", rows[0])
            if name not in met:
                met.add(name)
                await both.wait()
            await tx.execute("SELECT pg_advisory_xact_lock($1)", rows[1])
            return items

        return Batcher(name, database, cross)

    gates = crossing("there", (1, 2)), crossing("back", (2, 1))
    async with asyncio.timeout(20):
        assert await asyncio.gather(*(gate.submit(workspace, 7) for gate in gates)) == [7, 7]


async def test_a_crowd_that_comes_and_goes(make: Make, database: Database, owner: "asyncpg.Connection[Any]") -> None:
    """Nobody's answer is lost though half of the callers leave at random; who was answered is stored, once."""
    till, chance = Till(database), random.Random(7)  # noqa: S311 - the same each time
    workspaces = [await make.workspace(name) for name in ("ours", "theirs")]
    tasks = []
    for item in range(400):
        tasks.append(asyncio.create_task(till.gate.submit(workspaces[item % 2], item)))
        if chance.random() < 0.5:
            asyncio.get_running_loop().call_later(chance.random() / 50, tasks[chance.randrange(len(tasks))].cancel)
        if chance.random() < 0.1:
            await asyncio.sleep(chance.random() / 200)
    async with asyncio.timeout(20):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    answered = {result for result in results if isinstance(result, int)}
    assert answered == {item for item, result in enumerate(results) if isinstance(result, int)}
    assert {type(result) for result in results} == {int, asyncio.CancelledError}
    stored = [item for workspace in workspaces for item in await till.stored(owner, workspace)]
    assert len(stored) == len(set(stored))
    assert answered <= set(stored)
    assert till.transactions < 300
