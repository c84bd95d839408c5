"""`voxpop serve --workers N`: one address, one database, restarts, metrics of all processes, and the end of all."""

import os
import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.commands.conftest import Start
from tests.support.command_line import ServeProcess, create_feature, increment, run

from voxpop import __main__ as main
from voxpop.db.embedded.cluster import Cluster

REQUESTS = re.compile(r'voxpop_requests_total\{method="POST",route="[^"]*/increment",status="200"\} (\S+)')


def workers(serving: ServeProcess) -> list[int]:
    """The process ids of the workers."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):  # any of them may end at any time
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == serving.process.pid and b"worker_process" in command:
            found.append(int(process.name))
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def counted(serving: ServeProcess) -> float:
    """The increments in the metrics, asked from a random process."""
    (value,) = REQUESTS.findall(httpx.get(f"{serving.url}/metrics", trust_env=False).text)
    return float(value)


def increment_once(serving: ServeProcess) -> int:
    """Over a connection of its own, so that any process may get it."""
    with serving.client() as client:
        return increment(client)


@pytest.mark.slow
def test_all_processes_serve_one_address_and_metrics_are_their_sum(start: Start) -> None:
    serving = start("--workers", "3")
    assert serving.output.count("is ready at") == 1
    assert len(workers(serving)) == 3
    with serving.client() as client:
        create_feature(client)
    with ThreadPoolExecutor(8) as pool:
        totals = list(pool.map(lambda _: increment_once(serving), range(60)))
    assert sorted(totals) == list(range(1, 61))
    assert {counted(serving) for _ in range(10)} == {60}
    text = httpx.get(f"{serving.url}/metrics", trust_env=False).text
    assert 0 < float(re.findall(r"^process_start_time_seconds (\S+)", text, re.MULTILINE)[0]) < time.time()
    pids, postgres = workers(serving), serving.postgres_pid
    assert serving.stop(signal.SIGTERM) == 0
    assert [pid for pid in pids if is_running(pid)] == []
    assert not Cluster(serving.data).is_server(postgres)


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced(start: Start) -> None:
    serving = start("--workers", "2")
    with serving.client() as client:
        create_feature(client)
    killed, kept = workers(serving)
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(workers(serving)) == 2 and killed not in workers(serving))
    assert kept in workers(serving)
    until(lambda: re.search(r"worker\.restarted", serving.log.read_text()) is not None)
    assert [increment_once(serving) for _ in range(10)] == list(range(1, 11))
    assert serving.output.count("is ready at") == 1
    assert serving.stop(signal.SIGTERM) == 0


@pytest.mark.slow
def test_workers_end_with_their_parent(start: Start) -> None:
    serving = start("--workers", "2")
    pids = workers(serving)
    assert serving.stop(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: not any(map(is_running, pids)))
    again = start("--workers", "2")
    with again.client(serving.key) as client:
        create_feature(client)
    assert again.stop(signal.SIGINT) == 0


@pytest.mark.parametrize("count", ["0", "65", "-1", "1.5", "many", ""])
def test_a_wrong_number_of_workers_is_a_usage_error(
    folder: Path, count: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["serve", "--workers", count, "--data", str(folder / "data")]) == 2
    output = capsys.readouterr()
    assert (output.out, "from 1 to 64, or 'auto'" in output.err) == ("", True)


@pytest.mark.slow
def test_a_second_service_cannot_take_the_port_of_workers(start: Start, folder: Path) -> None:
    serving = start("--workers", "2")
    process = run("serve", "--workers", "2", "--port", str(serving.port), data=folder / "other")
    assert process.returncode == 1
    assert f"Port {serving.port} on 127.0.0.1 is in use" in process.stderr
