"""The exception handler of the app: turns every exception into the error envelope, or into a page for a browser."""

import re
from functools import partial
from http import HTTPStatus
from traceback import walk_tb
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
from voxpop.logs import log_failure
from voxpop.web.allowed_methods import allow_header
from voxpop.web.openapi.schemas import Endpoint, Problem
from voxpop.web.pages import ResponseOverride, error_page

log = structlog.get_logger()

ERROR_OF_STATUS: dict[int, type[AppError]] = {
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
CLIENT_DISCONNECTED = "client disconnected prematurely"  # the framework's message
TOKEN_IN_PATH = re.compile(r"\A(/s/|/unsubscribe/).*", re.DOTALL)  # a log must not have what opens a survey
API_PREFIXES = ("/api/", "/badge/", "/openapi", "/health/", "/metrics")


def to_app_error(error: Exception) -> AppError:
    """The product's error for an exception; AppError itself, a 500, for an unexpected one."""
    match error:
        case AppError():
            return error
        case HTTPException() if error.detail == CLIENT_DISCONNECTED:
            return Invalid("The client disconnected before the body was complete")  # no client will read it
        case HTTPException():
            kind = ERROR_OF_STATUS.get(error.status_code, Invalid if error.status_code < 500 else AppError)
            return kind(error.detail if kind is Invalid else None)
        case asyncpg.IntegrityConstraintViolationError():
            kind = ERROR_OF_CONSTRAINT.get(error.constraint_name or "", Conflict)
            return kind()
        case asyncpg.DataError() | UnicodeEncodeError():
            return Invalid("A value in the request cannot be stored")
        case _ if isinstance(error, UNAVAILABLE_ERRORS):
            return Unavailable()
    return AppError()


def to_problem(error: AppError, endpoint: str) -> Problem:
    """The error envelope; `endpoint` is the requested path with its query."""
    return Problem(
        message=str(error.message),  # a text with numbers is not encoded as it is
        statusCode=error.status,
        type=error.type,
        code=error.code,
        details=[FieldError(each.field, str(each.message)) for each in error.details],
        data=Endpoint(endpoint),
        subcode=None,
        traceId=uuid4(),
    )


def error_headers(error: AppError) -> dict[str, str]:
    """The response headers that belong to an error."""
    if isinstance(error, Unavailable | RateLimited):
        return {"retry-after": str(error.retry_after)}
    return {"www-authenticate": "Bearer"} if isinstance(error, Unauthorized) else {}


def log_error(error: AppError, cause: Exception, problem: Problem) -> None:
    """Logs a 5xx, and its repeats together. Other errors are the caller's, and are not logged."""
    path = TOKEN_IN_PATH.sub(r"\1...", problem.data.endpoint.partition("?")[0])
    if isinstance(error, Unavailable):
        reason = error.message if isinstance(cause, AppError) else f"{type(cause).__name__}: {cause}"
        line = partial(log.warning, "request.unavailable", endpoint=path, reason=reason)
        log_failure(type(cause).__name__, line)
    elif error.status >= 500:
        line = partial(log.error, "request.failed", endpoint=path, trace=problem.traceId, exc_info=cause)
        places = frozenset((frame.f_code, number) for frame, number in walk_tb(cause.__traceback__))
        log_failure((type(cause).__name__, places), line)


def root_cause(error: Exception) -> Exception:
    """The error of a handler or a transaction, out of the groups that the framework makes of several errors.

    When a handler fails, and then the end of its transaction too, the group's cause is the error of the handler.
    """
    while isinstance(error, ExceptionGroup):
        error = error.__cause__ if isinstance(error.__cause__, Exception) else error.exceptions[0]
    return error


def handle_exception(request: Request[Any, Any, Any], raised: Exception) -> Response[Any]:
    """The response for an exception that a guard, a dependency or a handler raised."""
    cause = root_cause(raised)
    if isinstance(cause, ResponseOverride):
        return cause.response
    error = to_app_error(cause)
    query = request.scope["query_string"].decode("latin-1")
    problem = to_problem(error, request.scope["path"] + (f"?{query}" if query else ""))
    log_error(error, cause, problem)
    response = _page(request, error, problem) if _wants_page(request) else _envelope(error, cause, problem)
    response.headers.update(error_headers(error) | _allow_header(cause))
    return response


def _page(request: Request[Any, Any, Any], error: AppError, problem: Problem) -> Response[Any]:
    layout_context = request.scope.get("state", {}).get("layout_context") or {}
    locale = layout_context.get("language") or choose_locale(request.headers.get("accept-language"))
    return error_page(error, str(problem.traceId), locale, request.scope["path"], layout_context)


def _envelope(error: AppError, cause: Exception, problem: Problem) -> Response[Any]:
    body = msgspec.to_builtins(problem)
    if isinstance(cause, HTTPException) and error.status in (404, 405):
        # Clients of the first implementation expect `error` for an unknown route (C7).
        body["error"] = HTTPStatus(error.status).phrase
    return Response(body, status_code=error.status, media_type=MediaType.JSON)


def _allow_header(cause: Exception) -> dict[str, str]:
    """The methods of the address, which a 405 must name (RFC 9110); the router puts them into its exception."""
    if not isinstance(cause, MethodNotAllowedException):
        return {}
    return allow_header((cause.headers or {}).get("allow", "").split(", "))


def _wants_page(request: Request[Any, Any, Any]) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.scope["path"].startswith(API_PREFIXES)
