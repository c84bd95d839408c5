"""Helpers for tests of the embedded database: other processes that use it, queries and waits."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from voxpop.db.embedded.supervisor import Server, Supervisor

SCRIPT = Path(__file__).with_name("embedded_process.py")
AS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not AS_ROOT, reason="only root runs the server as another account")


class EmbeddedProcess:
    """Another process that uses a data directory."""

    def __init__(self, data: Path, *options: str) -> None:
        command = [sys.executable, str(SCRIPT), str(data), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def server(self) -> Server:
        """The server that the process started or found; waits until it is ready."""
        assert self.process.stdout is not None
        if not (line := self.process.stdout.readline()):
            raise AssertionError(self.process.communicate()[1].decode())
        return msgspec.json.decode(line, type=Server)

    def stop(self) -> None:
        self.process.communicate(timeout=20)

    def kill(self) -> None:
        self.process.kill()
        self.stop()


StartProcess = Callable[..., EmbeddedProcess]


def query(supervisor: Supervisor | Server, statement: str) -> Any:
    """The first value of the first row."""
    server = supervisor.server if isinstance(supervisor, Supervisor) else supervisor
    return asyncio.run(fetch_value(server.dsn, statement))


async def fetch_value(dsn: str, statement: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def seconds_since(began: float) -> float:
    return time.monotonic() - began


def wait_until(condition: Callable[[], Any], timeout: float = 60) -> Any:
    """Waits until the condition returns something true, and returns it."""
    began = time.monotonic()
    while not (result := condition()):
        assert seconds_since(began) < timeout
        time.sleep(0.005)
    return result


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b" Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    return False


def copy_data(data: Path, target: Path) -> Path:
    """Copies a data directory whose server does not run, which is faster than creating one."""
    subprocess.run(["cp", "-a", data, target], check=True)
    return target
