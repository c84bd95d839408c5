"""Hot endpoints served in plain ASGI, because the framework's per-request cost would dominate them.

Each is a route of the framework too, which documents it and serves unusual requests. Both ways use the same functions
for keys, validation, errors, headers and metrics, and a test compares their responses.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

import msgspec

from voxpop import types
from voxpop.errors import AppError, PayloadTooLarge
from voxpop.types import Actor
from voxpop.web.error_handlers import error_headers, log_error, to_app_error, to_problem
from voxpop.web.validation import check_media_type, decode

Scope = MutableMapping[str, Any]
Headers = Mapping[bytes, bytes]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Authenticate = Callable[[str | None, types.Scope], Awaitable[Actor]]

JSON_HEADER = (b"content-type", b"application/json")
_encode = msgspec.json.Encoder().encode


class ClientDisconnected(Exception):
    """The client disconnected before its body was complete, so no response can be sent."""


class Operation(msgspec.Struct, frozen=True):
    """The operation of an endpoint: `call` gets the actor and the arguments of the request.

    `headers`: request headers whose values, or None, are further arguments.
    """

    route: str
    scope: types.Scope
    call: Callable[..., Awaitable[msgspec.Struct]]
    headers: tuple[bytes, ...] = ()


class FastEndpoint(ABC):
    """One operation. Subclasses differ in what they read of a request."""

    method: str

    def __init__(self, operation: Operation, authenticate: Authenticate) -> None:
        self.route = operation.route
        self._operation, self._authenticate = operation, authenticate

    def match(self, scope: Scope) -> "re.Match[Any] | None":
        """The path or query match if this endpoint serves the request; the framework serves unusual requests."""
        if scope["method"] != self.method:
            return None
        match = self._match(scope)
        has_repeated_headers = match and len(dict(scope["headers"])) < len(scope["headers"])
        return None if has_repeated_headers else match

    async def serve(self, match: "re.Match[Any]", scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the response or the error envelope."""
        try:
            response = await self._respond(match, scope, receive)
        except ClientDisconnected:
            return
        except Exception as cause:  # the outermost handler, like the framework's exception handler
            await send_error(scope, send, to_app_error(cause), cause)
            return
        await _send(send, 200, _encode(response), [])

    async def _respond(self, match: "re.Match[Any]", scope: Scope, receive: Receive) -> msgspec.Struct:
        headers = dict(scope["headers"])
        actor = await self._authenticate(_text(headers, b"authorization"), self._operation.scope)
        arguments = await self._arguments(match, headers, receive)
        values = [_text(headers, name) for name in self._operation.headers]
        return await self._operation.call(actor, *arguments, *values)

    @abstractmethod
    def _match(self, scope: Scope) -> "re.Match[Any] | None":
        """The match of the path or the query with the operation's."""

    @abstractmethod
    async def _arguments(self, match: "re.Match[Any]", headers: Headers, receive: Receive) -> Sequence[object]:
        """The validated arguments of the request."""


class FastPost(FastEndpoint):
    """A POST: `call` gets the parts of the path and the decoded body."""

    method = "POST"

    def __init__(self, operation: Operation, authenticate: Authenticate, body: type, max_body_bytes: int) -> None:
        super().__init__(operation, authenticate)
        self._path = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/\0]+)", self.route) + r"\Z")
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(body)
        self._max_body_bytes = max_body_bytes

    def _match(self, scope: Scope) -> "re.Match[Any] | None":
        return None if scope["query_string"] else self._path.match(scope["path"])

    async def _arguments(self, match: "re.Match[Any]", headers: Headers, receive: Receive) -> Sequence[object]:
        body = await _read_body(receive, self._max_body_bytes)
        check_media_type(_text(headers, b"content-type"), has_body=bool(body))
        return *match.groups(), decode(body, self._decoder)


class FastGet(FastEndpoint):
    """A GET with one query parameter. It matches plain characters only, so that the value needs no validation."""

    method = "GET"

    def __init__(self, operation: Operation, authenticate: Authenticate, parameter: str) -> None:
        super().__init__(operation, authenticate)
        self._query = re.compile(rb"%s=([A-Za-z0-9_.~\-]{1,%d})\Z" % (parameter.encode(), types.MAX_GUID))

    def _match(self, scope: Scope) -> "re.Match[Any] | None":
        return self._query.match(scope["query_string"]) if scope["path"] == self.route else None

    async def _arguments(self, match: "re.Match[Any]", headers: Headers, receive: Receive) -> Sequence[object]:
        return (match[1].decode(),)


async def send_error(scope: Scope, send: Send, error: AppError, cause: Exception | None = None) -> None:
    """Sends the error envelope, without the framework."""
    query = scope["query_string"].decode("latin-1")
    problem = to_problem(error, scope["path"] + (f"?{query}" if query else ""))
    log_error(error, cause or error, problem)
    headers = [(name.encode(), value.encode()) for name, value in error_headers(error).items()]
    await _send(send, error.status, _encode(problem), headers)


def _text(headers: Headers, name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


async def _read_body(receive: Receive, max_bytes: int) -> bytes:
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > max_bytes:
            raise PayloadTooLarge
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [JSON_HEADER, length, *headers]})
    await send({"type": "http.response.body", "body": body})
