"""The base errors with their HTTP status, and the registry that maps broken constraints to errors.

A domain defines its own errors in its `errors.py`, as subclasses of these. `web/error_handlers.py` turns each into a
response.
"""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct


class FieldError(Struct, frozen=True):
    """One field that was rejected, and the reason."""

    field: str
    message: str


class OperatorError(Exception):
    """A failure outside of any request that the operator can fix. Commands print its message without a traceback."""


class AppError(Exception):
    """A failure that the caller is told: its HTTP status, its code for programs and its message for people.

    `message` is an attribute and not the docstring, because `python -OO` strips docstrings.
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "INTERNAL_ERROR"
    code: ClassVar[str] = "INTERNAL_ERROR"
    message: str = "Something went wrong."
    constraints: ClassVar[tuple[str, ...]] = ()  # the names of database constraints that mean this error

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        ERROR_OF_CONSTRAINT.update(dict.fromkeys(cls.__dict__.get("constraints", ()), cls))

    def __init__(self, message: str | None = None, *, details: Sequence[FieldError] = ()) -> None:
        self.message = message or self.message
        self.details = tuple(details)
        super().__init__(self.message)


# Filled by the classes themselves. A test compares the names with the constraints in the schema.
ERROR_OF_CONSTRAINT: dict[str, type[AppError]] = {}


class Invalid(AppError):
    """The request does not match its description."""

    status, type, code = 400, "VALIDATION_ERROR", "VALIDATION_ERROR"
    message = "The request does not match its description."

    @classmethod
    def of(cls, location: str, field: str, reason: str) -> "Invalid":
        """The error of one field. `location` is where the request has it: body, query, params or header."""
        return cls(f"{location}/{field} {reason}", details=[FieldError(field, reason)])


class Unauthorized(AppError):
    """The request carries no valid API key or session."""

    status, type, code = 401, "UNAUTHORIZED", "UNAUTHORIZED"
    message = "A valid API key is required: send it as 'Authorization: Bearer <key>'."


class Forbidden(AppError):
    """The caller is known but lacks the permission."""

    status, type, code = 403, "FORBIDDEN", "FORBIDDEN"
    message = "This key does not have the required scope."


class NotFound(AppError):
    """Nothing has this address or id, or it belongs to another workspace."""

    status, type, code = 404, "NOT_FOUND", "NOT_FOUND"
    message = "There is nothing here."

    entity: str | None = None
    identifier: object = None

    @classmethod
    def of(cls, entity: str, identifier: object) -> "NotFound":
        """The error of an unknown id. Pages show other words than the API, made of the same two values."""
        error = cls(f"{entity} with id {identifier} not found")
        error.entity, error.identifier = entity, identifier
        return error


class MethodNotAllowed(AppError):
    """The address exists, but not for this method."""

    status, type, code = 405, "METHOD_NOT_ALLOWED", "METHOD_NOT_ALLOWED"
    message = "This address does not support the method."


class Conflict(AppError):
    """The change contradicts what is stored."""

    status, type, code = 409, "CONFLICT", "CONFLICT"
    message = "The request conflicts with what is stored. Reload and try again."


class PayloadTooLarge(AppError):
    """The request body is over the limit."""

    status, type, code = 413, "PAYLOAD_TOO_LARGE", "PAYLOAD_TOO_LARGE"
    message = "The request body is too large."


class UnsupportedMediaType(AppError):
    """The request body has a media type that the address does not read."""

    status, type, code = 415, "UNSUPPORTED_MEDIA_TYPE", "UNSUPPORTED_MEDIA_TYPE"
    message = "The body must be JSON: send it with 'Content-Type: application/json'."


class RateLimited(AppError):
    """The caller made too many attempts; `retry_after` is in seconds."""

    status, type, code = 429, "RATE_LIMITED", "RATE_LIMITED"
    message = "Too many attempts. Wait a few minutes and try again."

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class Unavailable(AppError):
    """The service cannot answer now; the same request can succeed after `retry_after` seconds."""

    status, type, code = 503, "UNAVAILABLE", "UNAVAILABLE"
    message = "The service is busy or cannot reach its database. Try again in a moment."
    retry_after = 1
