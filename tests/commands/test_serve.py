"""The running process: how it starts, what it answers while it stops, what it leaves behind, what outlives it."""

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
from tests.commands.kit import Serving, open_feature, run, use

from voxpop.db.embedded.cluster import Cluster

HERE = r"http://127\.0\.0\.1:\d+"
OWNER_LINK = rf"{HERE}/login/owner\?token=\S+"


def test_the_first_start_tells_key_and_address_once(start: Start) -> None:
    first = start()
    assert re.search(
        rf"all scopes.*\n\n +vxp_\S+\n\n.*owner.*\n\n +{OWNER_LINK}\n\nVoxpop is ready at {HERE}\n\Z", first.said
    )
    with first.client() as client:
        assert client.get("/health/ready").status_code == 200
        assert client.get("/api/v1/workspace").json()["name"] == "default"
        assert "server" not in client.get("/").headers
        assert first.url in client.get("/").text  # the real port, not the 0 it was given
    postgres = first.postgres
    assert first.stop(signal.SIGTERM) == 0
    assert not Cluster(first.data).is_server(postgres)
    assert Cluster(first.data).orphaned_processes() == []
    assert first.process.stdout is not None
    assert first.process.stdout.read() == ""

    again = start()
    assert again.said == f"Voxpop is ready at {again.url}\n"


def test_the_printed_link_makes_the_owner_once(start: Start) -> None:
    link = re.findall(OWNER_LINK, start().said)[0]
    again = start()
    assert re.search(OWNER_LINK, again.said) is None
    link = re.sub(HERE, again.url, link)
    with httpx.Client(headers={"sec-fetch-site": "same-origin"}, trust_env=False) as browser:
        assert "Create my account" in browser.get(link).text
        fields = {"token": link.partition("=")[2], "email": "ada@example.com", "name": "Ada"}
        founded = browser.post(link, data=fields)
        assert (founded.status_code, founded.headers["location"]) == (303, "/settings")
        assert browser.get(f"{again.url}/settings/keys").status_code == 200
        assert browser.post(link, data=fields).status_code == 400


def test_demo_data_is_there_before_the_first_answer(start: Start) -> None:
    first = start("--demo", "--no-worker")
    with first.client() as client:
        features = {one["feature_key"] for one in client.get("/api/csat/v1/features").json()["data"]}
    assert {"dashboard", "export-csv"} <= features


async def test_what_is_in_flight_is_answered(start: Start) -> None:
    serving = start()
    with serving.client() as client:
        open_feature(client)
    owner = await serving.connect()
    try:
        waiting = await held_up(serving, owner)
        serving.process.send_signal(signal.SIGTERM)
        serving.process.send_signal(signal.SIGTERM)  # said twice, as `make` does, is no second Ctrl-C
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
async def test_a_second_ctrl_c_or_the_end_of_the_time_cuts_off(start: Start, seconds: str) -> None:
    serving = start(VOXPOP_SHUTDOWN_SECONDS=seconds)
    with serving.client() as client:
        open_feature(client)
    postgres, owner = serving.postgres, await serving.connect()
    try:
        waiting = await held_up(serving, owner)
        serving.process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.5)
        if seconds == "30":
            serving.process.send_signal(signal.SIGINT)
        await asyncio.to_thread(serving.process.wait, 25)  # well before the 30 s
        with pytest.raises(AssertionError, match="stopping"):  # told so, not just dropped
            await waiting
    finally:
        owner.terminate()
    assert not Cluster(serving.data).is_server(postgres)
    assert all(line.startswith("{") for line in serving.log.read_text().splitlines())  # nothing but logs


async def held_up(serving: Serving, owner: "object") -> "asyncio.Task[int]":
    """A use that waits in the database for the owner's transaction to end."""
    await owner.execute("BEGIN; LOCK TABLE interaction IN EXCLUSIVE MODE")  # type: ignore[attr-defined]

    def wait() -> int:
        with serving.client() as client:
            return use(client)

    task = asyncio.create_task(asyncio.to_thread(wait))
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while not await owner.fetchval(waits):  # type: ignore[attr-defined] # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return task


def test_a_killed_process_has_lost_nothing_it_acknowledged(start: Start) -> None:
    serving = start()
    key = serving.key
    with serving.client() as client:
        open_feature(client)
        acknowledged = [use(client) for _ in range(20)][-1]
    for _ in range(2):
        postgres = serving.postgres
        serving.stop(signal.SIGKILL)
        serving = start()
        assert serving.postgres != postgres
        assert not Cluster(serving.data).is_server(postgres)
        with serving.client(key) as client:
            assert use(client) == acknowledged + 1
        acknowledged += 1


def test_two_processes_share_a_database_and_either_may_go_first(start: Start) -> None:
    one = start()
    two = start()
    assert one.url != two.url
    assert one.postgres == two.postgres
    with one.client() as here, two.client(one.key) as there:
        open_feature(here)
        assert [use(here), use(there), use(here)] == [1, 2, 3]
    one.stop(signal.SIGTERM)
    with two.client(one.key) as there:
        until_ready(there)
        assert use(there) == 4
    postgres = two.postgres
    assert two.stop(signal.SIGTERM) == 0
    assert not Cluster(one.data).is_server(postgres)


def until_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + 60
    while client.get("/health/ready").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_told_to_stop_while_it_starts(data: Path) -> None:
    serving = Serving(data, "--demo", env={"PATH": "/usr/bin:/bin"})
    assert serving.process.stdout is not None
    assert "API key" in serving.process.stdout.readline()  # the database runs, and the demo data is being loaded
    postgres = serving.postgres
    assert serving.stop(signal.SIGTERM) == 130
    assert "Traceback" not in serving.log.read_text()
    assert not Cluster(serving.data).is_server(postgres)
    serving.process.communicate()


def test_a_port_in_use(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port), data=data)
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == f"Port {port} on 127.0.0.1 is in use; stop what listens there, or choose another with --port\n"
    )


def test_settings_that_are_wrong_are_all_named() -> None:
    done = run("serve", VOXPOP_PORT="http", VOXPOP_COLOUR="red", VOXPOP_MIGRATE_URL="postgresql://127.0.0.1/x")
    assert (done.returncode, done.stdout) == (2, "")
    named = [line.partition(":")[0] for line in done.stderr.splitlines()]
    assert named == ["VOXPOP_COLOUR", "VOXPOP_PORT", "VOXPOP_MIGRATE_URL"]


def test_the_base_url_is_the_address_that_is_told(start: Start) -> None:
    serving = start(VOXPOP_BASE_URL="https://voxpop.example.com")
    assert re.search(r"ready at https://voxpop\.example\.com \(listening on 127\.0\.0\.1, port \d+\)", serving.said)


def test_the_logs_are_json_on_stderr_and_say_when_it_stops(start: Start) -> None:
    serving = start(VOXPOP_LOG_FORMAT="json")
    serving.stop(signal.SIGTERM)
    lines = serving.log.read_text().splitlines()
    assert all(line.startswith("{") for line in lines), lines
    assert "Stopped listening" in lines[-1]


def test_a_change_in_one_process_is_told_by_another_at_once_whose_end_waits_for_no_stream(start: Start) -> None:
    one = start("--no-worker")
    two = start("--no-worker")
    with signed_in(one) as agent, one.client() as client, agent.stream("GET", f"{two.url}/inbox/changes") as stream:
        lines = stream.iter_lines()
        assert "event: quiet" in until_blank(lines)
        time.sleep(0.5)  # its connection listens by now
        body = {"subject": "Help", "description": "Now", "requester": {"name": "Ann", "email": "ann@example.com"}}
        assert client.post("/api/v1/tickets", json=body).status_code == 201
        began = time.monotonic()
        assert "data: TK-1" in until_blank(lines)
        assert time.monotonic() - began < 1
        began = time.monotonic()
        two.process.send_signal(signal.SIGTERM)
        assert list(lines) == []
        assert time.monotonic() - began < 1
        assert two.process.wait(timeout=10) == 0
        assert time.monotonic() - began < 3
    assert one.stop(signal.SIGTERM) == 0


@contextmanager
def signed_in(serving: Serving) -> Iterator[httpx.Client]:
    """The owner, by the printed link; his session is good at every process of the database."""
    found = re.search(r"token=(\S+)", serving.said)
    assert found is not None
    with httpx.Client(timeout=15, trust_env=False) as agent:
        form = {"token": found[1], "email": "owner@example.com", "name": "Olga"}
        assert agent.post(f"{serving.url}/login/owner", data=form).status_code == 303
        yield agent


def until_blank(lines: Iterator[str]) -> list[str]:
    """The lines of the next event."""
    return list(iter(lambda: next(lines), ""))
