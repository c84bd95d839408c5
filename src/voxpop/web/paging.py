"""Keyset pagination of the API and the pages: a page continues after a position, so that other rows shift nothing.

`voxpop/cursors.py` encodes a position as a cursor.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

from voxpop.cursors import NEWEST_FIRST, Position, decode_cursor, encode_cursor

Row = TypeVar("Row")
Out = TypeVar("Out")

MAX_PAGE_SIZE = 100

Limit = Annotated[int, Meta(ge=1, le=MAX_PAGE_SIZE, description="The maximum number of rows on a page", examples=[50])]
Cursor = Annotated[
    str,
    Meta(
        description="`next_cursor` of the page before",
        examples=["LjAuMTc5NTUxMjYwMDAwMDAwMC4wMTkzOWQ1NDJmOGU3Y2MxOWE1ZTViMGMxZjRlOGE3Nw"],
    ),
]


class Page(Struct, Generic[Out], frozen=True):
    """One page of rows. `has_more` is true exactly when there is a `next_cursor`."""

    data: list[Out]
    next_cursor: Cursor | None
    has_more: bool


async def page(
    fetch: Callable[[Position, int], Awaitable[Sequence[Row]]],
    position_of: Callable[[Row], Position],
    shape: Callable[[Row], Out],
    cursor: str | None,
    limit: int,
) -> Page[Out]:
    """One page of a newest-first list. It fetches one row more than it shows, to know whether more follow."""
    rows = await fetch(decode_cursor(cursor) or NEWEST_FIRST, limit + 1)
    shown = rows[:limit]
    next_cursor = encode_cursor(position_of(shown[-1])) if len(rows) > limit else None
    return Page([shape(row) for row in shown], next_cursor, next_cursor is not None)
