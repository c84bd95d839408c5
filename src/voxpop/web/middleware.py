"""The outermost ASGI middleware: common response headers, request ids, HEAD, request metrics and compression."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from importlib.metadata import version
from typing import Any, NamedTuple
from uuid import uuid4

from prometheus_client import Counter, Histogram

from voxpop.errors import Invalid, Unavailable
from voxpop.web.compression import compress
from voxpop.web.fast_path import FastEndpoint, Message, Receive, Scope, Send, send_error
from voxpop.web.ops import REQUEST_COUNT, REQUEST_SECONDS

App = Callable[[Any, Any, Any], Awaitable[None]]

# Unknown addresses and methods share one label. A label for each of them would grow the metrics without bound.
UNKNOWN_LABEL = "unknown"
KNOWN_METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
COMMON_HEADERS = [(b"version", version("voxpop").encode()), (b"x-content-type-options", b"nosniff")]
HSTS = (b"strict-transport-security", b"max-age=31536000")
NO_STORE = (b"cache-control", b"no-store")  # unless the response has a cache-control of its own
VALID_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,200}\Z")


class AppMiddleware:
    """The ASGI application around the framework's. Fast endpoints are served here, the rest by the framework."""

    def __init__(
        self,
        app: App,
        fast_endpoints: tuple[FastEndpoint, ...] = (),
        on_stop: Callable[[], None] | None = None,
        *,
        is_secure: bool = False,
    ) -> None:
        self.app = app
        self.fast_endpoints = fast_endpoints
        self._common_headers = [*COMMON_HEADERS, HSTS] if is_secure else COMMON_HEADERS
        self.stopping = False
        self._on_stop = on_stop

    def stop(self) -> None:
        """The server calls this before it drains. Streams end, and requests that are cancelled afterwards get a 503."""
        self.stopping = True
        if self._on_stop:
            self._on_stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, method = time.perf_counter(), 0, scope["method"]
        if method == "HEAD":  # is served as a GET, and its body is dropped (RFC 9110, 9.3.2)
            scope = {**scope, "method": "GET"}
        common = [(b"request-id", _request_id(scope)), *self._common_headers]

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                has_cache_control = any(name == b"cache-control" for name, _ in message["headers"])
                message["headers"] = [*message["headers"], *common] + ([] if has_cache_control else [NO_STORE])
            elif method == "HEAD":
                message["body"] = b""
            await send(message)

        try:
            await self._serve(scope, receive, send_with_headers)
        except asyncio.CancelledError:
            if status or not self.stopping:
                raise
            await send_error(scope, send_with_headers, Unavailable("The service is stopping. Try again in a moment."))
        finally:
            metrics = _request_metrics(method, scope.get("path_template") or UNKNOWN_LABEL, status)
            metrics.counter.inc()
            metrics.histogram.observe(time.perf_counter() - began)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Leaves the route's path template in the scope, for the metrics."""
        for endpoint in self.fast_endpoints:
            if match := endpoint.match(scope):
                scope["path_template"] = endpoint.route
                return await endpoint.serve(match, scope, receive, send)
        if "\x00" in scope["path"]:
            return await send_error(scope, send, Invalid("path must not contain NUL characters"))
        await self.app(scope, receive, compress(scope, send))


def _request_id(scope: Scope) -> bytes:
    """The caller's request id, or a new one where it has none that is safe in a log."""
    for name, value in scope["headers"]:
        if name == b"request-id" and VALID_REQUEST_ID.match(value):
            return bytes(value)
    return str(uuid4()).encode()


class _RequestMetrics(NamedTuple):
    counter: Counter
    histogram: Histogram


@lru_cache(maxsize=4096)
def _request_metrics(method: str, route: str, status: int) -> _RequestMetrics:
    """Cached, because looking labels up costs more than counting."""
    method = method if method in KNOWN_METHODS else UNKNOWN_LABEL
    return _RequestMetrics(REQUEST_COUNT.labels(method, route, str(status)), REQUEST_SECONDS.labels(method, route))
