"""The HTTP protocol of a connection: limits the size of a request's head and rejects malformed ones."""

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from voxpop.errors import Invalid
from voxpop.web.error_handlers import to_problem
from voxpop.web.fast_protocol import FastHttpProtocol
from voxpop.web.middleware import COMMON_HEADERS
from voxpop.web.request_ids import request_id

MAX_HEAD_BYTES = 2**16  # the request line and the headers


class BoundedHttpProtocol(FastHttpProtocol):
    """The protocol with a limit; its parser accepts a head of any length, in time quadratic in that length."""

    _head_bytes: int | None = None  # received so far; None between heads

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response(f"The request line and the headers are larger than {MAX_HEAD_BYTES} bytes")

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Overrides uvicorn's response, which is plain text."""
        body = msgspec.json.encode(to_problem(Invalid(msg), ""))
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            (b"request-id", request_id({})),
            *COMMON_HEADERS,
        ]
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        self.transport.write(b"".join([STATUS_LINE[400], *lines, b"\r\n", body]))
        self.transport.close()
