"""The error responses of an operation: those that follow from its parameters, body and key, and its own."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from voxpop.errors import (
    AppError,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    PayloadTooLarge,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)
from voxpop.web.openapi.examples import EXAMPLE_OF_FORMAT
from voxpop.web.openapi.schema_plugin import SCHEMA_REF
from voxpop.web.openapi.walk import Json
from voxpop.web.validation import STRICT_PATH

# The response headers; components of the document.
HEADERS: Json = {
    "request-id": {
        "description": "The request's own id if it sent one, else a new one",
        "schema": {"type": "string"},
        "example": EXAMPLE_OF_FORMAT["uuid"],
    },
    "version": {"description": "The version of Voxpop", "schema": {"type": "string"}, "example": "0.1.0"},
    "retry-after": {
        "description": "Seconds to wait",
        "schema": {"type": "integer"},
        "example": Unavailable.retry_after,
    },
}


class OperationTraits(NamedTuple):
    """The traits of an operation that decide its standard errors."""

    parameters: bool
    path: bool
    body: bool
    key: bool

    def errors(self) -> Iterable[type[AppError]]:
        """The standard errors of such an operation."""
        applies = {
            Invalid: self.parameters or self.body,
            Unauthorized: self.key,
            Forbidden: self.key,
            NotFound: self.path,
            PayloadTooLarge: self.body,
            UnsupportedMediaType: self.body,
            Unavailable: True,
            AppError: True,
        }
        return [error for error, does in applies.items() if does]


STANDARD_ERRORS: tuple[type[AppError], ...] = tuple(OperationTraits(True, True, True, True).errors())


def declare_errors(path: str, operation: Json, own_errors: Iterable[type[AppError]]) -> None:
    """Adds one response for each status that the operation can fail with."""
    parameters = operation.get("parameters", ())
    traits = OperationTraits(
        parameters=bool(parameters) or path.startswith(STRICT_PATH),
        path=any(parameter["in"] == "path" for parameter in parameters),
        body="requestBody" in operation,
        key="security" in operation,
    )
    by_status: dict[int, list[type[AppError]]] = {}
    for error in dict.fromkeys([*traits.errors(), *own_errors]):
        by_status.setdefault(error.status, []).append(error)
    for status, errors in sorted(by_status.items()):
        is_standard = len(errors) == 1 and errors[0] in STANDARD_ERRORS
        response = {"$ref": f"#/components/responses/{errors[0].__name__}"} if is_standard else error_response(errors)
        operation["responses"][str(status)] = response


def error_response(errors: Iterable[type[AppError]]) -> Json:
    """One response for the errors of a status, with an example of each."""
    examples = {error.code: {"value": _problem_example(error)} for error in errors}
    retry_after = ["retry-after"] if any(hasattr(error, "retry_after") for error in errors) else []
    return {
        "description": " Or: ".join(error.message for error in errors).replace("<", r"\<"),  # it is Markdown
        "headers": header_refs("request-id", "version", *retry_after),
        "content": {"application/json": {"schema": {"$ref": SCHEMA_REF.format(name="Problem")}, "examples": examples}},
    }


def header_refs(*names: str) -> Json:
    """References to header components."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problem_example(error: type[AppError]) -> Json:
    details = [FieldError(field="user_email", message="Invalid email address")] if error is Invalid else []
    return {
        "message": error.message,
        "statusCode": error.status,
        "type": error.type,
        "code": error.code,
        "details": msgspec.to_builtins(details),
        "data": {"endpoint": "/api/csat/v1/products"},
        "subcode": None,
        "traceId": EXAMPLE_OF_FORMAT["uuid"],
    }
