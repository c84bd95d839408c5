"""Holds every request to its description before a handler sees it: media type, exact types, one value for each name.

The framework's own conversion is lenient ("8" passes for 8), so a guard decodes the body strictly first and leaves the
framework what it has decoded.
"""

from typing import Any
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection, Request
from litestar.handlers.base import BaseRouteHandler
from litestar.params import QueryParameter

from voxpop.errors import FieldError, Invalid, UnsupportedMediaType
from voxpop.web.error_handlers import of_malformed, of_validation

JSON = "application/json"


def check_media_type(content_type: str | None, *, has_body: bool) -> None:
    """JSON passes, and no body at all does, for others to miss; text is read as a string, which no body may be."""
    media = (content_type or "").partition(";")[0].strip().lower()
    if media == JSON or (not media and not has_body):
        return
    if media == "text/plain":
        raise Invalid("body must be an object, this is text: send it with 'Content-Type: application/json'")
    raise UnsupportedMediaType


def decode(body: bytes, decoder: "msgspec.json.Decoder[Any]") -> Any:
    """The body as its type; Invalid names the field that does not fit."""
    if not body:
        raise Invalid("body is required")
    try:
        body.decode()  # the decoder passes over unknown fields without a look
        value = decoder.decode(body)
        # A body of any shape is looked at by its handler, which passes over what it does not use.
        if b"\\u0000" in body and decoder.type is not Any and has_nul(msgspec.to_builtins(value)):
            raise Invalid("body must not contain NUL characters")
    except msgspec.ValidationError as error:
        raise of_validation(error, "body") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise of_malformed(error) from error
    except RecursionError as error:
        raise Invalid("body is nested too deeply") from error
    return value


def has_nul(value: object) -> bool:
    """Whether a NUL stands anywhere in it; PostgreSQL stores none."""
    match value:
        case str():
            return "\x00" in value
        case dict():
            return any(has_nul(inner) for pair in value.items() for inner in pair)
        case list():
            return any(map(has_nul, value))
    return False


async def guard_body(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """For handlers that take a body, their `data`."""
    field = handler.parsed_fn_signature.parameters.get("data")
    if field is None or not isinstance(connection, Request):
        return
    body = await connection.body()
    check_media_type(connection.headers.get("content-type"), has_body=bool(body))
    value = decode(body, msgspec.json.Decoder(field.annotation))
    # What the framework would decode once more, and stumble over in fields that nobody asked for.
    connection._connection_state.json = msgspec.to_builtins(value)


async def guard_query(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A parameter is there if it must be, once if it is no list, and fits its type and bounds; no text has a NUL."""
    given = connection.query_params.dict()
    for name, values in given.items():
        if any("\x00" in str(value) for value in values):
            raise Invalid(f"query/{name} must not contain NUL characters", details=[FieldError(name, "contains NUL")])
    for name, field in handler.parsed_fn_signature.parameters.items():
        if not isinstance(field.kwarg_definition, QueryParameter):
            continue
        values = given.get(name, [])
        if not values and field.is_required:
            raise Invalid(f"query/{name} is required", details=[FieldError(name, "is required")])
        if not values or field.is_non_string_sequence:
            continue
        if len(values) > 1:
            raise Invalid(f"query/{name} must be given once", details=[FieldError(name, "must be given once")])
        try:
            msgspec.convert(values[0], field.raw, strict=False)
        except msgspec.ValidationError as error:
            raise of_validation(msgspec.ValidationError(f"{error} - at `$.{name}`"), "query") from error


def read_id(text: str, name: str) -> UUID:
    """The id in a path; a malformed one is Invalid, not unknown."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(f"params/{name} must be a UUID", details=[FieldError(name, "must be a UUID")]) from None
