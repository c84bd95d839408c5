"""Temporary directories of tests, in memory if it has room: servers write and copy their files there many times."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - copying a data directory takes 20 ms in memory and a second on a disk
MIN_FREE_MEMORY = 4 * 2**30  # bytes; all workers together use a third of it


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """A directory that other accounts can enter, unlike pytest's own when root runs it."""
    with tempfile.TemporaryDirectory(prefix="voxpop-test-", dir=_memory()) as name:
        directory = Path(name)
        directory.chmod(0o711)
        yield directory


def _memory() -> Path | None:
    """A directory in memory; None for the usual temporary directory."""
    with suppress(OSError):
        if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MIN_FREE_MEMORY:
            return MEMORY
    return None
