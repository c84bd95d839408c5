"""The one codec of page cursors. Keyset pagination continues after the sort position of the last row seen; pure."""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
PATTERN = re.compile(r"(?P<sort>[a-z-]*)\.(?P<group>\d)\.(?P<at>\d{1,17})\.(?P<id>[0-9a-f]{32})\Z")


class Position(Struct, frozen=True):
    """Where a row stands in a sorted list: its time and its id, which breaks ties.

    `group` comes first where a list is sorted by something before the time, for example a priority.
    """

    at: datetime
    id: UUID
    group: int = 0


# A page of a list sorted by the newest first begins here when there is no cursor.
NEWEST_FIRST = Position(datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))
OLDEST_FIRST = Position(EPOCH, UUID(int=0))  # the same for a list sorted by the oldest first


def encode_cursor(position: Position, sort: str = "") -> str:
    """An opaque text for the page after this position. Times keep their microseconds, or rows would be lost."""
    micros = (position.at - EPOCH) // MICROSECOND
    text = f"{sort}.{position.group}.{micros}.{position.id.hex}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, sort: str = "") -> Position | None:
    """None without a cursor, for the cursor of another order, and for a text that is no cursor."""
    padded = (cursor or "") + "=" * (-len(cursor or "") % 4)
    try:
        match = PATTERN.match(base64.urlsafe_b64decode(padded).decode("ascii"))
        if match is None or match["sort"] != sort:
            return None
        at = EPOCH + timedelta(microseconds=int(match["at"]))
        return Position(at, UUID(match["id"]), int(match["group"]))
    except (binascii.Error, ValueError, OverflowError):
        return None
