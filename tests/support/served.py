"""The product's own HTTP server in the test's event loop, for what the HTTP protocol does by itself."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx

from voxpop.config.settings import Settings
from voxpop.server import HttpServer, bind
from voxpop.web.middleware import AppMiddleware


@asynccontextmanager
async def serving(app: AppMiddleware, settings: Settings, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server, which runs until the end of the block."""
    sockets, ready = bind("127.0.0.1", 0), asyncio.Event()
    with _restored_logging():
        server = HttpServer(app, settings, ready.set)
        task = asyncio.create_task(server.serve(sockets))
        async with asyncio.timeout(10):
            await ready.wait()
        url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            yield client
        server.should_exit = True
        async with asyncio.timeout(10):
            await task


@contextmanager
def _restored_logging() -> Iterator[None]:
    """`uvicorn.Config` changes the loggers of uvicorn, which other tests use."""
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")]
    before = [(each.level, each.handlers, each.propagate) for each in loggers]
    yield
    for each, (level, handlers, propagate) in zip(loggers, before, strict=True):
        each.level, each.handlers, each.propagate = level, handlers, propagate
