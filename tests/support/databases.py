"""Databases of tests: clones of the migrated template, emptied after each test and used again.

Emptying takes 2 ms of CPU. A new clone takes 40: its files, the caches of its first session, its removal.
"""

import asyncio
import os
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Thread
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

# The server of a session need not survive a crash. Tests of crashes start servers of their own.
FAST_SETTINGS = (
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "ALTER SYSTEM SET autovacuum = off",
    "ALTER SYSTEM SET max_wal_size = '128MB'",
    "SELECT pg_reload_conf()",
)
MAX_REMOVED_ROWS = 5_000  # more would leave a clone whose tables are large and empty
OTHER_SESSIONS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
END_OTHER_SESSIONS = f"SELECT pg_terminate_backend(pid, 10000) {OTHER_SESSIONS}"
TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
SEQUENCES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
# A statement that changes a schema leaves younger rows in these, or a different number of them.
CATALOGS = (
    *("class", "attribute", "attrdef", "constraint", "index", "type", "namespace", "proc", "trigger", "policy"),
    *("rewrite", "enum", "extension", "default_acl", "sequence", "statistic_ext"),
)
# The statistics of ANALYZE, through a view, because only a superuser may read the table behind it.
STATISTICS = "(SELECT count(*) FROM pg_stats WHERE schemaname = 'public')"
SETTINGS = "(SELECT count(*) FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = setdatabase AND {here})"

Result = TypeVar("Result")


def at(dsn: str, database: str) -> str:
    """The same server and role, another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


async def run_sql(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


class Clone(NamedTuple):
    """A database, a session in it for its management, and the initial state of its schema and filled tables."""

    name: str
    session: "asyncpg.Connection[Any]"
    emptying: str
    state: str
    new: str


class Databases:
    """Lends clones. Its sessions run on their own event loop, because each test has another loop."""

    def __init__(self, server_dsn: str, template: str) -> None:
        self.server_dsn, self.template = server_dsn, template
        self._empty: list[Clone] = []
        self._numbers = count()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="databases", daemon=True)
        self._thread.start()

    @contextmanager
    def lend(self) -> Iterator[str]:
        """The address of an empty database."""
        clone = self._empty.pop() if self._empty else self._run(self._make())
        yield at(self.server_dsn, clone.name)
        if self._run(self._is_as_new(clone)):
            self._empty.append(clone)
        else:
            self._run(self._drop(clone))

    def close(self) -> None:
        for clone in self._empty:
            self._run(self._drop(clone))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _make(self) -> Clone:
        name = f"voxpop_test_{os.getpid()}_{next(self._numbers)}"
        await run_sql(self.server_dsn, f"CREATE DATABASE {name} TEMPLATE {self.template} STRATEGY wal_log")
        session = await asyncpg.connect(at(self.server_dsn, name))
        tables = [row[0] for row in await session.fetch(TABLES)]
        filled = [table for table in tables if await session.fetchval(f"SELECT EXISTS (TABLE {table})")]
        sequences = [row[0] for row in await session.fetch(SEQUENCES)]
        state = _state(filled)
        emptying = _emptying(sorted(set(tables) - set(filled)), sequences)
        return Clone(name, session, emptying, state, await session.fetchval(state))

    async def _is_as_new(self, clone: Clone) -> bool:
        """After all sessions of the test have ended and its rows are removed."""
        try:
            await clone.session.execute(END_OTHER_SESSIONS)
            removed = await clone.session.fetchval(clone.emptying)
            return removed <= MAX_REMOVED_ROWS and await clone.session.fetchval(clone.state) == clone.new
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False

    async def _drop(self, clone: Clone) -> None:
        clone.session.terminate()
        await run_sql(self.server_dsn, f"DROP DATABASE IF EXISTS {clone.name} WITH (FORCE)")


def _state(filled: list[str]) -> str:
    """A statement that gives a digest of the schema, of the database's settings and of these tables' rows."""
    parts = [f"(SELECT (count(*), max(xmin::text::bigint)) FROM pg_{name})::text" for name in CATALOGS]
    parts += [f"(SELECT string_agg(one::text, '\n' ORDER BY one::text) FROM {name} AS one)" for name in filled]
    parts += [STATISTICS, SETTINGS.format(here="d.datname = current_database()")]
    return f"SELECT md5(concat_ws('; ', {', '.join(parts)}))"


def _emptying(tables: list[str], sequences: list[str]) -> str:
    """One statement, which foreign keys allow in any order of the tables; it gives the number of removed rows."""
    deletes = [f"d{number} AS (DELETE FROM {table} RETURNING 1)" for number, table in enumerate(tables)]
    removed = " + ".join(f"(SELECT count(*) FROM d{number})" for number in range(len(tables)))
    restarts = "".join(f", setval('{name}', 1, false)" for name in sequences)
    return f"WITH {', '.join(deletes)} SELECT {removed}{restarts}"
