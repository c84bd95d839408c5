"""Runs every command line in README, CONTRIBUTING and docs; those in NOT_RUN are only parsed, each for a reason."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.commands.conftest import Start
from tests.support.command_line import ServeProcess, clean_environment

from voxpop import __main__ as main
from voxpop.web import pages

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "GLOSSARY")] + sorted(ROOT.glob("docs/**/*.md"))
START_PAGE = [f"workspaces/_step_{name}.txt" for name in ("features", "tickets", "campaigns")]

# These command lines are only parsed, for the reason given.
NOT_RUN = {
    "voxpop serve": "runs until it is told to stop; the documents' calls go to one",
    "voxpop serve --demo": "runs until it is told to stop; test_serve.py does it",
    "VOXPOP_KAFKA_BOOTSTRAP=localhost:9092 voxpop serve": "needs a broker; tests/kafka/test_processes.py does it",
    "voxpop worker": "runs until it is told to stop; test_commands.py does it",
    "voxpop demo": "takes seconds; test_commands.py does it",
    "voxpop events replay ID": "needs a message that could not be used; test_commands.py does it",
    "voxpop workspace set NAME": "needs one of its options; the line in docs/jobs.md has one",
    "make run": "runs until it is told to stop",
    "make setup": "needs the network",
    "make test": "runs this test",
    'make test ARGS="tests/features -k reject"': "runs tests",
    "make check": "runs this test",
    "make check-postgres15": "runs this test",
    "make fix": "changes the files",
    "make clients": "changes the files; tests/clients/test_generated.py compares them",
    "make pictures": "changes the pictures",
    "make bench": "takes minutes; make check runs each bench with --small",
    "make lock": "needs the network",
    "make lock ARGS=--upgrade": "needs the network",
    'make lock ARGS="--upgrade-package httpx"': "needs the network",
    "npm install": "needs the network; tests/clients/test_javascript.py builds the package",
    "npm pack": "needs what `npm install` brings",
    "bench/answers": "make check runs it with --small",
    "bench/events": "make check runs it with --small",
    "bench/inbox": "make check runs it with --small",
    "bench/dashboard N --cpu": "takes minutes; make check runs it with --small",
    "bench/streams": "takes minutes",
}
PLACEHOLDERS = {
    r"\bCOMMAND\b": "status",
    r"\brun NAME\b": "run recount-scores",
    r"\bNAME\b": "acme",
    r"\bID\b": "{key_id}",
    "…": "Europe/Berlin",
}

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
COMMAND = re.compile(
    r"(\w+=\$\(|\w+=\S+ +)*"
    r"((voxpop|make|python3?|pip|curl|psql|docker|sudo|apt-get|git|npm|kafka-\S+\.sh) +\S|(bench|build_tools)/\w)"
)
TARGET = re.compile(r"(\w+=\S+ )*make ")

# Begins the script that all blocks are joined to. The first failure ends it; stderr has the line.
PROLOGUE = r"""
set -euxo pipefail
curl() { command curl -sS --fail-with-body "$@" && echo; }
voxpop() { "$PYTHON" -m voxpop "$@"; }
# Stands in for the tool of Kafka, which is not installed: sends the events over HTTP.
kafka-console-producer.sh() {
  while IFS= read -r line; do curl -H "Authorization: Bearer $KEY" "$URL/api/v1/events" --json "${line##*$'\t'}"; done
}
"""


class Line(NamedTuple):
    """A command line as a document has it."""

    text: str
    document: str

    @property
    def filled(self) -> str:
        """The command alone, with values for its placeholders."""
        text = re.sub(r"\A\w+=\$\((.*)\)\Z", r"\1", self.text)
        for placeholder, value in PLACEHOLDERS.items():
            text = re.sub(placeholder, value, text)
        return text

    @property
    def settings(self) -> dict[str, str]:
        return dict(word.split("=", 1) for word in re.findall(r"\bVOXPOP_\w+=\S+", self.text))

    @property
    def words(self) -> list[str]:
        """The words after `voxpop` or `make`."""
        return self._all_words[1:]

    @property
    def is_ours(self) -> bool:
        return self._all_words[:1] == ["voxpop"]

    @property
    def _all_words(self) -> list[str]:
        words = shlex.split(self.filled)[len(self.settings) :]
        return words[2:] if words[:2] == ["python", "-m"] else words


def fences() -> Iterator[tuple[Path, str, str]]:
    """Document, language and text of every fenced block."""
    for document in DOCUMENTS:
        for language, text in FENCE.findall(document.read_text()):
            yield document, language, text


def is_script(block: str) -> bool:
    """True for a block that goes to a shell as a whole; other blocks are lists of single commands."""
    return any(not COMMAND.match(line) or "curl" in line for line in block.splitlines())


def scripts() -> list[str]:
    return [text for _, language, text in fences() if language == "sh" and is_script(text)]


def lines() -> list[Line]:
    """In the order of the documents, each once."""
    found: dict[str, Line] = {}
    for document in DOCUMENTS:
        text = document.read_text()
        blocks = [block for language, block in FENCE.findall(text) if language == "sh" and not is_script(block)]
        in_blocks = [re.sub(r" +#.*", "", line).strip() for block in blocks for line in block.splitlines()]
        spans = [re.sub(r"\s+", " ", span) for span in SPAN.findall(FENCE.sub("", text))]
        for command in (*in_blocks, *filter(COMMAND.match, spans)):
            found.setdefault(command, Line(command, document.relative_to(ROOT).as_posix()))
    return list(found.values())


LINES = lines()
KNOWN = [line for line in LINES if line.is_ours]


def test_every_command_line_is_known() -> None:
    """A line of another program, or of a new target, needs a way to be tried, or a reason in NOT_RUN."""
    run = {line.text for line in KNOWN} | {"make help"}
    assert [line for line in LINES if line.text not in run | NOT_RUN.keys()] == []
    assert NOT_RUN.keys() - {line.text for line in LINES} == set(), "no document has these any more"


def test_shell_blocks_are_marked_as_such() -> None:
    others = [(document.name, text) for document, language, text in fences() if not language]
    assert [(name, text) for name, text in others if re.search(COMMAND.pattern, text, re.MULTILINE)] == []


@pytest.mark.parametrize("line", KNOWN, ids=lambda line: line.text)
def test_a_voxpop_line_names_a_command_with_valid_options(line: Line) -> None:
    words = [word.replace("{key_id}", "0192f0c1-8a52-7c3e-9a50-3f5f0d7f1c11") for word in line.words]
    main.app.parse_args(words, print_error=False, exit_on_error=False)
    settings = (ROOT / "docs/configuration.md").read_text()  # test_config.py compares its table with the code
    assert [name for name in line.settings if f"| `{name}` |" not in settings] == []


def test_options_named_beside_a_command_are_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row.split("|") for row in (ROOT / "docs/commands.md").read_text().splitlines() if row.startswith("| `vox")]
    assert rows
    for _, commands, text, _ in rows:
        for names in re.findall(r"`voxpop ([a-z -]*[a-z])", commands):
            main.run([*names.partition(" --")[0].split(), "--help"])
        said = capsys.readouterr().out
        assert [one for one in SPAN.findall(text) if one.startswith("--") and one not in said] == [], commands


@pytest.mark.parametrize("line", [one for one in LINES if TARGET.match(one.text)], ids=lambda line: line.text)
def test_a_make_line_names_a_target(line: Line) -> None:
    done = subprocess.run(["make", "-n", *line.words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_paths_in_command_lines_exist() -> None:
    paths = re.findall(r"\b(?:tests|bench|build_tools)/[\w./-]+", "\n".join(line.text for line in LINES))
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_make_help_lists_the_targets_of_the_documents() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    targets = {line.words[0] for line in LINES if TARGET.match(line.text)}
    assert {target for target in targets if f"make {target} " not in done.stdout} == set()


@pytest.mark.slow
def test_the_documents_run_in_order(start: Start, tmp_path: Path) -> None:
    """The calls to one product, then the commands beside it, of which one revokes the key."""
    serving = start("--no-worker")
    answers = run_scripts(serving, tmp_path)
    assert answers.count('"should_request_feedback":true') == 2, answers  # of three uses, in README and start page
    outcomes = re.findall(r'"status":"(created|duplicate|ignored|invalid)"', answers)
    assert outcomes == ["created", "duplicate", "ignored", "created"], answers  # the last one is of the start page
    assert (tmp_path / "tickets.csv").read_text().count("The export stops") == 1
    run_commands(serving, [line.words for line in KNOWN if line.text not in NOT_RUN])


def run_scripts(serving: ServeProcess, folder: Path) -> str:
    """The output of all blocks. The customer uses the feature three times, as README says."""
    blocks = [block * 3 if "/increment" in block else block for block in scripts()]
    steps = [pages.render(step, url=serving.url, slug="default", key=None) for step in START_PAGE]
    first_steps = "\n".join(steps).replace("my-app", "another-app").replace("order_456", "order_457")
    script = "\n".join([PROLOGUE, *blocks, first_steps])
    script = script.replace("vxp_...", serving.key).replace("http://127.0.0.1:8000", serving.url)
    given = clean_environment(URL=serving.url, PYTHON=sys.executable, VOXPOP_DATA_DIR=str(serving.data))
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


RUN_ALL = """
import json, sys
from voxpop.__main__ import run
for words in json.load(sys.stdin):
    if code := run(words):
        sys.exit(f"voxpop {' '.join(words)}: exit code {code}")
"""


def run_commands(serving: ServeProcess, commands: list[list[str]]) -> None:
    """In one process: starting one for each command would take most of the time."""
    filled = json.dumps(commands).replace("{key_id}", serving.key[4:36])
    command, given = [sys.executable, "-c", RUN_ALL], clean_environment(VOXPOP_DATA_DIR=str(serving.data))
    done = subprocess.run(command, input=filled, cwd="/", env=given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
