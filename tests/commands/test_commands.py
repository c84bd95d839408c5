"""The commands beside a running Voxpop and without one: what they print, where, and how they end."""

import asyncio
import re
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.commands.conftest import Start
from tests.commands.kit import VOXPOP, Serving, environment, result, run

from voxpop import __main__ as main
from voxpop.db.embedded.cluster import Cluster

KEY = re.compile(r"vxp_[0-9a-f]{32}_[\w-]{43}\n")
COMMANDS = ["serve", "worker", "migrate", "status", "demo", "key create", "key list", "key revoke"]
COMMANDS += [
    "workspace create",
    "workspace owner-link",
    "workspace set",
    "workspace list",
    "job run",
    "job list",
    "events dead",
    "events replay",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_how_a_command_is_used(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([*command.split(), "--help"]) == 0
    said = capsys.readouterr().out
    assert re.search(rf"^    voxpop {command}", said, re.MULTILINE), said
    assert "--data" in said


def test_help_lists_the_commands_and_what_they_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in ("serve", "worker", "migrate", "status", "demo", "key", "workspace", "job", "events"):
        assert any(re.match(rf"│ {name} +[A-Z]", line) for line in lines), name


def test_the_version() -> None:
    assert run("--version").stdout == f"{version('voxpop')}\n"
    script = Path(sys.executable).with_name("voxpop")
    assert subprocess.run([script, "--version"], capture_output=True, text=True).stdout == f"{version('voxpop')}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dance",), "Unknown command"),
        (("serve", "--port", "x"), "--port"),
        (("key", "create"), "--scope"),
        (("key", "create", "--scope", "read,write"), "'write'"),
        (("key", "create", "--scope", "read", "--name", " "), "1 to 200"),
        (("key", "revoke", "x"), "UUID"),
        (("workspace", "create", ""), "1 to 200"),
        (("workspace", "set", "default"), "--time-zone"),
        (("workspace", "set", "default", "--cool-down-days", "3651"), "--cool-down-days"),
    ],
)
def test_usage_that_is_wrong(words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(list(words)) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_a_database_out_of_reach() -> None:
    done = run("key", "list", VOXPOP_DATABASE_URL="postgresql://voxpop:secret@127.0.0.1:9/voxpop")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The database is out of reach: ")
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


def test_a_data_directory_that_can_not_be() -> None:
    done = run("key", "list", data=Path("/dev/null/data"))
    assert done.returncode == 1
    assert "/dev/null" in done.stderr
    assert "Traceback" not in done.stderr


def test_keys_while_nothing_runs(data: Path) -> None:
    made = run("key", "create", "--scope", "ingest,read", "--scope", "manage", "--name", "shop", data=data)
    assert (made.returncode, bool(KEY.fullmatch(made.stdout))) == (0, True)
    (row,) = result("key", "list", data=data).splitlines()[1:]
    ident, name, scopes, *_ = row.split()
    assert (name, scopes) == ("shop", "ingest,read,manage")
    assert made.stdout[4:36] == ident.replace("-", "")
    assert result("key", "revoke", ident, data=data) == f"Revoked {ident}\n"
    assert not result("key", "list", data=data).splitlines()[1].endswith("-")
    assert Cluster(data).postmaster() is None


def test_a_key_works_at_once_and_not_when_it_is_revoked(start: Start, data: Path) -> None:
    serving = start()
    key = result("key", "create", "--workspace", "default", "--scope", "manage", data=data).strip()
    with serving.client(key) as client:
        assert client.get("/api/v1/workspace").status_code == 200
        ident = result("key", "list", data=data).splitlines()[-1].split()[0]
        result("key", "revoke", ident, data=data)
        assert client.get("/api/v1/workspace").status_code == 401
    with serving.client() as client:
        assert client.get("/api/v1/workspace").status_code == 200  # the other key, and the server still runs


def test_workspaces(data: Path) -> None:
    made = result("workspace", "create", "acme", data=data)
    link = r"http://acme\.localhost:8000/login/owner\?token=\S+"
    assert re.search(rf"\AMade the workspace acme\..*owner.*\n\n +{link}\n\Z", made)
    another = result("workspace", "owner-link", "acme", data=data)
    assert re.fullmatch(link + r"\n", another)
    assert another.strip() not in made
    taken = run("workspace", "create", "acme", data=data)
    assert (taken.returncode, taken.stderr) == (1, "A workspace with this name already exists.\n")
    options = ("--time-zone", "Europe/Berlin", "--cool-down-days", "0")
    (row,) = result("workspace", "set", "acme", *options, data=data).splitlines()[1:]
    assert row.split()[:4] == ["acme", "acme", "Europe/Berlin", "0"]
    wrong = run("workspace", "set", "acme", "--time-zone", "Europe/Berln", data=data)
    assert (wrong.returncode, wrong.stderr.partition(":")[0]) == (2, "--time-zone")
    nobody = run("workspace", "set", "nobody", "--cool-down-days", "1", data=data)
    assert (nobody.returncode, nobody.stderr) == (1, "There is no workspace 'nobody' (there are: default, acme)\n")
    assert [line.split()[0] for line in result("workspace", "list", data=data).splitlines()] == [
        "NAME",
        "default",
        "acme",
    ]


DEAD = """
    INSERT INTO dead_letter (workspace_id, id, topic, "partition", "offset", reason, message, create_time)
    SELECT id, gen_random_uuid(), 'customer-events.V1', 2, 4711, 'no ' || chr(27) || '[31m', $1, now() FROM workspace
    RETURNING id"""


async def test_a_dead_letter_is_listed_and_replayed(live_db: str, owner: Any) -> None:
    external = {"VOXPOP_DATABASE_URL": live_db}
    await asyncio.to_thread(run, "key", "create", "--scope", "read", **external)
    message = b'{"event_type": "ORDER_COMPLETED", "guid": "g", "context_type": "ORDER", "context_id": "o"}'
    ident = await owner.fetchval(DEAD, message)
    listed = (await asyncio.to_thread(run, "events", "dead", **external)).stdout.splitlines()
    assert listed[1].split()[:1] + listed[1].split()[2:6] == [str(ident), "customer-events.V1", "2", "4711", "-"]
    assert "\x1b" not in listed[1]
    again = await asyncio.to_thread(run, "events", "replay", str(ident), **external)
    assert again.stdout == "ignored: No running campaign waits for this event\n"
    unknown = await asyncio.to_thread(run, "events", "replay", str(uuid4()), **external)
    assert (unknown.returncode, unknown.stderr.startswith("Dead letter with id")) == (1, True)


def test_demo_data_is_loaded_once(data: Path) -> None:
    assert result("demo", data=data) == "Loaded demo data into the workspace default\n"
    again = run("demo", data=data)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "The workspace default is not empty, so nothing was loaded\n"


def test_migrate_again(data: Path) -> None:
    assert result("migrate", data=data) == "The schema is up to date\n"


def test_status(folder: Path, data: Path, start: Start) -> None:
    assert "empty" in result("status", data=folder / "nowhere")
    assert not (folder / "nowhere").exists()
    still = result("status", data=data)
    assert re.search(r"PostgreSQL 18\S*, not running\n", still)
    assert "up to date" in still
    assert "none yet" in still
    serving = start()
    running = result("status", data=data)
    assert re.search(rf"running, process {serving.postgres}, port \d+", running)
    assert str(data) in running
    assert "default" in running


def test_the_worker_runs_until_it_is_told_to_stop(data: Path) -> None:
    process = subprocess.Popen([*VOXPOP, "worker", "--data", data], env=environment(), cwd="/", stderr=subprocess.PIPE)
    assert process.stderr is not None
    while b"worker is running" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, b"Traceback" in said) == (0, False)
    assert Cluster(data).postmaster() is None


async def test_an_external_database(live_db: str, folder: Path) -> None:
    external = {"VOXPOP_DATABASE_URL": live_db, "VOXPOP_MIGRATE_URL": live_db}
    assert run("migrate", **external).stdout == "The schema is up to date\n"
    assert KEY.fullmatch(run("key", "create", "--scope", "read", **external).stdout)
    said = run("status", **external).stdout
    assert "PostgreSQL at " in said
    assert "@" not in said
    serving = Serving(folder / "unused", env=environment(**external)).ready()
    with serving.client("nobody's") as client:
        assert client.get("/health/ready").status_code == 200
        assert client.get("/api/v1/workspace").status_code == 401
    assert serving.stop(signal.SIGTERM) == 0
    assert not (folder / "unused").exists()
    serving.process.communicate()
