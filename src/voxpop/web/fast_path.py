"""Direct doors: operations served in front of the framework, whose cost for each request would be most of theirs.

An operation with a direct door is a route of the framework too, which documents it; keys, checks, errors, headers and
metrics are those of everywhere, from the same functions, and a test holds the two ways to the same answers.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

import msgspec

from voxpop import types
from voxpop.errors import AppError, PayloadTooLarge
from voxpop.types import Actor
from voxpop.web.error_handlers import as_app_error, headers, note, problem
from voxpop.web.validation import check_media_type, decode

Scope = MutableMapping[str, Any]
Headers = Mapping[bytes, bytes]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Admit = Callable[[str | None, types.Scope], Awaitable[Actor]]

JSON_HEADER = (b"content-type", b"application/json")
_encode = msgspec.json.Encoder().encode


class ClientDisconnected(Exception):
    """The caller has left before its body was whole; there is nobody to answer."""


class Operation(msgspec.Struct, frozen=True):
    """What is served: `call` gets the actor, what the request says, and, where `passed` names it, a header or None."""

    route: str
    needs: types.Scope
    call: Callable[..., Awaitable[msgspec.Struct]]
    passed: bytes | None = None


class FastEndpoint(ABC):
    """One operation; its kinds differ in what they read of a request."""

    method: str

    def __init__(self, operation: Operation, admit: Admit) -> None:
        self.route = operation.route
        self._operation, self._admit = operation, admit

    def match(self, scope: Scope) -> "re.Match[Any] | None":
        """Whether the request is for this door; one that is out of the ordinary goes the framework's way."""
        if scope["method"] != self.method:
            return None
        match = self._match(scope)
        repeats = match and len(dict(scope["headers"])) < len(scope["headers"])
        return None if repeats else match

    async def serve(self, match: "re.Match[Any]", scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(match, scope, receive)
        except ClientDisconnected:
            return
        except Exception as cause:  # an edge, like the framework's own exception handler
            await send_problem(scope, send, as_app_error(cause), cause)
            return
        await _send(send, 200, _encode(answer), [])

    async def _answer(self, match: "re.Match[Any]", scope: Scope, receive: Receive) -> msgspec.Struct:
        sent = dict(scope["headers"])
        actor = await self._admit(_text(sent, b"authorization"), self._operation.needs)
        said = await self._read(match, sent, receive)
        passed = self._operation.passed
        return await self._operation.call(actor, *said, *(() if passed is None else (_text(sent, passed),)))

    @abstractmethod
    def _match(self, scope: Scope) -> "re.Match[Any] | None":
        """Whether path and query are those of the operation."""

    @abstractmethod
    async def _read(self, match: "re.Match[Any]", sent: Headers, receive: Receive) -> Sequence[object]:
        """What the request says."""


class FastPost(FastEndpoint):
    """A POST: `call` gets the parts of the path and the decoded body."""

    method = "POST"

    def __init__(
        self,
        operation: Operation,
        admit: Admit,
        body: type,
        largest: int,
    ) -> None:
        super().__init__(operation, admit)
        self._path = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/\0]+)", self.route) + r"\Z")
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(body)
        self._largest = largest

    def _match(self, scope: Scope) -> "re.Match[Any] | None":
        return None if scope["query_string"] else self._path.match(scope["path"])

    async def _read(self, match: "re.Match[Any]", sent: Headers, receive: Receive) -> Sequence[object]:
        body = await _read(receive, self._largest)
        check_media_type(_text(sent, b"content-type"), has_body=bool(body))
        return *match.groups(), decode(body, self._decoder)


class FastGet(FastEndpoint):
    """A GET with one parameter, which `call` gets; of plain characters only, so that nothing can be wrong with it."""

    method = "GET"

    def __init__(self, operation: Operation, admit: Admit, parameter: str) -> None:
        super().__init__(operation, admit)
        self._query = re.compile(rb"%s=([A-Za-z0-9_.~\-]{1,255})\Z" % parameter.encode())

    def _match(self, scope: Scope) -> "re.Match[Any] | None":
        return self._query.match(scope["query_string"]) if scope["path"] == self.route else None

    async def _read(self, match: "re.Match[Any]", sent: Headers, receive: Receive) -> Sequence[object]:
        return (match[1].decode(),)


def _text(sent: Headers, name: bytes) -> str | None:
    value = sent.get(name)
    return None if value is None else value.decode("latin-1")


async def _read(receive: Receive, largest: int) -> bytes:
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > largest:
            raise PayloadTooLarge
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def send_problem(scope: Scope, send: Send, error: AppError, cause: Exception | None = None) -> None:
    """The envelope, outside the framework."""
    query = scope["query_string"].decode("latin-1")
    seen = problem(error, scope["path"] + (f"?{query}" if query else ""))
    note(error, cause or error, seen)
    extra = [(name.encode(), value.encode()) for name, value in headers(error).items()]
    await _send(send, error.status, _encode(seen), extra)


async def _send(send: Send, status: int, body: bytes, extra: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [JSON_HEADER, length, *extra]})
    await send({"type": "http.response.body", "body": body})
