"""Identifiers, the actor and small value types that all packages share."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count
from time import time_ns
from typing import Annotated, NewType
from uuid import UUID

from msgspec import Meta, Struct

from voxpop.text import VISIBLE

WorkspaceId = NewType("WorkspaceId", UUID)
KeyId = NewType("KeyId", UUID)
ProductId = NewType("ProductId", UUID)
FeatureId = NewType("FeatureId", UUID)
SurveyId = NewType("SurveyId", UUID)
FeedbackId = NewType("FeedbackId", UUID)
CampaignId = NewType("CampaignId", UUID)
AccountId = NewType("AccountId", UUID)
TicketId = NewType("TicketId", UUID)

# The pattern of statement C6 of the contract. The address is stored as sent, so spaces around it are an error.
EMAIL_PATTERN = (
    r"^(?!\.)(?!.*\.\.)[A-Za-z0-9_'+\-.]*[A-Za-z0-9_+\-]@([A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}\Z"
)
# Not "." and "..": browsers and clients drop such parts of a path, so that their paths would lead elsewhere.
KEY_PATTERN = r"^(?!\.{1,2}$)[a-zA-Z0-9\-_.+]+\Z"

MAX_EMAIL, MAX_GUID, MAX_NAME, MAX_PASSWORD, MAX_IDEMPOTENCY_KEY = 254, 255, 200, 200, 255  # characters
MAX_KEY, MIN_PASSWORD = 100, 12  # characters

Email = Annotated[str, Meta(max_length=MAX_EMAIL, pattern=EMAIL_PATTERN, description="An email address")]
Key = Annotated[str, Meta(min_length=1, max_length=MAX_KEY, pattern=KEY_PATTERN)]
# A mark of types: `web.one_line` cleans the texts of one line in every request.
ONE_LINE = {"one_line": True}
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME, pattern=VISIBLE, extra=ONE_LINE)]
NameText = Annotated[str, Meta(max_length=MAX_NAME, extra=ONE_LINE)]  # of a form, which explains a blank name itself
MIN_INTEGER, MAX_INTEGER = -(2**31), 2**31 - 1  # of a column of type `integer`
Visible = Meta(pattern=VISIBLE)
Guid = Annotated[str, Meta(min_length=1, max_length=MAX_GUID, pattern=r"\S", examples=["cust_123"])]
MAX_LANGUAGE = 35
Language = Annotated[str, Meta(min_length=2, max_length=MAX_LANGUAGE, pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8})*\Z")]
Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"}, description="UTC, with milliseconds")]


def whole_number(minimum: int, maximum: int) -> Meta:
    """A whole number in a range. It is parsed as a float that is a multiple of one, because 8.0 is valid too."""
    schema = {"type": "integer", "minimum": minimum, "maximum": maximum, "multipleOf": 1}
    return Meta(ge=minimum, le=maximum, multiple_of=1, extra_json_schema=schema)


class Origin(StrEnum):
    """The origin of a rating. Ratings of one subject of an origin are counted under a series of the same name."""

    FEATURE = "feature"
    TICKET = "ticket"
    CAMPAIGN = "campaign"


class Scope(StrEnum):
    """A permission of an API key. No scope includes another."""

    INGEST = "ingest"
    READ = "read"
    MANAGE = "manage"


class Actor(Struct, frozen=True):
    """The caller and their workspace. Audit columns store `name`; members have an account and a role."""

    workspace: WorkspaceId
    name: str
    scopes: frozenset[Scope]
    account: AccountId | None = None
    role: str | None = None


SYSTEM_USER = "system"  # in audit columns, where no caller made the change


class Audit(Struct, frozen=True):
    """The time and the author of a change: the values of the audit columns."""

    at: datetime
    by: str


def uuid7() -> UUID:
    """A new UUID of version 7 (RFC 9562). It starts with the time, so that new rows are close together in an index."""
    value = (time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    return UUID(int=value & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62)


def uuid7s() -> Iterator[UUID]:
    """New UUIDs of version 7 in ascending order, for a batch: each is the one before it plus one (RFC 9562, 6.2)."""
    first = uuid7().int & ~(1 << 61)  # room for the counter
    return (UUID(int=first + number) for number in count())


def utcnow() -> datetime:
    """The current time. Functions take it as an argument, so that tests can set it."""
    return datetime.now(UTC)


def instant(time: datetime) -> Instant:
    """The format of times in the API: ISO 8601 in UTC with milliseconds and `Z` (statement G3)."""
    if time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    return time.isoformat(timespec="milliseconds")[:-6] + "Z"
