"""`voxpop migrate`."""

import asyncio

from voxpop.commands.output import write_line
from voxpop.commands.session import Data, database_server, load_settings, log_progress
from voxpop.db import migrate as migrations

MIGRATE = """Migrate the database schema to this version.

The other commands do this before they start. Use this command to migrate
before a new version starts, if several processes share the database. Any
number may run at once: one migrates, the others wait.

For example:

    voxpop migrate
    VOXPOP_DATABASE_URL=postgresql://voxpop@db/voxpop voxpop migrate
"""


def migrate(*, data: Data = None) -> None:
    """Applies the missing migrations and writes their names."""
    settings = load_settings(data)
    with database_server(settings) as server:
        applied = asyncio.run(migrations.migrate(server.owner_dsn, log_progress, login_password=server.login_password))
    for migration in applied:
        write_line(f"Applied {migration.number:04d} {migration.name}")
    if not applied:
        write_line("The schema is up to date")
