"""Keyset paging: a cursor is the place after the last row seen, so rows that come or go elsewhere move nothing."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from msgspec import Meta, Struct

Row = TypeVar("Row")
Out = TypeVar("Out")
Place = tuple[datetime, UUID]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BEFORE_ALL: Place = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))
CURSOR = re.compile(r"(\d{1,17})\.([0-9a-f]{32})\Z")

Limit = Annotated[int, Meta(ge=1, le=100, description="How many rows a page has at the most", examples=[50])]
Cursor = Annotated[str, Meta(description="`next_cursor` of the page before", examples=["MTc2NDAwMDAwMDAwMDAwMC4wMTkz"])]


class Page(Struct, Generic[Out], frozen=True):
    """A page of rows; `has_more` is true just when there is a `next_cursor`."""

    data: list[Out]
    next_cursor: Cursor | None
    has_more: bool


def write_cursor(place: Place) -> str:
    """Microseconds, as the database keeps them: milliseconds would lose rows."""
    micros = (place[0] - EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{micros}.{place[1].hex}".encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> Place:
    """Where the page begins; the very beginning for none, and for one that makes no sense."""
    try:
        padded = (cursor or "") + "=" * (-len(cursor or "") % 4)
        match = CURSOR.match(base64.urlsafe_b64decode(padded).decode("ascii"))
        if match is None:
            return BEFORE_ALL
        return EPOCH + timedelta(microseconds=int(match[1])), UUID(match[2])
    except (binascii.Error, ValueError, OverflowError):
        return BEFORE_ALL


async def page(
    fetch: Callable[[Place, int], Awaitable[Sequence[Row]]],
    place_of: Callable[[Row], Place],
    shape: Callable[[Row], Out],
    cursor: str | None,
    limit: int,
) -> Page[Out]:
    """One page: asks for a row more than it shows, so as to know whether another follows."""
    rows = await fetch(read_cursor(cursor), limit + 1)
    shown = rows[:limit]
    following = write_cursor(place_of(shown[-1])) if len(rows) > limit else None
    return Page([shape(row) for row in shown], following, following is not None)
