"""A data directory and the PostgreSQL cluster in it: how they are made, and what is known of a server that runs on it.

Starts and stops no server.
"""

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct

from voxpop.db.embedded.account import Account
from voxpop.db.embedded.binaries import Binaries, EmbeddedError, major

ROLE = DATABASE = "voxpop"

# Appended to postgresql.conf, so that they can be changed there or by ALTER SYSTEM. Errors of single statements are not
# logged: the product gets them anyway, and their text would hold comments and addresses of people, without bound.
# Buffers are taken from memory only as data fills them; a search among many tickets reads thousands of pages.
SETTINGS = """
shared_buffers = 256MB
max_connections = 100
max_wal_size = 512MB
max_parallel_workers_per_gather = 1
jit = off
log_min_messages = log
log_filename = 'postgres-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
"""

PROC = Path(
    "/proc"
)  # on Linux only; elsewhere `ps` is asked, and what a killed server left behind ends in its own time
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "ceph", "9p"}
_LONGEST = 900  # bytes; PostgreSQL cuts paths off at 1,024, its own file names included


class State(Struct, frozen=True):
    """What the owner of a data directory tells other processes about its server."""

    port: int
    version: str


class Postmaster(Struct, frozen=True):
    """What `postmaster.pid` says; after a crash it may be of a server that is gone, and its pid of another process."""

    pid: int
    status: str  # "starting", "ready", "stopping"; empty while the file is being written


class Cluster:
    """The cluster of a data directory, there or not yet."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.directory = data / "postgres"
        self.start_log = data / "start.log"
        self._password = data / "password"
        self._state = data / "server.json"

    @property
    def cluster_name(self) -> str:
        """The server's cluster_name, which all its processes show: this very directory, in whichever container."""
        place = self.directory.stat()
        return f"voxpop-{place.st_dev:x}-{place.st_ino:x}"

    def dsn(self, port: int) -> str:
        try:
            password = self._password.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            raise EmbeddedError(
                f"{self._password} is missing; put it back from a backup of the data directory"
            ) from None
        return f"postgresql://{ROLE}:{password}@127.0.0.1:{port}/{DATABASE}"

    def read_state(self) -> State | None:
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=State)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def write_state(self, state: State) -> None:
        write_private(self._state, msgspec.json.encode(state))

    def postmaster(self) -> Postmaster | None:
        try:
            lines = (self.directory / "postmaster.pid").read_bytes().split(b"\n")
            return Postmaster(int(lines[0]), lines[7].decode().strip() if len(lines) > 7 else "")
        except (FileNotFoundError, ValueError):
            return None

    def log_tail(self) -> str:
        """What a server that did not start has said: before it opened its log, and there since this start."""
        said = self.start_log.read_text(encoding="utf-8", errors="replace")
        with contextlib.suppress(OSError, IndexError):
            current = (self.directory / "current_logfiles").read_text(encoding="utf-8").split()[1]
            log = (self.directory / current).read_text(encoding="utf-8", errors="replace")
            said += log.rpartition("starting PostgreSQL")[2]
        return said[-2000:].strip()

    def is_server(self, pid: int) -> bool:
        """Whether this process is a server on this directory, or a child of it that has no title yet."""
        return self._setting in _command(pid)

    def orphaned_processes(self) -> list[int]:
        """Processes of servers on this directory, when nobody owns one: they only stand in the way."""
        title, setting = f"postgres: {self.cluster_name}: ".encode(), self._setting
        commands = {pid: _command(pid) for pid in (int(entry.name) for entry in PROC.glob("[0-9]*"))}
        return [pid for pid, command in commands.items() if command.startswith(title) or _runs(command, setting)]

    @property
    def _setting(self) -> bytes:
        return f"cluster_name={self.cluster_name}".encode()

    def require_version(self, binaries: Binaries) -> None:
        try:
            made_by = (self.directory / "PG_VERSION").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            raise EmbeddedError(f"{self.directory} is there, but holds no database; move it away") from None
        if major(made_by) != binaries.major:
            raise EmbeddedError(
                f"The data in {self.data} is of PostgreSQL {made_by}, and the binaries in {binaries.directory} are "
                f"{binaries.version}. Either go on with the old ones: set VOXPOP_POSTGRES_BIN to the bin directory of "
                f"PostgreSQL {made_by}. Or move: start with the old ones, write the data out with pg_dump, "
                "and load it with psql into a new data directory. Nothing was changed."
            )

    def create(self, binaries: Binaries, account: Account) -> None:
        """All of it under another name first: whatever interrupts this, there is a whole cluster or none."""
        try:
            staging = Path(tempfile.mkdtemp(prefix="creating-", dir=self.data))
            if not self._password.exists():
                write_private(self._password, secrets.token_hex(24).encode())
            self._fill(staging, binaries, account)
            (staging / "postgres").rename(self.directory)
            _sync(self.data)
        except OSError as error:
            raise EmbeddedError(f"The database could not be made in {self.data}: {error}") from error
        finally:  # also what a killed start left: swept last, since its initdb may have been writing until now
            for leftover in self.data.glob("creating-*"):
                shutil.rmtree(leftover, ignore_errors=True)

    def _fill(self, staging: Path, binaries: Binaries, account: Account) -> None:
        made, password = staging / "postgres", staging / "password"
        write_private(password, self._password.read_bytes())
        for path in (staging, password):
            os.chown(path, account.uid, account.gid)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        self._run(
            account,
            *[binaries.path("initdb"), "-D", str(made), "-U", ROLE, "--pwfile", str(password)],
            *["--auth=scram-sha-256", "-E", "UTF8", "--data-checksums", "--no-instructions"],
            *(locale if binaries.major >= 17 else ["--locale=C.UTF-8"]),
        )
        with (made / "postgresql.conf").open("a") as file:
            file.write(SETTINGS)
        statement = staging / "statement"
        statement.write_text(f"CREATE DATABASE {DATABASE}\n")
        with statement.open() as text:
            single = [binaries.path("postgres"), "--single", "-D", str(made), "-c", "exit_on_error=on", "postgres"]
            self._run(account, *single, text=text.fileno())

    def _run(self, account: Account, *command: str, text: int = subprocess.DEVNULL) -> None:
        with account.start(command, output=subprocess.PIPE, text=text) as child:
            try:
                said, _ = child.communicate()
            except BaseException:
                child.kill()
                raise
        if child.returncode != 0:
            reason = said.decode(errors="replace").strip()
            raise EmbeddedError(f"The database could not be made in {self.data}: {reason}")


def prepare(data: Path, *, passable: bool) -> Path:
    """The data directory, made if needed; `passable` lets another account through it, though not look into it."""
    data = data.expanduser().resolve()
    if len(os.fsencode(data)) > _LONGEST:
        raise EmbeddedError(f"The path of the data directory is longer than {_LONGEST} bytes: {data}")
    try:
        with contextlib.suppress(FileExistsError):
            data.mkdir(parents=True, mode=0o700)
        fresh = not any(data.iterdir()) or (data / "owner.lock").exists()
        mode = data.stat().st_mode
        if passable and fresh and not mode & 0o001:
            data.chmod(mode & 0o777 | 0o011)
        refuse_network(data, PROC / "self" / "mountinfo")
    except OSError as error:
        raise EmbeddedError(f"The data directory {data} cannot be used: {error.strerror}. {_WAY_OUT}") from error
    return data


_WAY_OUT = "Name another with --data or VOXPOP_DATA_DIR, or run as the account that owns it."


def refuse_network(data: Path, mounts: Path) -> None:
    device = data.stat().st_dev
    ours = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.read_text(errors="replace").splitlines() if mounts.exists() else ():
        place, _, kind = line.partition(" - ")
        if place.split(" ")[2] == ours and kind.split(" ")[0] in _NETWORK:
            raise EmbeddedError(
                f"{data} lies on a network file system ({kind.split(' ')[0]}), which loses data when two machines use "
                "it or when it goes away. Name a directory on a local disk with --data or VOXPOP_DATA_DIR."
            )


def open_private(path: Path, flags: int) -> int:
    """A file for our eyes only. A link is not followed: as root we may be in a directory of somebody else's."""
    try:
        file = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EmbeddedError(f"{path} cannot be opened: {error.strerror}. {_WAY_OUT}") from error
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file


def write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk when this returns."""
    part = path.with_name(f"{path.name}.new")
    try:
        with open(open_private(part, os.O_WRONLY | os.O_TRUNC), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise EmbeddedError(f"{path} cannot be written: {error.strerror}") from error


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _runs(command: bytes, setting: bytes) -> bool:
    """Whether a server was called so, and not whoever only searches for one."""
    return command.partition(b"\0")[0].endswith(b"/postgres") and setting in command


def _command(pid: int) -> bytes:
    """The command line of a process; readable of any process, also without the right to trace it."""
    if not PROC.exists():
        command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True).stdout  # noqa: S603
    try:
        return (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""
