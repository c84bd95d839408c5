"""Change notifications between processes, over LISTEN and NOTIFY: what changed, sent after the commit.

A notification can be lost, so a subscriber must also read the tables from time to time.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from structlog import get_logger

from voxpop.db.errors import DATABASE_ERRORS
from voxpop.logs import log_failure
from voxpop.types import WorkspaceId

NOTIFY_CHANNEL = "voxpop_changed"
IDENTITY_CHANGED = "identity"  # in a payload: a key, session, member or workspace has changed
NOTIFY_INTERVAL = 0.1  # seconds between two NOTIFYs of a process, because each takes a lock of the whole server
MAX_WORDS = 200  # of one NOTIFY, whose payload is limited to 8,000 bytes
RECONNECT_DELAY = 1.0  # seconds
CONNECTION_CHECK_INTERVAL = 30.0  # seconds without a notification, after which the connection is tested

log = get_logger(__name__)


class Subscription:
    """Waits for changes of one workspace."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Waits for a change and returns whether there was one since the last call.

        Read the tables after False too: a notification can be lost.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class ChangeNotifier:
    """Sends and receives change notifications of this process.

    The first call of `listen` or `subscribe` opens the one connection that listens. `send` runs NOTIFY with a payload.
    """

    def __init__(self, dsn: str, send: Callable[[str], Awaitable[None]]) -> None:
        self._dsn, self._send = dsn, send
        self._pending: set[str] = set()
        self._forget: list[Callable[[], None]] = []
        self._subscriptions: dict[WorkspaceId, set[Subscription]] = defaultdict(set)
        self._sender: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[None] | None = None
        self.stopping = False

    def publish(self, workspaces: Iterable[WorkspaceId], *, identity_changed: bool = False) -> None:
        """Notifies every process, including this one, at most ten times a second. Call it after the commit.

        This process forgets identities at once.
        """
        self._pending.update(map(str, workspaces))
        if identity_changed:
            self._pending.add(IDENTITY_CHANGED)
            self.forget_identities()
        if self._pending and (self._sender is None or self._sender.done()):
            self._sender = asyncio.create_task(self._send_pending())

    def on_identity_change(self, forget: Callable[[], None]) -> None:
        """Calls `forget` when a process has changed an identity, and when changes may have been missed."""
        self._forget.append(forget)

    def listen(self) -> None:
        """Starts to listen to other processes, unless this process listens already."""
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen())

    @contextmanager
    def subscribe(self, workspace: WorkspaceId) -> Iterator[Subscription]:
        """A subscription that ends with the block."""
        self.listen()
        subscription = Subscription()
        self._subscriptions[workspace].add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions[workspace].discard(subscription)
            if not self._subscriptions[workspace]:
                del self._subscriptions[workspace]

    def stop(self) -> None:
        """Wakes all subscribers for the last time, because the process is stopping."""
        self.stopping = True
        self._notify_all()

    async def close(self) -> None:
        """Sends pending notifications for up to a second, then stops listening."""
        if self._sender:
            await asyncio.wait({self._sender}, timeout=1)
        running = {task for task in (self._sender, self._listener) if task and not task.done()}
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _send_pending(self) -> None:
        """Ends without an await after it finds nothing pending, so that no workspace is left unsent."""
        while self._pending:
            batch = sorted(self._pending, key=lambda word: word != IDENTITY_CHANGED)[:MAX_WORDS]
            self._pending.difference_update(batch)
            try:
                await self._send(" ".join(batch))
            except DATABASE_ERRORS as error:
                log_failure("send", partial(log.warning, "notification.send_failed", reason=str(error)))
            await asyncio.sleep(NOTIFY_INTERVAL)

    async def _listen(self) -> None:
        """Listens until it is cancelled, and opens a lost connection again."""
        while True:
            try:
                connection = await asyncpg.connect(
                    self._dsn, timeout=10, server_settings={"application_name": NOTIFY_CHANNEL}
                )
                try:
                    await self._listen_on(connection)
                finally:
                    connection.terminate()
            except DATABASE_ERRORS as error:
                log_failure("listen", partial(log.warning, "notification.connection_lost", reason=str(error)))
            await asyncio.sleep(RECONNECT_DELAY)

    async def _listen_on(self, connection: "asyncpg.Connection[Any]") -> None:
        """Listens until the connection is lost.

        Changes before this moment are unknown, so all subscribers are woken once and identities are forgotten.
        """
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(NOTIFY_CHANNEL, self._on_notify)
        self.forget_identities()
        self._notify_all()
        while not lost.is_set():
            try:
                async with asyncio.timeout(CONNECTION_CHECK_INTERVAL):
                    await lost.wait()
            except TimeoutError:
                await connection.execute("SELECT", timeout=10)

    def _on_notify(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for word in str(payload).split():
            if word == IDENTITY_CHANGED:
                self.forget_identities()
                continue
            for subscription in self._subscriptions.get(WorkspaceId(UUID(word)), ()):
                subscription.notify()

    def forget_identities(self) -> None:
        """This process forgets them; `publish` tells the others too."""
        for forget in self._forget:
            forget()

    def _notify_all(self) -> None:
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.notify()
