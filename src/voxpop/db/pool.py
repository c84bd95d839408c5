"""The connection pool, and the ways to begin a transaction: for one workspace, or as the system's role."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from typing import Any, NewType, cast
from uuid import UUID

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from msgspec import Struct, field

from voxpop.db.errors import CONNECTION_ERRORS, DATABASE_ERRORS
from voxpop.db.notify import NOTIFY_CHANNEL, ChangeNotifier
from voxpop.errors import Unavailable
from voxpop.types import WorkspaceId


class Changes(Struct):
    """What a transaction changed, for the notification after its commit; and of its own settings."""

    workspaces: set[WorkspaceId] = field(default_factory=set)
    identity: bool = False
    plans_with_values: bool = False

    def clear(self) -> None:
        self.workspaces.clear()
        self.identity = self.plans_with_values = False


class Connection(asyncpg.Connection):
    """A connection of the pool, with the changes of its transaction."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changes = Changes()


Tx = NewType("Tx", Connection)
Begin = Callable[[], AbstractAsyncContextManager[Tx]]

APP_ROLE = "voxpop_app"
# One simple query with SET LOCAL instead of set_config(), because only this form works behind poolers and on clusters.
BEGIN_AS_APP_ROLE = f"BEGIN; SET LOCAL ROLE {APP_ROLE}; SET LOCAL voxpop.workspace = '%s'"
# The same for the session of a connection, and its end.
ENTER_SESSION = f"SET ROLE {APP_ROLE}; SET voxpop.workspace = '%s'"
LEAVE_SESSION = "RESET ROLE; RESET voxpop.workspace"
SYSTEM_ROLE = "voxpop_system"
BEGIN_AS_SYSTEM_ROLE = f"BEGIN; SET LOCAL ROLE {SYSTEM_ROLE}; SET LOCAL voxpop.workspace = ''"
ACQUIRE_TIMEOUT = 10  # seconds
COMMAND_TIMEOUT = 60  # seconds
HAS_CITUS = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')"


def session_attribute(dsn: str) -> SessionAttribute:
    """With several hosts in the address the driver looks for the primary; a single host is used as it is."""
    return SessionAttribute.read_write if "," in dsn else SessionAttribute.any


class Database:
    """A pool of connections, available only inside `transaction` and `system_transaction`."""

    def __init__(self, pool: "asyncpg.Pool[Any]", dsn: str, *, keeps_sessions: bool = True) -> None:
        self._pool, self._keeps_sessions = pool, keeps_sessions
        self.notifier = ChangeNotifier(dsn, self._notify)

    @classmethod
    async def open(cls, dsn: str, *, size: int = 10, direct: str | None = None) -> "Database":
        """Opens the pool. `direct` is set when `dsn` is a pooler such as PgBouncer, and names the server behind it.

        Behind a pooler there are no prepared statements.
        """
        pool = await asyncpg.create_pool(
            dsn,
            connection_class=Connection,
            min_size=1,
            max_size=size,
            statement_cache_size=0 if direct else 200,
            max_cached_statement_lifetime=0,
            command_timeout=COMMAND_TIMEOUT,
            timeout=ACQUIRE_TIMEOUT,
            target_session_attrs=session_attribute(dsn),
            reset=_skip_reset,
            server_settings={"application_name": "voxpop"},
        )
        return cls(pool, direct or dsn, keeps_sessions=direct is None and not await pool.fetchval(HAS_CITUS))

    async def close(self) -> None:
        await self.notifier.close()
        try:
            await asyncio.wait_for(self._pool.close(), 10)
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def transaction(self, workspace: WorkspaceId | None) -> AsyncIterator[Tx]:
        """Commits when the block returns, rolls back when it raises. Without a workspace no tenant row is visible."""
        async with self._begin(BEGIN_AS_APP_ROLE % ("" if workspace is None else UUID(str(workspace)))) as tx:
            yield tx

    @asynccontextmanager
    async def system_transaction(self) -> AsyncIterator[Tx]:
        """For statements with `system=True`, which the policies of a workspace would keep from their rows."""
        async with self._begin(BEGIN_AS_SYSTEM_ROLE) as tx:
            yield tx

    @asynccontextmanager
    async def _begin(self, begin: str) -> AsyncIterator[Tx]:
        async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT) as connection:
            tx = Tx(cast("Connection", connection))
            tx.changes.clear()
            try:
                await connection.execute(begin)
                yield tx
                if await connection.execute("COMMIT") != "COMMIT":
                    raise Unavailable("The database rolled the transaction back; try again")
            except BaseException:
                await _end(connection, "ROLLBACK")
                raise
            self.notifier.publish(tx.changes.workspaces, identity_changed=tx.changes.identity)

    @asynccontextmanager
    async def transactions(self, workspace: WorkspaceId | None, *, one_statement: bool) -> AsyncIterator[Begin]:
        """Yields a function that begins transactions in a workspace, one after the other; without one, as the system.

        `one_statement`: each consists of one statement, which commits by itself. The block keeps a connection, and sets
        role and workspace once, for its session. A pooler has no sessions, and Citus does not send such settings to its
        workers, so there each statement has a transaction like any other.
        """
        if workspace is None:
            yield self.system_transaction
            return
        if not (one_statement and self._keeps_sessions):
            yield partial(self.transaction, workspace)
            return
        enter = ENTER_SESSION % UUID(str(workspace))
        async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT) as connection:
            try:
                await connection.execute(enter)
                yield partial(self._statement, Tx(cast("Connection", connection)))
            finally:
                await _end(connection, LEAVE_SESSION)

    @asynccontextmanager
    async def _statement(self, tx: Tx) -> AsyncIterator[Tx]:
        tx.changes.clear()
        yield tx
        self.notifier.publish(tx.changes.workspaces, identity_changed=tx.changes.identity)

    async def ping(self) -> bool:
        """Whether the database responds."""
        try:
            async with self.system_transaction() as tx:
                return bool(await tx.fetchval("SELECT true"))
        except CONNECTION_ERRORS:
            return False

    async def _notify(self, payload: str) -> None:
        """Runs NOTIFY in its own transaction, because its commit blocks every other commit with a NOTIFY."""
        async with self.system_transaction() as tx:
            await tx.execute("SELECT pg_notify($1, $2)", NOTIFY_CHANNEL, payload)

    @property
    def size(self) -> int:
        return self._pool.get_size()

    @property
    def idle(self) -> int:
        return self._pool.get_idle_size()


@asynccontextmanager
async def system_role(tx: Tx) -> AsyncIterator[None]:
    """Runs statements with `system=True` in the transaction of a workspace, which goes on as before."""
    await tx.execute(f"SET LOCAL ROLE {SYSTEM_ROLE}")
    try:
        yield
    finally:
        with suppress(asyncpg.InFailedSQLTransactionError):  # its rollback resets the role
            await tx.execute(f"SET LOCAL ROLE {APP_ROLE}")


@asynccontextmanager
async def savepoint(tx: Tx) -> AsyncIterator[None]:
    """Undoes the block when it raises, so that the transaction can go on after the error."""
    await tx.execute("SAVEPOINT block")
    try:
        yield
    except BaseException:
        await tx.execute("ROLLBACK TO SAVEPOINT block")
        raise
    await tx.execute("RELEASE SAVEPOINT block")


async def plan_with_values(tx: Tx) -> None:
    """Plans each statement with its values, until the end of the transaction: conditions that are not set fold away."""
    if not tx.changes.plans_with_values:
        await tx.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        tx.changes.plans_with_values = True


def notify_on_commit(tx: Tx, workspace: WorkspaceId) -> None:
    """Notifies the subscribers of the workspace after the commit. Call it when open pages must reload."""
    tx.changes.workspaces.add(workspace)


async def switch_workspace(tx: Tx, workspace: WorkspaceId) -> None:
    """Moves an open transaction to another workspace. Only for batches of the worker, in the order of the ids."""
    await tx.execute(f"SET LOCAL voxpop.workspace = '{UUID(str(workspace))}'")


async def _skip_reset(_: object) -> None:
    """Skips the reset of a returned connection: every setting is SET LOCAL, so this saves a round trip."""


async def _end(connection: Any, statement: str) -> None:
    """Ends a transaction or session. If that fails, it closes the connection, so that neither outlives its block."""
    try:
        ending = asyncio.ensure_future(connection.execute(statement))
        # A cancelled `shield` forgets what it protects. Closing the connection then fails `ending`, which is lost.
        ending.add_done_callback(_retrieve)
        await asyncio.wait_for(asyncio.shield(ending), ACQUIRE_TIMEOUT)
    except (*DATABASE_ERRORS, asyncio.CancelledError):
        with suppress(asyncpg.InterfaceError):  # a lost connection has left the pool already
            connection.terminate()


def _retrieve(done: "asyncio.Future[Any]") -> None:
    """Takes the exception, so that asyncio does not report it as lost."""
    if not done.cancelled():
        done.exception()
