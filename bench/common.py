"""What the benchmarks share: the product started on an embedded database of its own, PostgreSQL's tools, figures."""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from voxpop.db.embedded.supervisor import running as embedded

VOXPOP = Path(__file__).parent.parent / ".venv/bin/voxpop"
TOOLS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/bin"))
PGBENCH, PSQL = TOOLS / "pgbench", TOOLS / "psql"
RESULTS = os.environ.get("BENCH_RESULTS")  # the file of all figures of a run; see `bench/results`
TPS = re.compile(r"tps = ([\d.]+)")

PARSER = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__, allow_abbrev=False)
PARSER.add_argument("--small", action="store_true", help="tiny sizes, to see that the bench works")


def size(full: int, small: int) -> int:
    """The first number, or the second one where the bench is called with `--small`."""
    return small if "--small" in sys.argv else full


class Running(NamedTuple):
    """A started product: where it listens, its first key, its process, its data, and what it printed."""

    url: str
    key: str
    process: "subprocess.Popen[str]"
    data: Path
    said: str


@contextlib.contextmanager
def product(*, keep_data: Path | None = None, workers: int = 1) -> Iterator[Running]:
    """`voxpop serve` on a fresh data directory and a free port; stopped, and its data removed, at the end."""
    folder = keep_data or Path(tempfile.mkdtemp(prefix="voxpop-bench-", dir=os.environ.get("BENCH_DIR")))
    folder.chmod(0o755)
    process = subprocess.Popen(
        [VOXPOP, "serve", "--port", "0", "--workers", str(workers), "--data", folder / "data"],
        env=os.environ | {"VOXPOP_LOG_LEVEL": "warning"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = _until_ready(process)
        key = re.search(r"vxp_\S+", said)
        url = re.search(r"is ready at (\S+)", said)  # the first address is the owner's link
        assert url, said
        yield Running(url[1], key[0] if key else "", process, folder / "data", said)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        if keep_data is None:
            shutil.rmtree(folder, ignore_errors=True)


def _until_ready(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    said = ""
    while "is ready at" not in said:
        line = process.stdout.readline()
        assert line, f"the product stopped: {said}"
        said += line
    return said


def call(running: Running, method: str, path: str, body: bytes | None = None) -> bytes:
    request = urllib.request.Request(  # noqa: S310
        running.url + path,
        body,
        {"authorization": f"Bearer {running.key}", "content-type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return bytes(answer.read())


def make_features(running: Running, count: int) -> None:
    """The product `bench` with the features `f1` and so on, which prompt after five uses."""
    call(running, "POST", "/api/csat/v1/products", b'{"key": "bench", "name": "Bench"}')
    for number in range(1, count + 1):
        feature = {"feature_key": f"f{number}", "interaction_threshold": 5, "rejection_threshold": 3}
        call(running, "POST", "/api/csat/v1/products/bench/features", json.dumps(feature).encode())


def pgbench(dsn: str, script: str, *, clients: int, seconds: int) -> float:
    """Transactions per second of a script with prepared statements; fsync and the like as the server has them."""
    length = ["-T", str(seconds)] if seconds else ["-t", "20"]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        out = subprocess.run(
            [PGBENCH, "-n", "-M", "prepared", "-c", str(clients), "-j", "2", *length, "-f", file.name, dsn],
            capture_output=True,
            text=True,
        )
    assert out.returncode == 0, out.stderr
    rate = float(TPS.findall(out.stdout)[-1])
    print(f"  pgbench, {clients} clients: {rate:,.0f}/s", flush=True)
    return rate


def dsn_of(running: Running) -> str:
    """The owner's address of the embedded server that the product runs."""
    with embedded(running.data) as supervisor:
        return supervisor.server.dsn


def sql(dsn: str, script: str) -> None:
    subprocess.run([PSQL, "-qX", "-v", "ON_ERROR_STOP=1", dsn, "-c", script], check=True, capture_output=True)


def wrk(running: Running, script: str, *, connections: int, seconds: int) -> dict[str, float]:
    """Requests per second and latencies in ms of a lua script; every answer must be 2xx. At least a second.

    A busy machine may answer late, so the timeout is long.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        options = ["-t1", f"-c{connections}", f"-d{max(seconds, 1)}s", "--timeout", "30s", "--latency", "-s", file.name]
        out = subprocess.run(["wrk", *options, running.url], capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in out, out
    assert "Socket errors" not in out, out
    seen = {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),  # type: ignore[index]
        "p50": _milliseconds(re.search(r"^ +50% +(\S+)", out, re.MULTILINE)[1]),  # type: ignore[index]
        "p99": _milliseconds(re.search(r"^ +99% +(\S+)", out, re.MULTILINE)[1]),  # type: ignore[index]
    }
    print(f"  wrk, {connections} connections: {seen['rate']:,.0f}/s, p99 {seen['p99']:.1f} ms", flush=True)
    return seen


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    return {figure: median([one[figure] for one in rounds]) for figure in rounds[0]}


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def timed(work: Callable[[], object], times: int) -> list[float]:
    """Milliseconds of each of so many calls."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def pss(pids: Sequence[int]) -> float:
    """Proportional memory of processes in MB: what they share is counted once."""
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])  # type: ignore[index]
    return total / 1024


def cpu_seconds(pids: Sequence[int]) -> float:
    """The time of the processor that processes have used."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9


def family_pss(running: Running) -> float:
    """The memory of the product and its database, in MB."""
    return pss(family(running.process.pid))


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it may end at any time
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(name))
    todo, found = [pid], []
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def report(what: str, value: float, *, at_least: float | None = None, at_most: float | None = None) -> None:
    """Prints a figure with its target, and adds it to the file of results if there is one."""
    figure = {"what": what, "value": value, "at_least": at_least, "at_most": at_most}
    target = f" (at least {at_least:,g})" if at_least is not None else f" (at most {at_most:,g})" if at_most else ""
    print(f"{what}: {shown(value)}{target}", flush=True)
    if RESULTS:
        with Path(RESULTS).open("a") as file:
            file.write(json.dumps(figure) + "\n")


def shown(value: float) -> str:
    """With three digits that count, or all digits of a larger number."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
