"""The schema: what the migrations make is what `schema.txt` says, and every table keeps the rules of the house."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import asyncpg
import pytest

from voxpop.db.schema import SCHEMA_FILE, describe
from voxpop.errors import ON_CONSTRAINT

# The product's own: they belong to no workspace.
OF_NO_WORKSPACE = {"workspace", "migration", "builtin_survey_type", "lease", "account"}
# Queues over all workspaces: nothing refers to them and they refer to nothing.
TIMES = ("_at", "create_time", "last_update_time", "start_date", "end_date")  # the last four are names given to us
QUEUES = {"api_key", "job_slot", "outbox"}
# Past the policies there is no other way.
DOORS = {
    "create_workspace", "list_workspaces", "find_keys", "list_job_progress",
    "find_workspaces", "find_sessions", "find_login_elsewhere", "join_account", "end_account_sessions",
    "due_mail", "settle_mail", "delete_expired",
    "search_tickets", "take_lease", "drop_lease", "unsent_messages", "mark_sent", "prune_outbox",
}  # fmt: skip
PLAIN = {"stems", "words_and_stems"}  # see no table
SHARED_INDEXES = {
    "api_key_by_id",
    "outbox_unsent",
    "outbox_sent",
    "outbox_mail_due",
    "session_by_id",
}  # not unique, so on a cluster each shard may have its own

# A word index marks its words with the workspace; an account stands above workspaces.
ELSEWHERE = {"ticket_search_by_word", "member_account_exists"}

# What PostgreSQL calls a constraint that nobody named.
UNNAMED = re.compile(r"_(check|fkey|key|excl|not_null|idx)\d*\Z")


class Paragraph(NamedTuple):
    """What `schema.txt` says of one object."""

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


def paragraphs() -> Iterator[Paragraph]:
    for text in SCHEMA_FILE.read_text("utf-8").split("\n\n"):
        head, *lines = text.splitlines()
        yield Paragraph(*head.split(" "), [line.removeprefix("    ") for line in lines])


ALL = list(paragraphs())
TABLES = [one for one in ALL if one.kind == "table"]
OF_A_WORKSPACE = [one for one in TABLES if "workspace_id" in one.columns]
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
each_of_a_workspace = pytest.mark.parametrize("table", OF_A_WORKSPACE, ids=lambda table: table.name)


async def test_the_migrations_make_what_schema_txt_says(owner: "asyncpg.Connection[Any]") -> None:
    assert (await describe(owner)).splitlines() == SCHEMA_FILE.read_text("utf-8").splitlines(), "run `make schema`"


async def test_a_description_sees_every_change(owner: "asyncpg.Connection[Any]") -> None:
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
        "ALTER FUNCTION list_workspaces() SECURITY INVOKER",
        "ALTER FUNCTION list_workspaces() RESET search_path",
        "GRANT EXECUTE ON FUNCTION list_workspaces() TO PUBLIC",
        "CREATE TYPE mood AS ENUM ('good')",
        "CREATE VIEW peek AS SELECT 1 AS one",
    ):
        async with owner.transaction():
            await owner.execute(change)
            assert await describe(owner) != before, change
            await owner.execute("ROLLBACK AND CHAIN")
    assert await describe(owner) == before


def test_which_tables_belong_to_no_workspace() -> None:
    assert {table.name for table in TABLES} - {table.name for table in OF_A_WORKSPACE} == OF_NO_WORKSPACE


@each_of_a_workspace
def test_a_table_of_a_workspace_is_walled(table: Paragraph) -> None:
    assert "ROW LEVEL SECURITY" in table.lines
    (policy,) = table.matching(r"POLICY (\w+) AS PERMISSIVE FOR ALL TO public USING \(workspace_id = (.*)\)\Z")
    assert "current_setting('voxpop.workspace'::text, true)" in policy[2]


@each_of_a_workspace
def test_the_workspace_comes_first_in_a_table_and_all_its_keys(table: Paragraph) -> None:
    assert (table.columns[0], table.lines[0]) == ("workspace_id", "workspace_id uuid NOT NULL")
    keys = {
        key["name"]: key["columns"].split(", ")[0]
        for key in table.keys
        if key["name"] not in SHARED_INDEXES | ELSEWHERE
    }
    assert keys == dict.fromkeys(keys, "workspace_id")
    assert sum(key["kind"] == "PRIMARY KEY" for key in table.keys) == 1


@each_of_a_workspace
def test_a_reference_stays_in_its_workspace(table: Paragraph) -> None:
    for key in table.keys:
        if key["kind"] == "FOREIGN KEY":
            target = re.match(r" REFERENCES (\w+)\((\w+)", key["more"])
            assert target is not None
            assert target[1] in {"workspace", "account"} or target[2] == "workspace_id"
            assert not {table.name, target[1]} & QUEUES


@each_table
def test_names_say_what_they_mean(table: Paragraph) -> None:
    assert [name for name in table.names if not name.startswith(f"{table.name}_") or UNNAMED.search(name)] == []


@each_table
def test_times_have_a_zone_and_their_names_tell(table: Paragraph) -> None:
    assert table.matching(r"\w+ timestamp without") == []
    times = [match[1] for match in table.matching(r"(\w+) timestamp with time zone")]
    assert [name for name in times if not name.endswith(TIMES)] == []


def test_words_are_text_and_nothing_happens_behind_ones_back() -> None:
    assert {one.kind for one in ALL} <= {"table", "view", "function"}
    assert [line for one in ALL for line in one.lines if line.startswith("CREATE TRIGGER")] == []


def test_the_doors_past_the_policies() -> None:
    functions = [one for one in ALL if one.kind == "function"]
    doors = {one.name for one in functions if any("SECURITY DEFINER" in line for line in one.lines)}
    assert doors == DOORS
    for door in functions:
        assert " SET search_path TO 'public', 'pg_temp'" in door.lines
        granted = ["GRANT TO voxpop_app: EXECUTE"] if door.name in DOORS | PLAIN else []
        assert [line for line in door.lines if line.startswith("GRANT")] == granted


def test_what_the_application_may_do() -> None:
    granted = {table.name: [match[1] for match in table.matching(r"GRANT (.*)")] for table in TABLES}
    everything = {table.name: ["TO voxpop_app: DELETE, INSERT, SELECT, UPDATE"] for table in OF_A_WORKSPACE}
    own = {"workspace": ["TO voxpop_app: SELECT, UPDATE"], "migration": [], "builtin_survey_type": [], "lease": []}
    own["account"] = ["TO voxpop_app: SELECT, UPDATE"]
    assert granted == everything | own


def test_every_constraint_that_maps_to_an_error_exists() -> None:
    assert {"feature_key_unique", "saved_view_name_unique", "survey_type_pkey"} <= ERROR_OF_CONSTRAINT.keys()
    assert ERROR_OF_CONSTRAINT.keys() - {name for table in TABLES for name in table.names} == set()
