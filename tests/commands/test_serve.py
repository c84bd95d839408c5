"""`voxpop serve` as a process: start, graceful shutdown, kills, and several processes on one database."""

import asyncio
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.commands.conftest import Start
from tests.support.command_line import SMALL_DEMO, ServeProcess, create_feature, increment, run

from voxpop.db.embedded.cluster import Cluster

LOCAL_URL = r"http://127\.0\.0\.1:\d+"
OWNER_LINK = rf"{LOCAL_URL}/login/owner\?token=\S+"


@pytest.mark.slow
def test_only_the_first_start_prints_the_key_and_the_owner_link(start: Start) -> None:
    first = start()
    assert re.search(
        rf"all scopes.*\n\n +vxp_\S+\n\n.*owner.*\n\n +{OWNER_LINK}\n\nVoxpop is ready at {LOCAL_URL}\n\Z", first.output
    )
    with first.client() as client:
        assert client.get("/health/ready").status_code == 200
        assert client.get("/api/v1/workspace").json()["name"] == "default"
        assert "server" not in client.get("/").headers
        assert first.url in client.get("/").text  # the real port instead of 0
    postgres = first.postgres_pid
    assert first.stop(signal.SIGTERM) == 0
    assert not Cluster(first.data).is_server(postgres)
    assert Cluster(first.data).orphaned_processes() == []
    assert first.process.stdout is not None
    assert first.process.stdout.read() == ""

    again = start()
    assert again.output == f"Voxpop is ready at {again.url}\n"


@pytest.mark.slow
def test_the_printed_link_creates_the_owner_once(start: Start) -> None:
    link = re.findall(OWNER_LINK, start().output)[0]
    again = start()
    assert re.search(OWNER_LINK, again.output) is None
    link = re.sub(LOCAL_URL, again.url, link)
    with httpx.Client(headers={"sec-fetch-site": "same-origin"}, trust_env=False) as browser:
        assert "Create my account" in browser.get(link).text
        fields = {"token": link.partition("=")[2], "email": "ada@example.com", "name": "Ada"}
        claimed = browser.post(link, data=fields)
        assert (claimed.status_code, claimed.headers["location"]) == (303, "/settings")
        assert browser.get(f"{again.url}/settings/keys").status_code == 200
        browser.cookies.clear()
        assert browser.post(link, data=fields).status_code == 400


@pytest.mark.slow
def test_demo_data_is_loaded_before_the_server_is_ready(start: Start) -> None:
    first = start("--demo", "--no-worker", program=SMALL_DEMO)
    with first.client() as client:
        features = {feature["feature_key"] for feature in client.get("/api/csat/v1/features").json()["data"]}
    assert {"dashboard", "export-csv"} <= features


async def test_a_request_in_progress_is_completed_before_the_end(start: Start) -> None:
    serving = start()
    with serving.client() as client:
        create_feature(client)
    owner = await serving.connect()
    try:
        waiting = await blocked_increment(serving, owner)
        serving.process.send_signal(signal.SIGTERM)
        serving.process.send_signal(signal.SIGTERM)  # `make` sends two, which is not a second Ctrl-C
        await asyncio.sleep(0.5)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", serving.port)
        assert not waiting.done()
        await owner.execute("COMMIT")
        assert await waiting == 1
    finally:
        await owner.close()
    assert await asyncio.to_thread(serving.process.wait, 20) == 0


@pytest.mark.parametrize("seconds", ["30", "1"])
async def test_a_second_ctrl_c_or_the_timeout_cancels_requests(start: Start, seconds: str) -> None:
    serving = start(VOXPOP_SHUTDOWN_SECONDS=seconds)
    with serving.client() as client:
        create_feature(client)
    postgres, owner = serving.postgres_pid, await serving.connect()
    try:
        waiting = await blocked_increment(serving, owner)
        serving.process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.5)
        if seconds == "30":
            serving.process.send_signal(signal.SIGINT)
        await asyncio.to_thread(serving.process.wait, 25)  # well before the 30 s
        with pytest.raises(AssertionError, match="stopping"):  # with a response, not only a closed connection
            await waiting
    finally:
        owner.terminate()
    assert not Cluster(serving.data).is_server(postgres)
    assert all(line.startswith("{") for line in serving.log.read_text().splitlines())  # no output except the log


async def blocked_increment(serving: ServeProcess, owner: "object") -> "asyncio.Task[int]":
    """Starts an increment that waits for a lock of the owner's transaction."""
    await owner.execute("BEGIN; LOCK TABLE interaction IN EXCLUSIVE MODE")  # type: ignore[attr-defined]

    def wait() -> int:
        with serving.client() as client:
            return increment(client)

    task = asyncio.create_task(asyncio.to_thread(wait))
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while not await owner.fetchval(waits):  # type: ignore[attr-defined] # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return task


@pytest.mark.slow
def test_a_killed_process_loses_no_acknowledged_increment(start: Start) -> None:
    serving = start()
    key = serving.key
    with serving.client() as client:
        create_feature(client)
        acknowledged = [increment(client) for _ in range(20)][-1]
    for _ in range(2):
        postgres = serving.postgres_pid
        serving.stop(signal.SIGKILL)
        serving = start()
        assert serving.postgres_pid != postgres
        assert not Cluster(serving.data).is_server(postgres)
        with serving.client(key) as client:
            assert increment(client) == acknowledged + 1
        acknowledged += 1


@pytest.mark.slow
def test_two_processes_share_a_database_and_can_stop_in_any_order(start: Start) -> None:
    first = start()
    second = start()
    assert first.url != second.url
    assert first.postgres_pid == second.postgres_pid
    with first.client() as one_client, second.client(first.key) as other_client:
        create_feature(one_client)
        assert [increment(one_client), increment(other_client), increment(one_client)] == [1, 2, 3]
    first.stop(signal.SIGTERM)
    with second.client(first.key) as other_client:
        until_ready(other_client)
        assert increment(other_client) == 4
    postgres = second.postgres_pid
    assert second.stop(signal.SIGTERM) == 0
    assert not Cluster(first.data).is_server(postgres)


def until_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + 60
    while client.get("/health/ready").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_process_can_be_stopped_while_it_starts(data: Path) -> None:
    serving = ServeProcess(data, "--demo", env={"PATH": "/usr/bin:/bin"})
    assert serving.process.stdout is not None
    assert "API key" in serving.process.stdout.readline()  # the database runs, and the demo data loads
    postgres = serving.postgres_pid
    assert serving.stop(signal.SIGTERM) == 130
    assert "Traceback" not in serving.log.read_text()
    assert not Cluster(serving.data).is_server(postgres)
    serving.process.communicate()


def test_a_port_in_use_is_reported(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        process = run("serve", "--port", str(port), data=data)
    assert (process.returncode, process.stdout) == (1, "")
    assert (
        process.stderr
        == f"Port {port} on 127.0.0.1 is in use. Stop the process that uses it, or choose another with --port\n"
    )


def test_all_invalid_settings_are_reported() -> None:
    process = run("serve", VOXPOP_PORT="http", VOXPOP_COLOUR="red", VOXPOP_MIGRATE_URL="postgresql://127.0.0.1/x")
    assert (process.returncode, process.stdout) == (2, "")
    named = [line.partition(":")[0] for line in process.stderr.splitlines()]
    assert named == ["VOXPOP_COLOUR", "VOXPOP_PORT", "VOXPOP_MIGRATE_URL"]


def test_the_printed_address_is_the_base_url(start: Start) -> None:
    serving = start(VOXPOP_BASE_URL="https://voxpop.example.com")
    assert re.search(r"ready at https://voxpop\.example\.com \(listening on 127\.0\.0\.1, port \d+\)", serving.output)


def test_the_log_is_json_on_stderr_until_the_end(start: Start) -> None:
    serving = start(VOXPOP_LOG_FORMAT="json")
    serving.stop(signal.SIGTERM)
    lines = serving.log.read_text().splitlines()
    assert all(line.startswith("{") for line in lines), lines
    assert "Stopped listening" in lines[-1]


def test_a_stream_gets_changes_of_another_process_and_does_not_delay_the_end(start: Start) -> None:
    one = start("--no-worker")
    two = start("--no-worker")
    with signed_in(one) as agent, one.client() as client, agent.stream("GET", f"{two.url}/inbox/changes") as stream:
        lines = stream.iter_lines()
        assert "event: quiet" in next_event(lines)
        time.sleep(0.5)  # until its connection listens
        body = {"subject": "Help", "description": "Now", "requester": {"name": "Ann", "email": "ann@example.com"}}
        assert client.post("/api/v1/tickets", json=body).status_code == 201
        began = time.monotonic()
        assert "data: TK-1" in next_event(lines)
        assert time.monotonic() - began < 1
        began = time.monotonic()
        two.process.send_signal(signal.SIGTERM)
        assert list(lines) == []
        assert time.monotonic() - began < 1
        assert two.process.wait(timeout=10) == 0
        assert time.monotonic() - began < 3
    assert one.stop(signal.SIGTERM) == 0


@contextmanager
def signed_in(serving: ServeProcess) -> Iterator[httpx.Client]:
    """A browser of the owner, signed in with the printed link. Every process of the database accepts the session."""
    match = re.search(r"token=(\S+)", serving.output)
    assert match is not None
    with httpx.Client(timeout=15, trust_env=False) as agent:
        form = {"token": match[1], "email": "owner@example.com", "name": "Olga"}
        assert agent.post(f"{serving.url}/login/owner", data=form).status_code == 303
        yield agent


def next_event(lines: Iterator[str]) -> list[str]:
    """The lines of the next event."""
    return list(iter(lambda: next(lines), ""))
