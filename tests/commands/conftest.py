"""Real processes of Voxpop, each with its own data directory."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest
from tests.support.command_line import VOXPOP, ServeProcess, clean_environment, run
from tests.support.directories import temporary_directory
from tests.support.embedded import copy_data

Start: TypeAlias = Callable[..., ServeProcess]


@pytest.fixture(scope="session")
def prepared_data() -> Iterator[Path]:
    """A data directory to copy, with a migrated database and no workspace."""
    with temporary_directory() as parent:
        data = parent / "a path with spaces"
        process = run("migrate", data=data)
        assert (process.returncode, process.stdout.splitlines()[0]) == (0, "Applied 0001 initial"), process.stderr
        yield data


@pytest.fixture
def data(folder: Path, prepared_data: Path) -> Path:
    """A data directory as before the first start, except that its database exists."""
    return copy_data(prepared_data, folder / "data")


@pytest.fixture
def start(data: Path) -> Iterator[Start]:
    """Starts `voxpop serve` on the data directory and waits until it is ready."""
    started: list[ServeProcess] = []

    def serve(*options: str, program: Sequence[str] = VOXPOP, **settings: str) -> ServeProcess:
        started.append(ServeProcess(data, *options, env=clean_environment(**settings), program=program))
        return started[-1].wait_until_ready()

    yield serve
    for serving in started:
        if serving.process.poll() is None:
            serving.process.terminate()
        serving.process.communicate(timeout=20)
