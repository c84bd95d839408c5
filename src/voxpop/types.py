"""Identifiers, the actor and small values that every part shares; no behaviour of any domain."""

import os
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, NewType
from uuid import UUID

from msgspec import Meta, Struct

WorkspaceId = NewType("WorkspaceId", UUID)
KeyId = NewType("KeyId", UUID)
ProductId = NewType("ProductId", UUID)
FeatureId = NewType("FeatureId", UUID)
SurveyId = NewType("SurveyId", UUID)
FeedbackId = NewType("FeedbackId", UUID)
CampaignId = NewType("CampaignId", UUID)
AccountId = NewType("AccountId", UUID)
TicketId = NewType("TicketId", UUID)

# The pattern of C6: taken as it stands, so no spaces around it, a domain with a dot, no two dots in a row.
EMAIL_PATTERN = (
    r"^(?!\.)(?!.*\.\.)[A-Za-z0-9_'+\-.]*[A-Za-z0-9_+\-]@([A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}\Z"
)
KEY_PATTERN = r"^[a-zA-Z0-9\-_.+]+\Z"

Email = Annotated[str, Meta(max_length=254, pattern=EMAIL_PATTERN, description="An e-mail address, taken as written")]
Key = Annotated[str, Meta(min_length=1, max_length=100, pattern=KEY_PATTERN)]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
MIN_INTEGER, MAX_INTEGER = -(2**31), 2**31 - 1  # of a column of type `integer`
NotBlank = Meta(pattern=r"\S")
Guid = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"\S", examples=["cust_123"])]
Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"}, description="UTC, with milliseconds")]


def whole(minimum: int, maximum: int) -> Meta:
    """A whole number within limits: read as a float that is a multiple of one, because 8.0 counts as 8."""
    schema = {"type": "integer", "minimum": minimum, "maximum": maximum, "multipleOf": 1}
    return Meta(ge=minimum, le=maximum, multiple_of=1, extra_json_schema=schema)


class Origin(StrEnum):
    """What asks for a rating. Ratings of one subject of an origin are counted under a series of the same name."""

    FEATURE = "feature"
    TICKET = "ticket"
    CAMPAIGN = "campaign"


class Scope(StrEnum):
    """What a key may do; none includes another."""

    INGEST = "ingest"
    READ = "read"
    MANAGE = "manage"


class Actor(Struct, frozen=True):
    """Who is calling, and in which workspace. `name` is what audit columns keep."""

    workspace: WorkspaceId
    name: str
    scopes: frozenset[Scope]


SYSTEM_USER = "system"  # in audit columns, where no caller made the change


class Audit(Struct, frozen=True):
    """When a change happened and who made it: the values of audit columns."""

    at: datetime
    by: str


def folded(email: str) -> str:
    """An address as portal, tickets and sign-in compare it: case and the space around it ignored (G5)."""
    return email.strip().lower()


def uuid7() -> UUID:
    """A new UUID of version 7 (RFC 9562): milliseconds first, so that rows made together lie together."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    return UUID(int=value & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62)


def utcnow() -> datetime:
    """The clock of the product; parts take it as an argument so that tests can set it."""
    return datetime.now(UTC)


def instant(moment: datetime) -> Instant:
    """An instant as the API shows it: ISO-8601, UTC, milliseconds, `Z` (G3)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
