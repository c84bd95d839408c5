"""Direct doors: operations served in front of the framework, whose cost for each request would be most of theirs.

An operation with a direct door is a route of the framework too, which documents it; keys, checks, errors, headers and
metrics are those of everywhere, from the same functions, and a test holds the two ways to the same answers.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from voxpop import types
from voxpop.errors import AppError, TooLarge
from voxpop.types import Actor
from voxpop.web.parse import check_media_type, decode
from voxpop.web.problems import as_app_error, headers, note, problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON_HEADER = (b"content-type", b"application/json")
_encode = msgspec.json.Encoder().encode


class Gone(Exception):
    """The caller has left before its body was whole; there is nobody to answer."""


class Door:
    """One operation. `call` gets the actor, the parts of the path and the decoded body, and gives the answer."""

    method = "POST"

    def __init__(
        self,
        route: str,
        body: type,
        needs: types.Scope,
        admit: Callable[[str | None, types.Scope], Awaitable[Actor]],
        call: Callable[..., Awaitable[msgspec.Struct]],
        largest: int,
    ) -> None:
        self.route = route
        self.pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/\0]+)", route) + r"\Z")
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(body)
        self._needs, self._admit, self._call, self._largest = needs, admit, call, largest

    def takes(self, scope: Scope) -> "re.Match[str] | None":
        """Whether the request is for this door; one that is out of the ordinary goes the framework's way."""
        if scope["method"] != self.method or scope["query_string"]:
            return None
        match = self.pattern.match(scope["path"])
        repeats = match and len(dict(scope["headers"])) < len(scope["headers"])
        return None if repeats else match

    async def serve(self, match: "re.Match[str]", scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(match, scope, receive)
        except Gone:
            return
        except Exception as cause:  # an edge, like the framework's own exception handler
            await send_problem(scope, send, as_app_error(cause), cause)
            return
        await _send(send, 200, _encode(answer), [])

    async def _answer(self, match: "re.Match[str]", scope: Scope, receive: Receive) -> msgspec.Struct:
        sent = dict(scope["headers"])
        authorization = sent.get(b"authorization")
        actor = await self._admit(None if authorization is None else authorization.decode("latin-1"), self._needs)
        body = await _read(receive, self._largest)
        content_type = sent.get(b"content-type", b"").decode("latin-1")
        check_media_type(content_type, has_body=bool(body))
        return await self._call(actor, *match.groups(), decode(body, self._decoder))


async def _read(receive: Receive, largest: int) -> bytes:
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > largest:
            raise TooLarge
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
