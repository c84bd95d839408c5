"""Migrations: concurrent starts, refused databases, the effect of a failure, and the roles that can migrate."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from tests.support.databases import at, run_sql
from tests.support.directories import temporary_directory
from tests.support.factories import Factory
from tests.support.old_schemas import migrate_up_to

from voxpop.config.loading import load
from voxpop.db import migrate as module
from voxpop.db.embedded.supervisor import running
from voxpop.db.migrate import (
    LOGIN_ROLE,
    Migration,
    MigrationError,
    list_migrations,
    list_missing_privileges,
    list_pending,
    migrate,
)
from voxpop.db.pool import Database, savepoint
from voxpop.types import WorkspaceId, uuid7

AddMigration: TypeAlias = Callable[[str], Migration]
NUMBERS = count()
C_LOCALE = "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"


def with_role(dsn: str, role: str) -> str:
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{role}:secret@{parts.netloc.rpartition('@')[2]}"))


@pytest.fixture
async def empty_database(server_dsn: str, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of an empty_database database; the parameter holds options of CREATE DATABASE."""
    name = f"voxpop_empty_{id(request)}_{next(NUMBERS)}"
    await run_sql(server_dsn, f"CREATE DATABASE {name} TEMPLATE template0 {getattr(request, 'param', '')}")
    yield at(server_dsn, name)
    await run_sql(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def add_migration(monkeypatch: pytest.MonkeyPatch) -> AddMigration:
    """Adds a migration to those of the package."""
    known = list_migrations()

    def add(sql: str) -> Migration:
        new = Migration(known[-1].number + 1, "new", sql)
        monkeypatch.setattr(module, "list_migrations", lambda: [*known, new])
        return new

    return add


async def fetch_value(dsn: str, sql: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def test_migrations_are_numbered_without_gaps_and_state_their_kind() -> None:
    assert [one.number for one in list_migrations()] == list(range(1, len(list_migrations()) + 1))
    assert [one.name for one in list_migrations() if not one.sql.startswith(("-- expand", "-- contract"))] == []


async def test_several_processes_can_migrate_at_once(empty_database: str) -> None:
    assert await list_pending(empty_database) == list_migrations()
    messages: list[str] = []
    applied = await asyncio.gather(*(migrate(empty_database, messages.append) for _ in range(4)))
    assert sorted(applied, key=len) == [[], [], [], list_migrations()]
    assert messages == [f"Migrating: {one.number:04d} {one.name}" for one in list_migrations()]
    assert (await list_pending(empty_database), await migrate(empty_database)) == ([], [])


async def test_only_missing_migrations_are_applied(live_db: str, add_migration: AddMigration) -> None:
    new = add_migration("CREATE TABLE later (id int)")
    assert await list_pending(live_db) == [new]
    assert await migrate(live_db) == [new]
    assert await fetch_value(live_db, "SELECT count(*) FROM later") == 0


async def test_texts_from_before_0007_get_their_stems(empty_database: str) -> None:
    await migrate_up_to(empty_database, 6)
    await run_sql(
        empty_database,
        "ALTER TABLE ticket_search DROP CONSTRAINT ticket_search_ticket_exists",
        "INSERT INTO ticket_search SELECT gen_random_uuid(), gen_random_uuid(), 'e', 'Open', NULL, 2, NULL, NULL, "
        "now(), now(), array_to_tsvector(ARRAY['cafedogs', 'cafethe', 'cafeвхода', 'cafe42'])",
    )
    await migrate(empty_database)
    words = await fetch_value(empty_database, "SELECT tsvector_to_array(words) FROM ticket_search")
    assert set(words) == {"cafedogs", "cafedog", "cafethe", "cafeвхода", "cafeвход", "cafe42"}


async def test_texts_from_before_0010_are_indexed_again(empty_database: str) -> None:
    await migrate_up_to(empty_database, 9)
    await run_sql(
        empty_database,
        "ALTER TABLE ticket_search DROP CONSTRAINT ticket_search_ticket_exists",
        "INSERT INTO ticket_search SELECT gen_random_uuid(), gen_random_uuid(), 'e', 'Open', NULL, 2, NULL, NULL, "
        "now(), now(), ''",
    )
    await migrate(empty_database)
    # A new message begins a part of its own, because the size of the old text is unknown.
    assert await fetch_value(empty_database, "SELECT ARRAY[part, size] FROM ticket_search WHERE is_outdated") == [
        0,
        50000,
    ]


async def test_the_login_of_the_pool_may_only_switch_to_the_roles(live_db: str) -> None:
    await migrate(live_db, login_password="secret")
    await migrate(live_db, login_password="secret")  # every start does
    login = with_role(live_db, LOGIN_ROLE)
    assert await fetch_value(login, "SELECT rolsuper OR rolinherit FROM pg_roles WHERE rolname = current_user") is False
    owner = await fetch_value(live_db, "SELECT format('%I', current_user)")
    for statement in ("SELECT FROM product", "SELECT FROM account", "CREATE TABLE mine ()", f"SET ROLE {owner}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch_value(login, statement)
    database = await Database.open(login, size=1)
    try:
        async with database.transaction(WorkspaceId(uuid7())) as tx:
            assert await tx.fetchval("SELECT count(*) FROM product") == 0
            await tx.execute("RESET ROLE")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with savepoint(tx):
                    await tx.fetchval("SELECT count(*) FROM product")
    finally:
        await database.close()


async def test_missing_privileges_are_listed_and_granted_again(live_db: str) -> None:
    assert await list_missing_privileges(live_db) == []
    await run_sql(
        live_db,
        "REVOKE DELETE ON product FROM voxpop_app",
        "REVOKE ALL (last_used_at) ON api_key FROM voxpop_system",
        "GRANT ALL ON migration TO voxpop_app",
    )
    missing = [
        "DELETE on product for voxpop_app",
        "SELECT on api_key (last_used_at) for voxpop_system",
        "UPDATE on api_key (last_used_at) for voxpop_system",
    ]
    assert await list_missing_privileges(live_db) == await list_missing_privileges(live_db) == missing
    await migrate(live_db)
    assert await list_missing_privileges(live_db) == []
    may_read = "SELECT has_table_privilege('voxpop_app', 'migration', 'SELECT')"
    assert await fetch_value(live_db, may_read) is False


async def test_a_database_of_a_newer_version_is_refused(live_db: str) -> None:
    await run_sql(live_db, "INSERT INTO migration (number, name, checksum) VALUES (9999, 'later', '')")
    with pytest.raises(MigrationError, match=r"newer Voxpop applied migration 9999 \(later\)"):
        await migrate(live_db)


async def test_a_migration_can_be_renamed(live_db: str) -> None:
    """Databases from before the rename of 0001 have it as `house`. Only the text is compared."""
    await run_sql(live_db, "UPDATE migration SET name = 'house' WHERE number = 1")
    assert (await list_pending(live_db), await migrate(live_db)) == ([], [])


async def test_a_changed_migration_is_refused(live_db: str) -> None:
    await run_sql(live_db, "UPDATE migration SET checksum = 'other' WHERE number = 1")
    with pytest.raises(MigrationError, match=r"The text of migration 0001 \(initial\) differs"):
        await migrate(live_db)


async def test_a_failed_migration_is_rolled_back(live_db: str, add_migration: AddMigration) -> None:
    new = add_migration("CREATE TABLE half (id int); SELECT 1 / 0; CREATE TABLE whole (id int)")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(live_db)
    assert await fetch_value(live_db, "SELECT coalesce(to_regclass('half'), to_regclass('whole'))") is None
    assert await list_pending(live_db) == [new]
    add_migration("CREATE TABLE whole (id int)")
    async with asyncio.timeout(5):  # the lock was released
        assert [one.number for one in await migrate(live_db)] == [new.number]


async def test_a_migration_runs_with_short_timeouts(live_db: str, add_migration: AddMigration) -> None:
    add_migration(
        "CREATE TABLE seen AS SELECT current_setting('lock_timeout') || ' ' || current_setting('statement_timeout') x"
    )
    await migrate(live_db)
    assert await fetch_value(live_db, "SELECT x FROM seen") == "4s 1min"


async def test_a_migration_fails_after_its_lock_timeout(
    live_db: str, owner: "asyncpg.Connection[Any]", add_migration: AddMigration
) -> None:
    add_migration("SET LOCAL lock_timeout = '50ms'; ALTER TABLE product ADD COLUMN more text")
    async with owner.transaction():
        await owner.execute("LOCK TABLE product IN ROW EXCLUSIVE MODE")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await migrate(live_db)
    assert len(await migrate(live_db)) == 1


async def test_a_migration_can_run_without_a_transaction(live_db: str, add_migration: AddMigration) -> None:
    new = add_migration("-- no transaction\nCREATE INDEX CONCURRENTLY product_by_name ON product (workspace_id, name)")
    assert await migrate(live_db) == [new]
    assert await fetch_value(live_db, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'product_by_name'::regclass")
    assert await list_pending(live_db) == []


@pytest.mark.parametrize(
    "empty_database", [f"ENCODING '{name}' {C_LOCALE}" for name in ("LATIN1", "SQL_ASCII")], indirect=True
)
async def test_a_database_that_is_not_utf_8_is_refused(empty_database: str) -> None:
    with pytest.raises(MigrationError, match="ENCODING 'UTF8'"):
        await migrate(empty_database)
    assert (
        await fetch_value(empty_database, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        == 0
    )


@pytest.mark.parametrize("empty_database", [f"ENCODING 'UTF8' {C_LOCALE}"], indirect=True)
async def test_case_is_ignored_for_cyrillic_even_with_an_ascii_locale(empty_database: str, tmp_path: Path) -> None:
    await migrate(empty_database)
    database = await Database.open(empty_database, size=2)
    make = Factory(database, load(env={}, directory=tmp_path))
    async with await make.client(await make.workspace("ours")) as client:
        await client.post("/api/csat/v1/products", json={"key": "pms", "name": "Отель"})
        new = {"feature_key": "export", "interaction_threshold": 1, "rejection_threshold": 1}
        await client.post("/api/csat/v1/products/pms/features", json=new)
        await client.patch("/api/csat/v1/products/pms/features/export", json={"name": "Ночной АУДИТ"})
        for part, count in (("аудит", 1), ("НОЧНОЙ А", 1), ("отчёт", 0)):
            answer = await client.get("/api/csat/v1/features", params={"name_part": part})
            assert len(answer.json()["data"]) == count, part
    await database.close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A server for this module only, because the tests create and drop roles."""
    with temporary_directory() as folder, running(folder / "data") as supervisor:
        yield supervisor.server.dsn


@pytest.fixture
async def owned_database(cluster: str, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of an empty_database database for its owner; the parameter holds attributes of that role."""
    role = f"tenant_{next(NUMBERS)}"
    await run_sql(cluster, f"CREATE ROLE {role} LOGIN PASSWORD 'secret' {request.param}")
    await run_sql(cluster, f"CREATE DATABASE {role} TEMPLATE template0 OWNER {role}")
    yield with_role(at(cluster, role), role)
    await run_sql(cluster, f"DROP DATABASE {role} WITH (FORCE)")
    await run_sql(
        cluster,
        f"REVOKE {role} FROM CURRENT_USER",
        "DROP ROLE IF EXISTS voxpop_app, voxpop_system",
        f"DROP ROLE {role}",
    )


@pytest.mark.parametrize("owned_database", ["CREATEROLE"], indirect=True)
async def test_the_role_of_a_managed_server_can_migrate(owned_database: str) -> None:
    roles = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert await fetch_value(owned_database, roles) is False
    assert await migrate(owned_database) == list_migrations()
    assert await migrate(owned_database) == []
    database = await Database.open(owned_database, size=1)
    async with database.transaction(None) as tx:
        assert await tx.fetchval("SELECT current_user::text") == "voxpop_app"
    await database.close()


@pytest.mark.parametrize("owned_database", [""], indirect=True)
async def test_a_role_that_cannot_create_roles_gets_the_command_to_run(cluster: str, owned_database: str) -> None:
    role = urlsplit(owned_database).username
    with pytest.raises(MigrationError) as caught:
        await migrate(owned_database)
    _, _, advice = str(caught.value).partition("run ")
    assert advice == (
        f"CREATE ROLE voxpop_app LOGIN; CREATE ROLE voxpop_system LOGIN; GRANT voxpop_app, voxpop_system TO {role}"
    )
    await run_sql(cluster, *advice.split("; "))
    assert await migrate(owned_database) == list_migrations()


@pytest.mark.parametrize("owned_database", ["", "CREATEROLE"], indirect=True)
async def test_a_role_that_cannot_join_the_app_role_gets_the_command_to_run(cluster: str, owned_database: str) -> None:
    await run_sql(cluster, "CREATE ROLE voxpop_app LOGIN", "CREATE ROLE voxpop_system LOGIN")
    role = urlsplit(owned_database).username
    with pytest.raises(MigrationError) as caught:
        await migrate(owned_database)
    _, _, advice = str(caught.value).partition("run ")
    assert advice == f"GRANT voxpop_app, voxpop_system TO {role}"
    await run_sql(cluster, advice)
    assert await migrate(owned_database) == list_migrations()
