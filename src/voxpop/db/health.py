"""The readiness check: whether the database responds and takes writes."""

import asyncio
from time import monotonic

from msgspec import Struct

from voxpop.db.errors import DATABASE_ERRORS
from voxpop.db.pool import Database
from voxpop.db.query import NoRows, Query

WRITE_INTERVAL = 1.0  # seconds between two writes of a process
TIMEOUT = 10  # seconds

WRITE_ROW = Query(
    """
    INSERT INTO health_check (id, written_at) VALUES (true, now())
    ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at
    """,
    NoRows,
    system=True,
)


class SpilledRows(Struct, frozen=True):
    count: int


# Needs more memory than SMALL_MEMORY, so that the server writes half a megabyte to a temporary file. On a full disk the
# row alone could still be written, because its page and the log's file exist already.
SPILL = Query("SELECT count(*) FROM generate_series(1, 20000)", SpilledRows, system=True)
SMALL_MEMORY = "SET LOCAL work_mem = '64kB'"


class ReadinessCheck:
    """Remembers the result of the last write for a second, however often it is asked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._checked_at = float("-inf")
        self._can_write = False

    async def is_ready(self) -> bool:
        """Whether the database responds now, and took a write within the last second."""
        async with self._lock:
            if monotonic() - self._checked_at < WRITE_INTERVAL:
                return self._can_write and await self._database.ping()
            self._checked_at = monotonic()
            self._can_write = await self._write()
            return self._can_write

    async def _write(self) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT), self._database.system_transaction() as tx:
                await WRITE_ROW.run(tx)
                await tx.execute(SMALL_MEMORY)
                await SPILL.one(tx)
        except DATABASE_ERRORS:
            return False
        return True
