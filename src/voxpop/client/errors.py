"""The errors of the client: one class for each kind of refusal, with the code of the API."""

from typing import ClassVar

import httpx
import msgspec
from msgspec import Struct


class FieldError(Struct, frozen=True):
    """A field that was rejected."""

    field: str
    message: str


class VoxpopError(Exception):
    """The base of all errors of a call."""


class ConnectionFailed(VoxpopError):
    """No response arrived, after all attempts. The cause is the error of httpx."""


class UnexpectedResponse(VoxpopError):
    """The response is not one of Voxpop's: the address may be wrong, or a proxy answered."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"{response.request.method} {response.url} returned {response.status_code} with another body")
        self.status = response.status_code


class ApiError(VoxpopError):
    """Voxpop refused the call. Programs decide by `code`; `trace_id` finds the request in the server's log."""

    statuses: ClassVar[tuple[int, ...]] = ()

    def __init__(self, problem: "Problem", retry_after: float | None) -> None:
        super().__init__(f"{problem.code}: {problem.message}")
        self.status, self.code, self.message = problem.statusCode, problem.code, problem.message
        self.details, self.trace_id, self.retry_after = problem.details, problem.traceId, retry_after


class InvalidRequest(ApiError):
    """The request breaks a rule; `details` names the fields."""

    statuses = (400, 413, 415, 422)


class Unauthorized(ApiError):
    """The API key is missing, unknown or revoked, or a signature is not valid."""

    statuses = (401,)


class Forbidden(ApiError):
    """The API key lacks the scope of the call."""

    statuses = (403,)


class NotFound(ApiError):
    """The workspace has nothing with this key or id."""

    statuses = (404, 410)


class RequestConflict(ApiError):
    """The call contradicts what is stored, for example a key that exists."""

    statuses = (409,)


class RateLimited(ApiError):
    """Too many requests; `retry_after` is the time to wait, in seconds."""

    statuses = (429,)


class Unavailable(ApiError):
    """The service cannot answer now, after all attempts."""

    statuses = (503,)


class Problem(Struct, frozen=True):
    """The body of every error response."""

    message: str
    statusCode: int
    code: str
    details: list[FieldError] = []
    traceId: str | None = None


BY_STATUS = {status: error for error in ApiError.__subclasses__() for status in error.statuses}


def error_of(response: httpx.Response, retry_after: float | None) -> VoxpopError:
    """The error that a response means."""
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return UnexpectedResponse(response)
    return BY_STATUS.get(response.status_code, ApiError)(problem, retry_after)
