"""One package writes each table. Reads of another package's table are listed here, so that a new one is a decision."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest
from tests.support.source import MODULES

from voxpop.db.schema import SCHEMA_FILE

TABLES = set(re.findall(r"^table (\w+)$", SCHEMA_FILE.read_text("utf-8"), re.MULTILINE))

# Each package with the tables of others that it reads.
READS: dict[str, set[str]] = {
    "accounts": {"workspace"},  # the workspace of a host
    "campaigns": {"survey"},  # whether a campaign has any
    # The names of series, and the subjects of ratings.
    "dashboards": {"campaign", "feature", "member", "product", "survey", "tag", "ticket", "workspace"},
    "features": {"survey", "workspace"},  # the users of prompts; the cool-down
    "feedback": {"survey_type", "tag"},  # the scales of survey types, the names of tags
    "metrics": {"campaign", "feedback", "survey_type"},  # names and formulas; the ratings that a recount counts
    "surveys": {"campaign", "feedback"},  # the channels and the language; whether a survey type is used
    "tickets": {"member"},  # their names
    "worker": {"workspace"},  # the jobs of every workspace
}
# The lists of tickets put the table into the statement: each order has its own.
BUILT = {"tickets"}

# The demo writes a year of the past at once. This list may only get shorter.
DEMO = "demo"
DEMO_WRITES = {"feedback", "interaction", "interaction_sum", "survey"}

WRITE = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)")
READ = re.compile(r"\b(?:FROM|JOIN|USING)\s+(\w+)")
UNKNOWN_WRITE = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+\{")
UNKNOWN_READ = re.compile(r"(?<!DELETE )\b(?:FROM|JOIN|USING)\s+\{")
COMMENT = re.compile(r"--[^\n]*")


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def texts_of(tree: ast.Module) -> Iterator[str]:
    """The texts of a module without its docstrings. Replacement fields of f-strings become `{}`."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if is_docstring(node):
            skipped.add(id(node.value))  # type: ignore[attr-defined]
        elif isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in ast.walk(node)} - {id(node)}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value


@cache
def texts_by_package() -> dict[str, list[str]]:
    texts: dict[str, list[str]] = defaultdict(list)
    for module in MODULES:
        texts[module.name.split(".")[0]] += [COMMENT.sub("", text) for text in texts_of(module.tree)]
    return texts


def tables(pattern: re.Pattern[str], package: str) -> set[str]:
    return {table for text in texts_by_package()[package] for table in pattern.findall(text)} & TABLES


def packages() -> list[str]:
    return sorted({module.name.split(".")[0] for module in MODULES} - {DEMO})


@cache
def writers() -> dict[str, set[str]]:
    """The packages that write each table. Tables that only stored functions write are not in it."""
    found: dict[str, set[str]] = defaultdict(set)
    for package in packages():
        for table in tables(WRITE, package):
            found[table].add(package)
    return found


def test_one_package_writes_each_table() -> None:
    assert {table: names for table, names in writers().items() if len(names) > 1} == {}


def test_answers_of_every_origin_have_one_writer() -> None:
    assert (writers()["survey"], writers()["feedback"], writers()["outbox"]) == ({"surveys"}, {"feedback"}, {"outbox"})
    assert writers()["score_count"] == writers()["survey_count"] == {"metrics"}


def test_the_demo_writes_no_further_tables() -> None:
    assert tables(WRITE, DEMO) <= DEMO_WRITES


@pytest.mark.parametrize("package", packages())
def test_a_package_reads_its_own_tables_and_those_listed(package: str) -> None:
    others = {table for table in tables(READ, package) if package not in writers().get(table, {package})}
    assert others == READS.get(package, set())


def hiding(pattern: re.Pattern[str]) -> set[str]:
    """The packages with a statement whose table is not in its text."""
    return {package for package in packages() if any(map(pattern.search, texts_by_package()[package]))}


def test_statements_name_their_tables() -> None:
    assert hiding(UNKNOWN_WRITE) == set()
    assert hiding(UNKNOWN_READ) == BUILT


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('"""UPDATE survey"""\nA = "SELECT 1"', ["SELECT 1"]),
        ('A = f"UPDATE {table} SET x = {value!r}"', ["UPDATE {} SET x = {}"]),
        ('A = (\n    "DELETE "\n    "FROM survey"\n)', ["DELETE FROM survey"]),
    ],
)
def test_texts_are_found(source: str, texts: list[str]) -> None:
    assert list(texts_of(ast.parse(source))) == texts
