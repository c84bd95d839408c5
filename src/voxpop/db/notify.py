"""Wakes: processes tell each other by NOTIFY which workspaces have changed, after the commits; tables are the truth."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import asyncpg
from structlog import get_logger

from voxpop.db.errors import DATABASE_ERRORS
from voxpop.types import WorkspaceId

CHANNEL = "voxpop_changed"
PAUSE = 0.1  # seconds between two NOTIFYs of a process, since each of them holds a lock of the whole server
MOST = 200  # workspaces that one of them names: its payload has room for 8,000 bytes
AGAIN = 1.0  # seconds until a lost connection is opened anew
CHECK = 30.0  # seconds after which a silent connection is asked whether it is still there

log = get_logger(__name__)


class Subscription:
    """Somebody who waits for a workspace to change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Whether there was a wake since the last call; waits for one that long. A wake can be lost, so look anyway."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class ChangeNotifier:
    """One connection that listens, opened when somebody first waits; `send` is how this process tells the others."""

    def __init__(self, dsn: str, send: Callable[[str], Awaitable[None]]) -> None:
        self._dsn, self._send = dsn, send
        self._untold: set[WorkspaceId] = set()
        self._watches: dict[WorkspaceId, set[Subscription]] = defaultdict(set)
        self._telling: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self.ended = False

    def publish(self, workspaces: Iterable[WorkspaceId]) -> None:
        """To be called after the commit; every process hears of it, this one too, at most ten times a second."""
        self._untold.update(workspaces)
        if self._untold and (self._telling is None or self._telling.done()):
            self._telling = asyncio.create_task(self._tell())

    @contextmanager
    def subscribe(self, workspace: WorkspaceId) -> Iterator[Subscription]:
        """For as long as the block lasts."""
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        watch = Subscription()
        self._watches[workspace].add(watch)
        try:
            yield watch
        finally:
            self._watches[workspace].discard(watch)
            if not self._watches[workspace]:
                del self._watches[workspace]

    def end(self) -> None:
        """Wakes everybody for the last time: the process is stopping."""
        self.ended = True
        self._wake_all()

    async def close(self) -> None:
        """What is untold is told first, if that is a matter of a moment."""
        if self._telling:
            await asyncio.wait({self._telling}, timeout=1)
        running = {task for task in (self._telling, self._listening) if task and not task.done()}
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _tell(self) -> None:
        """Ends in the same step that sees nothing untold, so that no workspace is left behind."""
        while self._untold:
            told = sorted(self._untold)[:MOST]
            self._untold.difference_update(told)
            try:
                await self._send(" ".join(map(str, told)))
            except DATABASE_ERRORS as error:
                log.warning("Other processes could not be told of a change", reason=str(error))
            await asyncio.sleep(PAUSE)

    async def _listen(self) -> None:
        """Until cancelled. What changed while no connection listened is not known, so everybody looks after a gap."""
        while True:
            try:
                connection = await asyncpg.connect(self._dsn, timeout=10, server_settings={"application_name": CHANNEL})
                try:
                    await self._hear(connection)
                finally:
                    connection.terminate()
            except DATABASE_ERRORS as error:
                log.warning("The connection that hears of changes is lost; it is opened anew", reason=str(error))
            await asyncio.sleep(AGAIN)

    async def _hear(self, connection: "asyncpg.Connection[Any]") -> None:
        """Returns when the connection is lost, or raises."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(CHANNEL, self._on_notify)
        self._wake_all()
        while not lost.is_set():
            try:
                async with asyncio.timeout(CHECK):
                    await lost.wait()
            except TimeoutError:
                await connection.execute("SELECT", timeout=10)

    def _on_notify(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for name in str(payload).split():
            for watch in self._watches.get(WorkspaceId(UUID(name)), ()):
                watch.notify()

    def _wake_all(self) -> None:
        for watches in self._watches.values():
            for watch in watches:
                watch.notify()
