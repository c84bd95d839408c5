"""The outermost layer: every answer gets the headers that all have, every request is counted and timed."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from importlib.metadata import version
from typing import Any
from uuid import uuid4

from voxpop.errors import Invalid, Unavailable
from voxpop.web.compression import compress
from voxpop.web.fast_path import FastEndpoint, Message, Receive, Scope, Send, send_problem
from voxpop.web.ops import REQUESTS, SECONDS

App = Callable[[Any, Any, Any], Awaitable[None]]

# Addresses and methods that nobody routes are one label, or there would be no end of them.
UNKNOWN = "unknown"
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
COMMON_HEADERS = [(b"version", version("voxpop").encode()), (b"x-content-type-options", b"nosniff")]
HSTS = (b"strict-transport-security", b"max-age=31536000")
NO_STORE = (b"cache-control", b"no-store")  # unless an answer says otherwise
ACCEPTABLE_ID = re.compile(rb"[\x21-\x7e]{1,200}\Z")


class AppMiddleware:
    """An ASGI application around the framework's; operations that have a direct door are served through it."""

    def __init__(
        self,
        app: App,
        doors: tuple[FastEndpoint, ...] = (),
        on_stop: Callable[[], None] | None = None,
        *,
        is_secure: bool = False,
    ) -> None:
        self.app = app
        self.doors = doors
        self._fixed = [*COMMON_HEADERS, HSTS] if is_secure else COMMON_HEADERS
        self.stopping = False
        self._on_stop = on_stop

    def stop(self) -> None:
        """Said by the server before it drains: streams end, and who is cut off from here on is told so."""
        self.stopping = True
        if self._on_stop:
            self._on_stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, method = time.perf_counter(), 0, scope["method"]
        if method == "HEAD":  # is a GET whose body stays here (RFC 9110, 9.3.2)
            scope = {**scope, "method": "GET"}
        fixed = [(b"request-id", _request_id(scope)), *self._fixed]

        async def send_with_fixed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                kept = any(name == b"cache-control" for name, _ in message["headers"])
                message["headers"] = [*message["headers"], *fixed] + ([] if kept else [NO_STORE])
            elif method == "HEAD":
                message["body"] = b""
            await send(message)

        try:
            await self._serve(scope, receive, send_with_fixed)
        except asyncio.CancelledError:
            if status or not self.stopping:
                raise
            await send_problem(scope, send_with_fixed, Unavailable("The service is stopping; try again"))
        finally:
            count, seconds = _meters(method, scope.get("path_template") or UNKNOWN, status)
            count.inc()
            seconds.observe(time.perf_counter() - began)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Leaves the route that answered in the scope, as its template."""
        for door in self.doors:
            if match := door.match(scope):
                scope["path_template"] = door.route
                return await door.serve(match, scope, receive, send)
        if "\x00" in scope["path"]:
            return await send_problem(scope, send, Invalid("path must not contain NUL characters"))
        await self.app(scope, receive, compress(scope, send))


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"request-id" and ACCEPTABLE_ID.match(value):
            return bytes(value)
    return str(uuid4()).encode()


@lru_cache(maxsize=4096)
def _meters(method: str, route: str, status: int) -> tuple[Any, Any]:
    method = method if method in METHODS else UNKNOWN
    return REQUESTS.labels(method, route, str(status)), SECONDS.labels(method, route)
