"""The embedded database with real servers and processes: start, ownership, kills and recovery."""

import asyncio
import contextlib
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace
from tests.support.embedded import (
    AS_ROOT,
    StartProcess,
    fetch_value,
    is_alive,
    only_root,
    query,
    seconds_since,
    wait_until,
)

from voxpop.db.embedded import account as accounts
from voxpop.db.embedded import cluster as clusters
from voxpop.db.embedded import supervisor as embedded
from voxpop.db.embedded.account import Account, accessible_binaries, server_account
from voxpop.db.embedded.binaries import find_binaries
from voxpop.db.embedded.cluster import Cluster, Postmaster, ServerState
from voxpop.db.embedded.supervisor import EmbeddedError, Supervisor, running, until_ready

# --- start


def test_the_database_is_created_once_and_stopped_at_the_end(folder: Path) -> None:
    lines: list[str] = []
    for _ in range(2):
        with running(folder / "data", progress=lines.append) as supervisor:
            assert supervisor.server.owned
            assert query(supervisor, "SELECT current_database() || current_user") == "voxpopvoxpop"
            pid = supervisor.status().pid
        assert pid is not None
        assert not is_alive(pid)
    assert len([line for line in lines if "Creating the database" in line]) == 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
        ("password_encryption", "scram-sha-256"),
        ("shared_buffers", "256MB"),
        ("max_connections", "100"),
        ("max_wal_size", "512MB"),
        ("jit", "off"),
        ("logging_collector", "on"),
        ("log_truncate_on_rotation", "on"),
        ("TimeZone", "UTC"),
    ],
)
def test_the_server_has_durable_settings(shared_server: Supervisor, setting: str, value: str) -> None:
    assert query(shared_server, f"SELECT current_setting('{setting}')") == value


def test_case_is_ignored_in_any_script(shared_server: Supervisor) -> None:
    assert query(shared_server, "SELECT lower('ЁЖ') = 'ёж' AND 'ОПЛАТА' ILIKE '%оплата%'")


def test_a_connection_needs_the_password(shared_server: Supervisor) -> None:
    all_scram = query(shared_server, "SELECT bool_and(auth_method = 'scram-sha-256') FROM pg_hba_file_rules")
    assert all_scram
    wrong_dsn = shared_server.server.dsn.replace(shared_server.server.dsn.split(":")[2].split("@")[0], "guess")
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(fetch_value(wrong_dsn, "SELECT 1"))


def test_only_the_owner_can_read_the_secrets(shared_server: Supervisor) -> None:
    status = shared_server.status()
    for name in ("password", "server.json", "owner.lock", "start.log"):
        assert stat.S_IMODE((status.data / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((status.data / "postgres").stat().st_mode) == 0o700
    command = Path(f"/proc/{status.pid}/cmdline").read_bytes()
    assert (status.data / "password").read_bytes() not in command


def test_the_log_does_not_contain_failed_statements(shared_server: Supervisor) -> None:
    with pytest.raises(asyncpg.DataError):
        query(shared_server, "SELECT 'ann@example.org'::int")
    logs = list((shared_server.status().data / "postgres" / "log").iterdir())
    assert logs
    assert not any(b"ann@example.org" in log.read_bytes() for log in logs)


def as_user(folder: Path) -> tuple[str, ...]:
    """Options for a process of an ordinary user. For root this is another account, which may not access the wheel."""
    if not AS_ROOT:
        return ()
    account = pwd.getpwnam("nobody")
    os.chown(folder, account.pw_uid, account.pw_gid)
    user = Account("nobody", account.pw_uid, account.pw_gid)
    return "--uid", str(user.uid), "--bin", str(accessible_binaries(find_binaries(), user, print).directory)


def test_an_ordinary_user_runs_the_server_under_their_own_account(folder: Path, start_process: StartProcess) -> None:
    server = start_process(*as_user(folder)).server()
    assert server.owned
    assert query(server, "SELECT 1") == 1
    owner = (folder / "data").stat().st_uid
    assert {path.stat().st_uid for path in (folder / "data").rglob("*")} == {owner} == {folder.stat().st_uid}
    assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700


@only_root
def test_root_can_run_the_server_in_the_directory_of_a_user(folder: Path, start_process: StartProcess) -> None:
    options = as_user(folder)
    first = start_process(*options)
    assert first.server().owned
    first.stop()
    with running(folder / "data") as supervisor:
        assert query(supervisor, "SELECT 1") == 1
    assert start_process(*options).server().owned


@pytest.mark.parametrize(
    "name", ["with some 'spaces\"", "отзывы-ёж", "/".join(["long" * 20] * 10)], ids=lambda name: name[:20]
)
def test_the_data_directory_can_have_any_path(folder: Path, name: str) -> None:
    with running(folder / name) as supervisor:
        assert query(supervisor, "SELECT 1") == 1


def test_a_path_that_postgresql_would_truncate_is_refused(folder: Path) -> None:
    with pytest.raises(EmbeddedError, match="longer than 900"), running(folder / "/".join(["long" * 20] * 12)):
        pass


@pytest.mark.parametrize("directory", [None, *Path("/usr/lib/postgresql").glob("15/bin")], ids=str)
def test_the_newest_and_the_oldest_version_work(folder: Path, directory: Path | None) -> None:
    with running(folder / "data", binaries=directory) as supervisor:
        version = query(supervisor, "SELECT current_setting('server_version')")
        assert version.split(" ")[0] == supervisor.server.version
        assert query(supervisor, "SELECT lower('Ё') = 'ё' AND current_setting('data_checksums') = 'on'")


# --- ownership


def test_a_second_process_uses_the_server_of_the_first(data: Path, start_process: StartProcess) -> None:
    owner = start_process()
    server = owner.server()
    with running(data) as second:
        assert second.server == replace(server, owned=False)
        query(second, "INSERT INTO kept VALUES (1)")
    assert query(server, "SELECT number FROM kept") == 1


def test_the_server_is_found_without_a_proc_file_system(
    data: Path, monkeypatch: pytest.MonkeyPatch, start_process: StartProcess
) -> None:
    server = start_process().server()
    monkeypatch.setattr(clusters, "PROC", data / "none")
    with running(data) as second:
        assert second.server == replace(server, owned=False)


def test_only_one_of_several_first_starts_creates_the_database(folder: Path, start_process: StartProcess) -> None:
    processes = [start_process() for _ in range(4)]
    servers = [process.server() for process in processes]
    assert sorted(server.owned for server in servers) == [False, False, False, True]
    assert len({server.dsn for server in servers}) == 1
    for process, server in sorted(zip(processes, servers, strict=True), key=lambda pair: pair[1].owned):
        assert query(server, "SELECT 1") == 1
        process.stop()


async def watched(supervisor: Supervisor, work: Any) -> Any:
    watching = asyncio.create_task(supervisor.watch())
    try:
        return await work
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def reconnects(dsn: str) -> bool:
    """Waits until the server accepts connections at the same address."""
    began = time.monotonic()
    while True:
        try:
            return bool(await fetch_value(dsn, "SELECT true"))
        except (OSError, asyncpg.PostgresError):
            assert seconds_since(began) < 60
            await asyncio.sleep(0.01)


def test_another_process_takes_over_when_the_owner_ends(data: Path, start_process: StartProcess) -> None:
    owner = start_process()
    owner.server()
    with running(data) as remaining:
        server = remaining.server
        owner.stop()
        assert asyncio.run(watched(remaining, reconnects(server.dsn)))
        assert remaining.server == replace(server, owned=True)


# --- kills and recovery


async def write_until_killed(dsn: str, pid: int) -> int:
    """Inserts 0, 1, 2, … beside a long query until the server is killed. Returns the number of acknowledged rows."""
    busy = asyncio.create_task(fetch_value(dsn, "SELECT count(*) FROM generate_series(1, 2e8::bigint)"))
    connection = await asyncpg.connect(dsn)
    asyncio.get_running_loop().call_later(0.3, os.kill, pid, signal.SIGKILL)
    for number in count():
        try:
            await connection.execute("INSERT INTO kept VALUES ($1)", number)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            break
    connection.terminate()
    busy.cancel()
    await asyncio.wait([busy])
    return number


def test_a_killed_server_restarts_with_all_acknowledged_rows(data: Path) -> None:
    async def work(supervisor: Supervisor) -> tuple[int, bool]:
        pid = supervisor.status().pid
        assert pid is not None
        written = await write_until_killed(supervisor.server.dsn, pid)
        return written, await reconnects(supervisor.server.dsn)

    lines: list[str] = []
    with running(data, progress=lines.append) as supervisor:
        written, reconnected = asyncio.run(watched(supervisor, work(supervisor)))
        assert (written > 0, reconnected) == (True, True)
        assert query(supervisor, "SELECT count(*) FROM kept") in (written, written + 1)
    assert lines == ["The database server has ended (signal 9); restarting it"]


def test_a_killed_owner_leaves_no_server_and_loses_no_row(data: Path, start_process: StartProcess) -> None:
    owner = start_process()
    server = owner.server()
    query(server, "INSERT INTO kept VALUES (7)")
    postmaster = Cluster(data).postmaster()
    assert postmaster is not None
    owner.kill()
    wait_until(lambda: not is_alive(postmaster.pid))
    with running(data) as supervisor:
        assert supervisor.server.owned
        assert query(supervisor, "SELECT number FROM kept") == 7


def test_a_start_right_after_a_kill_waits_for_the_old_server(data: Path, start_process: StartProcess) -> None:
    owner = start_process()
    owner.server()
    owner.kill()
    with running(data) as supervisor:
        assert supervisor.server.owned
        assert query(supervisor, "SELECT 1") == 1


def test_an_orphaned_server_is_stopped_before_a_new_one_starts(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulates a system that cannot notify a child when its parent dies."""
    monkeypatch.setattr(accounts, "_interrupt_on_parent_death", lambda _parent: None)
    with contextlib.ExitStack() as stack:
        orphaned = stack.enter_context(running(data))
        os.dup2(os.open("/dev/null", os.O_RDWR), orphaned._lock)  # releases the lock only, as if the owner were dead
        old = orphaned.status().pid
        with running(data) as supervisor:
            assert supervisor.server.owned
            assert supervisor.status().pid != old
            assert query(supervisor, "SELECT 1") == 1


def test_a_stale_pid_of_another_process_is_not_taken_for_a_server(data: Path) -> None:
    account = server_account(data / "postgres", print)
    other = account.start(["/bin/sleep", "60"], stdout=subprocess.DEVNULL)
    pid_file = data / "postgres" / "postmaster.pid"
    try:
        pid_file.write_text(f"{other.pid}\n{data / 'postgres'}\n1700000000\n25432\n\n127.0.0.1\n  12345  0\nready   \n")
        os.chown(pid_file, account.uid, account.gid)
        with running(data) as supervisor:
            assert supervisor.server.owned
            assert query(supervisor, "SELECT 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_kill_during_creation_leaves_no_partial_cluster(folder: Path, start_process: StartProcess) -> None:
    creating = start_process()
    wait_until(lambda: list((folder / "data").glob("creating-*/postgres/global")))
    creating.kill()
    assert not (folder / "data" / "postgres").exists()
    with running(folder / "data") as supervisor:
        assert query(supervisor, "SELECT 1") == 1
        assert list((folder / "data").glob("creating-*")) == []


def test_another_port_is_chosen_when_the_previous_one_is_in_use(data: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        Cluster(data).write_state(ServerState(port, "18.6"))
        with running(data) as supervisor:
            assert supervisor.status().port != port
            assert query(supervisor, "SELECT 1") == 1


def test_a_process_that_searches_for_a_server_is_not_taken_for_one(data: Path) -> None:
    with running(data) as supervisor:
        cluster = Cluster(data)
        setting = f"cluster_name={cluster.cluster_name}"
        with subprocess.Popen([sys.executable, "-c", "input()", setting], stdin=subprocess.PIPE) as searcher:
            assert searcher.pid not in cluster.orphaned_processes()
            assert supervisor.status().pid in cluster.orphaned_processes()
            searcher.communicate(b"\n")


def test_another_port_is_chosen_after_a_race_for_the_first(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        choices = iter([other.getsockname()[1], 31_999, 31_998, 31_997])
        monkeypatch.setattr(embedded, "_free_port", lambda _before: next(choices))
        with running(data) as supervisor:
            assert query(supervisor, "SELECT 1") == 1


class StartingServer:
    """A server process and its cluster, with prepared states."""

    pid = 4711

    def __init__(self, *states: Postmaster | None, code: int | None = None) -> None:
        self.data = self.directory = self.start_log = Path("/dev/null")
        self._states, self.returncode = iter(states), code

    def poll(self) -> int | None:
        return self.returncode

    def postmaster(self) -> Postmaster | None:
        return next(self._states)


def pauses_until_ready(fake: Any) -> int:
    return len(list(until_ready(fake, fake, print)))


def test_recovery_may_take_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "SILENCE_TIMEOUT", -1)
    recovering, ready = Postmaster(4711, "starting"), Postmaster(4711, "ready")
    assert pauses_until_ready(StartingServer(*[recovering] * 1000, ready)) == 1000


def test_a_server_that_reports_nothing_fails_after_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    stale = Postmaster(12, "ready")
    assert pauses_until_ready(StartingServer(None, stale, Postmaster(4711, ""), Postmaster(4711, "ready"))) == 3
    monkeypatch.setattr(embedded, "SILENCE_TIMEOUT", -1)
    with pytest.raises(EmbeddedError, match="has not reported"):
        pauses_until_ready(StartingServer(stale))


def test_the_log_of_a_failed_start_is_read_to_its_end() -> None:
    fake: Any = StartingServer(code=1)
    writing = iter([[12], [12], []])
    fake.orphaned_processes, fake.log_tail = lambda: next(writing), lambda: f"could not bind{next(writing, '')}"
    with pytest.raises(EmbeddedError, match="could not bind\n"):
        pauses_until_ready(fake)


def test_a_long_start_is_reported_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, *range(0, 60)])
    monkeypatch.setattr(embedded.time, "monotonic", lambda: float(next(clock)))
    lines: list[str] = []
    fake: Any = StartingServer(*[Postmaster(4711, "starting")] * 25, Postmaster(4711, "ready"))
    assert len(list(until_ready(fake, fake, lines.append))) == 25
    assert [line.rpartition("(")[2] for line in lines] == ["2 s)", "12 s)", "22 s)"]
