"""What both clients share: their options, and the reading of outcomes."""

from importlib.metadata import version
from typing import Any

import httpx
from msgspec import Struct

from voxpop.client.errors import ConnectionFailed, error_of
from voxpop.client.retries import Outcome, retry_after

STREAM_SILENCE = 30.0  # seconds; a stream of changes sends something every 15


class Options(Struct, frozen=True):
    """Where and how to send calls. `timeout` is in seconds, for each attempt; `retries` follow the first attempt."""

    url: str
    key: str
    timeout: float
    retries: int

    @property
    def of_http(self) -> dict[str, Any]:
        """The options of the client of httpx."""
        headers = {
            "authorization": f"Bearer {self.key}",
            "accept": "application/json, */*;q=0.5",
            "user-agent": f"voxpop-python/{version('voxpop')}",
        }
        return {"base_url": self.url, "headers": headers, "timeout": self.timeout}

    def of_request(self, is_stream: bool) -> dict[str, Any]:
        """The options of one request."""
        return {"timeout": httpx.Timeout(self.timeout, read=max(self.timeout, STREAM_SILENCE))} if is_stream else {}


def response_of(outcome: Outcome) -> httpx.Response:
    """The response, if it is a success; raises what else happened."""
    if isinstance(outcome, httpx.RequestError):
        raise ConnectionFailed(f"{type(outcome).__name__}: {outcome}") from outcome
    if not outcome.is_success:
        raise error_of(outcome, retry_after(outcome))
    return outcome
