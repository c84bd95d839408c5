"""Helpers of the tests of the embedded database: another process that uses it, and questions to a server."""

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

HOLDER = Path(__file__).with_name("holder.py")
AS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not AS_ROOT, reason="only root runs the server as another account")


class Holder:
    """Another process that uses the data directory."""

    def __init__(self, data: Path, *options: str) -> None:
        command = [sys.executable, str(HOLDER), str(data), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def server(self) -> Server:
        assert self.process.stdout is not None
        if not (line := self.process.stdout.readline()):
            raise AssertionError(self.process.communicate()[1].decode())
        return msgspec.json.decode(line, type=Server)

    def leave(self) -> None:
        self.process.communicate(timeout=20)

    def kill(self) -> None:
        self.process.kill()
        self.leave()


def ask(supervisor: Supervisor | Server, statement: str) -> Any:
    server = supervisor.server if isinstance(supervisor, Supervisor) else supervisor
    return asyncio.run(answer(server.dsn, statement))


async def answer(dsn: str, statement: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def seconds_since(began: float) -> float:
    return time.monotonic() - began


def eventually(holds: Callable[[], Any], limit: float = 60) -> Any:
    began = time.monotonic()
    while not (found := holds()):
        assert seconds_since(began) < limit
        time.sleep(0.005)
    return found


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b" Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    return False


def copied(data: Path, place: Path) -> Path:
    """A data directory of its own, of one whose server does not run; quicker than making one."""
    subprocess.run(["cp", "-a", data, place], check=True)
    return place


Hold = Callable[..., Holder]
