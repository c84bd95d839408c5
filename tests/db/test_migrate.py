"""Migrations: any number of processes at once, what is refused, what a failure leaves, and which roles will do."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from tests.conftest import Make, at, run_sql

from voxpop.config.settings import load
from voxpop.db import migrate as module
from voxpop.db.embedded.supervisor import running
from voxpop.db.migrate import Migration, MigrationError, list_migrations, list_pending, migrate
from voxpop.db.pool import Database

NUMBERS = count()
C_LOCALE = "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"


def as_role(dsn: str, role: str) -> str:
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{role}:secret@{parts.netloc.rpartition('@')[2]}"))


@pytest.fixture
async def empty(server_dsn: str, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of a database with nothing in it; a parameter says how it is made."""
    name = f"voxpop_empty_{id(request)}_{next(NUMBERS)}"
    await run_sql(server_dsn, f"CREATE DATABASE {name} TEMPLATE template0 {getattr(request, 'param', '')}")
    yield at(server_dsn, name)
    await run_sql(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def also(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Migration]:
    """Adds a migration to those of the package."""
    known = list_migrations()

    def add(sql: str) -> Migration:
        new = Migration(known[-1].number + 1, "new", sql)
        monkeypatch.setattr(module, "list_migrations", lambda: [*known, new])
        return new

    return add


async def value(dsn: str, sql: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def test_numbers_follow_each_other_and_say_what_they_are() -> None:
    assert [one.number for one in list_migrations()] == list(range(1, len(list_migrations()) + 1))
    assert [one.name for one in list_migrations() if not one.sql.startswith(("-- expand", "-- contract"))] == []


async def test_four_processes_at_once(empty: str) -> None:
    assert await list_pending(empty) == list_migrations()
    said: list[str] = []
    applied = await asyncio.gather(*(migrate(empty, said.append) for _ in range(4)))
    assert sorted(applied, key=len) == [[], [], [], list_migrations()]
    assert said == [f"Migrating: {one.number:04d} {one.name}" for one in list_migrations()]
    assert (await list_pending(empty), await migrate(empty)) == ([], [])


async def test_only_what_is_missing_is_applied(live_db: str, also: Callable[[str], Migration]) -> None:
    new = also("CREATE TABLE later (id int)")
    assert await list_pending(live_db) == [new]
    assert await migrate(live_db) == [new]
    assert await value(live_db, "SELECT count(*) FROM later") == 0


async def test_texts_of_before_0007_get_their_stems(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = list_migrations()
    monkeypatch.setattr(module, "list_migrations", lambda: known[:6])
    await migrate(empty)
    await run_sql(
        empty,
        "ALTER TABLE ticket_search DROP CONSTRAINT ticket_search_ticket_exists",
        "INSERT INTO ticket_search SELECT gen_random_uuid(), gen_random_uuid(), 'e', 'Open', NULL, 2, NULL, NULL, "
        "now(), now(), array_to_tsvector(ARRAY['cafedogs', 'cafethe', 'cafeвхода', 'cafe42'])",
    )
    monkeypatch.undo()
    await migrate(empty)
    words = await value(empty, "SELECT tsvector_to_array(words) FROM ticket_search")
    assert set(words) == {"cafedogs", "cafedog", "cafethe", "cafeвхода", "cafeвход", "cafe42"}


async def test_a_newer_database_is_refused(live_db: str) -> None:
    await run_sql(live_db, "INSERT INTO migration (number, name, checksum) VALUES (9999, 'later', '')")
    with pytest.raises(MigrationError, match=r"9999 \(later\).*newer Voxpop"):
        await migrate(live_db)


async def test_a_changed_file_is_refused(live_db: str) -> None:
    await run_sql(live_db, "UPDATE migration SET checksum = 'other' WHERE number = 1")
    with pytest.raises(MigrationError, match=r"0001 \(house\) is not the one that was applied"):
        await migrate(live_db)


async def test_a_failing_migration_leaves_nothing_behind(live_db: str, also: Callable[[str], Migration]) -> None:
    new = also("CREATE TABLE half (id int); SELECT 1 / 0; CREATE TABLE whole (id int)")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(live_db)
    assert await value(live_db, "SELECT coalesce(to_regclass('half'), to_regclass('whole'))") is None
    assert await list_pending(live_db) == [new]
    also("CREATE TABLE whole (id int)")
    async with asyncio.timeout(5):  # the lock is free again
        assert [one.number for one in await migrate(live_db)] == [new.number]


async def test_a_migration_is_quick_to_fail(live_db: str, also: Callable[[str], Migration]) -> None:
    also("CREATE TABLE seen AS SELECT current_setting('lock_timeout') || ' ' || current_setting('statement_timeout') x")
    await migrate(live_db)
    assert await value(live_db, "SELECT x FROM seen") == "4s 1min"


async def test_a_migration_does_not_stand_in_a_queue_for_a_lock(
    live_db: str, owner: "asyncpg.Connection[Any]", also: Callable[[str], Migration]
) -> None:
    also("SET LOCAL lock_timeout = '50ms'; ALTER TABLE product ADD COLUMN more text")
    async with owner.transaction():
        await owner.execute("LOCK TABLE product IN ROW EXCLUSIVE MODE")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await migrate(live_db)
    assert len(await migrate(live_db)) == 1


async def test_a_migration_may_do_without_a_transaction(live_db: str, also: Callable[[str], Migration]) -> None:
    new = also("-- no transaction\nCREATE INDEX CONCURRENTLY product_by_name ON product (workspace_id, name)")
    assert await migrate(live_db) == [new]
    assert await value(live_db, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'product_by_name'::regclass")
    assert await list_pending(live_db) == []


@pytest.mark.parametrize("empty", [f"ENCODING '{name}' {C_LOCALE}" for name in ("LATIN1", "SQL_ASCII")], indirect=True)
async def test_a_database_that_is_not_utf_8_is_refused(empty: str) -> None:
    with pytest.raises(MigrationError, match="ENCODING 'UTF8'"):
        await migrate(empty)
    assert await value(empty, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0


@pytest.mark.parametrize("empty", [f"ENCODING 'UTF8' {C_LOCALE}"], indirect=True)
async def test_a_locale_that_knows_ascii_only_finds_cyrillic_in_any_case(empty: str, tmp_path: Path) -> None:
    await migrate(empty)
    database = await Database.open(empty, size=2)
    make = Make(database, load(env={}, directory=tmp_path))
    async with await make.client(await make.workspace("ours")) as client:
        await client.post("/api/csat/v1/products", json={"key": "pms", "name": "Отель"})
        new = {"feature_key": "export", "interaction_threshold": 1, "rejection_threshold": 1}
        await client.post("/api/csat/v1/products/pms/features", json=new)
        await client.patch("/api/csat/v1/products/pms/features/export", json={"name": "Ночной АУДИТ"})
        for part, found in (("аудит", 1), ("НОЧНОЙ А", 1), ("отчёт", 0)):
            answer = await client.get("/api/csat/v1/features", params={"name_part": part})
            assert len(answer.json()["data"]) == found, part
    await database.close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A server of this module's own, on which roles may come and go."""
    with tempfile.TemporaryDirectory(prefix="voxpop-migrate-") as folder:
        Path(folder).chmod(0o711)
        with running(Path(folder) / "data") as supervisor:
            yield supervisor.server.dsn


@pytest.fixture
async def owned(cluster: str, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of an empty database, as its owner; a parameter says what else that role may do."""
    role = f"tenant_{next(NUMBERS)}"
    await run_sql(cluster, f"CREATE ROLE {role} LOGIN PASSWORD 'secret' {request.param}")
    await run_sql(cluster, f"CREATE DATABASE {role} TEMPLATE template0 OWNER {role}")
    yield as_role(at(cluster, role), role)
    await run_sql(cluster, f"DROP DATABASE {role} WITH (FORCE)")
    await run_sql(cluster, f"REVOKE {role} FROM CURRENT_USER", "DROP ROLE IF EXISTS voxpop_app", f"DROP ROLE {role}")


@pytest.mark.parametrize("owned", ["CREATEROLE"], indirect=True)
async def test_a_role_as_a_managed_server_gives_it_is_enough(owned: str) -> None:
    roles = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert await value(owned, roles) is False
    assert await migrate(owned) == list_migrations()
    assert await migrate(owned) == []
    database = await Database.open(owned, size=1)
    async with database.transaction(None) as tx:
        assert await tx.fetchval("SELECT current_user::text") == "voxpop_app"
    await database.close()


@pytest.mark.parametrize("owned", [""], indirect=True)
async def test_a_role_that_may_not_make_roles_is_told_what_to_run(cluster: str, owned: str) -> None:
    role = urlsplit(owned).username
    with pytest.raises(MigrationError) as refused:
        await migrate(owned)
    _, _, advice = str(refused.value).partition("run ")
    assert advice == f"CREATE ROLE voxpop_app LOGIN; GRANT voxpop_app TO {role}"
    await run_sql(cluster, *advice.split("; "))
    assert await migrate(owned) == list_migrations()


@pytest.mark.parametrize("owned", ["", "CREATEROLE"], indirect=True)
async def test_a_role_that_may_not_join_the_applications_is_told_what_to_run(cluster: str, owned: str) -> None:
    await run_sql(cluster, "CREATE ROLE voxpop_app LOGIN")
    role = urlsplit(owned).username
    with pytest.raises(MigrationError) as refused:
        await migrate(owned)
    _, _, advice = str(refused.value).partition("run ")
    assert advice == f"GRANT voxpop_app TO {role}"
    await run_sql(cluster, advice)
    assert await migrate(owned) == list_migrations()
