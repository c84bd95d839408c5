"""Runs the command line and talks to what it started."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Self

import asyncpg
import httpx

from voxpop.db.embedded.cluster import Cluster

VOXPOP = [sys.executable, "-m", "voxpop"]
FEATURE = "/api/csat/v1/products/pms/features/dashboard"
USE = f"{FEATURE}/increment"
USER = {"user_email": "user@example.com"}


def environment(**settings: str) -> dict[str, str]:
    """The tests' own, with these settings and no others."""
    return {name: value for name, value in os.environ.items() if not name.startswith("VOXPOP_")} | settings


def run(*words: str, data: Path | None = None, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Runs a command to its end, in a directory without settings."""
    options = ["--data", str(data)] if data else []
    return subprocess.run(
        [*VOXPOP, *words, *options], env=environment(**settings), cwd="/", capture_output=True, text=True, timeout=60
    )


def result(*words: str, data: Path) -> str:
    """What a command that must succeed prints on stdout."""
    done = run(*words, data=data)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Serving:
    """A `voxpop serve` on a free port."""

    def __init__(self, data: Path, *options: str, env: dict[str, str]) -> None:
        self.data, self.said = data, ""
        command = [*VOXPOP, "serve", "--port", "0", "--data", str(data), *options]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, env=env, cwd="/", stdout=subprocess.PIPE, stderr=log, text=True)

    @property
    def log(self) -> Path:
        return self.data.parent / "stderr"

    def ready(self) -> Self:
        assert self.process.stdout is not None
        while not (found := re.search(r"ready at (\S+)", self.said)):
            line = self.process.stdout.readline()
            assert line, self.log.read_text()
            self.said += line
        self.url = found[1]
        return self

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def key(self) -> str:
        """The one of the first start."""
        (key,) = re.findall(r"vxp_\S+", self.said)
        return str(key)

    def client(self, key: str | None = None) -> httpx.Client:
        headers = {"authorization": f"Bearer {key or self.key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=15, trust_env=False)

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=20)

    @property
    def postgres(self) -> int:
        found = Cluster(self.data).postmaster()
        assert found is not None
        return found.pid

    async def connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        """Past the application, to stand in its way."""
        cluster = Cluster(self.data)
        state = cluster.read_state()
        assert state is not None
        return await asyncpg.connect(cluster.dsn(state.port))


def open_feature(client: httpx.Client) -> None:
    made = client.post("/api/csat/v1/products", json={"key": "pms", "name": "PMS"})
    assert made.status_code == 201, made.text
    body = {"feature_key": "dashboard", "interaction_threshold": 1000, "rejection_threshold": 3}
    made = client.post("/api/csat/v1/products/pms/features", json=body)
    assert made.status_code == 201, made.text


def use(client: httpx.Client) -> int:
    """The count of uses after one more."""
    answer = client.post(USE, json=USER)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["total_interaction_count"])
