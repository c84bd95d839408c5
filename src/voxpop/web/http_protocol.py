"""HTTP as it comes in over a connection: bounds the head of a request, and refuses in the product's own envelope."""

from uuid import uuid4

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from voxpop.errors import Invalid
from voxpop.web.error_handlers import problem
from voxpop.web.middleware import COMMON_HEADERS

LARGEST_HEAD = 2**16  # bytes of the request line and the headers


class Protocol(HttpToolsProtocol):
    """uvicorn's, whose parser would keep a head without end, in time that grows with the square of its length."""

    _head: int | None = None  # bytes of the head that is coming in; None while none is

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > LARGEST_HEAD and not self.transport.is_closing():
                self.send_400_response(f"The request line and the headers are larger than {LARGEST_HEAD} bytes")

    def on_message_begin(self) -> None:
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        body = msgspec.json.encode(problem(Invalid(msg), ""))
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            (b"request-id", str(uuid4()).encode()),
            *COMMON_HEADERS,
        ]
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        self.transport.write(b"".join([STATUS_LINE[400], *lines, b"\r\n", body]))
        self.transport.close()
