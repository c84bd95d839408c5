"""Runs the command line and sends requests to the servers that it starts."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import asyncpg
import httpx

from voxpop.db.embedded.cluster import Cluster

VOXPOP = [sys.executable, "-m", "voxpop"]
SMALL_DEMO = [sys.executable, str(Path(__file__).with_name("small_demo.py"))]  # Voxpop with a tenth of the demo
FEATURE = "/api/csat/v1/products/pms/features/dashboard"
INCREMENT = f"{FEATURE}/increment"
USER = {"user_email": "user@example.com"}


def clean_environment(**settings: str) -> dict[str, str]:
    """The environment of the tests, with these settings of Voxpop only."""
    return {name: value for name, value in os.environ.items() if not name.startswith("VOXPOP_")} | settings


def run(
    *words: str, data: Path | None = None, program: Sequence[str] = VOXPOP, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Runs a command to its end, in a directory without settings."""
    command = [*program, *words, *(["--data", str(data)] if data else [])]
    env = clean_environment(**settings)
    return subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, timeout=180)


def run_successfully(*words: str, data: Path, program: Sequence[str] = VOXPOP) -> str:
    """Runs a command that must succeed, and returns its stdout."""
    process = run(*words, data=data, program=program)
    assert process.returncode == 0, process.stderr
    return process.stdout


class ServeProcess:
    """A `voxpop serve` on a free port. `output` is the stdout so far."""

    def __init__(self, data: Path, *options: str, env: dict[str, str], program: Sequence[str] = VOXPOP) -> None:
        self.data, self.output = data, ""
        command = [*program, "serve", "--port", "0", "--data", str(data), *options]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, env=env, cwd="/", stdout=subprocess.PIPE, stderr=log, text=True)

    @property
    def log(self) -> Path:
        return self.data.parent / "stderr"

    def wait_until_ready(self) -> Self:
        assert self.process.stdout is not None
        while not (match := re.search(r"ready at (\S+)", self.output)):
            line = self.process.stdout.readline()
            assert line, self.log.read_text()
            self.output += line
        self.url = match[1]
        return self

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def key(self) -> str:
        """The API key of the first start."""
        (key,) = re.findall(r"vxp_\S+", self.output)
        return str(key)

    def client(self, key: str | None = None) -> httpx.Client:
        headers = {"authorization": f"Bearer {key or self.key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=15, trust_env=False)

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=20)

    @property
    def postgres_pid(self) -> int:
        postmaster = Cluster(self.data).postmaster()
        assert postmaster is not None
        return postmaster.pid

    async def connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection of the owner to the database, past the application."""
        cluster = Cluster(self.data)
        state = cluster.read_state()
        assert state is not None
        return await asyncpg.connect(cluster.dsn(state.port))


def create_feature(client: httpx.Client) -> None:
    response = client.post("/api/csat/v1/products", json={"key": "pms", "name": "PMS"})
    assert response.status_code == 201, response.text
    body = {"feature_key": "dashboard", "interaction_threshold": 1000, "rejection_threshold": 3}
    response = client.post("/api/csat/v1/products/pms/features", json=body)
    assert response.status_code == 201, response.text


def increment(client: httpx.Client) -> int:
    """Counts an interaction and returns the new total."""
    response = client.post(INCREMENT, json=USER)
    assert response.status_code == 200, response.text
    return int(response.json()["total_interaction_count"])
