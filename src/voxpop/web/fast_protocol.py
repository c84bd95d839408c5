"""The HTTP protocol of a connection serves fast endpoints by itself, and leaves all other requests to uvicorn and ASGI.

For a fast endpoint there is no scope, no `receive` and no `send`: a response is one write.
"""

import asyncio
import re
import time
from functools import lru_cache
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from voxpop.errors import Unavailable
from voxpop.web.fast_path import FastEndpoint, FastRequest, FastResponse, Headers, error_response
from voxpop.web.middleware import NO_STORE, STOPPING, AppMiddleware
from voxpop.web.ops import observe_request
from voxpop.web.request_ids import request_id

# The framework serves requests with these headers.
UNUSUAL_HEADERS = {b"transfer-encoding", b"expect", b"upgrade"}
# uvicorn's cycles wake their application with it; here the protocol itself waits for the end of the body.
NOT_AWAITED = asyncio.Event()


class FastCycle:
    """A request of a fast endpoint, in the place of uvicorn's cycle: uvicorn adds the body and reads the flags."""

    message_event = NOT_AWAITED

    def __init__(self, endpoint: FastEndpoint, match: "re.Match[bytes]", headers: Headers, *, keep_alive: bool) -> None:
        self.endpoint, self.match, self.headers, self.keep_alive = endpoint, match, headers, keep_alive
        self.began = time.perf_counter()
        self.body = bytearray()
        self.more_body = True
        self.disconnected = self.response_complete = False


class FastHttpProtocol(HttpToolsProtocol):
    """Serves the fast endpoints of the application."""

    cycle: Any  # a FastCycle or uvicorn's cycle

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._app: AppMiddleware = self.config.app  # type: ignore[assignment]

    def on_headers_complete(self) -> None:
        is_idle = self.cycle is None or self.cycle.response_complete  # otherwise uvicorn queues the request
        if is_idle and (cycle := self._fast_cycle()):
            self.cycle = cycle
        else:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        cycle = self.cycle
        if type(cycle) is not FastCycle:
            super().on_message_complete()
        elif not cycle.response_complete:
            task = self.loop.create_task(self._serve(cycle))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def _fast_cycle(self) -> FastCycle | None:
        """None if the framework must serve the request."""
        method, url = self.parser.get_method().decode(), self.url
        for endpoint in self._app.fast_endpoints:
            if method == endpoint.method and (match := endpoint.url.match(url)):
                break
        else:
            return None
        headers = dict(self.headers)
        has_repeated_headers = len(headers) < len(self.headers)
        if has_repeated_headers or not UNUSUAL_HEADERS.isdisjoint(headers) or self.parser.get_http_version() != "1.1":
            return None
        if int(headers.get(b"content-length", 0)) > HIGH_WATER_LIMIT:
            return None
        return FastCycle(endpoint, match, headers, keep_alive=self.parser.should_keep_alive())

    async def _serve(self, cycle: FastCycle) -> None:
        request = FastRequest(cycle.match, cycle.headers, bytes(cycle.body), self._client_address(cycle.headers))
        try:
            response = await cycle.endpoint.respond(request)
        except asyncio.CancelledError:
            if not self._app.stopping:
                raise
            response = error_response(Unavailable(STOPPING), request.url)
        if self.flow.write_paused:
            await self.flow.drain()
        if not self.transport.is_closing():
            self.transport.write(self._message(cycle, response))
        cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()
        observe_request(cycle.endpoint.method, cycle.endpoint.route, response.status, time.perf_counter() - cycle.began)

    def _client_address(self, headers: Headers) -> str:
        """The address of the client, also behind a trusted proxy, as uvicorn finds it for other requests."""
        host = self.client[0] if self.client else "unknown"
        forwarded = headers.get(b"x-forwarded-for")
        if forwarded and isinstance(self.app, ProxyHeadersMiddleware) and host in self.app.trusted_hosts:
            return self.app.trusted_hosts.get_trusted_client_address(forwarded.decode("latin-1"))[0] or host
        return host

    def _message(self, cycle: FastCycle, response: FastResponse) -> bytes:
        """The whole response."""
        lines = b"".join([b"%s: %s\r\n" % header for header in self.server_state.default_headers])
        for name, value in response.headers.items():
            lines += f"{name}: {value}\r\n".encode()
        if not cycle.keep_alive:
            lines += b"connection: close\r\n"
        head = _head(response.status, self._app.common_headers)
        ident, length = request_id(cycle.headers), len(response.body)
        return b"%srequest-id: %s\r\ncontent-length: %d\r\n%s\r\n%s" % (head, ident, length, lines, response.body)


@lru_cache
def _head(status: int, common_headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The lines that all responses of a status share."""
    headers = [(b"content-type", b"application/json"), *common_headers, NO_STORE]
    return STATUS_LINE[status] + b"".join([b"%s: %s\r\n" % header for header in headers])
