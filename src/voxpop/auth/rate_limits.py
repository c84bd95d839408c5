"""Rate limits: how many attempts are allowed per subject and time window, counted in the database for all processes."""

import hashlib
from datetime import datetime, timedelta
from enum import Enum
from math import ceil
from typing import NamedTuple

from voxpop.auth import store
from voxpop.db.pool import Database
from voxpop.email_addresses import normalize_email
from voxpop.errors import RateLimited
from voxpop.types import WorkspaceId, utcnow


class Limit(NamedTuple):
    """At most so many attempts in one window."""

    max_attempts: int
    window: timedelta


class RateLimit(Enum):
    """Each rate-limited action: its name in the table and its limit."""

    SIGN_IN_ACCOUNT = "sign-in-account", Limit(10, timedelta(minutes=15))
    SIGN_IN_ANYWHERE = "sign-in-anywhere", Limit(100, timedelta(minutes=15))
    SIGN_IN_CLIENT = "sign-in-client", Limit(60, timedelta(minutes=15))
    LINK_ADDRESS = "link-address", Limit(5, timedelta(hours=1))
    LINK_CLIENT = "link-client", Limit(30, timedelta(hours=1))
    USE_LINK = "use-link", Limit(60, timedelta(minutes=15))
    EXPLORE_DEMO = "explore-demo", Limit(60, timedelta(minutes=15))
    INVITE = "invite", Limit(50, timedelta(hours=1))
    TEST_EMAIL = "test-email", Limit(10, timedelta(hours=1))
    PASSWORD = "password", Limit(10, timedelta(minutes=15))
    OPEN_TICKET = "open-ticket", Limit(10, timedelta(hours=1))
    ANSWER_SURVEY = "answer-survey", Limit(300, timedelta(minutes=15))
    UNSUBSCRIBE = "unsubscribe", Limit(300, timedelta(minutes=15))
    GUEST_REPLY = "guest-reply", Limit(30, timedelta(hours=1))

    @property
    def label(self) -> str:
        return self.value[0]

    @property
    def limit(self) -> Limit:
        return self.value[1]


async def record_attempt(
    database: Database, workspace: WorkspaceId, rate_limit: RateLimit, subject: str, now: datetime | None = None
) -> None:
    """Counts one attempt; RateLimited beyond the limit. Its own transaction, so that refused attempts count too."""
    now = now or utcnow()
    max_attempts, length = rate_limit.limit
    hashed = hashlib.sha256(subject.encode()).hexdigest()
    async with database.transaction(workspace) as tx:
        window = await store.record_attempt(tx, workspace, rate_limit.label, hashed, now, now - length)
    if window.count > max_attempts:
        remaining = window.began_at + length - now
        raise RateLimited(max(1, ceil(remaining.total_seconds())))


async def record_password_guess(database: Database, workspace: WorkspaceId, email: str, client: str) -> None:
    """Counts one attempt to give the password of an address; RateLimited beyond the limits.

    The limit for one client is low. The limit for all clients together is high, so that guessing does not lock the
    account's owner out.
    """
    address = normalize_email(email)
    await record_attempt(database, workspace, RateLimit.SIGN_IN_ACCOUNT, f"{address} {client}")
    await record_attempt(database, workspace, RateLimit.SIGN_IN_ANYWHERE, address)
