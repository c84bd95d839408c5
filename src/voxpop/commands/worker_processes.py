"""Several processes that serve one address: starts them, restarts one that ends, and stops all of them.

Each is `python -m voxpop.commands.worker_process`. It reads how to start from its standard input, and writes a line
when it is ready. The end of its input tells it that its parent has ended.
"""

import asyncio
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self, cast

import msgspec
from msgspec import Struct
from structlog import get_logger

from voxpop.backoff import Backoff
from voxpop.config.settings import Settings
from voxpop.errors import OperatorError

COMMAND = (sys.executable, "-m", "voxpop.commands.worker_process")
READY = b"ready\n"
RESTART = Backoff(timedelta(seconds=0.5), timedelta(seconds=30))
STABLE_SECONDS = 60.0  # a process that has run for so long starts again after the first pause
KILL_AFTER = 20.0  # seconds beyond the time that requests in progress get

log = get_logger(__name__)


class WorkerStart(Struct, frozen=True):
    """How a worker process starts. One of them has the background work."""

    settings: Settings
    dsn: str
    number: int
    metrics_directory: Path
    has_background_work: bool

    def line(self) -> bytes:
        return msgspec.json.encode(self, enc_hook=str) + b"\n"

    @classmethod
    def of(cls, line: bytes) -> Self:
        return msgspec.json.decode(line, type=cls, dec_hook=lambda kind, value: kind(value))


class WorkerProcesses:
    """Runs until SIGTERM or SIGINT. A second SIGINT cancels the requests in progress."""

    def __init__(self, starts: Sequence[WorkerStart], on_ready: Callable[[], None]) -> None:
        self._starts, self._on_ready = starts, on_ready
        self._processes: dict[int, Process] = {}
        self._ready: set[int] = set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        try:
            async with asyncio.TaskGroup() as tasks:
                for start in self._starts:
                    tasks.create_task(self._keep_running(start))
        finally:
            for process in self._processes.values():
                _signal(process, signal.SIGKILL)
            loop.remove_signal_handler(signal.SIGINT)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the shutdown has started

    async def _keep_running(self, start: WorkerStart) -> None:
        """Restarts the process with exponential backoff. Raises OperatorError if it ends before all were ready."""
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._run_once(start)
            if self._stopping.is_set():
                return
            if len(self._ready) < len(self._starts):
                raise OperatorError(f"Worker process {start.number} ended with code {code} before it was ready")
            failures = 1 if time.monotonic() - began > STABLE_SECONDS else failures + 1
            pause = RESTART.pause(failures)
            log.warning("worker.restarted", number=start.number, exit_code=code, pause=pause.total_seconds())
            await self._sleep(pause.total_seconds())

    async def _run_once(self, start: WorkerStart) -> int:
        """Returns the exit code of the process, which is negative after a signal."""
        # A session of its own, so that Ctrl-C reaches this process alone, which then stops the others in order.
        process = await asyncio.create_subprocess_exec(*COMMAND, stdin=PIPE, stdout=PIPE, start_new_session=True)
        self._processes[start.number] = process
        stdin, stdout = cast(asyncio.StreamWriter, process.stdin), cast(asyncio.StreamReader, process.stdout)
        stdin.write(start.line())
        if self._stopping.is_set():
            _signal(process, signal.SIGTERM)
        if await stdout.readline() == READY:
            self._ready.add(start.number)
            if len(self._ready) == len(self._starts):
                self._announce()
        return await process.wait()

    def _announce(self) -> None:
        """Once, when all are ready for the first time."""
        self._on_ready()
        self._on_ready = lambda: None

    async def _sleep(self, seconds: float) -> None:
        """Ends early when the service stops."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    def _interrupt(self) -> None:
        if self._stopping.is_set():
            for process in self._processes.values():
                _signal(process, signal.SIGINT)
        self._stop()

    def _stop(self) -> None:
        if self._stopping.is_set():
            return
        self._stopping.set()
        for process in self._processes.values():
            _signal(process, signal.SIGTERM)
        seconds = self._starts[0].settings.shutdown_seconds + KILL_AFTER
        asyncio.get_running_loop().call_later(seconds, self._kill)

    def _kill(self) -> None:
        for process in self._processes.values():
            _signal(process, signal.SIGKILL)


def _signal(process: Process, number: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(number)
