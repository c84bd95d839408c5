"""What both clients share: their options, and the reading of outcomes."""

import re
from importlib.metadata import version
from typing import Any

import httpx
from msgspec import Struct

from voxpop.client.errors import ConnectionFailed, error_of
from voxpop.client.retries import Outcome, retry_after

STREAM_SILENCE = 30.0  # seconds; a stream of changes sends something every 15
VALID_KEY = re.compile(r"[!-~]+")


class Options(Struct, frozen=True):
    """Where and how to send calls. `retries` follow the first attempt.

    `timeout` is in seconds, for each step of an attempt: to connect, to send, and to wait for data.
    """

    url: str
    key: str
    timeout: float
    retries: int

    def __post_init__(self) -> None:
        """Refuses a wrong key here, because the error of a wrong header would show it."""
        if not VALID_KEY.fullmatch(self.key.strip()):
            raise ValueError("The API key must consist of ASCII characters without spaces")

    def __repr__(self) -> str:
        """Without the key, because reports of errors show the values of variables."""
        return f"Options(url={self.url!r}, timeout={self.timeout!r}, retries={self.retries!r})"

    @property
    def of_http(self) -> dict[str, Any]:
        """The options of the client of httpx."""
        headers = {
            "authorization": f"Bearer {self.key.strip()}",
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
