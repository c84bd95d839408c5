"""Reads what changed in a workspace, once for all open streams of a process, and tells each of them.

A notification can be lost, so the tables are also read every 15 seconds. Each reading looks back a little, because a
change that commits late has an earlier time than one already reported.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, Protocol, TypeVar

from msgspec import Struct
from structlog import get_logger

from voxpop.db.errors import DATABASE_ERRORS
from voxpop.db.pool import Database, Tx
from voxpop.logs import log_failure
from voxpop.types import WorkspaceId, utcnow

MIN_INTERVAL, POLL_SECONDS = 0.25, 15.0
MAX_COMMIT_DELAY = timedelta(seconds=30)  # from the time of a change to its commit
MAX_CHANGES = 1_000  # in one reading; a page that missed more reloads

log = get_logger(__name__)


class Changed(Protocol):
    """Something that changed, and when."""

    @property
    def id(self) -> Hashable: ...

    @property
    def at(self) -> datetime: ...


Item = TypeVar("Item", bound=Changed)


class Event(Struct, frozen=True):
    """What a stream sends."""

    name: str
    data: str = "{}"


class Update(Struct, frozen=True):
    """The events for the changes up to a time."""

    at: datetime
    events: Sequence[Event]


Updates = asyncio.Queue[Update]


class ChangeFeed(Generic[Item]):
    """Changes of one kind. Each workspace with open streams in this process has one task that reads its changes.

    `list_changes` returns what changed since a time, up to a number. `describe` makes the events for it.
    """

    def __init__(
        self,
        database: Database,
        list_changes: Callable[[Tx, WorkspaceId, datetime, int], Awaitable[Sequence[Item]]],
        describe: Callable[[Sequence[Item]], Sequence[Event]],
    ) -> None:
        self._database, self._list_changes, self._describe = database, list_changes, describe
        self._streams: dict[WorkspaceId, set[Updates]] = {}
        self._tasks: dict[WorkspaceId, asyncio.Task[None]] = {}

    @contextmanager
    def subscribe(self, workspace: WorkspaceId) -> Iterator[Updates]:
        """The updates of a workspace, until the block ends."""
        updates = Updates()
        self._streams.setdefault(workspace, set()).add(updates)
        if workspace not in self._tasks:
            self._tasks[workspace] = asyncio.create_task(self._watch(workspace))
        try:
            yield updates
        finally:
            streams = self._streams[workspace]
            streams.discard(updates)
            if not streams:
                del self._streams[workspace]
                self._tasks.pop(workspace).cancel()

    async def read(self, workspace: WorkspaceId, since: datetime) -> Update:
        """The changes since a time."""
        now = utcnow()
        return self._update(now, await self._read(workspace, since - MAX_COMMIT_DELAY))

    async def _watch(self, workspace: WorkspaceId) -> None:
        reported: dict[Hashable, datetime] = {}
        horizon = utcnow() - MAX_COMMIT_DELAY
        with self._database.notifier.subscribe(workspace) as subscription:
            while not self._database.notifier.stopping:
                now = utcnow()
                try:
                    changed = await self._read(workspace, horizon)
                except DATABASE_ERRORS as error:
                    log_failure("stream", partial(log.warning, "stream.read_failed", reason=str(error)))
                else:
                    new = [each for each in changed if reported.get(each.id) != each.at]
                    reported = {each.id: each.at for each in changed}
                    horizon = max(horizon, now - MAX_COMMIT_DELAY)
                    self._publish(workspace, self._update(now, new))
                await asyncio.sleep(MIN_INTERVAL)
                await subscription.wait(POLL_SECONDS)

    async def _read(self, workspace: WorkspaceId, since: datetime) -> Sequence[Item]:
        async with self._database.transaction(workspace) as tx:
            return await self._list_changes(tx, workspace, since, MAX_CHANGES + 1)

    def _update(self, at: datetime, changed: Sequence[Item]) -> Update:
        if len(changed) > MAX_CHANGES:
            return Update(at, [Event("reload")])
        return Update(at, self._describe(changed) if changed else [])

    def _publish(self, workspace: WorkspaceId, update: Update) -> None:
        if update.events:
            for updates in self._streams.get(workspace, ()):
                updates.put_nowait(update)
