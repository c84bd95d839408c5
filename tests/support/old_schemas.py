"""Databases as an earlier version left them."""

import pytest

from voxpop.db import migrate


async def migrate_up_to(dsn: str, last: int) -> None:
    """Applies the migrations up to that number, without the privileges, which name columns of today."""
    known = migrate.list_migrations()
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(migrate, "list_migrations", lambda: [one for one in known if one.number <= last])
        earlier.setattr(migrate, "PRIVILEGES", "SELECT 1")
        await migrate.migrate(dsn)
