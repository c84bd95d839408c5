"""Every statement against the migrated schema: its columns match its row, it stays in its workspace, it may run."""

import re
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec import Struct
from tests.support.each import each

import voxpop
from voxpop.db.pool import Database
from voxpop.db.query import Query, array_text, arrays_of, every_query
from voxpop.db.schema import SCHEMA_FILE

SOURCE = Path(voxpop.__file__).parent
STORES = [
    *sorted(SOURCE.rglob("*store.py")),
    SOURCE / "outbox.py",
    SOURCE / "idempotency.py",
    SOURCE / "db" / "health.py",
]
for path in STORES:
    import_module(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts))
QUERIES = list(every_query())

# Statements that find callers, serve the queues of all workspaces, or delete what is over in all of them.
ACROSS_WORKSPACES = {
    "ACTIVE_KEYS of workspaces.store",
    "ACTIVE_KEYS of workspaces.widget.store",
    "LISTED_ORIGINS of workspaces.widget.store",
    "ALL_WORKSPACES of workspaces.store",
    "NEW_WORKSPACE of workspaces.store",
    "WORKSPACES_BY_LABEL of accounts.sessions_store",
    "ACTIVE_SESSIONS of accounts.sessions_store",
    "EXPIRED_SESSIONS of accounts.sessions_store",
    "ENDED_SESSIONS_EVERYWHERE of accounts.sessions_store",
    "OLD_LINKS of accounts.magic_links_store",
    "DELETED_LINKS_EVERYWHERE of accounts.magic_links_store",
    "ACCOUNT_OF_OTHER_WORKSPACE of accounts.store",
    "RENAMED_ACCOUNT of accounts.store",
    "OLD_WINDOWS of auth.store",
    "JOB_PROGRESS of worker.store",
    "LEASE of outbox",
    "RELEASED_LEASE of outbox",
    "UNSENT_MESSAGES of outbox",
    "SENT_MESSAGES of outbox",
    "DUE_MAIL of outbox",
    "DUE_WORKSPACES of surveys.mailing.store",
    "PRUNED_MESSAGES of outbox",
    "PRUNED_FAILED_MAIL of outbox",
    "PRUNED_KEYS of idempotency",
    "WRITE_ROW of db.health",
    "SPILL of db.health",
}
# Statements on accounts, which belong to no workspace, and text search, which a policy would keep from its index.
SYSTEM_IN_ONE_WORKSPACE = {
    "SEARCH_HITS of feedback.list_store",
    "BUILTIN_SURVEY_TYPES of surveys.survey_types_store",
    "MEMBER_ACCOUNT of accounts.store",
    "MEMBER_ACCOUNT_BY_EMAIL of accounts.store",
    "NEW_ACCOUNT of accounts.store",
    "CLAIMED_ACCOUNT of accounts.store",
    "ACCOUNT_OF_EMAIL of accounts.store",
    "VERIFIED_EMAIL of accounts.store",
    "NEW_PASSWORD of accounts.store",
}

TENANT_TABLES = set(re.findall(r"^table (\w+)\n    workspace_id ", SCHEMA_FILE.read_text("utf-8"), re.MULTILINE))

TABLE = f"({'|'.join(sorted(TENANT_TABLES))})"
# Parameters (`:tag`) and the names of arguments (`tag => …`) are no tables.
MENTION = re.compile(rf"(?<![\w.':])(?<!\bAS ){TABLE}(?![\w.]| =>)")
READ = re.compile(rf"\b(?:FROM|JOIN|UPDATE|USING)\s+{TABLE}\b(?:\s+(?:AS\s+)?(?!(?:SET|WHERE|ON)\b)(\w+))?")
SCOPE = re.compile(r"(?<![\w.])(?:(\w+)\.)?workspace_id = :workspace\b")
INSERT = re.compile(rf"\bINSERT INTO {TABLE}\b")
SCOPED_INSERT = re.compile(rf"{INSERT.pattern}(?: AS \w+)? \(workspace_id,[^)]*\)\s*(?:VALUES \(|SELECT ):workspace,")


def unscoped(sql: str) -> list[str]:
    """The tables that a statement does not restrict to its workspace by `workspace_id = :workspace`."""
    reads = READ.findall(sql)
    scopes = Counter(SCOPE.findall(sql))
    # A table without an alias: its scope has no prefix, or the name of the table.
    plain = [table for table, alias in reads if not alias]
    expected = Counter(alias for _, alias in reads if alias)
    unscoped_tables = [alias for alias, times in expected.items() if scopes[alias] < times]
    if scopes[""] + sum(scopes[table] for table in set(plain)) < len(plain):
        unscoped_tables += plain
    if SCOPED_INSERT.findall(sql) != INSERT.findall(sql):
        unscoped_tables += INSERT.findall(sql)
    if len(MENTION.findall(sql)) != len(reads) + len(INSERT.findall(sql)):
        unscoped_tables.append("a table behind a comma")
    return unscoped_tables


async def columns_of(database: Database, sql: str, *, system: bool = False) -> list[str]:
    """The columns of the statement. Planning it also checks the privileges of the role; the values do not matter."""
    async with database.system_transaction() if system else database.transaction(None) as tx:
        statement = await tx.prepare(sql)
        values = ", ".join(["NULL"] * len(statement.get_parameters()))
        await tx.execute(f"EXPLAIN EXECUTE {statement.get_name()}" + (f" ({values})" if values else ""))
        return [column.name for column in statement.get_attributes()]


def test_every_store_has_statements() -> None:
    assert len(QUERIES) >= len(STORES) >= 6
    assert len({query.sql for query in QUERIES}) == len(QUERIES)


async def test_every_statement_matches_its_row_and_may_run_as_its_role(database: Database) -> None:
    problems: list[str] = []
    for query in QUERIES:
        try:
            columns = await columns_of(database, query.sql, system=query.system)
        except asyncpg.PostgresError as error:
            problems.append(f"{query}: {error}")
        else:
            if columns != list(query.row.__struct_fields__):
                problems.append(f"{query}: returns {columns}, not the fields of {query.row.__name__}")
    assert problems == []


def names_of_queries() -> "dict[Query[Any], str]":
    """The name of each statement, and of its module."""
    modules = (import_module(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)) for path in STORES)
    return {
        value: f"{name} of {module.__name__.removeprefix('voxpop.')}"
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Query)
    }


NAMES = names_of_queries()


def test_the_statements_of_the_system_are_few() -> None:
    """The policies do not restrict them, so each is a decision."""
    system = {NAMES[query] for query in QUERIES if query.system}
    assert system == ACROSS_WORKSPACES | SYSTEM_IN_ONE_WORKSPACE


async def test_a_statement_without_privileges_is_found(database: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await columns_of(database, "SELECT code FROM builtin_survey_type WHERE code = $1")


@each([query for query in QUERIES if NAMES.get(query) not in ACROSS_WORKSPACES])
def test_every_statement_is_scoped_to_its_workspace(query: "Query[Any]") -> None:
    assert unscoped(query.text) == []


@each([query for query in QUERIES if query.values])
def test_a_struct_of_values_matches_the_parameters_of_its_statement(query: "Query[Any]") -> None:
    assert query.values is not None
    assert set(query.values.__struct_fields__) <= set(query.names)


@each([query for query in QUERIES if not query.system])
def test_the_workspace_table_is_read_by_id_only(query: "Query[Any]") -> None:
    if re.search(r"(?<![\w.:])workspace(?![\w.(])", query.text):
        assert re.search(r"WHERE id = :workspace\b", query.text)


# Processes remember identities of these tables. These statements note a use, or delete what is over.
IDENTITY_TABLES = "api_key|publishable_key|session|member|account|workspace"
CHANGE = re.compile(
    rf"\b(?:UPDATE|DELETE FROM|INSERT INTO) (?:{IDENTITY_TABLES})\b(?! \(workspace_id, id, | SET seen_at)"
)
CHANGE_NO_IDENTITY = {
    "ACTIVE_KEYS of workspaces.store",
    "ACTIVE_SESSIONS of accounts.sessions_store",
    "EXPIRED_SESSIONS of accounts.sessions_store",
    "NEW_WORKSPACE of workspaces.store",
}


def test_statements_that_change_an_identity_say_so() -> None:
    found = {NAMES[query] for query in QUERIES if CHANGE.search(query.text)}
    marked = {NAMES[query] for query in QUERIES if query.changes_identity}
    assert (found - marked, marked - found) == (CHANGE_NO_IDENTITY, set())


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM survey",
        "SELECT id FROM survey WHERE workspace_id = :other",
        "SELECT id FROM survey WHERE workspace_id = :workspaces",
        "SELECT f.id FROM feature f JOIN product p ON p.id = f.product_id WHERE f.workspace_id = :workspace",
        "SELECT f.id FROM feature f, product p WHERE f.workspace_id = :workspace",
        "SELECT id FROM survey WHERE workspace_id = :workspace AND id IN (SELECT survey_id FROM feedback)",
        "SELECT id FROM survey WHERE workspace_id = :workspace AND id IN (SELECT id FROM survey)",
        "UPDATE feature SET name = :other WHERE id = :id",
        "DELETE FROM feature f USING product p WHERE f.workspace_id = :workspace AND p.id = f.product_id",
        "INSERT INTO product (id, workspace_id) VALUES (:workspace, :id)",
        "INSERT INTO product (workspace_id, id) SELECT :id, :workspace FROM product WHERE workspace_id = :workspace",
    ],
)
def test_an_unscoped_statement_is_found(sql: str) -> None:
    assert unscoped(sql) != []


class ColumnRow(Struct):
    name: str
    count: int


def test_rows_become_one_array_per_field() -> None:
    rows = [ColumnRow("a", 1), ColumnRow("b", 2)]
    assert arrays_of(rows) == {"name": ["a", "b"], "count": [1, 2]}


async def test_an_array_as_text_is_read_as_an_array(database: Database) -> None:
    async with database.transaction(None) as tx:
        sql = "SELECT counts::int[] AS counts FROM unnest($1::text[]) AS t (counts)"
        rows = await tx.fetch(sql, [array_text([1, 20]), array_text([])])
    assert [row["counts"] for row in rows] == [[1, 20], []]
