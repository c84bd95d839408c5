"""The synchronous client."""

import time
from collections.abc import Iterator
from typing import Any, Self, TypeVar

import httpx

from voxpop.client.api import Calls
from voxpop.client.errors import ConnectionFailed
from voxpop.client.options import Options, response_of
from voxpop.client.retries import Attempts, Outcome
from voxpop.client.shapes import Call, reader_of

T = TypeVar("T")


class Client(Calls):
    """Calls Voxpop and waits for results. It may be shared by threads; close it, or use it in a `with` block."""

    is_async = False

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 10,
        retries: int = 4,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._options = Options(url, key, timeout, retries)
        self._http = httpx.Client(**self._options.of_http, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def send(self, call: Call[T]) -> T:
        """Sends a call, again if needed, and returns its result."""
        return call.result_of(self._exchange(call))

    def stream(self, call: Call[T]) -> Iterator[T]:
        """The parts of a result as they arrive. Another attempt follows only until the first one."""
        response, read = self._exchange(call, is_stream=True), reader_of(call)
        try:
            for chunk in response.iter_bytes():
                yield from read(chunk)
        except httpx.RequestError as error:
            raise ConnectionFailed(f"The stream broke: {error}") from error
        finally:
            response.close()

    def _exchange(self, call: Call[Any], *, is_stream: bool = False) -> httpx.Response:
        attempts = Attempts(call, self._options.retries)
        request = call.request(self._http, **self._options.of_request(is_stream))
        while True:
            outcome = self._attempt(request, is_stream)
            delay = attempts.delay_after(outcome)
            if delay is None:
                return response_of(outcome)
            time.sleep(delay)

    def _attempt(self, request: httpx.Request, is_stream: bool) -> Outcome:
        try:
            response = self._http.send(request, stream=is_stream)
            if is_stream and not response.is_success:
                response.read()
        except httpx.RequestError as error:
            return error
        return response
