"""Applies the numbered SQL files of `migrations/`, forward only. Any number of processes may start it at once."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any, NamedTuple, TypeAlias

import asyncpg

from voxpop.db.pool import APP_ROLE, SYSTEM_ROLE, session_attribute
from voxpop.errors import OperatorError

Connection: TypeAlias = "asyncpg.Connection[Any]"

# The same number in every process. The session holds the lock, so the connection must not go through a pooler.
ADVISORY_LOCK_KEY = 0x766F78706F70
MIN_SERVER_VERSION = 150_000
PRIVILEGES = resources.files("voxpop.db").joinpath("privileges.sql").read_text("utf-8")

HAS_ROLE = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
# One line for each privilege of these roles, on a table or a part of it.
GRANTED = """
SELECT concat_ws(' ', privilege_type, 'on', relname, '(' || attname || ')', 'for', rolname)
FROM (
    SELECT relname, NULL AS attname, relacl AS acl FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT relname, attname, attacl FROM pg_class c JOIN pg_attribute ON attrelid = c.oid
    WHERE relnamespace = 'public'::regnamespace
) AS object, aclexplode(acl) JOIN pg_roles r ON r.oid = grantee
WHERE rolname = ANY ($1)
"""
CREATE_MIGRATION_TABLE = """
CREATE TABLE IF NOT EXISTS migration (
    number integer NOT NULL CONSTRAINT migration_pkey PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""

ROLES = (APP_ROLE, SYSTEM_ROLE)
LOGIN_ROLE = "voxpop_login"
# The login of the pool may switch to the roles of transactions, and without one of them it may do nothing.
ALTER_LOGIN = f"ALTER ROLE {LOGIN_ROLE} NOINHERIT PASSWORD '%s'; GRANT {', '.join(ROLES)} TO {LOGIN_ROLE}"
# Roles belong to the cluster, and two of its databases may be migrated at once.
CREATE_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$"""


class MigrationError(OperatorError):
    """The schema cannot be migrated. The message says why and what to do."""


class Migration(NamedTuple):
    """One SQL file of `migrations/`."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        return not self.sql.startswith("-- no transaction")


def list_migrations() -> list[Migration]:
    """The files of the package, in the order of their numbers."""
    return sorted(_read_files())


def _read_files() -> Iterator[Migration]:
    for file in resources.files("voxpop.db").joinpath("migrations").iterdir():
        if match := re.fullmatch(r"(\d{4})_(\w+)\.sql", file.name):
            yield Migration(int(match[1]), match[2], file.read_text("utf-8"))


async def migrate(
    dsn: str, progress: Callable[[str], None] = lambda _: None, *, login_password: str | None = None
) -> list[Migration]:
    """Applies the missing migrations and returns them, then the privileges. Waits while another process migrates.

    `dsn` is that of the owner. With a password, the login of the pool is made too.
    """
    async with _locked_connection(dsn) as connection:
        await _prepare(connection)
        rows = await connection.fetch("SELECT number, name, checksum FROM migration")
        applied = {row["number"]: row for row in rows}
        _check_history(applied)
        missing = [migration for migration in list_migrations() if migration.number not in applied]
        for migration in missing:
            progress(f"Migrating: {migration.number:04d} {migration.name}")
            await _apply(connection, migration)
        await _grant_privileges(connection)
        if login_password:
            await connection.execute(CREATE_ROLE.format(role=LOGIN_ROLE))
            await connection.execute(ALTER_LOGIN % login_password)
        return missing


async def list_pending(dsn: str) -> list[Migration]:
    """Returns the migrations that `migrate` would apply. Changes nothing."""
    connection = await asyncpg.connect(dsn)
    try:
        if await connection.fetchval("SELECT to_regclass('migration')") is None:
            return list_migrations()
        applied = {row["number"] for row in await connection.fetch("SELECT number FROM migration")}
        return [migration for migration in list_migrations() if migration.number not in applied]
    finally:
        await connection.close()


async def list_missing_privileges(dsn: str) -> list[str]:
    """What the roles lack of the privileges that each run grants. Changes nothing."""
    connection = await asyncpg.connect(dsn)
    try:
        lines = [f"role {role}" for role in ROLES if not await connection.fetchval(HAS_ROLE, role)]
        if lines:
            return lines
        granted = {row[0] for row in await connection.fetch(GRANTED, ROLES)}
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(PRIVILEGES)
        needed = {row[0] for row in await connection.fetch(GRANTED, ROLES)}
        await transaction.rollback()
        return sorted(needed - granted)
    finally:
        await connection.close()


@asynccontextmanager
async def _locked_connection(dsn: str) -> Any:
    connection = await asyncpg.connect(dsn, timeout=30, target_session_attrs=session_attribute(dsn))
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK_KEY)
        yield connection
    finally:
        await connection.close()  # releases the lock


async def _prepare(connection: Connection) -> None:
    if await connection.fetchval("SHOW server_encoding") != "UTF8":
        raise MigrationError(
            "The database does not store UTF-8. Create one with ENCODING 'UTF8' and set VOXPOP_DATABASE_URL to it"
        )
    version = int(await connection.fetchval("SHOW server_version_num"))
    if version < MIN_SERVER_VERSION:
        raise MigrationError(f"Voxpop needs PostgreSQL 15 or newer; this server is version {version // 10_000}")
    await _create_roles(connection)
    await _join_roles(connection)
    await connection.execute(CREATE_MIGRATION_TABLE)


async def _create_roles(connection: Connection) -> None:
    try:
        for role in ROLES:
            await connection.execute(CREATE_ROLE.format(role=role))
    except asyncpg.InsufficientPrivilegeError as error:
        known = {row[0] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        missing = [role for role in ROLES if role not in known]
        commands = "; ".join(f"CREATE ROLE {role} LOGIN" for role in missing)
        raise MigrationError(
            f"The role of VOXPOP_DATABASE_URL cannot create the role {missing[0]}. As an administrator, run "
            f"{commands}; GRANT {', '.join(ROLES)} TO {await _current_role(connection)}"
        ) from error


async def _join_roles(connection: Connection) -> None:
    """Joins the roles whose rights the role of the connection cannot use yet."""
    try:
        for role in ROLES:
            if not await _can_set_role(connection, role):
                await connection.execute(f"GRANT {role} TO CURRENT_USER")
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationError(
            f"The role of VOXPOP_DATABASE_URL must be a member of {role}. As an administrator, run "
            f"GRANT {', '.join(ROLES)} TO {await _current_role(connection)}"
        ) from error


async def _can_set_role(connection: Connection, role: str) -> bool:
    """Tries it, because from PostgreSQL 16 on a role that creates another is its member but may not set it."""
    try:
        await connection.execute(f"SET ROLE {role}; RESET ROLE")
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


async def _current_role(connection: Connection) -> str:
    """The name of the role, quoted for a statement."""
    return str(await connection.fetchval("SELECT format('%I', current_user)"))


def _check_history(applied: dict[int, Any]) -> None:
    """Compares the text of each applied migration. Its name may change."""
    known = {migration.number: migration for migration in list_migrations()}
    for number, row in applied.items():
        if number not in known:
            raise MigrationError(
                f"A newer Voxpop applied migration {number:04d} ({row['name']}), which this version does not know. "
                "Run the newer version, or restore a backup from before the upgrade"
            )
        if row["checksum"] != known[number].checksum:
            raise MigrationError(f"The text of migration {number:04d} ({row['name']}) differs from the applied one")


async def _apply(connection: Connection, migration: Migration) -> None:
    await connection.execute("SET lock_timeout = '4s'; SET statement_timeout = '60s'")
    if not migration.in_transaction:
        await connection.execute(migration.sql)
        await _record(connection, migration)
        return
    async with connection.transaction():
        await connection.execute(migration.sql)
        await _record(connection, migration)


async def _grant_privileges(connection: Connection) -> None:
    """One transaction, so that processes which run at the same time never miss a privilege."""
    async with connection.transaction():
        await connection.execute(PRIVILEGES)


async def _record(connection: Connection, migration: Migration) -> None:
    await connection.execute(
        "INSERT INTO migration (number, name, checksum) VALUES ($1, $2, $3)",
        migration.number,
        migration.name,
        migration.checksum,
    )
