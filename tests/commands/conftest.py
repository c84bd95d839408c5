"""Real processes of Voxpop, each with its own data directory."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from tests.support.command_line import ServeProcess, clean_environment, run

Start: TypeAlias = Callable[..., ServeProcess]


@pytest.fixture(scope="session")
def prepared_data() -> Iterator[Path]:
    """A data directory to copy, with a migrated database and no workspace."""
    folder = Path(tempfile.mkdtemp(prefix="voxpop-prepared-"))
    folder.chmod(0o711)
    data = folder / "a path with spaces"
    process = run("migrate", data=data)
    assert (process.returncode, process.stdout.splitlines()[0]) == (0, "Applied 0001 initial"), process.stderr
    yield data
    shutil.rmtree(folder)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory that other accounts can enter, unlike pytest's own when root runs it."""
    directory = Path(tempfile.mkdtemp(prefix="voxpop-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def data(folder: Path, prepared_data: Path) -> Path:
    """A data directory as before the first start, except that its database exists."""
    subprocess.run(["cp", "-a", str(prepared_data), str(folder / "data")], check=True)
    return folder / "data"


@pytest.fixture
def start(data: Path) -> Iterator[Start]:
    """Starts `voxpop serve` on the data directory and waits until it is ready."""
    started: list[ServeProcess] = []

    def serve(*options: str, **settings: str) -> ServeProcess:
        started.append(ServeProcess(data, *options, env=clean_environment(**settings)))
        return started[-1].wait_until_ready()

    yield serve
    for serving in started:
        if serving.process.poll() is None:
            serving.process.terminate()
        serving.process.communicate(timeout=20)
