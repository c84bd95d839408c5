"""Describes the schema as text, from the catalog. Reviewers read the result, `schema.txt`.

`make schema` (`python -m voxpop.db.schema`) writes the file from a database with all migrations.
"""

import asyncio
import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any

import asyncpg

from voxpop.db.embedded.supervisor import running
from voxpop.db.migrate import migrate

SCHEMA_FILE = Path(__file__).with_name("schema.txt")

# One line for each fact, with the object it belongs to. The owner may do everything, so only other roles are listed.
# From PostgreSQL 18 on NOT NULL is a constraint too. It is shown at its column, so all versions give the same text.
CATALOG_FACTS = r"""
WITH relation AS (
    SELECT *, CASE relkind WHEN 'v' THEN 'view ' ELSE 'table ' END || relname AS title
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
),
routine AS (
    SELECT *, 'function ' || proname AS title FROM pg_proc WHERE pronamespace = 'public'::regnamespace
),
privilege (title, ordinal, prefix, acl, owner) AS (
    SELECT title, 0, 'GRANT TO ', coalesce(relacl, acldefault('r', relowner)), relowner FROM relation
    UNION ALL
    SELECT title, attnum, 'GRANT ON ' || attname || ' TO ', attacl, relowner
    FROM relation c JOIN pg_attribute ON attrelid = c.oid
    UNION ALL
    SELECT title, 0, 'GRANT TO ', coalesce(proacl, acldefault('f', proowner)), proowner FROM routine
),
fact (title, kind, ordinal, line) AS (
    SELECT title, 1, attnum, concat_ws(' ', attname, format_type(atttypid, atttypmod),
        CASE WHEN attcollation <> typcollation THEN format('COLLATE %I', collname) END,
        CASE WHEN attnotnull THEN 'NOT NULL' END,
        CASE attidentity WHEN 'a' THEN 'GENERATED ALWAYS AS IDENTITY' WHEN 'd' THEN 'GENERATED AS IDENTITY' END,
        CASE attgenerated WHEN '' THEN 'DEFAULT ' ELSE 'GENERATED ALWAYS AS ' END || pg_get_expr(adbin, adrelid))
    FROM relation c JOIN pg_attribute ON attrelid = c.oid JOIN pg_type t ON t.oid = atttypid
        LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
        LEFT JOIN pg_collation l ON l.oid = attcollation
    WHERE attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT title, 2, position(contype::text IN 'pucfx'), 'CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(n.oid)
    FROM relation c JOIN pg_constraint n ON conrelid = c.oid WHERE contype <> 'n'
    UNION ALL
    SELECT title, 3, 0, replace(pg_get_indexdef(indexrelid), ' public.', ' ')
    FROM relation c JOIN pg_index ON indrelid = c.oid
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND conindid = indexrelid)
    UNION ALL
    SELECT title, 4, 0, pg_get_triggerdef(g.oid)
    FROM relation c JOIN pg_trigger g ON tgrelid = c.oid WHERE NOT tgisinternal
    UNION ALL
    SELECT title, 5, 0, regexp_replace(pg_get_viewdef(oid), '\m[a-z_]+\.', '', 'g') FROM relation WHERE relkind = 'v'
    UNION ALL
    SELECT title, 6, 0, 'WITH ' || array_to_string(reloptions, ', ') FROM relation WHERE reloptions IS NOT NULL
    UNION ALL
    SELECT title, 7, 0, 'ROW LEVEL SECURITY' || CASE WHEN relforcerowsecurity THEN ', FORCED' ELSE '' END
    FROM relation WHERE relrowsecurity
    UNION ALL
    SELECT title, 8, 0, concat_ws(' ', 'POLICY', policyname, 'AS', permissive, 'FOR', cmd,
        'TO', array_to_string(roles, ', '), 'USING ' || qual, 'WITH CHECK ' || with_check)
    FROM relation JOIN pg_policies ON tablename = relname AND schemaname = 'public'
    UNION ALL
    SELECT title, 9, 0, replace(pg_get_functiondef(oid), ' public.', ' ') FROM routine
    UNION ALL
    SELECT title, 10, min(ordinal), prefix || coalesce(rolname, 'PUBLIC') || ': '
        || string_agg(privilege_type, ', ' ORDER BY privilege_type)
    FROM privilege, aclexplode(acl) LEFT JOIN pg_roles r ON r.oid = grantee
    WHERE grantee <> owner GROUP BY title, prefix, rolname
    UNION ALL
    SELECT 'type ' || typname, 11, 0, 'of kind ' || typtype::text
    FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')
)
SELECT title, line FROM fact ORDER BY title COLLATE "C", kind, ordinal, line COLLATE "C"
"""


async def describe(connection: "asyncpg.Connection[Any]") -> str:
    """All facts about the tables, views, types and functions of the schema `public`, in a fixed order."""
    groups = groupby(await connection.fetch(CATALOG_FACTS), key=lambda fact: fact["title"])
    return "\n".join(_paragraph(title, [fact["line"] for fact in facts]) for title, facts in groups)


def _paragraph(title: str, facts: list[str]) -> str:
    lines = (line for fact in facts for line in fact.splitlines())
    return f"{title}\n" + "".join(f"    {line}\n" for line in lines if line)


async def _describe_migrated(dsn: str) -> str:
    await migrate(dsn)
    connection = await asyncpg.connect(dsn)
    try:
        return await describe(connection)
    finally:
        await connection.close()


def main() -> None:
    """Writes schema.txt from a temporary embedded database."""
    with tempfile.TemporaryDirectory(prefix="voxpop-schema-") as folder:
        Path(folder).chmod(0o711)  # the server may run as another account
        with running(Path(folder) / "data") as supervisor:
            SCHEMA_FILE.write_text(asyncio.run(_describe_migrated(supervisor.server.dsn)), "utf-8")


if __name__ == "__main__":
    main()
