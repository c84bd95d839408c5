"""Exponential backoff: the pauses between attempts that fail; pure."""

from datetime import timedelta

from msgspec import Struct

MAX_DOUBLINGS = 20  # far beyond any longest pause, so that the number stays small


class Backoff(Struct, frozen=True):
    """Each pause is twice the one before it, up to the longest."""

    first: timedelta
    longest: timedelta

    def pause(self, failures: int) -> timedelta:
        """The pause after this number of failures in a row, which is at least one."""
        factor: int = 2 ** min(failures - 1, MAX_DOUBLINGS)
        return min(self.first * factor, self.longest)
