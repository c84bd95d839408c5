"""The outermost ASGI middleware: common response headers, request ids, HEAD, request metrics and compression."""

import asyncio
import time
from collections.abc import Callable
from importlib.metadata import version

from voxpop.errors import AppError, Invalid, Unavailable
from voxpop.web.asgi import App, Message, Receive, Scope, Send
from voxpop.web.compression import compress
from voxpop.web.fast_path import FastEndpoint, error_response
from voxpop.web.ops import UNKNOWN_LABEL, observe_request
from voxpop.web.request_ids import request_id

COMMON_HEADERS = ((b"version", version("voxpop").encode()), (b"x-content-type-options", b"nosniff"))
HSTS = (b"strict-transport-security", b"max-age=31536000")
NO_STORE = (b"cache-control", b"no-store")  # unless the response has a cache-control of its own
STOPPING = "The service is stopping. Try again in a moment."


class AppMiddleware:
    """The ASGI application around the framework's. The HTTP protocol serves its fast endpoints without ASGI."""

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
        self.common_headers = (*COMMON_HEADERS, HSTS) if is_secure else COMMON_HEADERS
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
        common = [(b"request-id", request_id(dict(scope["headers"]))), *self.common_headers]

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                has_cache_control = any(name == b"cache-control" for name, _ in message["headers"])
                message["headers"] = [*message["headers"], *common] + ([] if has_cache_control else [NO_STORE])
                if credentials := scope.get("state", {}).get("credentials"):
                    cors = credentials.response_headers.items()
                    message["headers"] += [(name.encode(), value.encode()) for name, value in cors]
            elif method == "HEAD":
                message["body"] = b""
            await send(message)

        try:
            await self._serve(scope, receive, send_with_headers)
        except asyncio.CancelledError:
            if status or not self.stopping:
                raise
            await _send_error(scope, send_with_headers, Unavailable(STOPPING))
        finally:
            observe_request(method, scope.get("path_template") or UNKNOWN_LABEL, status, time.perf_counter() - began)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The framework leaves the route's path template in the scope, for the metrics."""
        if "\x00" in scope["path"]:
            return await _send_error(scope, send, Invalid("path must not contain NUL characters"))
        await self.app(scope, receive, compress(scope, send))


async def _send_error(scope: Scope, send: Send, error: AppError) -> None:
    """Sends the error envelope, without the framework."""
    query = scope["query_string"].decode("latin-1")
    response = error_response(error, scope["path"] + (f"?{query}" if query else ""))
    headers = {"content-type": "application/json", "content-length": str(len(response.body)), **response.headers}
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": lines})
    await send({"type": "http.response.body", "body": response.body})
