"""The embedded PostgreSQL server while it runs: one owner starts, watches and stops it; other processes find it here.

What is in the data directory is `cluster`'s, under which account the server runs `account`'s.
"""

import asyncio
import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from voxpop.db.embedded import binaries as wheel
from voxpop.db.embedded.account import Account, Progress, accessible_binaries, require_access, server_account
from voxpop.db.embedded.binaries import EmbeddedError
from voxpop.db.embedded.cluster import Cluster, Postmaster, State, open_private, prepare

__all__ = ["EmbeddedError", "Server", "Status", "Supervisor", "running"]

# Below the ports that systems give to outgoing connections: there a client that tries again and again while the server
# is away can be connected to itself, and would hold the server's port.
PORTS = range(20_000, 32_000)
SILENCE = 300.0  # seconds for a server to say that it is starting; once it has, it may take as long as it needs
_STOPS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))  # fast, at once, by force


class Server(Struct, frozen=True):
    """What one connects to: as the owner of everything in it, so for migrations; transactions change their role."""

    dsn: str
    owned: bool  # this process started it and will stop it
    version: str  # "18.6"


class Status(Struct, frozen=True):
    """What people want to know of the server; `pid` is None while it is being started again."""

    pid: int | None
    port: int
    version: str
    data: Path
    owned: bool


class PortTaken(EmbeddedError):
    """Somebody else listens there now."""


def _silent(_line: str) -> None:
    pass


@contextmanager
def running(data: Path, *, binaries: Path | None = None, say: Progress = _silent) -> Iterator["Supervisor"]:
    """The server of a data directory: started here and stopped at the end, or another process's, left as it is.

    From the main thread, before an event loop runs. Both may take a while the first time or after a crash; `say` gets
    lines for a person who waits. EmbeddedError tells what stands in the way.
    """
    supervisor = Supervisor(data, binaries, say)
    try:
        for pause in supervisor.attach():
            time.sleep(pause)
        yield supervisor
    finally:
        supervisor.stop()


class Supervisor:
    """The server of one data directory, as one process sees it. Made by `running` alone."""

    server: Server

    def __init__(self, data: Path, binaries: Path | None, say: Progress) -> None:
        self._cluster = Cluster(prepare(data, passable=os.geteuid() == 0))
        self._binaries, self._say = binaries, say
        self._lock = open_private(self._cluster.data / "owner.lock", os.O_RDWR)
        self._child: subprocess.Popen[bytes] | None = None
        self._port: int | None = None  # once told to anybody, it stays

    def attach(self) -> Iterator[float]:
        """Yields pauses until there is a server: ours if nobody owns the directory, else the owner's."""
        for pause in _pauses(self._say, "Waiting for the process that is starting the database"):
            if self._own():
                yield from self._start()
                return
            if found := self._found():
                self._port = found.port
                self.server = Server(self._cluster.dsn(found.port), False, found.version)
                return
            yield pause

    async def watch(self) -> None:
        """For ever: starts the server again when it dies, on the same port, so that pools recover by themselves.

        In the event loop of the main thread. When another process owned the server and has gone away, this one takes
        over, so that any of several may be stopped first.
        """
        while True:
            await asyncio.sleep(0.1)
            if self._child is None and self._own():
                self._say("The process that ran the database has ended; this one goes on with it")
            elif self._child is None or self._child.poll() is None:
                continue
            else:
                self._say(f"The database server has ended ({_ending(self._child.returncode)}); starting it again")
            await self._start_again()

    async def _start_again(self) -> None:
        """Until it works: a full disk, for one, is emptied by people, later."""
        while True:
            try:
                for pause in self._start():
                    await asyncio.sleep(pause)
                return
            except EmbeddedError as error:
                self._say(str(error))
                await asyncio.sleep(2)

    def status(self) -> Status:
        postmaster = self._cluster.postmaster()
        alive = postmaster is not None and self._cluster.is_server(postmaster.pid)
        return Status(
            pid=postmaster.pid if postmaster and alive else None,
            port=self._port or 0,
            version=self.server.version,
            data=self._cluster.data,
            owned=self.server.owned,
        )

    def stop(self) -> None:
        """Stops what this process started, then lets go of the directory."""
        if (child := self._child) is not None and child.poll() is None:
            for pause in _ended(child.pid, self._say, lambda: child.poll() is not None):
                time.sleep(pause)
        os.close(self._lock)

    def _own(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _found(self) -> State | None:
        """The owner's server, once it takes connections."""
        postmaster, state = self._cluster.postmaster(), self._cluster.read_state()
        if postmaster and postmaster.status == "ready" and self._cluster.is_server(postmaster.pid):
            return state
        return None

    def _start(self) -> Iterator[float]:
        """Yields pauses until the server, which is ours from here on, takes connections."""
        found, account = self._ensure_cluster()
        yield from self._stop_orphans()
        for attempt in range(5):
            port = self._port or _free_port(self._cluster.read_state())
            self._cluster.write_state(State(port, found.version))  # before it is ready, when others look for it
            self._child = self._spawn(found, account, port)
            try:
                yield from until_ready(self._child, self._cluster, self._say)
                break
            except PortTaken:
                if self._port or attempt == 4:
                    raise
        self._port = port
        self.server = Server(self._cluster.dsn(port), True, found.version)

    def _ensure_cluster(self) -> tuple[wheel.Binaries, Account]:
        """Binaries and account that fit the cluster, which is made here if there is none."""
        cluster = self._cluster
        found = wheel.find(self._binaries)
        account = server_account(cluster.directory, self._say)
        require_access(cluster.data, account)
        if cluster.directory.exists():
            cluster.require_version(found)
        found = accessible_binaries(found, account, self._say)
        if not cluster.directory.exists():
            self._say(f"Making the database in {cluster.data} (PostgreSQL {found.version}, the first time only)")
            cluster.create(found, account)
        return found, account

    def _stop_orphans(self) -> Iterator[float]:
        """Ends what outlived its owner. Whoever owned the directory before us is gone, since we hold the lock."""
        cluster, child = self._cluster, self._child
        if child is not None and child.poll() is None:
            yield from _ended(child.pid, self._say, lambda: child.poll() is not None)
        outlived = cluster.postmaster()
        if outlived and cluster.is_server(outlived.pid):
            yield from _ended(outlived.pid, self._say, lambda: not cluster.is_server(outlived.pid))
        for pause in _pauses(self._say, "Waiting for processes of an earlier server to end"):
            left = cluster.orphaned_processes()
            for pid in left:
                _signal(pid, signal.SIGKILL)
            if not left:
                return
            yield pause

    def _spawn(self, found: wheel.Binaries, account: Account, port: int) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "cluster_name": self._cluster.cluster_name,
            "log_destination": "stderr",
            "logging_collector": "on",
            # One call after a crash, instead of one for each of a thousand files.
            "recovery_init_sync_method": "syncfs" if sys.platform == "linux" else "fsync",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        # What is in postmaster.pid now is no server of ours, but may be the pid of some other process by now, which
        # PostgreSQL takes for a server unless it is called its grandparent. Taking the file away would be a race.
        stale = self._cluster.postmaster()
        environment = {"PG_GRANDPARENT_PID": str(stale.pid)} if stale else {}
        output = open_private(self._cluster.start_log, os.O_WRONLY | os.O_TRUNC)
        try:
            command = [found.path("postgres"), "-D", str(self._cluster.directory), *options]
            return account.start(command, output=output, environment=environment)
        finally:
            os.close(output)


def until_ready(child: subprocess.Popen[bytes], cluster: Cluster, say: Progress) -> Iterator[float]:
    """Yields pauses until the server takes connections, however long it recovers. It may be silent for SILENCE only."""
    began = time.monotonic()
    for pause in _pauses(say, "The database is starting; after a crash it first repeats what was not yet in its files"):
        if child.poll() is not None:
            yield from _log_written(cluster)
            raise _failure(cluster, child.returncode)
        said = cluster.postmaster() or Postmaster(0, "")
        if said.pid == child.pid and said.status == "ready":
            return
        if said.pid != child.pid and time.monotonic() - began > SILENCE:
            raise EmbeddedError(
                f"The database server in {cluster.data} says nothing for {SILENCE:.0f} s; is the disk busy?"
            )
        yield pause


def _log_written(cluster: Cluster) -> Iterator[float]:
    """Yields pauses, for a second at most, until the process that writes the log has followed the server."""
    until = time.monotonic() + 1
    while cluster.orphaned_processes() and time.monotonic() < until:
        yield 0.01


def _failure(cluster: Cluster, code: int) -> EmbeddedError:
    said = cluster.log_tail()
    kind = PortTaken if "could not bind" in said else EmbeddedError
    return kind(
        f"The database server in {cluster.data} did not start ({_ending(code)}). It said:\n{said}\n"
        f"More may be in {cluster.directory / 'log'}."
    )


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def _ended(pid: int, say: Progress, gone: Callable[[], bool]) -> Iterator[float]:
    """Yields pauses until a server has stopped, more firmly when it takes long."""
    for number, limit in _STOPS:
        _signal(pid, number)
        until = time.monotonic() + limit
        for pause in _pauses(say, "Waiting for the database server to stop"):
            if gone():
                return
            if time.monotonic() > until:
                break
            yield pause


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _pauses(say: Progress, waiting_for: str) -> Iterator[float]:
    """Pauses without end, saying after 2 s and then every 10 s what the wait is for."""
    began = time.monotonic()
    next_word = 2.0
    while True:
        waited = time.monotonic() - began
        if waited >= next_word:
            say(f"{waiting_for} ({waited:.0f} s)")
            next_word += 10
        yield 0.01 if waited < 1 else 0.1


def _free_port(before: State | None) -> int:
    """The port of the last time if it is free, since other processes may still know it."""
    for port in ([before.port] if before else []) + random.sample(PORTS, 50):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise EmbeddedError(f"No free port was found between {PORTS.start} and {PORTS.stop} on 127.0.0.1")
