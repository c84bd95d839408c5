"""Doors that can be hammered, and how often somebody may come: counted for all processes together."""

import hashlib
from datetime import datetime, timedelta
from enum import Enum
from math import ceil
from typing import NamedTuple

from voxpop.accounts import sessions_store as store
from voxpop.db.pool import Database
from voxpop.errors import RateLimited
from voxpop.types import WorkspaceId, utcnow


class Limit(NamedTuple):
    most: int
    window: timedelta


class RateLimit(Enum):
    """The name in the table, how many may pass, and in which time."""

    SIGN_IN_ACCOUNT = "sign-in-account", Limit(10, timedelta(minutes=15))
    SIGN_IN_ANYWHERE = "sign-in-anywhere", Limit(100, timedelta(minutes=15))
    SIGN_IN_CLIENT = "sign-in-client", Limit(60, timedelta(minutes=15))
    LINK_ADDRESS = "link-address", Limit(5, timedelta(hours=1))
    LINK_CLIENT = "link-client", Limit(30, timedelta(hours=1))
    USE_LINK = "use-link", Limit(60, timedelta(minutes=15))
    INVITE = "invite", Limit(50, timedelta(hours=1))
    PASSWORD = "password", Limit(10, timedelta(minutes=15))
    OPEN_TICKET = "open-ticket", Limit(10, timedelta(hours=1))
    GUEST_REPLY = "guest-reply", Limit(30, timedelta(hours=1))

    @property
    def label(self) -> str:
        return self.value[0]

    @property
    def limit(self) -> Limit:
        return self.value[1]


async def record_attempt(
    database: Database, workspace: WorkspaceId, door: RateLimit, subject: str, now: datetime | None = None
) -> None:
    """Counts one more; RateLimited beyond the limit. In a transaction of its own: a refused attempt counts as well."""
    now = now or utcnow()
    hashed = hashlib.sha256(subject.encode()).hexdigest()
    async with database.transaction(workspace) as tx:
        window = await store.record_attempt(tx, workspace, door.label, hashed, now, now - door.limit.window)
    if window.count > door.limit.most:
        left = window.began_at + door.limit.window - now
        raise RateLimited(max(1, ceil(left.total_seconds())))
