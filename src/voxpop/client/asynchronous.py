"""The asynchronous client, on asyncio."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self, TypeVar

import httpx

from voxpop.client.api import Calls
from voxpop.client.errors import ConnectionFailed
from voxpop.client.options import Options, response_of
from voxpop.client.retries import Attempts, Outcome
from voxpop.client.shapes import Call, reader_of

T = TypeVar("T")


class AsyncClient(Calls):
    """Calls Voxpop from coroutines of one event loop. Close it, or use it in an `async with` block."""

    is_async = True

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 10,
        retries: int = 4,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._options = Options(url, key, timeout, retries)
        self._http = httpx.AsyncClient(**self._options.of_http, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Sends a call, again if needed, and returns its result."""
        return call.result_of(await self._exchange(call))

    async def stream(self, call: Call[T]) -> AsyncIterator[T]:
        """The parts of a result as they arrive. Another attempt follows only until the first one."""
        response, read = await self._exchange(call, is_stream=True), reader_of(call)
        try:
            async for chunk in response.aiter_bytes():
                for part in read(chunk):
                    yield part
        except httpx.RequestError as error:
            raise ConnectionFailed(f"The stream broke: {error}") from error
        finally:
            await response.aclose()

    async def _exchange(self, call: Call[Any], *, is_stream: bool = False) -> httpx.Response:
        attempts = Attempts(call, self._options.retries)
        request = call.request(self._http, **self._options.of_request(is_stream))
        while True:
            outcome = await self._attempt(request, is_stream)
            delay = attempts.delay_after(outcome)
            if delay is None:
                return response_of(outcome)
            await asyncio.sleep(delay)

    async def _attempt(self, request: httpx.Request, is_stream: bool) -> Outcome:
        try:
            response = await self._http.send(request, stream=is_stream)
            if is_stream and not response.is_success:
                await response.aread()
        except httpx.RequestError as error:
            return error
        return response
