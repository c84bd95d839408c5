"""Voxpop as people run it: real processes with data directories of their own."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from tests.commands.kit import Serving, environment, run

Start: TypeAlias = Callable[..., Serving]


@pytest.fixture(scope="session")
def prepared() -> Iterator[Path]:
    """A data directory with a migrated database and no workspace, to be copied."""
    made = Path(tempfile.mkdtemp(prefix="voxpop-prepared-"))
    made.chmod(0o711)
    done = run("migrate", data=made / "a new place")  # spaces are no trouble
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Applied 0001 initial"), done.stderr
    yield made / "a new place"
    shutil.rmtree(made)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory that other accounts can pass through, unlike pytest's own as root."""
    made = Path(tempfile.mkdtemp(prefix="voxpop-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def data(folder: Path, prepared: Path) -> Path:
    """A data directory as before the first start, but for the time that making a database takes."""
    subprocess.run(["cp", "-a", str(prepared), str(folder / "data")], check=True)
    return folder / "data"


@pytest.fixture
def start(data: Path) -> Iterator[Start]:
    """Starts `voxpop serve` on the data directory and waits until it is ready."""
    started: list[Serving] = []

    def serve(*options: str, **settings: str) -> Serving:
        started.append(Serving(data, *options, env=environment(**settings)))
        return started[-1].ready()

    yield serve
    for serving in started:
        if serving.process.poll() is None:
            serving.process.terminate()
        serving.process.communicate(timeout=20)
