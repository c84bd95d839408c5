"""Data directories of the embedded database, and processes that hold them."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.db.embedded_kit import Hold, Holder, ask, copied

from voxpop.db.embedded.supervisor import Supervisor, running


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that other accounts can pass through, unlike pytest's own as root."""
    made = Path(tempfile.mkdtemp(prefix="voxpop-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def hold(place: Path) -> Iterator[Hold]:
    held: list[Holder] = []

    def start(*options: str) -> Holder:
        held.append(Holder(place / "data", *options))
        return held[-1]

    yield start
    for holder in held:
        holder.leave()


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """A data directory that is copied rather than made again."""
    with tempfile.TemporaryDirectory(prefix="voxpop-") as parent:
        Path(parent).chmod(0o711)
        with running(Path(parent) / "data") as supervisor:
            ask(supervisor, "CREATE TABLE kept (number int PRIMARY KEY)")
        yield Path(parent) / "data"


@pytest.fixture
def data(made: Path, place: Path) -> Path:
    return copied(made, place / "data")


@pytest.fixture(scope="session")
def shared(made: Path) -> Iterator[Supervisor]:
    """A server that nothing is done to."""
    with tempfile.TemporaryDirectory(prefix="voxpop-") as parent:
        Path(parent).chmod(0o711)
        with running(copied(made, Path(parent) / "data")) as supervisor:
            yield supervisor
