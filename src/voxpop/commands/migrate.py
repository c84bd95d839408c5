"""`voxpop migrate`."""

import asyncio

from voxpop.commands.output import show
from voxpop.commands.session import Data, load, say, source
from voxpop.db import migrate as migrations


def migrate(*, data: Data = None) -> None:
    """Bring the database's schema up to date.

    The other commands do this by themselves. Use it to have it done before a
    new version starts, where several processes share a database. Any number
    may run at once: one works, the others wait.

        voxpop migrate
        VOXPOP_DATABASE_URL=postgresql://voxpop@db/voxpop voxpop migrate
    """
    settings = load(data)
    with source(settings) as found:
        applied = asyncio.run(migrations.migrate(settings.migrate_url or found.dsn, say))
    for migration in applied:
        show(f"Applied {migration.number:04d} {migration.name}")
    if not applied:
        show("The schema is up to date")
