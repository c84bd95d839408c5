"""Tells open streams which ratings are new or changed. Each workspace is read once for all streams of a process.

A notification can be lost, so the table is also read every 15 seconds. Each reading looks back a little, because a
rating that commits late has an earlier time than one already reported.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from structlog import get_logger

from voxpop.dashboards.models import Kind
from voxpop.db.errors import DATABASE_ERRORS
from voxpop.db.pool import Database
from voxpop.feedback import lists
from voxpop.feedback.models import ChangedRating
from voxpop.types import FeedbackId, WorkspaceId, utcnow

MIN_INTERVAL, POLL_SECONDS = 0.25, 15.0
MAX_COMMIT_DELAY = timedelta(seconds=30)  # from the time of a rating to its commit
MAX_CHANGES = 1_000  # in one reading; a page that missed more reloads

log = get_logger(__name__)


class ChangedSeries(Struct, frozen=True, order=True):
    """A series and survey type whose numbers changed."""

    kind: Kind
    id: UUID
    survey_type: str


class Update(Struct, frozen=True):
    """The ratings that changed and the series that count new ones, up to a time. `has_more`: there are too many."""

    at: datetime
    feedback: Sequence[FeedbackId]
    series: Sequence[ChangedSeries]
    has_more: bool = False


Updates = asyncio.Queue[Update]


class ChangeFeeds:
    """The workspaces that have open streams in this process, each with one task that reads its changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
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
        return _update(now, await self._list_changes(workspace, since - MAX_COMMIT_DELAY))

    async def _watch(self, workspace: WorkspaceId) -> None:
        reported: dict[FeedbackId, datetime] = {}
        horizon = utcnow() - MAX_COMMIT_DELAY
        with self._database.notifier.subscribe(workspace) as subscription:
            while not self._database.notifier.stopping:
                now = utcnow()
                try:
                    changed = await self._list_changes(workspace, horizon)
                except DATABASE_ERRORS as error:
                    log.warning("stream.read_failed", reason=str(error))
                    changed = []
                else:
                    new = [each for each in changed if reported.get(each.id) != each.at]
                    reported = {each.id: each.at for each in changed}
                    horizon = max(horizon, now - MAX_COMMIT_DELAY)
                    self._publish(workspace, _update(now, new))
                await asyncio.sleep(MIN_INTERVAL)
                await subscription.wait(POLL_SECONDS)

    async def _list_changes(self, workspace: WorkspaceId, since: datetime) -> list[ChangedRating]:
        async with self._database.transaction(workspace) as tx:
            return await lists.list_changes(tx, workspace, since, MAX_CHANGES + 1)

    def _publish(self, workspace: WorkspaceId, update: Update) -> None:
        if update.feedback:
            for updates in self._streams.get(workspace, ()):
                updates.put_nowait(update)


def _update(at: datetime, changed: Sequence[ChangedRating]) -> Update:
    series = {
        ChangedSeries(Kind(kind), series_id, each.survey_type)
        for each in changed
        if each.is_new
        for kind, series_id in zip(each.series_kinds, each.series_ids, strict=True)
    }
    return Update(at, [each.id for each in changed], sorted(series), len(changed) > MAX_CHANGES)
