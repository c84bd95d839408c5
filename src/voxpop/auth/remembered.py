"""Looked-up identities, remembered for one second at most, so that most requests need no look-up."""

import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Generic, NamedTuple, TypeVar

Value = TypeVar("Value")

TTL = 1.0  # seconds, counted from before the look-up: a revoked key works no longer than this in any process (G1)
MAX_ENTRIES = 10_000


class Entry(NamedTuple, Generic[Value]):
    value: Value
    since: float


class Remembered(Generic[Value]):
    """The values of one kind of identity, by a hash of the text that the caller sent. Refusals are not remembered."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Entry[Value]] = {}
        self._forgotten_at = float("-inf")

    async def get(self, text: str, look_up: Callable[[], Awaitable[Value | None]]) -> Value | None:
        """The remembered value, or the result of `look_up`."""
        key = hashlib.sha256(text.encode()).digest()
        now = time.monotonic()
        entry = self._entries.get(key)
        if entry is not None and now - entry.since < TTL:
            return entry.value
        value = await look_up()
        if value is not None and now > self._forgotten_at:  # otherwise the look-up may have missed the change
            self._keep(key, Entry(value, now))
        return value

    def forget(self) -> None:
        """Forgets everything, because an identity has changed. Look-ups in flight are not remembered either."""
        self._entries.clear()
        self._forgotten_at = time.monotonic()

    def _keep(self, key: bytes, entry: Entry[Value]) -> None:
        self._entries.pop(key, None)  # a new entry goes to the end, so the first one is the oldest
        if len(self._entries) >= MAX_ENTRIES:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = entry
