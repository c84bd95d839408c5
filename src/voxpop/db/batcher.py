"""The gate: concurrent requests share a statement. Knows transactions and queues, no domain and no SQL."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from prometheus_client import Gauge, Histogram

from voxpop.db.errors import BATCH_RETRY_ERRORS, ITEM_ERRORS
from voxpop.db.pool import Database, Tx
from voxpop.errors import Unavailable
from voxpop.types import WorkspaceId

Item = TypeVar("Item")
Result = TypeVar("Result")

BATCH_SIZE = Histogram(
    "voxpop_batch_size", "Requests that shared a transaction", ["gate"], buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
)
BATCH_SECONDS = Histogram("voxpop_batch_seconds", "From BEGIN to COMMIT of a batch", ["gate"])
QUEUED = Gauge("voxpop_gate_queued", "Requests waiting at a gate", ["gate"])

MAX_BATCH_SIZE = 512
RETRIES = 3


class Waiting(NamedTuple, Generic[Item, Result]):
    item: Item
    answer: "asyncio.Future[Result]"


class Batcher(Generic[Item, Result]):
    """One batch in flight for each workspace; who comes meanwhile waits and goes together with the others.

    `work` gets a transaction and the items, and gives one result for each, in their order. Each caller gets his own
    after the commit. An item whose data the database refuses fails alone. A caller that gives up waiting is left out.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        work: Callable[[Tx, WorkspaceId, Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        limit: int = 10_000,
    ) -> None:
        self.name = name
        self._database = database
        self._work = work
        self._limit = limit
        self._length = 0
        self._queues: dict[WorkspaceId | None, deque[Waiting[Item, Result]]] = {}
        self._drains: set[asyncio.Task[None]] = set()
        self._size, self._seconds = BATCH_SIZE.labels(name), BATCH_SECONDS.labels(name)
        QUEUED.labels(name).set_function(lambda: self._length)

    async def submit(self, workspace: WorkspaceId | None, item: Item) -> Result:
        """The item's result, after its commit; Unavailable at once when too many are waiting."""
        if self._length >= self._limit:
            raise Unavailable("Too many requests are waiting; try again")
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._length += 1
        if (queue := self._queues.get(workspace)) is None:
            queue = self._queues[workspace] = deque()
            drain = asyncio.create_task(self._drain(workspace, queue))
            self._drains.add(drain)
            drain.add_done_callback(self._drains.discard)
        queue.append(Waiting(item, answer))
        return await answer

    async def _drain(self, workspace: WorkspaceId | None, queue: deque[Waiting[Item, Result]]) -> None:
        try:
            while queue:
                taken = [queue.popleft() for _ in range(min(len(queue), MAX_BATCH_SIZE))]
                self._length -= len(taken)
                if wanted := [waiting for waiting in taken if not waiting.answer.done()]:
                    await self._settle(workspace, wanted)
        finally:
            # In the same step that sees the queue empty, before any await: else a newcomer would wait for ever.
            del self._queues[workspace]
            self._length -= len(queue)
            _refuse(queue, Unavailable("The service is stopping; try again"))

    async def _settle(self, workspace: WorkspaceId | None, batch: Sequence[Waiting[Item, Result]]) -> None:
        """Runs the batch and answers everybody in it; never raises."""
        try:
            results = await self._run(workspace, [waiting.item for waiting in batch])
        except ITEM_ERRORS as fault:
            if len(batch) == 1:
                _refuse(batch, fault)
                return
            middle = len(batch) // 2
            await self._settle(workspace, batch[:middle])
            await self._settle(workspace, batch[middle:])
        except asyncio.CancelledError:
            _refuse(batch, Unavailable("The service is stopping; try again"))
            raise
        except Exception as fault:  # an edge: whatever it was, nobody is left waiting
            _refuse(batch, fault)
        else:
            for waiting, result in zip(batch, results, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(result)

    async def _run(self, workspace: WorkspaceId | None, items: Sequence[Item]) -> Sequence[Result]:
        self._size.observe(len(items))
        with self._seconds.time():
            for _ in range(RETRIES - 1):
                try:
                    return await self._once(workspace, items)
                except BATCH_RETRY_ERRORS:
                    continue
            return await self._once(workspace, items)

    async def _once(self, workspace: WorkspaceId | None, items: Sequence[Item]) -> Sequence[Result]:
        async with self._database.transaction(workspace) as tx:
            return await self._work(tx, workspace, items)  # type: ignore[arg-type]


def _refuse(batch: Iterable[Waiting[Item, Result]], fault: BaseException) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(fault)
