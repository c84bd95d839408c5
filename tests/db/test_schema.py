"""The schema: `schema.txt` describes what the migrations make, and every table follows the rules of tenancy."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import asyncpg
import pytest

from voxpop.db.schema import SCHEMA_FILE, describe
from voxpop.errors import ERROR_OF_CONSTRAINT

# Tables that belong to no workspace.
GLOBAL_TABLES = {"workspace", "migration", "builtin_survey_type", "lease", "account", "health_check"}
# The contract gives all names but the first.
TIME_SUFFIXES = ("_at", "create_time", "last_update_time", "start_date", "end_date")
# Queues across workspaces, without foreign keys to or from other tables.
QUEUES = {"api_key", "publishable_key", "job_slot", "outbox"}
# The only functions that bypass the row policies.
SECURITY_DEFINER_FUNCTIONS = {"search_tickets"}
PURE_FUNCTIONS = {"stems", "words_and_stems"}  # read no table
NON_UNIQUE_INDEXES = {
    "api_key_by_id",
    "publishable_key_by_id",
    "publishable_key_by_origin",
    "outbox_unsent",
    "outbox_sent",
    "outbox_mail_due",
    "survey_email_due",
    "session_by_id",
    "idempotency_key_by_time",
}  # allowed without the workspace, because a cluster can keep a non-unique index on each shard

# The words of the text index contain the workspace, and an account belongs to several workspaces.
OTHER_EXCEPTIONS = {"ticket_search_by_word", "feedback_search_by_word", "member_account_exists"}

# The names that PostgreSQL generates for constraints.
GENERATED_NAME = re.compile(r"_(check|fkey|key|excl|not_null|idx)\d*\Z")


# Without a subquery, which a cluster refuses on the tables that it distributes.
OF_WORKSPACE = "(workspace_id = (NULLIF(current_setting('voxpop.workspace'::text, true), ''::text))::uuid)"


class SchemaObject(NamedTuple):
    """The description of one object in `schema.txt`."""

    kind: str
    name: str
    lines: list[str]

    def matching(self, pattern: str) -> list[re.Match[str]]:
        return [match for line in self.lines if (match := re.match(pattern, line))]

    @property
    def columns(self) -> list[str]:
        return [match[1] for match in self.matching(r"([a-z_]+) ")]

    @property
    def keys(self) -> list[re.Match[str]]:
        """Primary and foreign keys, unique and other indexes, with their columns."""
        named = r"(?:CONSTRAINT|CREATE (?:UNIQUE )?INDEX) (?P<name>\w+) (?P<kind>PRIMARY KEY|UNIQUE|FOREIGN KEY|ON)"
        return self.matching(named + r".*?\((?P<columns>[^()]*)\)(?P<more>.*)")

    @property
    def names(self) -> list[str]:
        return [match[1] for match in self.matching(r"(?:CONSTRAINT|CREATE (?:UNIQUE )?INDEX|POLICY) (\w+)")]


def read_objects() -> Iterator[SchemaObject]:
    for text in SCHEMA_FILE.read_text("utf-8").split("\n\n"):
        head, *lines = text.splitlines()
        yield SchemaObject(*head.split(" "), [line.removeprefix("    ") for line in lines])


OBJECTS = list(read_objects())
TABLES = [one for one in OBJECTS if one.kind == "table"]
TENANT_TABLES = [one for one in TABLES if "workspace_id" in one.columns]
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
each_tenant_table = pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: table.name)


async def test_schema_txt_describes_the_migrated_schema(owner: "asyncpg.Connection[Any]") -> None:
    assert (await describe(owner)).splitlines() == SCHEMA_FILE.read_text("utf-8").splitlines(), "run `make schema`"


async def test_every_change_of_the_schema_changes_its_description(owner: "asyncpg.Connection[Any]") -> None:
    before = await describe(owner)
    for change in (
        "ALTER TABLE product ALTER COLUMN name DROP NOT NULL",
        "ALTER TABLE product ALTER COLUMN name SET DEFAULT 'x'",
        'ALTER TABLE product ALTER COLUMN name TYPE text COLLATE "C"',
        "ALTER TABLE product DROP CONSTRAINT product_key_unique",
        "CREATE INDEX product_by_name ON product (workspace_id, name)",
        "ALTER TABLE product DISABLE ROW LEVEL SECURITY",
        "ALTER POLICY product_of_workspace ON product USING (true)",
        "ALTER POLICY product_of_workspace ON product TO voxpop_app",
        "GRANT SELECT ON migration TO voxpop_app",
        "GRANT SELECT (name) ON migration TO PUBLIC",
        "ALTER FUNCTION stems(text[]) SECURITY DEFINER",
        "ALTER FUNCTION stems(text[]) RESET search_path",
        "GRANT EXECUTE ON FUNCTION stems(text[]) TO PUBLIC",
        "CREATE TYPE mood AS ENUM ('good')",
        "CREATE VIEW peek AS SELECT 1 AS one",
    ):
        async with owner.transaction():
            await owner.execute(change)
            assert await describe(owner) != before, change
            await owner.execute("ROLLBACK AND CHAIN")
    assert await describe(owner) == before


def test_only_global_tables_have_no_workspace() -> None:
    assert {table.name for table in TABLES} - {table.name for table in TENANT_TABLES} == GLOBAL_TABLES


@each_tenant_table
def test_a_tenant_table_has_row_level_security(table: SchemaObject) -> None:
    assert "ROW LEVEL SECURITY" in table.lines
    tenant, *system = table.matching("POLICY .*")[::-1]
    assert tenant[0] == f"POLICY {table.name}_of_workspace AS PERMISSIVE FOR ALL TO public USING {OF_WORKSPACE}"
    assert [policy[0] for policy in system if f"{table.name}_of_system" not in policy[0]] == []


@each_tenant_table
def test_the_workspace_comes_first_in_a_table_and_its_keys(table: SchemaObject) -> None:
    assert (table.columns[0], table.lines[0]) == ("workspace_id", "workspace_id uuid NOT NULL")
    keys = {
        key["name"]: key["columns"].split(", ")[0]
        for key in table.keys
        if key["name"] not in NON_UNIQUE_INDEXES | OTHER_EXCEPTIONS
    }
    assert keys == dict.fromkeys(keys, "workspace_id")
    assert sum(key["kind"] == "PRIMARY KEY" for key in table.keys) == 1


@each_tenant_table
def test_a_foreign_key_stays_in_its_workspace(table: SchemaObject) -> None:
    for key in table.keys:
        if key["kind"] == "FOREIGN KEY":
            target = re.match(r" REFERENCES (\w+)\((\w+)", key["more"])
            assert target is not None
            assert target[1] in {"workspace", "account"} or target[2] == "workspace_id"
            assert not {table.name, target[1]} & QUEUES


@each_table
def test_constraints_and_indexes_are_named(table: SchemaObject) -> None:
    assert [name for name in table.names if not name.startswith(f"{table.name}_") or GENERATED_NAME.search(name)] == []


@each_table
def test_times_have_a_time_zone_and_a_usual_name(table: SchemaObject) -> None:
    assert table.matching(r"\w+ timestamp without") == []
    times = [match[1] for match in table.matching(r"(\w+) timestamp with time zone")]
    assert [name for name in times if not name.endswith(TIME_SUFFIXES)] == []


def test_there_are_no_enum_types_and_no_triggers() -> None:
    assert {one.kind for one in OBJECTS} <= {"table", "view", "function"}
    assert [line for one in OBJECTS for line in one.lines if line.startswith("CREATE TRIGGER")] == []


def test_functions_that_bypass_the_policies() -> None:
    functions = [one for one in OBJECTS if one.kind == "function"]
    bypassing = {one.name for one in functions if any("SECURITY DEFINER" in line for line in one.lines)}
    assert bypassing == SECURITY_DEFINER_FUNCTIONS
    for function in functions:
        assert " SET search_path TO 'public', 'pg_temp'" in function.lines
        granted = (
            ["GRANT TO voxpop_app: EXECUTE"] if function.name in SECURITY_DEFINER_FUNCTIONS | PURE_FUNCTIONS else []
        )
        assert [line for line in function.lines if line.startswith("GRANT")] == granted


def granted_to(role: str) -> dict[str, list[str]]:
    """The privileges of a role by table. Columns stand behind those that are granted on a part of a table."""
    granted: dict[str, list[str]] = {}
    for table in TABLES:
        for match in table.matching(rf"GRANT (?:ON (\w+) )?TO {role}: (.*)"):
            granted.setdefault(table.name, []).extend([f"{match[2]} {match[1]}" if match[1] else match[2]])
    return granted


def test_the_app_role_may_change_the_rows_of_its_workspace_only() -> None:
    everything = {table.name: ["DELETE, INSERT, SELECT, UPDATE"] for table in TENANT_TABLES}
    assert granted_to("voxpop_app") == everything | {"workspace": ["SELECT, UPDATE"]}


def test_the_system_role_reads_no_text_of_customers() -> None:
    """It sees every workspace, so it has columns, not tables, besides the queues."""
    tables = {"builtin_survey_type", "feedback_search", "health_check", "lease", "outbox", "survey_type"}
    by_table = granted_to("voxpop_system")
    whole = {name for name, granted in by_table.items() if any("SELECT" in one and " " not in one for one in granted)}
    assert whole <= tables
    assert not {"ticket", "ticket_message", "feedback", "survey", "interaction"} & by_table.keys()


def test_every_constraint_that_maps_to_an_error_exists() -> None:
    assert {"feature_key_unique", "saved_view_name_unique", "survey_type_pkey"} <= ERROR_OF_CONSTRAINT.keys()
    assert ERROR_OF_CONSTRAINT.keys() - {name for table in TABLES for name in table.names} == set()
