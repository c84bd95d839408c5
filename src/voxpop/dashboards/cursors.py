"""Positions in a sorted list of series, and their cursors; pure."""

import base64
import binascii
from fractions import Fraction

import msgspec
from msgspec import Struct

from voxpop.dashboards.models import Direction, SortKey

MAX_CURSOR = 4000  # characters


class ListPosition(Struct, frozen=True, array_like=True):
    """Where a row stands: the sort, its value, and what breaks ties. Numbers are written as fractions.

    Rows without a value come last in both directions.
    """

    sort: SortKey
    direction: Direction
    value: str | None
    ties: list[str]

    def precedes(self, other: "ListPosition") -> bool:
        """Whether the other position comes later in the list."""
        if (self.value is None) != (other.value is None):
            return other.value is None
        if self.value is None or other.value is None or self.value == other.value:
            return self.ties < other.ties
        first, second = (self, other) if self.direction is Direction.ASC else (other, self)
        if self.sort is SortKey.NAME:
            return str(first.value) < str(second.value)
        return Fraction(str(first.value)) < Fraction(str(second.value))


def encode_position(position: ListPosition) -> str:
    """An opaque text for the page after this position."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def decode_position(cursor: str | None, sort: SortKey, direction: Direction) -> ListPosition | None:
    """None without a cursor, for the cursor of another order, and for a text that is no cursor."""
    if not cursor or len(cursor) > MAX_CURSOR:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = msgspec.json.decode(text, type=ListPosition)
        if position.value is not None and position.sort is not SortKey.NAME:
            Fraction(position.value)
    except (binascii.Error, msgspec.DecodeError, ValueError, ZeroDivisionError):
        return None
    return position if (position.sort, position.direction) == (sort, direction) else None
