"""An HTTP server for the browser tests of a process: it serves one application after the other on the same port."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Self

import uvicorn
from litestar.types import ASGIApp

FINISH_SECONDS = 5  # until requests that outlive their test are cancelled


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves Ctrl-C to pytest."""
        yield


class HttpServer:
    """Needs an event loop that outlives the test."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None
        options: dict[str, Any] = {"interface": "asgi3", "lifespan": "off", "log_config": None}
        self._server = _Server(uvicorn.Config(self._answer, host="127.0.0.1", port=0, **options))

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[Self]:
        made = cls()
        serving = asyncio.create_task(made._server.serve())
        while not made._server.started:  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.01)
        yield made
        made._server.should_exit = made._server.force_exit = True
        await serving

    @property
    def port(self) -> int:
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    @asynccontextmanager
    async def serving(self, app: ASGIApp) -> AsyncIterator[str]:
        """The origin under which the application answers. No request of it outlives the block."""
        self._app = app
        try:
            yield f"http://127.0.0.1:{self.port}"
        finally:
            self._app = None
            await self._finish()

    async def _finish(self) -> None:
        running = set(self._server.server_state.tasks)
        if running:
            _, late = await asyncio.wait(running, timeout=FINISH_SECONDS)
            for task in late:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        if self._app is None:  # a page that is about to be closed
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body"})
        else:
            await self._app(scope, receive, send)
