"""Rows that many tests begin with. They are made once in a process, and inserted as they were for the next tests."""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, NamedTuple, TypeVar

import asyncpg
from tests.support.databases import TABLES

from voxpop.db.pool import Database

Result = TypeVar("Result")

MAX_AGE = 60  # seconds; then the rows are made again, so that their times stay recent
HAS_WORKSPACES = "SELECT EXISTS (TABLE workspace)"
COLUMNS = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
SEQUENCES = """
    SELECT format('SELECT setval(%L, %s)', sequencename, last_value) FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL
"""


class Recording(NamedTuple):
    """The statements that insert the rows, and the result of the function that made them."""

    statements: str
    result: Any
    made_at: float


_recordings: dict[str, Recording] = {}


async def record_once(database: Database, name: str, make: Callable[[], Awaitable[Result]]) -> Result:
    """The result of `make` and the rows that it makes. In a database with other rows, `make` runs each time."""
    async with database._pool.acquire() as connection:  # without a role, so that policies hide no row
        if await connection.fetchval(HAS_WORKSPACES):
            return await make()
        known = _recordings.get(name)
        if known and monotonic() - known.made_at < MAX_AGE:
            await connection.execute(known.statements)
            result: Result = known.result
            return result
        before = await _filled_tables(connection)
    result = await make()
    async with database._pool.acquire() as connection:
        tables = [table for table in await _filled_tables(connection) if table not in before]
        _recordings[name] = Recording(await _statements(connection, tables), result, monotonic())
    return result


async def _filled_tables(connection: "asyncpg.Connection[Any]") -> list[str]:
    tables = [row[0] for row in await connection.fetch(TABLES)]
    return [table for table in tables if await connection.fetchval(f"SELECT EXISTS (TABLE {table})")]


async def _statements(connection: "asyncpg.Connection[Any]", tables: list[str]) -> str:
    """One statement for the rows of all tables, which foreign keys allow in any order; then one for each sequence."""
    inserts = []
    for table in tables:
        columns = await connection.fetchval(COLUMNS, table)
        rows = await connection.fetchval(f"SELECT quote_literal(json_agg(one)::text) FROM {table} AS one")
        values = f"SELECT {columns} FROM json_populate_recordset(NULL::{table}, {rows})"
        inserts.append(f"{table}_rows AS (INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE {values})")
    numbers = [row[0] for row in await connection.fetch(SEQUENCES)]
    return "; ".join([f"WITH {', '.join(inserts)} SELECT", *numbers])
