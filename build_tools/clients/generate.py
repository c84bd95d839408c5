"""Generates the calls and types of both clients from the OpenAPI document, so that none is forgotten or out of date.

Python goes to src/voxpop/client/api/, TypeScript to clients/js/src/. A test compares the files with the document.
"""

import subprocess
import sys
from pathlib import Path

from python_calls import python_files
from shapes import Shapes
from typescript_calls import typescript_files

from voxpop.app import create_framework
from voxpop.web.openapi.docs import ApiDocs

ROOT = Path(__file__).parents[2]
PYTHON, TYPESCRIPT = ROOT / "src/voxpop/client/api", ROOT / "clients/js/src"
RUFF = [sys.executable, "-m", "ruff"]
FIX = ["check", "--fix-only", "--quiet", "--select"]


def generated() -> dict[Path, str]:
    """The content of each generated file."""
    app = create_framework()
    (docs,) = [plugin for plugin in app.plugins if isinstance(plugin, ApiDocs)]
    shapes = Shapes(docs.document(app))
    python = {PYTHON / name: formatted(text) for name, text in python_files(shapes).items()}
    return python | {TYPESCRIPT / name: text for name, text in typescript_files(shapes).items()}


def formatted(text: str) -> str:
    """Python without imports that it does not use, as `make fix` formats it."""
    for command in ([*FIX, "F401"], [*FIX, "I"], ["format", "--quiet"]):
        run = [*RUFF, *command, "--stdin-filename", str(PYTHON / "module.py"), "-"]
        text = subprocess.run(run, cwd=ROOT, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return text


def write() -> None:
    """Writes the files, and removes those of sections that are gone."""
    files = generated()
    for old in {*PYTHON.glob("*.py")} - files.keys():
        old.unlink()
    for path, text in files.items():
        path.write_text(text)
