"""Every script in build_tools runs as the Makefile runs it, unless it needs the network."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "build_tools"
# lock is not run: it needs the network. Neither is .ci/run: it runs this test.
SMALL_DEMO = ROOT / "tests" / "support" / "small_demo.py"
SCRIPTS = {"assets.py", "widget.py", "need", "with_postgres15", "lock", "pictures.py"}
SHELL_SCRIPTS = [TOOLS / "need", TOOLS / "with_postgres15", TOOLS / "lock", ROOT / ".ci/run"]
OFFLINE = {f"{name}_proxy": "http://127.0.0.1:9" for name in ("http", "https")}

CONNECT = """
import asyncio, os, sys
import asyncpg

async def connect():
    connection = await asyncpg.connect(os.environ["VOXPOP_TEST_DATABASE_URL"])
    for name in ("server_version", "is_superuser", "port"):
        print(await connection.fetchval(f"SHOW {name}"))
    await connection.close()

asyncio.run(connect())
sys.exit(7)
"""


def run(script: str, *words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    command = [str(TOOLS / script), *words]
    if script.endswith(".py"):
        command.insert(0, sys.executable)
    return subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, timeout=60)


def test_each_script_is_known() -> None:
    assert {path.name for path in TOOLS.iterdir() if path.is_file()} == SCRIPTS


@pytest.mark.slow
def test_pictures_are_taken_from_the_demo(tmp_path: Path) -> None:
    done = run("pictures.py", "--folder", str(tmp_path), "--program", str(SMALL_DEMO))
    assert done.returncode == 0, done.stderr
    for name in ("overview", "inbox"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_shell_scripts_are_valid_and_executable(script: Path) -> None:
    assert os.access(script, os.X_OK)
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_assets_are_not_fetched_twice() -> None:
    done = run("assets.py", **OFFLINE)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_widget_is_not_built_twice() -> None:
    done = run("widget.py", PATH="/nowhere")
    assert (done.returncode, done.stderr) == (0, "")


def test_need_installs_nothing_that_is_there() -> None:
    done = run("need", "python", "curl", **OFFLINE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_need_names_the_packages_of_missing_programs(tmp_path: Path) -> None:
    done = run("need", "wrk", "postgresql", "python", PATH=str(tmp_path), PYTHON="/nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert "apt-get install -y" in done.stderr
    assert {"wrk", "python3", "python3-venv"} <= set(done.stderr.split())


def test_with_postgres15_runs_a_command_and_stops_the_server() -> None:
    done = run("with_postgres15", sys.executable, "-c", CONNECT)
    assert done.returncode == 7, done.stderr  # the exit code of the command
    version, superuser, port = done.stdout.splitlines()
    assert (version[:3], superuser) == ("15.", "off")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)), timeout=5)


def test_the_locks_name_no_host() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (ROOT / lock).read_text()


def test_installed_packages_satisfy_pyproject() -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}Run: make lock"
