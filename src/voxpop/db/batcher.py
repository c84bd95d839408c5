"""The batcher: concurrent requests share one transaction. It owns the queues; the SQL belongs to its callers."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from prometheus_client import Gauge, Histogram

from voxpop.db.errors import BATCH_RETRY_ERRORS, ITEM_ERRORS
from voxpop.db.pool import Begin, Database, Tx
from voxpop.errors import Unavailable
from voxpop.types import WorkspaceId

Item = TypeVar("Item")
Result = TypeVar("Result")

BATCH_SIZE = Histogram(
    "voxpop_batch_size",
    "Requests that shared a transaction",
    ["batcher"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
BATCH_SECONDS = Histogram("voxpop_batch_seconds", "From BEGIN to COMMIT of a batch", ["batcher"])
QUEUE_LENGTH = Gauge("voxpop_batch_queue_length", "Requests waiting for a batch", ["batcher"])

MAX_BATCH_SIZE = 512
MAX_ATTEMPTS = 3
TURN_SECONDS = 0.1  # until a busy workspace takes a new connection, so that every workspace gets one in turn


class PendingItem(NamedTuple, Generic[Item, Result]):
    item: Item
    future: "asyncio.Future[Result]"


class Batcher(Generic[Item, Result]):
    """One batch is in flight for each workspace. Requests that arrive meanwhile form the next batch.

    `work` receives a transaction and the items, and returns one result for each, in the same order. Each caller gets
    its own result after the commit. An item that the database rejects fails alone. Cancelled callers are skipped.
    `one_statement`: `work` runs exactly one statement, which needs no transaction around it.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        work: Callable[[Tx, WorkspaceId, Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        queue_limit: int = 10_000,
        one_statement: bool = False,
    ) -> None:
        self.name = name
        self._database, self._work, self._one_statement = database, work, one_statement
        self._limit = queue_limit
        self._length = 0
        self._queues: dict[WorkspaceId | None, deque[PendingItem[Item, Result]]] = {}
        self._drains: set[asyncio.Task[None]] = set()
        self._size, self._seconds = BATCH_SIZE.labels(name), BATCH_SECONDS.labels(name)
        QUEUE_LENGTH.labels(name).set_function(lambda: self._length)

    async def submit(self, workspace: WorkspaceId | None, item: Item) -> Result:
        """Returns the item's result after the commit. Raises Unavailable at once when the queue is full."""
        if self._length >= self._limit:
            raise Unavailable("Too many requests are waiting; try again")
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._length += 1
        if (queue := self._queues.get(workspace)) is None:
            queue = self._queues[workspace] = deque()
            drain = asyncio.create_task(self._drain(workspace, queue))
            self._drains.add(drain)
            drain.add_done_callback(self._drains.discard)
        queue.append(PendingItem(item, future))
        return await future

    async def _drain(self, workspace: WorkspaceId | None, queue: deque[PendingItem[Item, Result]]) -> None:
        error: Exception = Unavailable("The service is stopping; try again")
        try:
            while queue:
                async with self._database.transactions(workspace, one_statement=self._one_statement) as begin:
                    await self._run_turn(begin, workspace, queue)
        except Exception as failure:  # there is no connection
            error = failure
        finally:
            # Before any await after the queue was seen empty. Otherwise a request added in between would wait forever.
            del self._queues[workspace]
            self._length -= len(queue)
            _fail(queue, error)

    async def _run_turn(
        self, begin: Begin, workspace: WorkspaceId | None, queue: deque[PendingItem[Item, Result]]
    ) -> None:
        """Ends early after an error of the connection."""
        until, is_usable = time.monotonic() + TURN_SECONDS, True
        while queue and is_usable and time.monotonic() < until:
            batch = [queue.popleft() for _ in range(min(len(queue), MAX_BATCH_SIZE))]
            self._length -= len(batch)
            if active := [pending for pending in batch if not pending.future.done()]:
                is_usable = await self._resolve(begin, workspace, active)

    async def _resolve(
        self, begin: Begin, workspace: WorkspaceId | None, batch: Sequence[PendingItem[Item, Result]]
    ) -> bool:
        """Runs the batch and resolves every future in it. Raises only when it is cancelled.

        Returns False after an error that may have been one of the connection.
        """
        try:
            results = await self._run_with_retries(begin, workspace, [pending.item for pending in batch])
        except ITEM_ERRORS as error:
            if len(batch) > 1:
                middle = len(batch) // 2
                halves = [await self._resolve(begin, workspace, half) for half in (batch[:middle], batch[middle:])]
                return all(halves)
            _fail(batch, error)
        except asyncio.CancelledError:
            _fail(batch, Unavailable("The service is stopping; try again"))
            raise
        except Exception as error:  # outermost handler: each caller receives the error, and none waits forever
            _fail(batch, error)
            return False
        else:
            for pending, result in zip(batch, results, strict=True):
                if not pending.future.done():
                    pending.future.set_result(result)
        return True

    async def _run_with_retries(
        self, begin: Begin, workspace: WorkspaceId | None, items: Sequence[Item]
    ) -> Sequence[Result]:
        self._size.observe(len(items))
        with self._seconds.time():
            for _ in range(MAX_ATTEMPTS - 1):
                try:
                    return await self._run_once(begin, workspace, items)
                except BATCH_RETRY_ERRORS:
                    continue
            return await self._run_once(begin, workspace, items)

    async def _run_once(self, begin: Begin, workspace: WorkspaceId | None, items: Sequence[Item]) -> Sequence[Result]:
        async with begin() as tx:
            return await self._work(tx, workspace, items)  # type: ignore[arg-type]


def _fail(batch: Iterable[PendingItem[Item, Result]], error: BaseException) -> None:
    for pending in batch:
        if not pending.future.done():
            pending.future.set_exception(error)
