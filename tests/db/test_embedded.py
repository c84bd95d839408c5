"""The embedded database as it is lived with: real servers, real processes, and what kills them."""

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
from tests.db.embedded_kit import AS_ROOT, Hold, alive, answer, ask, eventually, only_root, seconds_since

from voxpop.db.embedded import account as accounts
from voxpop.db.embedded import binaries as wheel
from voxpop.db.embedded import cluster as clusters
from voxpop.db.embedded import supervisor as embedded
from voxpop.db.embedded.account import Account, accessible_binaries, server_account
from voxpop.db.embedded.cluster import Cluster, Postmaster, State
from voxpop.db.embedded.supervisor import EmbeddedError, Server, Supervisor, running, until_ready

# --- how it starts


def test_the_database_is_made_once_and_stopped_at_the_end(place: Path) -> None:
    lines: list[str] = []
    for _ in range(2):
        with running(place / "data", say=lines.append) as supervisor:
            assert supervisor.server.owned
            assert ask(supervisor, "SELECT current_database() || current_user") == "voxpopvoxpop"
            pid = supervisor.status().pid
        assert pid is not None
        assert not alive(pid)
    assert len([line for line in lines if "Making the database" in line]) == 1


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
def test_the_server_is_set_up_to_keep_what_it_takes(shared: Supervisor, setting: str, value: str) -> None:
    assert ask(shared, f"SELECT current_setting('{setting}')") == value


def test_words_are_compared_without_case_in_any_script(shared: Supervisor) -> None:
    assert ask(shared, "SELECT lower('ЁЖ') = 'ёж' AND 'ОПЛАТА' ILIKE '%оплата%'")


def test_only_who_knows_the_password_comes_in(shared: Supervisor) -> None:
    right = ask(shared, "SELECT bool_and(auth_method = 'scram-sha-256') FROM pg_hba_file_rules")
    assert right
    wrong = shared.server.dsn.replace(shared.server.dsn.split(":")[2].split("@")[0], "guess")
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(answer(wrong, "SELECT 1"))


def test_secrets_are_for_our_eyes_only(shared: Supervisor) -> None:
    status = shared.status()
    for name in ("password", "server.json", "owner.lock", "start.log"):
        assert stat.S_IMODE((status.data / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((status.data / "postgres").stat().st_mode) == 0o700
    command = Path(f"/proc/{status.pid}/cmdline").read_bytes()
    assert (status.data / "password").read_bytes() not in command


def test_the_log_holds_nothing_of_failed_statements(shared: Supervisor) -> None:
    with pytest.raises(asyncpg.DataError):
        ask(shared, "SELECT 'ann@example.org'::int")
    logs = list((shared.status().data / "postgres" / "log").iterdir())
    assert logs
    assert not any(b"ann@example.org" in log.read_bytes() for log in logs)


def as_user(place: Path) -> tuple[str, ...]:
    """Options for a process of an ordinary user: as root another one, who may not be able to reach the wheel."""
    if not AS_ROOT:
        return ()
    nobody = pwd.getpwnam("nobody")
    os.chown(place, nobody.pw_uid, nobody.pw_gid)
    user = Account("nobody", nobody.pw_uid, nobody.pw_gid)
    return "--uid", str(user.uid), "--bin", str(accessible_binaries(wheel.find(), user, print).directory)


def test_an_ordinary_user_runs_it_as_himself(place: Path, hold: Hold) -> None:
    server = hold(*as_user(place)).server()
    assert server.owned
    assert ask(server, "SELECT 1") == 1
    owner = (place / "data").stat().st_uid
    assert {path.stat().st_uid for path in (place / "data").rglob("*")} == {owner} == {place.stat().st_uid}
    assert stat.S_IMODE((place / "data").stat().st_mode) == 0o700


@only_root
def test_root_and_the_user_whose_directory_it_is_take_turns(place: Path, hold: Hold) -> None:
    options = as_user(place)
    first = hold(*options)
    assert first.server().owned
    first.leave()
    with running(place / "data") as supervisor:
        assert ask(supervisor, "SELECT 1") == 1
    assert hold(*options).server().owned


@pytest.mark.parametrize(
    "name", ["with some 'spaces\"", "отзывы-ёж", "/".join(["long" * 20] * 10)], ids=lambda name: name[:20]
)
def test_any_path_will_do(place: Path, name: str) -> None:
    with running(place / name) as supervisor:
        assert ask(supervisor, "SELECT 1") == 1


def test_a_path_that_postgresql_would_cut_off_is_refused(place: Path) -> None:
    with pytest.raises(EmbeddedError, match="longer than 900"), running(place / "/".join(["long" * 20] * 12)):
        pass


@pytest.mark.parametrize("directory", [None, *Path("/usr/lib/postgresql").glob("15/bin")], ids=str)
def test_the_newest_and_the_oldest_version_work(place: Path, directory: Path | None) -> None:
    with running(place / "data", binaries=directory) as supervisor:
        version = ask(supervisor, "SELECT current_setting('server_version')")
        assert version.split(" ")[0] == supervisor.server.version
        assert ask(supervisor, "SELECT lower('Ё') = 'ё' AND current_setting('data_checksums') = 'on'")


# --- one owner


def test_a_second_process_uses_the_server_of_the_first(data: Path, hold: Hold) -> None:
    owner = hold()
    server = owner.server()
    with running(data) as second:
        assert second.server == Server(server.dsn, owned=False, version=server.version)
        ask(second, "INSERT INTO kept VALUES (1)")
    assert ask(server, "SELECT number FROM kept") == 1


def test_it_is_found_where_there_is_no_proc(data: Path, monkeypatch: pytest.MonkeyPatch, hold: Hold) -> None:
    server = hold().server()
    monkeypatch.setattr(clusters, "PROC", data / "none")
    with running(data) as second:
        assert second.server == Server(server.dsn, owned=False, version=server.version)


def test_of_racing_first_starts_one_makes_the_database(place: Path, hold: Hold) -> None:
    holders = [hold() for _ in range(4)]
    servers = [holder.server() for holder in holders]
    assert sorted(server.owned for server in servers) == [False, False, False, True]
    assert len({server.dsn for server in servers}) == 1
    for holder, server in sorted(zip(holders, servers, strict=True), key=lambda pair: pair[1].owned):
        assert ask(server, "SELECT 1") == 1
        holder.leave()


async def watched(supervisor: Supervisor, work: Any) -> Any:
    watching = asyncio.create_task(supervisor.watch())
    try:
        return await work
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def comes_back(dsn: str) -> bool:
    """Waits until the server behind the same address answers."""
    began = time.monotonic()
    while True:
        try:
            return bool(await answer(dsn, "SELECT true"))
        except (OSError, asyncpg.PostgresError):
            assert seconds_since(began) < 60
            await asyncio.sleep(0.01)


def test_who_stays_takes_over_from_an_owner_that_leaves(data: Path, hold: Hold) -> None:
    owner = hold()
    owner.server()
    with running(data) as stays:
        dsn = stays.server.dsn
        owner.leave()
        assert asyncio.run(watched(stays, comes_back(dsn)))
        assert stays.server == Server(dsn, owned=True, version=stays.server.version)


# --- what kills it


async def write_until_killed(dsn: str, pid: int) -> int:
    """Inserts 0, 1, 2, … while another connection computes, until the server is killed; the count acknowledged."""
    busy = asyncio.create_task(answer(dsn, "SELECT count(*) FROM generate_series(1, 2e8::bigint)"))
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


def test_a_killed_server_comes_back_with_all_that_it_acknowledged(data: Path) -> None:
    async def work(supervisor: Supervisor) -> tuple[int, bool]:
        pid = supervisor.status().pid
        assert pid is not None
        written = await write_until_killed(supervisor.server.dsn, pid)
        return written, await comes_back(supervisor.server.dsn)

    lines: list[str] = []
    with running(data, say=lines.append) as supervisor:
        written, back = asyncio.run(watched(supervisor, work(supervisor)))
        assert (written > 0, back) == (True, True)
        assert ask(supervisor, "SELECT count(*) FROM kept") in (written, written + 1)
    assert lines == ["The database server has ended (signal 9); starting it again"]


def test_a_killed_owner_leaves_no_server_and_loses_nothing(data: Path, hold: Hold) -> None:
    owner = hold()
    server = owner.server()
    ask(server, "INSERT INTO kept VALUES (7)")
    found = Cluster(data).postmaster()
    assert found is not None
    owner.kill()
    eventually(lambda: not alive(found.pid))
    with running(data) as supervisor:
        assert supervisor.server.owned
        assert ask(supervisor, "SELECT number FROM kept") == 7


def test_a_start_right_after_the_kill_waits_for_the_old_server(data: Path, hold: Hold) -> None:
    owner = hold()
    owner.server()
    owner.kill()
    with running(data) as supervisor:
        assert supervisor.server.owned
        assert ask(supervisor, "SELECT 1") == 1


def test_a_server_that_outlived_its_owner_is_stopped_first(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the system does not tell a child that its parent died."""
    monkeypatch.setattr(accounts, "_interrupted_when_gone", lambda _parent: None)
    with contextlib.ExitStack() as stack:
        left = stack.enter_context(running(data))
        os.dup2(os.open("/dev/null", os.O_RDWR), left._lock)  # as if its owner were gone: the lock, and nothing else
        old = left.status().pid
        with running(data) as supervisor:
            assert supervisor.server.owned
            assert supervisor.status().pid != old
            assert ask(supervisor, "SELECT 1") == 1


def test_a_stale_pid_of_another_process_is_no_server(data: Path) -> None:
    account = server_account(data / "postgres", print)
    other = account.start(["/bin/sleep", "60"], output=subprocess.DEVNULL)
    pid_file = data / "postgres" / "postmaster.pid"
    try:
        pid_file.write_text(f"{other.pid}\n{data / 'postgres'}\n1700000000\n25432\n\n127.0.0.1\n  12345  0\nready   \n")
        os.chown(pid_file, account.uid, account.gid)
        with running(data) as supervisor:
            assert supervisor.server.owned
            assert ask(supervisor, "SELECT 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_kill_while_the_database_is_made_leaves_nothing_half_made(place: Path, hold: Hold) -> None:
    making = hold()
    eventually(lambda: list((place / "data").glob("creating-*/postgres/global")))
    making.kill()
    assert not (place / "data" / "postgres").exists()
    with running(place / "data") as supervisor:
        assert ask(supervisor, "SELECT 1") == 1
        assert list((place / "data").glob("creating-*")) == []


def test_a_port_that_is_taken_by_now_is_not_used(data: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        Cluster(data).write_state(State(taken, "18.6"))
        with running(data) as supervisor:
            assert supervisor.status().port != taken
            assert ask(supervisor, "SELECT 1") == 1


def test_whoever_searches_for_a_server_is_none(data: Path) -> None:
    with running(data) as supervisor:
        cluster = Cluster(data)
        setting = f"cluster_name={cluster.cluster_name}"
        with subprocess.Popen([sys.executable, "-c", "input()", setting], stdin=subprocess.PIPE) as searcher:
            assert searcher.pid not in cluster.orphaned_processes()
            assert supervisor.status().pid in cluster.orphaned_processes()
            searcher.communicate(b"\n")


def test_a_port_lost_to_a_race_is_chosen_again(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        choices = iter([other.getsockname()[1], 31_999, 31_998, 31_997])
        monkeypatch.setattr(embedded, "_free_port", lambda _before: next(choices))
        with running(data) as supervisor:
            assert ask(supervisor, "SELECT 1") == 1


class Starting:
    """A server and its cluster that say what they are told to."""

    pid = 4711

    def __init__(self, *said: Postmaster | None, code: int | None = None) -> None:
        self.data = self.directory = self.start_log = Path("/dev/null")
        self._said, self.returncode = iter(said), code

    def poll(self) -> int | None:
        return self.returncode

    def postmaster(self) -> Postmaster | None:
        return next(self._said)


def pauses_until_ready(fake: Any) -> int:
    return len(list(until_ready(fake, fake, print)))


def test_a_server_that_recovers_is_waited_for_however_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "SILENCE", -1)
    recovering, ready = Postmaster(4711, "starting"), Postmaster(4711, "ready")
    assert pauses_until_ready(Starting(*[recovering] * 1000, ready)) == 1000


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    stale = Postmaster(12, "ready")
    assert pauses_until_ready(Starting(None, stale, Postmaster(4711, ""), Postmaster(4711, "ready"))) == 3
    monkeypatch.setattr(embedded, "SILENCE", -1)
    with pytest.raises(EmbeddedError, match="says nothing"):
        pauses_until_ready(Starting(stale))


def test_what_an_ended_server_said_is_read_when_its_log_is_whole() -> None:
    fake: Any = Starting(code=1)
    writing = iter([[12], [12], []])
    fake.left_behind, fake.last_words = lambda: next(writing), lambda: f"could not bind{next(writing, '')}"
    with pytest.raises(EmbeddedError, match="could not bind\n"):
        pauses_until_ready(fake)


def test_a_long_start_is_talked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, *range(0, 60)])
    monkeypatch.setattr(embedded.time, "monotonic", lambda: float(next(clock)))
    lines: list[str] = []
    fake: Any = Starting(*[Postmaster(4711, "starting")] * 25, Postmaster(4711, "ready"))
    assert len(list(until_ready(fake, fake, lines.append))) == 25
    assert [line.rpartition("(")[2] for line in lines] == ["2 s)", "12 s)", "22 s)"]
