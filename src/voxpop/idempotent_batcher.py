"""A batcher for requests that may have an Idempotency-Key: it owns the statements about keys around each batch."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from voxpop import idempotency
from voxpop.db.batcher import Batcher
from voxpop.db.pool import Database, Tx
from voxpop.errors import AppError
from voxpop.idempotency import IdempotencyKeyReused, IdempotentRequest, KeyResponse, NewKey
from voxpop.types import WorkspaceId, utcnow

Item = TypeVar("Item")
Result = TypeVar("Result")
Response = TypeVar("Response", bound=Struct)
Work = Callable[[Tx, WorkspaceId, Sequence[Item]], Awaitable[Sequence[Result]]]


class KeyedItem(Struct, Generic[Item, Result], frozen=True):
    """An item with its key. `respond` makes the response of its result, or raises its error."""

    new: NewKey
    item: Item
    respond: Callable[[Result], Struct]


class KeyOutcome(Struct, frozen=True):
    """The response or the error of the first request with a key."""

    request_hash: bytes
    response: str | None = None
    error: AppError | None = None

    def of_request(self, request_hash: bytes) -> "KeyOutcome | None":
        """The outcome of a request with the key; None if it must run, because it differs from the one that failed."""
        if request_hash == self.request_hash:
            return self
        return None if self.error else KeyOutcome(request_hash, error=IdempotencyKeyReused())


class IdempotentBatcher(Generic[Item, Result]):
    """Two batchers of one operation. Requests without a key have their own, because keys need more statements."""

    def __init__(
        self,
        name: str,
        database: Database,
        work: Work[Item, Result],
        *,
        queue_limit: int,
        one_statement: bool = False,
    ) -> None:
        self._plain: Batcher[Item, Result] = Batcher(
            name, database, work, queue_limit=queue_limit, one_statement=one_statement
        )
        self._keyed: Batcher[KeyedItem[Item, Result], KeyOutcome | None] = Batcher(
            f"{name}-keyed", database, partial(run_batch_once, work), queue_limit=queue_limit
        )

    async def submit(
        self,
        workspace: WorkspaceId,
        item: Item,
        request: IdempotentRequest,
        respond: Callable[[Result], Response],
        response_type: type[Response],
    ) -> Response:
        """Runs a request, or returns the stored response to an earlier one with the same key."""
        if request.key is None:
            return respond(await self.submit_plain(workspace, item))
        keyed = KeyedItem(idempotency.new_key(request), item, respond)
        while (outcome := await self._keyed.submit(workspace, keyed)) is None:
            pass  # runs in the next batch
        if outcome.response is None:
            raise outcome.error or IdempotencyKeyReused
        return msgspec.json.decode(outcome.response, type=response_type)

    async def submit_plain(self, workspace: WorkspaceId, item: Item) -> Result:
        """Runs a request without a key."""
        return await self._plain.submit(workspace, item)


async def run_batch_once(
    work: Work[Item, Result], tx: Tx, workspace: WorkspaceId, items: Sequence[KeyedItem[Item, Result]]
) -> list[KeyOutcome | None]:
    """Runs the first item of each key that is not stored, and stores its response unless it is an error."""
    first = {item.new.key: item for item in reversed(items)}
    new = await idempotency.insert_keys(tx, workspace, [item.new for item in first.values()], utcnow())
    known = [key for key in first if key not in new]
    stored = await idempotency.list_stored(tx, workspace, known) if known else {}
    outcomes = {key: KeyOutcome(one.request_hash, one.response) for key, one in stored.items()}
    if new:
        running = [item for item in items if item.new.key in new and first[item.new.key] is item]
        results = await work(tx, workspace, [item.item for item in running])
        added = {item.new.key: _outcome(item, result) for item, result in zip(running, results, strict=True)}
        await _store(tx, workspace, added)
        outcomes |= added
    return [outcomes[item.new.key].of_request(item.new.request_hash) for item in items]


def _outcome(item: KeyedItem[Item, Result], result: Result) -> KeyOutcome:
    try:
        return KeyOutcome(item.new.request_hash, idempotency.encode(item.respond(result)))
    except AppError as error:
        return KeyOutcome(item.new.request_hash, error=error)


async def _store(tx: Tx, workspace: WorkspaceId, outcomes: Mapping[str, KeyOutcome]) -> None:
    """Stores the responses, and deletes the keys of errors."""
    responses = [KeyResponse(key, outcome.response) for key, outcome in outcomes.items() if outcome.response]
    if responses:
        await idempotency.set_responses(tx, workspace, responses)
    if failed := [key for key, outcome in outcomes.items() if outcome.error]:
        await idempotency.delete_keys(tx, workspace, failed)
