"""When a call is sent again, and after which time."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import httpx

from voxpop.client.shapes import Call

INITIAL_BACKOFF, MAX_BACKOFF = 0.25, 8.0  # seconds
MAX_RETRY_AFTER = 60.0  # a longer wait is left to the caller
RETRIED, RETRIED_IF_REPEATABLE = {429}, {429, 502, 503, 504}
# The request did not leave, so every call may be sent again.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# The request itself cannot be sent.
PERMANENT = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)

Outcome: TypeAlias = httpx.Response | httpx.RequestError


class Attempts:
    """The attempts of one call: exponential backoff with jitter, or longer where the server says so."""

    def __init__(self, call: Call[Any], retries: int) -> None:
        self._call, self._left, self._backoff = call, retries, INITIAL_BACKOFF

    def delay_after(self, outcome: Outcome) -> float | None:
        """Seconds until the next attempt; None if the outcome is final."""
        asked = retry_after(outcome) if isinstance(outcome, httpx.Response) else None
        if self._left == 0 or not self._may_repeat(outcome) or (asked or 0) > MAX_RETRY_AFTER:
            return None
        self._left -= 1
        backoff = self._backoff * random.uniform(0.5, 1)  # noqa: S311 - needs no secret
        self._backoff = min(2 * self._backoff, MAX_BACKOFF)
        return max(backoff, asked or 0)

    def _may_repeat(self, outcome: Outcome) -> bool:
        if isinstance(outcome, httpx.Response):
            return outcome.status_code in (RETRIED_IF_REPEATABLE if self._call.is_repeatable else RETRIED)
        return isinstance(outcome, NOT_SENT) or (self._call.is_repeatable and not isinstance(outcome, PERMANENT))


def retry_after(response: httpx.Response) -> float | None:
    """The header Retry-After in seconds from now; None if it is missing or cannot be read."""
    text = response.headers.get("retry-after", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
