"""The HTTP protocol of a connection with its limits: connections, the size of a head, and the time a sender takes."""

import resource
from asyncio import TimerHandle, Transport
from collections import deque
from enum import Enum
from functools import partial
from typing import Any

import msgspec
from structlog import get_logger
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from voxpop.errors import AppError, Invalid, Unavailable
from voxpop.logs import log_failure
from voxpop.web.error_handlers import error_headers, to_problem
from voxpop.web.fast_protocol import FastHttpProtocol
from voxpop.web.middleware import COMMON_HEADERS
from voxpop.web.request_ids import request_id

MAX_HEAD_BYTES = 2**16  # the request line and the headers
HEAD_SECONDS = 10.0  # from the connection, or the first byte, to the end of the head
BODY_TICK_SECONDS, BODY_TICKS = 5.0, 6  # the bytes of a body are counted over these ticks, together 30 seconds
MIN_BODY_BYTES = 30 * 1024  # in that time
LINGER_SECONDS = 1.0  # a refused connection is read for so long; closing it at once could destroy the response
SPARE_FILES = 200  # of the process, for everything but connections

log = get_logger(__name__)


class _Awaited(Enum):
    """What the sender still owes."""

    HEAD = 1
    BODY = 2
    NOTHING = 3


class BoundedHttpProtocol(FastHttpProtocol):
    """The protocol with limits. uvicorn waits for a sender for ever, in time quadratic in the length of a head."""

    _head_bytes: int | None = None  # received so far; None between heads
    _body_is_open = False
    _awaited = _Awaited.NOTHING
    _timer: TimerHandle | None = None
    _is_refused = False
    _received = 0  # bytes since the last tick

    def __init__(self, *args: Any, max_connections: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self._max_connections = max_connections
        self._ticks: deque[int] = deque(maxlen=BODY_TICKS)

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._max_connections:
            self._refuse()
        else:
            self._await(_Awaited.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        self._await(_Awaited.NOTHING)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        super().data_received(data)
        self._received += len(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response(f"The request line and the headers are larger than {MAX_HEAD_BYTES} bytes")
        if (awaited := self._still_awaited()) is not self._awaited:
            self._await(awaited)

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_bytes, self._body_is_open = None, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._body_is_open = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Overrides uvicorn's response, which is plain text."""
        self._send_error(Invalid(msg))
        self.transport.close()

    def _still_awaited(self) -> _Awaited:
        """A head too if there is neither a request nor uvicorn's timer of an idle connection: it got empty lines."""
        if self.transport.is_closing():
            return _Awaited.NOTHING
        if self._head_bytes is not None:
            return _Awaited.HEAD
        if self._body_is_open:
            return _Awaited.BODY
        is_idle = self.cycle is None or self.cycle.response_complete
        return _Awaited.HEAD if is_idle and self.timeout_keep_alive_task is None else _Awaited.NOTHING

    def _await(self, awaited: _Awaited) -> None:
        if self._timer:
            self._timer.cancel()
        self._awaited, self._timer, self._received = awaited, None, 0
        self._ticks.clear()
        self._start_timer()

    def _start_timer(self) -> None:
        if self._awaited is _Awaited.HEAD:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._check_sender)
        elif self._awaited is _Awaited.BODY:
            self._timer = self.loop.call_later(BODY_TICK_SECONDS, self._check_sender)

    def _check_sender(self) -> None:
        """Closes the connection of a sender that is too slow, unless it waits for this side to read on."""
        self._ticks.append(self._received)
        self._received = 0
        if self.flow.read_paused or getattr(self.cycle, "waiting_for_100_continue", False):
            self._ticks.clear()
        elif self._awaited is _Awaited.HEAD or (len(self._ticks) == BODY_TICKS and sum(self._ticks) < MIN_BODY_BYTES):
            self.transport.abort()
            return
        self._start_timer()

    def _refuse(self) -> None:
        self._is_refused = True
        self.connections.discard(self)
        log_failure("connections", partial(log.warning, "connections.limit_reached", limit=self._max_connections))
        self._send_error(Unavailable("Too many connections are open. Try again in a moment."))
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _send_error(self, error: AppError) -> None:
        """Writes the response to a connection that is then closed."""
        body = msgspec.json.encode(to_problem(error, ""))
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            (b"request-id", request_id({})),
            *((name.encode(), value.encode()) for name, value in error_headers(error).items()),
            *COMMON_HEADERS,
        ]
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        self.transport.write(b"".join([STATUS_LINE[error.status], *lines, b"\r\n", body]))


def possible_connections(wanted: int) -> int:
    """As many connections as wanted, or as the open files that the process may have allow."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if files == resource.RLIM_INFINITY else max(1, min(wanted, files - SPARE_FILES))
