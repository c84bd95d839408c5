"""The data directory and the PostgreSQL cluster in it: creates them and reads the state of their server.

It does not start or stop the server.
"""

import contextlib
import hmac
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct

from voxpop.db.embedded.account import Account
from voxpop.db.embedded.binaries import Binaries, EmbeddedError, major_version
from voxpop.db.migrate import LOGIN_ROLE

ROLE = DATABASE = "voxpop"

# Appended to postgresql.conf, so that they can be changed there or with ALTER SYSTEM.
# The server does not log failed statements: the product gets each error anyway, and the log would collect comments and
# email addresses without limit.
# Shared buffers use memory only when data fills them. A search among many tickets reads thousands of pages.
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

# Only Linux has it. Elsewhere `ps` reads a command line, and orphaned processes are left to end by themselves.
PROC = Path("/proc")
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "ceph", "9p"}
MAX_PATH_BYTES = 900  # PostgreSQL truncates paths, including its own file names, at 1,024


class ServerState(Struct, frozen=True):
    """How other processes reach the server: written by the process that owns the data directory."""

    port: int
    version: str


class Postmaster(Struct, frozen=True):
    """The content of `postmaster.pid`. After a crash it is stale, and its pid may belong to another process."""

    pid: int
    status: str  # "starting", "ready", "stopping"; empty while the file is being written


class Cluster:
    """The cluster of a data directory. It may not exist yet."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.directory = data / "postgres"
        self.start_log = data / "start.log"
        self._password = data / "password"
        self._state = data / "server.json"

    @property
    def cluster_name(self) -> str:
        """The `cluster_name` that all server processes show. It identifies the directory across containers."""
        status = self.directory.stat()
        return f"voxpop-{status.st_dev:x}-{status.st_ino:x}"

    def dsn(self, port: int) -> str:
        """The address for the owner of the database, who may do everything."""
        return self._address(ROLE, self._owner_password(), port)

    def login_dsn(self, port: int) -> str:
        """The address for the pool, which may only switch to the roles of its transactions."""
        return self._address(LOGIN_ROLE, self.login_password(), port)

    def login_password(self) -> str:
        """It follows from that of the owner, so there is no second secret to keep."""
        return hmac.digest(self._owner_password().encode(), LOGIN_ROLE.encode(), "sha256").hex()

    @staticmethod
    def _address(role: str, password: str, port: int) -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{port}/{DATABASE}?sslmode=disable"

    def _owner_password(self) -> str:
        try:
            return self._password.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            raise EmbeddedError(
                f"{self._password} is missing; put it back from a backup of the data directory"
            ) from None

    def read_state(self) -> ServerState | None:
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=ServerState)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def write_state(self, state: ServerState) -> None:
        write_private(self._state, msgspec.json.encode(state))

    def postmaster(self) -> Postmaster | None:
        try:
            lines = (self.directory / "postmaster.pid").read_bytes().split(b"\n")
            return Postmaster(int(lines[0]), lines[7].decode().strip() if len(lines) > 7 else "")
        except (FileNotFoundError, ValueError):
            return None

    def log_tail(self) -> str:
        """The output of the last start: what the server printed before it opened its log, and the log since then."""
        text = self.start_log.read_text(encoding="utf-8", errors="replace")
        with contextlib.suppress(OSError, IndexError):
            current = (self.directory / "current_logfiles").read_text(encoding="utf-8").split()[1]
            log = (self.directory / current).read_text(encoding="utf-8", errors="replace")
            text += log.rpartition("starting PostgreSQL")[2]
        return text[-2000:].strip()

    def is_server(self, pid: int) -> bool:
        """Whether the process is a server on this directory, or its child before it sets a process title."""
        return self._name_option in _command_line(pid)

    def orphaned_processes(self) -> list[int]:
        """The processes of servers on this directory. Without an owner they only block the next server."""
        title, option = f"postgres: {self.cluster_name}: ".encode(), self._name_option
        commands = {int(entry.name): _command_line(int(entry.name)) for entry in PROC.glob("[0-9]*")}
        return [pid for pid, line in commands.items() if line.startswith(title) or _is_server_command(line, option)]

    @property
    def _name_option(self) -> bytes:
        return f"cluster_name={self.cluster_name}".encode()

    def require_version(self, binaries: Binaries) -> None:
        try:
            version = (self.directory / "PG_VERSION").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            raise EmbeddedError(f"{self.directory} exists but holds no database; move it away") from None
        if major_version(version) != binaries.major:
            raise EmbeddedError(
                f"The data in {self.data} needs PostgreSQL {version}, but the binaries in {binaries.directory} are "
                f"{binaries.version}. To keep the old version, set VOXPOP_POSTGRES_BIN to the bin directory of "
                f"PostgreSQL {version}. To upgrade, start the old version, export the data with pg_dump, "
                "and load it with psql into a new data directory. Nothing was changed."
            )

    def create(self, binaries: Binaries, account: Account) -> None:
        """Creates the cluster under another name and renames it, so that an interruption leaves no partial cluster."""
        try:
            staging = Path(tempfile.mkdtemp(prefix="creating-", dir=self.data))
            if not self._password.exists():
                write_private(self._password, secrets.token_hex(24).encode())
            self._initialize(staging, binaries, account)
            (staging / "postgres").rename(self.directory)
            _sync_directory(self.data)
        except OSError as error:
            raise EmbeddedError(f"The database could not be created in {self.data}: {error}") from error
        finally:
            # Also removes what a killed start left. It comes last, because that initdb may still have been running.
            for leftover in self.data.glob("creating-*"):
                shutil.rmtree(leftover, ignore_errors=True)

    def _initialize(self, staging: Path, binaries: Binaries, account: Account) -> None:
        directory, password = staging / "postgres", staging / "password"
        write_private(password, self._password.read_bytes())
        for path in (staging, password):
            os.chown(path, account.uid, account.gid)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        self._run(
            account,
            *[binaries.path("initdb"), "-D", str(directory), "-U", ROLE, "--pwfile", str(password)],
            *["--auth=scram-sha-256", "-E", "UTF8", "--data-checksums", "--no-instructions"],
            *(locale if binaries.major >= 17 else ["--locale=C.UTF-8"]),
        )
        with (directory / "postgresql.conf").open("a") as file:
            file.write(SETTINGS)
        statement = staging / "statement"
        statement.write_text(f"CREATE DATABASE {DATABASE}\n")
        with statement.open() as stdin:
            options = ["--single", "-D", str(directory), "-c", "exit_on_error=on", "postgres"]
            self._run(account, binaries.path("postgres"), *options, stdin=stdin.fileno())

    def _run(self, account: Account, *command: str, stdin: int = subprocess.DEVNULL) -> None:
        with account.start(command, stdout=subprocess.PIPE, stdin=stdin) as child:
            try:
                output, _ = child.communicate()
            except BaseException:
                child.kill()
                raise
        if child.returncode != 0:
            reason = output.decode(errors="replace").strip()
            raise EmbeddedError(f"The database could not be created in {self.data}: {reason}")


def prepare_data_directory(data: Path, *, world_traversable: bool) -> Path:
    """Creates the data directory if needed. `world_traversable` lets other accounts enter it, but not list it."""
    data = data.expanduser().resolve()
    if len(os.fsencode(data)) > MAX_PATH_BYTES:
        raise EmbeddedError(f"The path of the data directory is longer than {MAX_PATH_BYTES} bytes: {data}")
    try:
        with contextlib.suppress(FileExistsError):
            data.mkdir(parents=True, mode=0o700)
        is_ours = not any(data.iterdir()) or (data / "owner.lock").exists()
        mode = data.stat().st_mode
        if world_traversable and is_ours and not mode & 0o001:
            data.chmod(mode & 0o777 | 0o011)
        refuse_network_file_system(data, PROC / "self" / "mountinfo")
    except OSError as error:
        raise EmbeddedError(f"The data directory {data} cannot be used: {error.strerror}. {_ADVICE}") from error
    return data


_ADVICE = "Choose another with --data or VOXPOP_DATA_DIR, or run as the account that owns it."


def refuse_network_file_system(data: Path, mounts: Path) -> None:
    """Raises EmbeddedError for a directory on a network file system. `mounts` has the format of `mountinfo`."""
    device = data.stat().st_dev
    device_number = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.read_text(errors="replace").splitlines() if mounts.exists() else ():
        mount, _, kind = line.partition(" - ")
        if mount.split(" ")[2] == device_number and kind.split(" ")[0] in NETWORK_FILE_SYSTEMS:
            raise EmbeddedError(
                f"{data} is on a network file system ({kind.split(' ')[0]}), which can lose data when two machines use "
                "it or when it disconnects. Choose a directory on a local disk with --data or VOXPOP_DATA_DIR."
            )


def open_private(path: Path, flags: int) -> int:
    """Opens a file that only its owner can read. It follows no links, because root may be in a user's directory."""
    try:
        file = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EmbeddedError(f"{path} cannot be opened: {error.strerror}. {_ADVICE}") from error
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file


def write_private(path: Path, content: bytes) -> None:
    """Writes the file atomically. The content is on the disk when this returns."""
    staging = path.with_name(f"{path.name}.new")
    try:
        with open(open_private(staging, os.O_WRONLY | os.O_TRUNC), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staging.replace(path)
        _sync_directory(path.parent)
    except OSError as error:
        raise EmbeddedError(f"{path} cannot be written: {error.strerror}") from error


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_server_command(command: bytes, option: bytes) -> bool:
    """Whether the command runs a server, and does not just have its name among the arguments."""
    return command.partition(b"\0")[0].endswith(b"/postgres") and option in command


def _command_line(pid: int) -> bytes:
    """The command line of a process. Reading it needs no right to trace the process."""
    if not PROC.exists():
        command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True).stdout  # noqa: S603
    try:
        return (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""
