"""Applies the numbered SQL files of `migrations/`, forward only; safe when any number of processes start at once."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any, NamedTuple, TypeAlias

import asyncpg

from voxpop.db.pool import APP_ROLE, session_attribute
from voxpop.errors import OperatorError

Connection: TypeAlias = "asyncpg.Connection[Any]"

# Any number, the same in every process; the lock is of the session, so the connection must not be a pooler's.
MIGRATION_LOCK = 0x766F78706F70
OLDEST_SERVER = 150_000

BOOKKEEPING = """
CREATE TABLE IF NOT EXISTS migration (
    number integer NOT NULL CONSTRAINT migration_pkey PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""

# Two databases of one cluster may be migrated at once, and roles belong to the cluster.
APP_ROLE_EXISTS = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
        CREATE ROLE {APP_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$"""
ACT_AS_APP_ROLE = f"SET ROLE {APP_ROLE}; RESET ROLE"


class MigrationError(OperatorError):
    """The schema can't be brought up to date; the message says why and what to do."""


class Migration(NamedTuple):
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        return not self.sql.startswith("-- no transaction")


def migrations() -> list[Migration]:
    """The files of the package in the order of their numbers."""
    return sorted(_read())


def _read() -> Iterator[Migration]:
    for file in resources.files("voxpop.db").joinpath("migrations").iterdir():
        if match := re.fullmatch(r"(\d{4})_(\w+)\.sql", file.name):
            yield Migration(int(match[1]), match[2], file.read_text("utf-8"))


async def migrate(dsn: str, say: Callable[[str], None] = lambda _: None) -> list[Migration]:
    """Brings the schema up to date and returns what was applied; waits while another process is at it."""
    async with _alone(dsn) as connection:
        await _prepare(connection)
        done = {row["number"]: row for row in await connection.fetch("SELECT number, name, checksum FROM migration")}
        _check(done)
        missing = [migration for migration in migrations() if migration.number not in done]
        for migration in missing:
            say(f"Migrating: {migration.number:04d} {migration.name}")
            await _apply(connection, migration)
        return missing


async def pending(dsn: str) -> list[Migration]:
    """What `migrate` would apply; changes nothing."""
    connection = await asyncpg.connect(dsn)
    try:
        if await connection.fetchval("SELECT to_regclass('migration')") is None:
            return migrations()
        done = {row["number"] for row in await connection.fetch("SELECT number FROM migration")}
        return [migration for migration in migrations() if migration.number not in done]
    finally:
        await connection.close()


@asynccontextmanager
async def _alone(dsn: str) -> Any:
    connection = await asyncpg.connect(dsn, timeout=30, target_session_attrs=session_attribute(dsn))
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        yield connection
    finally:
        await connection.close()  # which lets the lock go


async def _prepare(connection: Connection) -> None:
    if await connection.fetchval("SHOW server_encoding") != "UTF8":
        raise MigrationError(
            "The database does not store UTF-8. Create one with ENCODING 'UTF8' and point VOXPOP_DATABASE_URL at it."
        )
    version = int(await connection.fetchval("SHOW server_version_num"))
    if version < OLDEST_SERVER:
        raise MigrationError(f"PostgreSQL 15 or newer is needed, this is {version // 10_000}")
    await _make_app_role(connection)
    if not await _may_act_as_app_role(connection):
        await _join_app_role(connection)
    await connection.execute(BOOKKEEPING)


async def _make_app_role(connection: Connection) -> None:
    try:
        await connection.execute(APP_ROLE_EXISTS)
    except asyncpg.InsufficientPrivilegeError as refusal:
        raise MigrationError(
            f"The role of VOXPOP_DATABASE_URL may not make the role {APP_ROLE}: as an administrator run "
            f"CREATE ROLE {APP_ROLE} LOGIN; GRANT {APP_ROLE} TO {await _myself(connection)}"
        ) from refusal


async def _may_act_as_app_role(connection: Connection) -> bool:
    """Found by trying: from PostgreSQL 16 on who made a role is its member, yet may not become it."""
    try:
        await connection.execute(ACT_AS_APP_ROLE)
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


async def _join_app_role(connection: Connection) -> None:
    try:
        await connection.execute(f"GRANT {APP_ROLE} TO CURRENT_USER")
    except asyncpg.InsufficientPrivilegeError as refusal:
        raise MigrationError(
            f"The role of VOXPOP_DATABASE_URL must be a member of {APP_ROLE}: as an administrator run "
            f"GRANT {APP_ROLE} TO {await _myself(connection)}"
        ) from refusal


async def _myself(connection: Connection) -> str:
    """The name of the role, as it stands in a statement."""
    return str(await connection.fetchval("SELECT format('%I', current_user)"))


def _check(done: dict[int, Any]) -> None:
    ours = {migration.number: migration for migration in migrations()}
    for number, row in done.items():
        if number not in ours:
            raise MigrationError(
                f"The database has migration {number:04d} ({row['name']}), which this version does not know: "
                "it was made by a newer Voxpop. Run that version, or restore a backup from before the upgrade"
            )
        if row["checksum"] != ours[number].checksum:
            raise MigrationError(f"Migration {number:04d} ({row['name']}) is not the one that was applied")


async def _apply(connection: Connection, migration: Migration) -> None:
    await connection.execute("SET lock_timeout = '4s'; SET statement_timeout = '60s'")
    if not migration.in_transaction:
        await connection.execute(migration.sql)
        await _note(connection, migration)
        return
    async with connection.transaction():
        await connection.execute(migration.sql)
        await _note(connection, migration)


async def _note(connection: Connection, migration: Migration) -> None:
    await connection.execute(
        "INSERT INTO migration (number, name, checksum) VALUES ($1, $2, $3)",
        migration.number,
        migration.name,
        migration.checksum,
    )
