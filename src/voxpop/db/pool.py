"""Connections and the one way to open a transaction: as the application's role, for one workspace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NewType, cast
from uuid import UUID

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from voxpop.db.errors import CONNECTION_ERRORS, DATABASE_ERRORS
from voxpop.db.notify import NOTIFY_CHANNEL, ChangeNotifier
from voxpop.errors import Unavailable
from voxpop.types import WorkspaceId


class Connection(asyncpg.Connection):
    """A connection of the pool; it remembers what its transaction changed, to be told after the commit."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.changed: set[WorkspaceId] = set()


Tx = NewType("Tx", Connection)

APP_ROLE = "voxpop_app"
# One simple query and text, not set_config(): the only form that holds behind poolers and on clusters.
BEGIN_AS_APP_ROLE = f"BEGIN; SET LOCAL ROLE {APP_ROLE}; SET LOCAL voxpop.workspace = '%s'"
ACQUIRE_SECONDS = 10
COMMAND_SECONDS = 60


def session_attribute(dsn: str) -> SessionAttribute:
    """Of several hosts the primary; a single one is taken as it is."""
    return SessionAttribute.read_write if "," in dsn else SessionAttribute.any


class Database:
    """A pool of connections. It never lends one out but inside `transaction`."""

    def __init__(self, pool: "asyncpg.Pool[Any]", dsn: str) -> None:
        self._pool = pool
        self.notifier = ChangeNotifier(dsn, self._notify)

    @classmethod
    async def open(cls, dsn: str, *, size: int = 10, direct: str | None = None) -> "Database":
        """`direct`: an address past the pooler, such as PgBouncer, that `dsn` is; nothing is prepared there by name."""
        pool = await asyncpg.create_pool(
            dsn,
            connection_class=Connection,
            min_size=1,
            max_size=size,
            statement_cache_size=0 if direct else 200,
            max_cached_statement_lifetime=0,
            command_timeout=COMMAND_SECONDS,
            timeout=ACQUIRE_SECONDS,
            target_session_attrs=session_attribute(dsn),
            reset=_nothing_to_reset,
            server_settings={"application_name": "voxpop"},
        )
        return cls(pool, direct or dsn)

    async def close(self) -> None:
        await self.notifier.close()
        try:
            await asyncio.wait_for(self._pool.close(), 10)
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def transaction(self, workspace: WorkspaceId | None) -> AsyncIterator[Tx]:
        """Commits when the block returns, undoes everything when it raises. None sees no workspace's rows."""
        opening = BEGIN_AS_APP_ROLE % ("" if workspace is None else UUID(str(workspace)))
        async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
            tx = Tx(cast("Connection", connection))
            tx.changed.clear()
            try:
                await connection.execute(opening)
                yield tx
            except BaseException:
                await _undo(connection)
                raise
            if await connection.execute("COMMIT") != "COMMIT":
                raise Unavailable("The database undid the transaction; try again")
            self.notifier.publish(tx.changed)

    async def ping(self) -> bool:
        """Whether the database answers."""
        try:
            async with self.transaction(None) as tx:
                return bool(await tx.fetchval("SELECT true"))
        except CONNECTION_ERRORS:
            return False

    async def _notify(self, payload: str) -> None:
        """In a transaction of its own: whoever commits with a NOTIFY holds up every other commit that has one."""
        async with self.transaction(None) as tx:
            await tx.execute("SELECT pg_notify($1, $2)", NOTIFY_CHANNEL, payload)

    @property
    def size(self) -> int:
        return self._pool.get_size()

    @property
    def idle(self) -> int:
        return self._pool.get_idle_size()


def notify_on_commit(tx: Tx, workspace: WorkspaceId) -> None:
    """Notes that something changed which open pages show; who watches the workspace hears of it after the commit."""
    tx.changed.add(workspace)


async def switch_workspace(tx: Tx, workspace: WorkspaceId) -> None:
    """Moves an open transaction on to another workspace. For batches of the worker alone, in the order of the ids."""
    await tx.execute(f"SET LOCAL voxpop.workspace = '{UUID(str(workspace))}'")


async def _nothing_to_reset(_: object) -> None:
    """Every setting is SET LOCAL, so a connection comes back clean; saves a round trip each time."""


async def _undo(connection: Any) -> None:
    """Never lets a transaction outlive its block: what can't be undone is cut off."""
    try:
        await asyncio.wait_for(asyncio.shield(connection.execute("ROLLBACK")), ACQUIRE_SECONDS)
    except (*DATABASE_ERRORS, asyncio.CancelledError):
        connection.terminate()
