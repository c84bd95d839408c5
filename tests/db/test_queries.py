"""Every statement of the product against the migrated schema: it fits its row, keeps to its workspace, may be run."""

import re
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import voxpop
from voxpop.db.pool import Database
from voxpop.db.query import Query, every_query
from voxpop.db.schema import SCHEMA_FILE

SOURCE = Path(voxpop.__file__).parent
STORES = sorted(SOURCE.rglob("*store.py"))
for path in STORES:
    import_module(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts))
QUERIES = list(every_query())

TENANT_TABLES = set(re.findall(r"^table (\w+)\n    workspace_id ", SCHEMA_FILE.read_text("utf-8"), re.MULTILINE))

TABLE = f"({'|'.join(sorted(TENANT_TABLES))})"
MENTION = re.compile(rf"(?<![\w.':])(?<!\bAS ){TABLE}(?![\w.])")
READ = re.compile(rf"\b(?:FROM|JOIN|UPDATE|USING)\s+{TABLE}\b(?:\s+(?:AS\s+)?(?!(?:SET|WHERE|ON)\b)(\w+))?")
SCOPE = re.compile(r"(?<![\w.])(?:(\w+)\.)?workspace_id = (?:\$1(?!\d)|:workspace\b)")
INSERT = re.compile(rf"\bINSERT INTO {TABLE}\b")
SCOPED_INSERT = re.compile(
    rf"{INSERT.pattern}(?: AS \w+)? \(workspace_id,[^)]*\)\s*(?:VALUES \(|SELECT )(?:\$1|:workspace),"
)


def unscoped(sql: str) -> list[str]:
    """Where a statement is not held to its workspace by `workspace_id = $1`, or by inserting it."""
    reads = READ.findall(sql)
    scopes = Counter(SCOPE.findall(sql))
    # Read under its own name: either the scope is bare, or it has that name.
    plain = [table for table, alias in reads if not alias]
    wanted = Counter(alias for _, alias in reads if alias)
    faults = [alias for alias, times in wanted.items() if scopes[alias] < times]
    if scopes[""] + sum(scopes[table] for table in set(plain)) < len(plain):
        faults += plain
    if SCOPED_INSERT.findall(sql) != INSERT.findall(sql):
        faults += INSERT.findall(sql)
    if len(MENTION.findall(sql)) != len(reads) + len(INSERT.findall(sql)):
        faults.append("a table behind a comma")
    return faults


async def columns_of(database: Database, sql: str) -> list[str]:
    """What the statement gives; planning it asks whether the role may, and the values don't matter."""
    async with database.transaction(None) as tx:
        statement = await tx.prepare(sql)
        values = ", ".join(["NULL"] * len(statement.get_parameters()))
        await tx.execute(f"EXPLAIN EXECUTE {statement.get_name()}" + (f" ({values})" if values else ""))
        return [column.name for column in statement.get_attributes()]


def test_every_store_has_statements() -> None:
    assert len(QUERIES) >= len(STORES) >= 6
    assert len({query.sql for query in QUERIES}) == len(QUERIES)


async def test_every_statement_fits_its_row_and_may_be_run_by_the_application(database: Database) -> None:
    faults: list[str] = []
    for query in QUERIES:
        try:
            columns = await columns_of(database, query.sql)
        except asyncpg.PostgresError as fault:
            faults.append(f"{query}: {fault}")
        else:
            if columns != list(query.row.__struct_fields__):
                faults.append(f"{query}: gives {columns}, not the fields of {query.row.__name__}")
    assert faults == []


async def test_a_statement_that_may_not_be_run_is_found(database: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await columns_of(database, "SELECT code FROM builtin_survey_type WHERE code = $1")


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_every_statement_keeps_to_its_workspace(query: "Query[Any]") -> None:
    assert unscoped(query.text) == []


@pytest.mark.parametrize("query", [query for query in QUERIES if query.values], ids=str)
def test_a_struct_of_values_fits_the_names_of_its_statement(query: "Query[Any]") -> None:
    assert query.values is not None
    assert set(query.values.__struct_fields__) <= set(query.names)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_workspaces_are_found_by_id_or_through_a_door(query: "Query[Any]") -> None:
    if re.search(r"(?<![\w.:])workspace(?![\w.(])", query.text):
        assert re.search(r"WHERE id = (\$1|:workspace)\b", query.text)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM survey",
        "SELECT id FROM survey WHERE workspace_id = $2",
        "SELECT id FROM survey WHERE workspace_id = :other",
        "SELECT id FROM survey WHERE workspace_id = $10",
        "SELECT f.id FROM feature f JOIN product p ON p.id = f.product_id WHERE f.workspace_id = $1",
        "SELECT f.id FROM feature f, product p WHERE f.workspace_id = $1",
        "SELECT id FROM survey WHERE workspace_id = $1 AND id IN (SELECT survey_id FROM feedback)",
        "SELECT id FROM survey WHERE workspace_id = $1 AND id IN (SELECT id FROM survey)",
        "UPDATE feature SET name = $2 WHERE id = $3",
        "DELETE FROM feature f USING product p WHERE f.workspace_id = $1 AND p.id = f.product_id",
        "INSERT INTO product (id, workspace_id) VALUES ($1, $2)",
        "INSERT INTO product (workspace_id, id) SELECT $2, $1 FROM product WHERE workspace_id = $1",
    ],
)
def test_what_does_not_keep_to_its_workspace(sql: str) -> None:
    assert unscoped(sql) != []
