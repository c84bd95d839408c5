"""Limits of requests per minute, counted in the memory of the process, which costs no statement."""

import time
from collections.abc import Hashable
from math import ceil

from msgspec import Struct

from voxpop.errors import RateLimited

WINDOW = 60.0  # seconds from the first request that is counted


class Window(Struct):
    """The requests of a subject since `began`, by the monotonic clock."""

    began: float
    count: int = 0


class MinuteLimit:
    """At most `limit` requests of a subject in a minute. 0 is no limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._windows: dict[Hashable, Window] = {}  # in the order of their beginnings

    def count(self, subject: Hashable) -> None:
        """Counts a request. RateLimited beyond the limit."""
        if self._limit:
            self.check(subject)
            self._windows.setdefault(subject, Window(time.monotonic())).count += 1

    def check(self, subject: Hashable) -> None:
        """RateLimited if the limit is reached already."""
        if not self._limit:
            return
        now = time.monotonic()
        self._forget_windows_before(now - WINDOW)
        window = self._windows.get(subject)
        if window and window.count >= self._limit:
            raise RateLimited(max(1, ceil(window.began + WINDOW - now)))

    def _forget_windows_before(self, began: float) -> None:
        while self._windows:
            subject, oldest = next(iter(self._windows.items()))
            if oldest.began > began:
                break
            del self._windows[subject]
