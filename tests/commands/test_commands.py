"""The commands, with and without a running Voxpop: their output and exit codes."""

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
from tests.support.command_line import SMALL_DEMO, VOXPOP, ServeProcess, clean_environment, run, run_successfully
from tests.support.databases import run_sql

from voxpop import __main__ as main
from voxpop.db.embedded.cluster import Cluster

UNREACHABLE = clean_environment(VOXPOP_DATABASE_URL="postgresql://voxpop:secret@127.0.0.1:9/voxpop")
KEY = re.compile(r"vxp_[0-9a-f]{32}_[\w-]{43}\n")
COMMANDS = ["serve", "worker", "migrate", "status", "demo", "key create", "key list", "key revoke"]
COMMANDS += [
    "workspace create",
    "workspace owner-link",
    "workspace set",
    "workspace list",
    "job run",
    "job list",
    "events dead-letters",
    "events replay",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_of_each_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([*command.split(), "--help"]) == 0
    output = capsys.readouterr().out
    assert re.search(rf"^    voxpop {command}", output, re.MULTILINE), output
    assert "--data" in output


def test_help_and_errors_do_not_depend_on_docstrings() -> None:
    """`python -OO` strips docstrings and assertions."""
    optimized = [sys.executable, "-OO", "-m", "voxpop"]
    texts = subprocess.run([*optimized, "key", "create", "--help"], capture_output=True, text=True).stdout
    assert "Create an API key" in texts
    assert "    voxpop key create" in texts
    refused = subprocess.run([*optimized, "migrate"], capture_output=True, text=True, env=UNREACHABLE)
    assert (refused.returncode, refused.stderr.startswith("The database cannot be used: ")) == (1, True)


def test_help_lists_the_commands_with_their_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in ("serve", "worker", "migrate", "status", "demo", "key", "workspace", "job", "events"):
        assert any(re.match(rf"│ {name} +[A-Z]", line) for line in lines), name


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version").stdout == f"{version('voxpop')}\n"
    script = Path(sys.executable).with_name("voxpop")
    assert subprocess.run([script, "--version"], capture_output=True, text=True).stdout == f"{version('voxpop')}\n"


@pytest.mark.parametrize(
    ("words", "message"),
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
def test_invalid_usage_is_refused_in_one_line(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(list(words)) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err


def test_an_unreachable_database_is_reported_in_one_line() -> None:
    process = run("key", "list", VOXPOP_DATABASE_URL="postgresql://voxpop:secret@127.0.0.1:9/voxpop")
    assert (process.returncode, process.stdout) == (1, "")
    assert process.stderr.startswith("The database cannot be used: ")
    assert process.stderr.count("\n") == 1
    assert "secret" not in process.stderr


def test_an_impossible_data_directory_is_reported() -> None:
    process = run("key", "list", data=Path("/dev/null/data"))
    assert process.returncode == 1
    assert "/dev/null" in process.stderr
    assert "Traceback" not in process.stderr


@pytest.mark.slow
def test_keys_are_managed_without_a_running_server(data: Path) -> None:
    made = run("key", "create", "--scope", "ingest,read", "--scope", "manage", "--name", "shop", data=data)
    assert (made.returncode, bool(KEY.fullmatch(made.stdout))) == (0, True)
    (row,) = run_successfully("key", "list", data=data).splitlines()[1:]
    ident, name, scopes, *_ = row.split()
    assert (name, scopes) == ("shop", "ingest,read,manage")
    assert made.stdout[4:36] == ident.replace("-", "")
    assert run_successfully("key", "revoke", ident, data=data) == f"Revoked {ident}\n"
    assert not run_successfully("key", "list", data=data).splitlines()[1].endswith("-")
    assert Cluster(data).postmaster() is None


@pytest.mark.slow
def test_a_key_works_at_once_and_stops_when_it_is_revoked(start: Start, data: Path) -> None:
    serving = start()
    key = run_successfully("key", "create", "--workspace", "default", "--scope", "manage", data=data).strip()
    with serving.client(key) as client:
        assert client.get("/api/v1/workspace").status_code == 200
        ident = run_successfully("key", "list", data=data).splitlines()[-1].split()[0]
        run_successfully("key", "revoke", ident, data=data)
        assert client.get("/api/v1/workspace").status_code == 401
    with serving.client() as client:
        assert client.get("/api/v1/workspace").status_code == 200  # the first key still works


@pytest.mark.slow
def test_workspaces_are_created_changed_and_listed(data: Path) -> None:
    made = run_successfully("workspace", "create", "acme", data=data)
    link = r"http://acme\.localhost:8000/login/owner\?token=\S+"
    assert re.search(rf"\ACreated the workspace acme\..*owner.*\n\n +{link}\n\Z", made)
    another = run_successfully("workspace", "owner-link", "acme", data=data)
    assert re.fullmatch(link + r"\n", another)
    assert another.strip() not in made
    duplicate = run("workspace", "create", "acme", data=data)
    assert (duplicate.returncode, duplicate.stderr) == (1, "A workspace with this name already exists.\n")
    options = ("--time-zone", "Europe/Berlin", "--cool-down-days", "0")
    (row,) = run_successfully("workspace", "set", "acme", *options, data=data).splitlines()[1:]
    assert row.split()[:4] == ["acme", "acme", "Europe/Berlin", "0"]
    invalid = run("workspace", "set", "acme", "--time-zone", "Europe/Berln", data=data)
    assert (invalid.returncode, invalid.stderr.partition(":")[0]) == (2, "--time-zone")
    unknown = run("workspace", "set", "unknown", "--cool-down-days", "1", data=data)
    assert (unknown.returncode, unknown.stderr) == (1, "There is no workspace 'unknown' (there are: default, acme)\n")
    assert [line.split()[0] for line in run_successfully("workspace", "list", data=data).splitlines()] == [
        "NAME",
        "default",
        "acme",
    ]


INSERT_DEAD_LETTER = """
    INSERT INTO dead_letter (workspace_id, id, topic, "partition", "offset", reason, message, create_time)
    SELECT id, gen_random_uuid(), 'customer-events.V1', 2, 4711, 'no ' || chr(27) || '[31m', $1, now() FROM workspace
    RETURNING id"""


@pytest.mark.slow
async def test_a_dead_letter_is_listed_and_replayed(live_db: str, owner: Any) -> None:
    external = {"VOXPOP_DATABASE_URL": live_db}
    await asyncio.to_thread(run, "key", "create", "--scope", "read", **external)
    message = b'{"event_type": "ORDER_COMPLETED", "guid": "g", "context_type": "ORDER", "context_id": "o"}'
    dead_letter = await owner.fetchval(INSERT_DEAD_LETTER, message)
    rows = (await asyncio.to_thread(run, "events", "dead-letters", **external)).stdout.splitlines()
    assert rows[1].split()[:1] + rows[1].split()[2:6] == [str(dead_letter), "customer-events.V1", "2", "4711", "-"]
    assert "\x1b" not in rows[1]
    replayed = await asyncio.to_thread(run, "events", "replay", str(dead_letter), **external)
    assert replayed.stdout == "ignored: No running campaign waits for this event\n"
    unknown = await asyncio.to_thread(run, "events", "replay", str(uuid4()), **external)
    assert (unknown.returncode, unknown.stderr.startswith("Dead letter with id")) == (1, True)


@pytest.mark.slow
def test_demo_data_is_loaded_once(data: Path) -> None:
    assert run_successfully("demo", data=data, program=SMALL_DEMO) == "Loaded demo data into the workspace default\n"
    again = run("demo", data=data)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "The workspace default is not empty, so nothing was loaded\n"


def test_migrating_a_migrated_database_changes_nothing(data: Path) -> None:
    assert run_successfully("migrate", data=data) == "The schema is up to date\n"


@pytest.mark.slow
def test_status_shows_the_server_and_the_schema(folder: Path, data: Path, start: Start) -> None:
    assert "empty" in run_successfully("status", data=folder / "nowhere")
    assert not (folder / "nowhere").exists()
    stopped = run_successfully("status", data=data)
    assert re.search(r"PostgreSQL 18\S*, not running\n", stopped)
    assert "up to date" in stopped
    assert re.search("Privileges: +complete", stopped)
    assert "none yet" in stopped
    serving = start()
    running = run_successfully("status", data=data)
    assert re.search(rf"running, process {serving.postgres_pid}, port \d+", running)
    assert str(data) in running
    assert "default" in running


def test_the_worker_runs_until_it_is_stopped(data: Path) -> None:
    process = subprocess.Popen(
        [*VOXPOP, "worker", "--data", data], env=clean_environment(), cwd="/", stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    while b"worker is running" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, output = process.communicate(timeout=20)
    assert (process.returncode, b"Traceback" in output) == (0, False)
    assert Cluster(data).postmaster() is None


@pytest.mark.slow
async def test_commands_use_an_external_database(live_db: str, folder: Path) -> None:
    external = {"VOXPOP_DATABASE_URL": live_db, "VOXPOP_MIGRATE_URL": live_db}
    assert run("migrate", **external).stdout == "The schema is up to date\n"
    assert KEY.fullmatch(run("key", "create", "--scope", "read", **external).stdout)
    output = run("status", **external).stdout
    assert "PostgreSQL at " in output
    assert "@" not in output
    await run_sql(live_db, "REVOKE SELECT ON feedback FROM voxpop_app")
    refused = run("status", **external)
    assert (refused.returncode, "1 missing: SELECT on feedback for voxpop_app" in refused.stdout) == (1, True)
    assert "`voxpop migrate` grants them" in refused.stderr
    run("migrate", **external)
    assert run("status", **external).returncode == 0
    serving = ServeProcess(folder / "unused", env=clean_environment(**external)).wait_until_ready()
    with serving.client("invalid") as client:
        assert client.get("/health/ready").status_code == 200
        assert client.get("/api/v1/workspace").status_code == 401
    assert serving.stop(signal.SIGTERM) == 0
    assert not (folder / "unused").exists()
    serving.process.communicate()
