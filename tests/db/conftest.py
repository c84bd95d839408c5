"""Data directories of the embedded database, and processes that use them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.directories import temporary_directory
from tests.support.embedded import EmbeddedProcess, StartProcess, copy_data, query

from voxpop.db.embedded.supervisor import Supervisor, running


@pytest.fixture
def start_process(folder: Path) -> Iterator[StartProcess]:
    """Starts another process on the data directory."""
    started: list[EmbeddedProcess] = []

    def start(*options: str) -> EmbeddedProcess:
        started.append(EmbeddedProcess(folder / "data", *options))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture(scope="session")
def prepared_data() -> Iterator[Path]:
    """A data directory to copy."""
    with temporary_directory() as parent:
        with running(parent / "data") as supervisor:
            query(supervisor, "CREATE TABLE kept (number int PRIMARY KEY)")
        yield parent / "data"


@pytest.fixture
def data(prepared_data: Path, folder: Path) -> Path:
    """A data directory with a database that no server runs on."""
    return copy_data(prepared_data, folder / "data")


@pytest.fixture(scope="session")
def shared_server(prepared_data: Path) -> Iterator[Supervisor]:
    """A running server for tests that change nothing."""
    with temporary_directory() as parent, running(copy_data(prepared_data, parent / "data")) as supervisor:
        yield supervisor
