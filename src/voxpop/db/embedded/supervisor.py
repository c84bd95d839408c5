"""Runs the embedded PostgreSQL server: one owner starts, watches and stops it, and other processes connect to it.

`cluster` owns the content of the data directory, and `account` the account of the server.
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

from voxpop.db.embedded.account import Account, Progress, accessible_binaries, require_access, server_account
from voxpop.db.embedded.binaries import Binaries, EmbeddedError, find_binaries
from voxpop.db.embedded.cluster import Cluster, Postmaster, ServerState, open_private, prepare_data_directory

__all__ = ["EmbeddedError", "Server", "Status", "Supervisor", "running"]

# Below the range of outgoing connections. In that range a client that retries while the server is down can connect to
# itself, and then holds the port of the server.
PORTS = range(20_000, 32_000)
DEFAULT_CONNECTIONS = 100  # of a new cluster; more are an option of the server
SILENCE_TIMEOUT = 300.0  # seconds until a server must report that it is starting; recovery may take longer


class StopSignal(Struct, frozen=True):
    """A way to stop the server, and the seconds that it gets."""

    number: signal.Signals
    timeout: float


# PostgreSQL's fast shutdown, its immediate shutdown, and the end of its processes.
STOP_SIGNALS = (
    StopSignal(signal.SIGINT, 60.0),
    StopSignal(signal.SIGQUIT, 10.0),
    StopSignal(signal.SIGKILL, 10.0),
)


class Server(Struct, frozen=True):
    """The addresses of the server: for the owner of the database, and for the login of the pool."""

    dsn: str
    login_dsn: str
    login_password: str
    owned: bool  # this process started it and stops it
    version: str  # "18.6"


class Status(Struct, frozen=True):
    """The state of the server for a user. `pid` is None while it restarts."""

    pid: int | None
    port: int
    version: str
    data: Path
    owned: bool


class Installation(Struct, frozen=True):
    """The binaries that run a cluster, and the account that runs them."""

    binaries: Binaries
    account: Account


class PortTaken(EmbeddedError):
    """Another process listens on the port."""


def _ignore_progress(_line: str) -> None:
    pass


@contextmanager
def running(
    data: Path,
    *,
    binaries: Path | None = None,
    progress: Progress = _ignore_progress,
    connections: int = DEFAULT_CONNECTIONS,
    meanwhile: Callable[[], None] | None = None,
) -> Iterator["Supervisor"]:
    """The server of a data directory: starts it and stops it at the end, or connects to that of another process.

    Call it from the main thread, before an event loop runs. The first start and a start after a crash take longer;
    `progress` gets lines for a user who waits. A server that starts here takes at least `connections`; meanwhile
    this process does other work once. Raises EmbeddedError with the reason.
    """
    supervisor = Supervisor(data, binaries, progress, connections)
    try:
        for pause in supervisor.attach():
            if meanwhile:
                meanwhile()
                meanwhile = None
            time.sleep(pause)
        yield supervisor
    finally:
        supervisor.stop()


class Supervisor:
    """One process's view of the server of a data directory. Only `running` creates it."""

    server: Server

    def __init__(self, data: Path, binaries: Path | None, progress: Progress, connections: int) -> None:
        self._connections = connections
        self._cluster = Cluster(prepare_data_directory(data, world_traversable=os.geteuid() == 0))
        self._binaries, self._progress = binaries, progress
        self._lock = open_private(self._cluster.data / "owner.lock", os.O_RDWR)
        self._child: subprocess.Popen[bytes] | None = None
        self._port: int | None = None  # does not change, because clients know it

    def attach(self) -> Iterator[float]:
        """Yields pauses until a server is ready: its own if the directory has no owner, otherwise the owner's."""
        for pause in _poll(self._progress, "Waiting for the process that starts the database"):
            if self._try_lock():
                yield from self._start()
                return
            if state := self._find_ready_server():
                self._port = state.port
                self.server = self._server(state.port, state.version, owned=False)
                return
            yield pause

    async def watch(self) -> None:
        """Restarts the server whenever it dies, on the same port, so that pools recover by themselves.

        Run it in the event loop of the main thread. When the owner of the server ends, this process takes over, so the
        processes can be stopped in any order.
        """
        while True:
            await asyncio.sleep(0.1)
            if self._child is None and self._try_lock():
                self._progress("The process that ran the database has ended; this process takes over")
            elif self._child is None or self._child.poll() is None:
                continue
            else:
                self._progress(f"The database server has ended ({_exit_reason(self._child.returncode)}); restarting it")
            await self._restart()

    async def _restart(self) -> None:
        """Retries until the server starts, because a cause such as a full disk is removed later."""
        while True:
            try:
                for pause in self._start():
                    await asyncio.sleep(pause)
                return
            except EmbeddedError as error:
                self._progress(str(error))
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
        """Stops the server that this process started, then releases the directory."""
        if (child := self._child) is not None and child.poll() is None:
            for pause in _stop_process(child.pid, self._progress, lambda: child.poll() is not None):
                time.sleep(pause)
        os.close(self._lock)

    def _try_lock(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _find_ready_server(self) -> ServerState | None:
        """The server of the owner, once it accepts connections."""
        postmaster, state = self._cluster.postmaster(), self._cluster.read_state()
        if postmaster and postmaster.status == "ready" and self._cluster.is_server(postmaster.pid):
            return state
        return None

    def _start(self) -> Iterator[float]:
        """Yields pauses until the new server accepts connections."""
        installation = self._ensure_cluster()
        version = installation.binaries.version
        yield from self._stop_orphans()
        for attempt in range(5):
            port = self._port or _free_port(self._cluster.read_state())
            # Before the start, because other processes read it as soon as the server is ready.
            self._cluster.write_state(ServerState(port, version))
            self._child = self._spawn(installation, port)
            try:
                yield from until_ready(self._child, self._cluster, self._progress)
                break
            except PortTaken:
                if self._port or attempt == 4:
                    raise
        self._port = port
        self.server = self._server(port, version, owned=True)

    def _server(self, port: int, version: str, *, owned: bool) -> Server:
        cluster = self._cluster
        return Server(cluster.dsn(port), cluster.login_dsn(port), cluster.login_password(), owned, version)

    def _ensure_cluster(self) -> Installation:
        """Returns binaries and account that fit the cluster. Creates the cluster if there is none."""
        cluster = self._cluster
        binaries = find_binaries(self._binaries)
        account = server_account(cluster.directory, self._progress)
        require_access(cluster.data, account)
        if cluster.directory.exists():
            cluster.require_version(binaries)
        binaries = accessible_binaries(binaries, account, self._progress)
        if not cluster.directory.exists():
            self._progress(f"Creating the database in {cluster.data} (PostgreSQL {binaries.version}, first start only)")
            cluster.create(binaries, account)
        return Installation(binaries, account)

    def _stop_orphans(self) -> Iterator[float]:
        """Stops processes of an earlier owner, which must have ended, because this process holds the lock."""
        cluster, child = self._cluster, self._child
        if child is not None and child.poll() is None:
            yield from _stop_process(child.pid, self._progress, lambda: child.poll() is not None)
        orphan = cluster.postmaster()
        if orphan and cluster.is_server(orphan.pid):
            yield from _stop_process(orphan.pid, self._progress, lambda: not cluster.is_server(orphan.pid))
        for pause in _poll(self._progress, "Waiting for processes of an earlier server to end"):
            orphans = cluster.orphaned_processes()
            for pid in orphans:
                _send_signal(pid, signal.SIGKILL)
            if not orphans:
                return
            yield pause

    def _spawn(self, installation: Installation, port: int) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "cluster_name": self._cluster.cluster_name,
            "log_destination": "stderr",
            "logging_collector": "on",
            # After a crash one call instead of one for each of a thousand files.
            "recovery_init_sync_method": "syncfs" if sys.platform == "linux" else "fsync",
        }
        if self._connections > DEFAULT_CONNECTIONS:
            settings["max_connections"] = self._connections
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        # The pid in a stale postmaster.pid may belong to another process now. PostgreSQL takes that process for a
        # server unless it is declared a grandparent. Deleting the file would be a race.
        stale = self._cluster.postmaster()
        environment = {"PG_GRANDPARENT_PID": str(stale.pid)} if stale else {}
        output = open_private(self._cluster.start_log, os.O_WRONLY | os.O_TRUNC)
        try:
            command = [installation.binaries.path("postgres"), "-D", str(self._cluster.directory), *options]
            return installation.account.start(command, stdout=output, environment=environment)
        finally:
            os.close(output)


def until_ready(child: subprocess.Popen[bytes], cluster: Cluster, progress: Progress) -> Iterator[float]:
    """Yields pauses until the server accepts connections. Recovery may take any time, silence only SILENCE_TIMEOUT."""
    began = time.monotonic()
    for pause in _poll(progress, "The database is starting; after a crash it first recovers"):
        if child.poll() is not None:
            yield from _wait_for_log(cluster)
            raise _startup_error(cluster, child.returncode)
        postmaster = cluster.postmaster() or Postmaster(0, "")
        if postmaster.pid == child.pid and postmaster.status == "ready":
            return
        if postmaster.pid != child.pid and time.monotonic() - began > SILENCE_TIMEOUT:
            raise EmbeddedError(
                f"The database server in {cluster.data} has not reported for {SILENCE_TIMEOUT:.0f} s; is the disk busy?"
            )
        yield pause


def _wait_for_log(cluster: Cluster) -> Iterator[float]:
    """Yields pauses, for a second at most, until the process that writes the log has ended too."""
    until = time.monotonic() + 1
    while cluster.orphaned_processes() and time.monotonic() < until:
        yield 0.01


def _startup_error(cluster: Cluster, code: int) -> EmbeddedError:
    output = cluster.log_tail()
    kind = PortTaken if "could not bind" in output else EmbeddedError
    return kind(
        f"The database server in {cluster.data} did not start ({_exit_reason(code)}). Its output:\n{output}\n"
        f"See also {cluster.directory / 'log'}."
    )


def _exit_reason(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def _stop_process(pid: int, progress: Progress, has_ended: Callable[[], bool]) -> Iterator[float]:
    """Yields pauses until the server has stopped. Each timeout leads to a stronger signal."""
    for stop in STOP_SIGNALS:
        _send_signal(pid, stop.number)
        until = time.monotonic() + stop.timeout
        for pause in _poll(progress, "Waiting for the database server to stop"):
            if has_ended():
                return
            if time.monotonic() > until:
                break
            yield pause


def _send_signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _poll(progress: Progress, waiting_for: str) -> Iterator[float]:
    """Yields pauses without end. Reports the reason after 2 s and then every 10 s."""
    began = time.monotonic()
    next_report = 2.0
    while True:
        waited = time.monotonic() - began
        if waited >= next_report:
            progress(f"{waiting_for} ({waited:.0f} s)")
            next_report += 10
        yield 0.01 if waited < 1 else 0.1


def _free_port(previous: ServerState | None) -> int:
    """Prefers the previous port, because other processes may still know it."""
    for port in ([previous.port] if previous else []) + random.sample(PORTS, 50):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise EmbeddedError(f"There is no free port between {PORTS.start} and {PORTS.stop} on 127.0.0.1")
