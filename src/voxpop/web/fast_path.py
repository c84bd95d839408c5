"""Hot endpoints that the HTTP protocol serves by itself, because the framework's per-request cost would dominate them.

Each is a route of the framework too, which documents it and serves unusual requests. Both ways use the same functions
for keys, validation, errors, headers and metrics, and a test compares their responses.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from voxpop import types
from voxpop.web.credentials import Credentials
from voxpop.web.error_handlers import error_headers, log_error, to_app_error, to_problem
from voxpop.web.validation import check_media_type, decode

Headers = Mapping[bytes, bytes]
# The caller of a request: an Actor, or what the operation takes as its first argument.
Authenticate = Callable[[Credentials], Awaitable[Any]]

# Characters that stand for themselves in a URL, so that the value needs no decoding.
PLAIN = rb"[A-Za-z0-9_.~\-]"
_encode = msgspec.json.Encoder().encode


class Operation(msgspec.Struct, frozen=True):
    """The operation of an endpoint: `call` gets the caller and the arguments of the request.

    `headers`: request headers whose values, or None, are further arguments. `status`: that of a success.
    """

    route: str
    call: Callable[..., Awaitable[msgspec.Struct]]
    headers: tuple[bytes, ...] = ()
    status: int = 200


class FastRequest(NamedTuple):
    """A request of a fast endpoint with its whole body. `match` is that of its URL, `address` that of the client."""

    match: "re.Match[bytes]"
    headers: Headers
    body: bytes
    address: str

    @property
    def url(self) -> str:
        """The path with its query."""
        return self.match.string.decode()

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def credentials(self) -> Credentials:
        origin, host = self.header(b"origin"), self.header(b"host") or ""
        return Credentials(self.header(b"authorization"), origin, host, self.address)


class FastResponse(NamedTuple):
    """A JSON response. `headers` are those that an error or CORS adds."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


class FastEndpoint(ABC):
    """One operation. Subclasses differ in what they read of a request."""

    method: str

    def __init__(self, operation: Operation, authenticate: Authenticate, url: bytes) -> None:
        self.route = operation.route
        self._operation, self._authenticate = operation, authenticate
        self.url = re.compile(url + rb"\Z")

    async def respond(self, request: FastRequest) -> FastResponse:
        """The response, or the error envelope."""
        operation, credentials = self._operation, request.credentials
        try:
            caller = await self._authenticate(credentials)
            values = [request.header(name) for name in operation.headers]
            result = await operation.call(caller, *self._arguments(request), *values)
            return FastResponse(operation.status, _encode(result), credentials.response_headers)
        except Exception as cause:  # the outermost handler, like the framework's exception handler
            response = error_response(cause, request.url)
            return response._replace(headers={**response.headers, **credentials.response_headers})

    @abstractmethod
    def _arguments(self, request: FastRequest) -> Sequence[object]:
        """The validated arguments of the request."""


class FastPost(FastEndpoint):
    """A POST: `call` gets the parts of the path and the decoded body."""

    method = "POST"

    def __init__(self, operation: Operation, authenticate: Authenticate, body: type) -> None:
        path = re.sub(rb"\{\w+\}", b"(%s+)" % PLAIN.replace(b"\\", b"\\\\"), operation.route.encode())
        super().__init__(operation, authenticate, path)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(body)

    def _arguments(self, request: FastRequest) -> Sequence[object]:
        check_media_type(request.header(b"content-type"), has_body=bool(request.body))
        return *[part.decode() for part in request.match.groups()], decode(request.body, self._decoder)


class FastGet(FastEndpoint):
    """A GET with one query parameter of plain characters."""

    method = "GET"

    def __init__(self, operation: Operation, authenticate: Authenticate, parameter: str) -> None:
        query = rb"\?%s=(%s{1,%d})" % (parameter.encode(), PLAIN, types.MAX_GUID)
        super().__init__(operation, authenticate, operation.route.encode() + query)

    def _arguments(self, request: FastRequest) -> Sequence[object]:
        return (request.match[1].decode(),)


def error_response(cause: Exception, endpoint: str) -> FastResponse:
    """The error envelope; `endpoint` is the requested path with its query."""
    error = to_app_error(cause)
    problem = to_problem(error, endpoint)
    log_error(error, cause, problem)
    return FastResponse(error.status, _encode(problem), error_headers(error))
