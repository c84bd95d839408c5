"""Times of the statements that a call runs, for benches that run the application in their own process.

On a busy machine, `--cpu` takes the time of the processor: that of this process and of the database connection.
"""

import gc
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import common

from voxpop.db.pool import Connection

common.PARSER.add_argument("--cpu", action="store_true", help="times of the processor, for a busy machine")
CPU = "--cpu" in sys.argv
WARM_UP = 3
FRAME = ("BEGIN", "SET", "COMMIT", "ROLLBACK")  # of a transaction; a statement starts with none of these

Work = Callable[[], Awaitable[object]]


class Times(NamedTuple):
    """Milliseconds of each call: in all, in its statements, and of each statement."""

    calls: list[float]
    in_statements: list[float]
    statements: dict[str, list[float]]

    @property
    def p99(self) -> float:
        return common.percentile(self.calls, 0.99)

    @property
    def slowest(self) -> "Statement":
        """The statement with the highest p99; without statements, an empty one."""
        ranked = [Statement(sql, common.percentile(times, 0.99)) for sql, times in self.statements.items()]
        return max(ranked, key=lambda each: each.p99, default=Statement("", 0))


class Statement(NamedTuple):
    """A statement and its p99 in milliseconds."""

    sql: str
    p99: float


class CallTime(NamedTuple):
    """Milliseconds of one call, in all and in its statements."""

    in_all: float
    in_statements: float


class Recorder:
    """Takes the time of every statement of the product's connections, from its creation on."""

    def __init__(self) -> None:
        self._statements: dict[str, list[float]] = defaultdict(list)
        self._of_servers = self._in_statements = 0.0
        for name in ("fetch", "fetchrow", "execute"):
            setattr(Connection, name, self._timed(getattr(Connection, name)))

    async def measure(self, work: Work, calls: int) -> Times:
        """The times of so many calls, after some to warm up."""
        for _ in range(WARM_UP):
            await work()
        self._statements.clear()
        gc.collect()
        gc.freeze()  # as the product does when it starts
        times = [await self._time(work) for _ in range(calls)]
        return Times([each.in_all for each in times], [each.in_statements for each in times], dict(self._statements))

    async def _time(self, work: Work) -> "CallTime":
        self._of_servers = self._in_statements = 0.0
        began = _clock()
        await work()
        return CallTime(_clock() - began + self._of_servers, self._in_statements)

    def _timed(self, run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def timed(connection: Connection, sql: str, *args: Any, **options: Any) -> Any:
            server = _server_clock(connection)
            began = _clock()
            answer = await run(connection, sql, *args, **options)
            ours = _clock() - began
            of_server = _server_clock(connection) - server
            self._of_servers += of_server
            if not sql.startswith(FRAME):
                self._statements[sql].append(ours + of_server)
                self._in_statements += ours + of_server
            return answer

        return timed


def _clock() -> float:
    return (time.process_time() if CPU else time.perf_counter()) * 1000


def _server_clock(connection: Connection) -> float:
    """The time of the processor that the connection's process has used; 0 where time is that of the clock."""
    return int(Path(f"/proc/{connection.get_server_pid()}/schedstat").read_text().split()[0]) / 1e6 if CPU else 0.0
