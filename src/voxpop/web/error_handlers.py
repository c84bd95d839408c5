"""Turns whatever went wrong into the one envelope, or a page for a browser; the only place that does."""

import re
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException

from voxpop.db.errors import UNAVAILABLE_ERRORS
from voxpop.errors import (
    ERROR_OF_CONSTRAINT,
    AppError,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)
from voxpop.i18n import choose_locale
from voxpop.web.openapi.document import Endpoint, Problem
from voxpop.web.pages import ResponseOverride, error_page

log = structlog.get_logger()

BY_STATUS: dict[int, type[AppError]] = {
    error.status: error
    for error in (
        Invalid,
        Unauthorized,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        Conflict,
        PayloadTooLarge,
        UnsupportedMediaType,
        Unavailable,
    )
}
# `Expected ... - at `$.items[0].name``: what msgspec says, and where.
AT = re.compile(r"(?P<what>.*?)(?: - at `(?P<where>key in )?\$(?P<path>.*)`)?\Z", re.DOTALL)
LEFT = "client disconnected prematurely"  # what the framework says of it
WHOLE = re.compile(r"(\d)\.0\b")  # bounds of whole numbers, which are read as floats
MISSING = re.compile(r"Object missing required field `(.*)`\Z")
BROWSERS_ONLY = ("/api/", "/openapi", "/health/", "/metrics")


def of_validation(error: msgspec.ValidationError, place: str) -> Invalid:
    """What msgspec refused, in words, naming the field; `place` is body or query."""
    match = AT.match(str(error))
    assert match is not None  # noqa: S101 - the pattern matches everything
    what, field = match["what"], (match["path"] or "").lstrip(".")
    if missing := MISSING.match(what):
        field, what = ".".join(filter(None, (field, missing[1]))), "is required"
    else:
        what = in_words(what)
    if not field:
        return Invalid(f"{place} {what}")
    return Invalid(f"{place}/{field} {what}", details=[FieldError(field, what)])


def in_words(what: str) -> str:
    """msgspec's reason for people: without patterns, and with whole numbers by their name."""
    if what.startswith("Expected `str` matching regex"):
        if r"\\S" in what:
            return "must not be blank"
        return "Invalid email address" if "@" in what else "may only have letters, digits and - _ . +"
    return WHOLE.sub(
        r"\1", what.replace("`float` that's a multiple of 1.0", "a whole number").replace("`float`", "`int`")
    )


def of_malformed(error: msgspec.DecodeError | UnicodeDecodeError) -> Invalid:
    return Invalid(f"body is not valid JSON: {error}")


def as_app_error(error: Exception) -> AppError:
    """The product's error behind an exception; an AppError itself for what nobody foresaw."""
    match error:
        case AppError():
            return error
        case HTTPException() if error.detail == LEFT:
            return Invalid("The body ended before it was whole")  # for nobody: the caller has left
        case HTTPException():
            kind = BY_STATUS.get(error.status_code, Invalid if error.status_code < 500 else AppError)
            return kind(error.detail if kind is Invalid else None)
        case asyncpg.IntegrityConstraintViolationError():
            kind = ERROR_OF_CONSTRAINT.get(error.constraint_name or "", Conflict)
            return kind()
        case asyncpg.DataError() | UnicodeEncodeError():
            return Invalid("A value in the request cannot be stored")
        case _ if isinstance(error, UNAVAILABLE_ERRORS):
            return Unavailable()
    return AppError()


def problem(error: AppError, endpoint: str) -> Problem:
    """The envelope; `endpoint` is the address asked for, with its query."""
    return Problem(
        message=error.message,
        statusCode=error.status,
        type=error.type,
        code=error.code,
        details=list(error.details),
        data=Endpoint(endpoint),
        subcode=None,
        traceId=uuid4(),
    )


def headers(error: AppError) -> dict[str, str]:
    if isinstance(error, Unavailable | RateLimited):
        return {"retry-after": str(error.retry_after)}
    return {"www-authenticate": "Bearer"} if isinstance(error, Unauthorized) else {}


def note(error: AppError, cause: Exception, seen: Problem) -> None:
    """One log line for each failure that is ours; refusals are the caller's business."""
    if isinstance(error, Unavailable):
        log.warning("request not served", endpoint=seen.data.endpoint.partition("?")[0], reason=error.message)
    elif error.status >= 500:
        log.error("request failed", endpoint=seen.data.endpoint.partition("?")[0], trace=seen.traceId, exc_info=cause)


def answer(request: Request[Any, Any, Any], cause: Exception) -> Response[Any]:
    """The exception handler of the app."""
    if isinstance(cause, ResponseOverride):
        return cause.response
    error = as_app_error(cause)
    query = request.scope["query_string"].decode("latin-1")
    seen = problem(error, request.scope["path"] + (f"?{query}" if query else ""))
    note(error, cause, seen)
    if _wants_page(request):
        locale = choose_locale(request.headers.get("accept-language"))
        context = request.scope.get("state", {}).get("layout_context")
        response: Response[Any] = error_page(error, str(seen.traceId), locale, request.scope["path"], context)
        response.headers.update(headers(error) | _allow(cause))
        return response
    # Clients of the first implementation look for `error` where a route is unknown (C7).
    unrouted = (
        {"error": HTTPStatus(error.status).phrase}
        if isinstance(cause, HTTPException) and error.status in (404, 405)
        else {}
    )
    return Response(
        msgspec.to_builtins(seen) | unrouted,
        status_code=error.status,
        media_type=MediaType.JSON,
        headers=headers(error) | _allow(cause),
    )


def _allow(cause: Exception) -> dict[str, str]:
    """The methods that an address has, which a 405 must name (RFC 9110); the router knows them."""
    return cause.headers or {} if isinstance(cause, MethodNotAllowedException) else {}


def _wants_page(request: Request[Any, Any, Any]) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.scope["path"].startswith(BROWSERS_ONLY)
