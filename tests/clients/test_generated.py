"""The generated files of both clients match the document, so that no call is forgotten."""

import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest
from tests.support.api_calls import ExampleCall

from voxpop.client import AsyncClient, Client

ROOT = Path(__file__).parents[2]


def test_the_clients_match_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "build_tools/clients")
    generate = import_module("generate")
    for name in ("generate", "shapes", "python_calls", "typescript_calls"):
        monkeypatch.delitem(sys.modules, name)
    files = generate.generated()
    stale = [path.name for path, text in files.items() if not path.exists() or path.read_text() != text]
    assert stale == [], "run: make clients"
    assert {*(ROOT / "src/voxpop/client/api").glob("*.py")} - files.keys() == set()


async def test_no_call_is_missing_in_a_client(calls: list[ExampleCall]) -> None:
    assert len(calls) > 50
    typescript = (ROOT / "clients/js/src/calls.ts").read_text()
    missing = [call.name for call in calls if f"\n  {call.name}(" not in typescript]
    missing += [
        call.name
        for call in calls
        if not (hasattr(Client, call.python_name) and hasattr(AsyncClient, call.python_name))
    ]
    assert missing == []


def test_the_package_for_javascript_has_the_version_of_the_api() -> None:
    package = msgspec.json.decode((ROOT / "clients/js/package.json").read_bytes())
    assert package["version"] == version("voxpop")
