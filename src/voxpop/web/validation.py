"""Validates every request before its handler runs: media type, exact types, required and repeated parameters.

The framework converts leniently ("8" is accepted for 8). So a guard decodes the body strictly first, and gives the
framework the decoded value.
"""

from collections.abc import Iterable, Mapping, Set
from functools import cache
from typing import Any, get_type_hints
from uuid import UUID

import msgspec
from litestar import Litestar
from litestar.connection import ASGIConnection, Request
from litestar.handlers.base import BaseRouteHandler
from litestar.params import QueryParameter
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from voxpop.errors import FieldError, Invalid, UnsupportedMediaType
from voxpop.web.one_line import clean_lines
from voxpop.web.validation_errors import from_decode_error, from_validation_error

JSON_MEDIA_TYPE = "application/json"
# Calls under this path refuse unknown query parameters (G6). Clients of part C may send parameters of its peer.
STRICT_PATH = "/api/v1/"
QUERY_PARAMETERS = "query_parameters"  # the key of a handler's `opt`


def media_type(content_type: str | None) -> str:
    """The media type of a Content-Type header, in lower case and without its parameters."""
    return (content_type or "").partition(";")[0].strip().lower()


def check_media_type(content_type: str | None, *, has_body: bool) -> None:
    """Accepts JSON. A request without body and type passes too, and is then rejected for its missing body."""
    media = media_type(content_type)
    if media == JSON_MEDIA_TYPE or (not media and not has_body):
        return
    if media == "text/plain":
        raise Invalid("body must be an object, this is text: send it with 'Content-Type: application/json'")
    raise UnsupportedMediaType


def decode(body: bytes, decoder: "msgspec.json.Decoder[Any]") -> Any:
    """The body as the decoder's type; Invalid names the field that does not fit."""
    if not body:
        raise Invalid("body is required")
    try:
        body.decode()  # the decoder skips unknown fields without checking their encoding
        value = decoder.decode(body)
        # A handler that takes any body checks the fields it uses by itself.
        if b"\\u0000" in body and decoder.type is not Any:
            refuse_nul(msgspec.to_builtins(value))
    except msgspec.ValidationError as error:
        raise from_validation_error(error, "body") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise from_decode_error(error) from error
    except RecursionError as error:
        raise Invalid("body is nested too deeply") from error
    return clean_lines(value)


def refuse_nul(body: object) -> None:
    """Invalid, naming the field, if a text of the body contains NUL, which PostgreSQL cannot store."""
    if (path := _path_of_nul(body, "")) is not None:
        reason, field = "must not contain NUL characters", path.removeprefix(".")
        details = [FieldError(field, reason)] if field else []
        raise Invalid(f"body/{field} {reason}" if field else f"body {reason}", details=details)


def _path_of_nul(value: object, path: str) -> str | None:
    inner: Iterable[tuple[str, object]] = ()
    match value:
        case str() if "\x00" in value:
            return path
        case dict():
            if any("\x00" in str(name) for name in value):
                return path
            inner = ((f"{path}.{name}", item) for name, item in value.items())
        case list():
            inner = ((f"{path}[{index}]", item) for index, item in enumerate(value))
    found = (_path_of_nul(item, item_path) for item_path, item in inner)
    return next((each for each in found if each is not None), None)


async def validate_body(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard for handlers with a body, their parameter `data`."""
    field = handler.parsed_fn_signature.parameters.get("data")
    if field is None or not isinstance(connection, Request):
        return
    body = await connection.body()
    check_media_type(connection.headers.get("content-type"), has_body=bool(body))
    value = decode(body, msgspec.json.Decoder(field.annotation))
    # Otherwise the framework decodes the body again, and fails on unknown fields that this decoder skips.
    connection._connection_state.json = msgspec.to_builtins(value)


async def validate_query(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard for query parameters: required ones are sent, single ones once, and each fits its type."""
    query = connection.query_params.dict()
    _refuse_unknown(query, handler.opt.get(QUERY_PARAMETERS))
    for name, values in query.items():
        if any("\x00" in str(value) for value in values):
            raise Invalid.of("query", name, "must not contain NUL characters")
    for name, field in handler.parsed_fn_signature.parameters.items():
        if isinstance(field.kwarg_definition, QueryParameter):
            _validate_parameter(name, field, query.get(name, []))
    if parameters := handler.opt.get("query"):
        validate_parameters(parameters, query)


def validate_parameters(parameters: type, query: Mapping[str, list[str]]) -> None:
    """The parameters of a route with `opt={"query": parameters}`, a dataclass of optional ones."""
    for name, field in query_fields(parameters).items():
        _validate_values(name, field, query.get(name, []))


@cache
def query_fields(parameters: type) -> dict[str, FieldDefinition]:
    """The query parameters of a dataclass, by the names in the query."""
    fields: dict[str, FieldDefinition] = {}
    for name, hint in get_type_hints(parameters, include_extras=True).items():
        field = FieldDefinition.from_annotation(hint)
        if isinstance(field.kwarg_definition, QueryParameter):
            fields[field.kwarg_definition.name or name] = field
    return fields


def note_query_parameters(app: Litestar) -> None:
    """Notes with each strict handler the names of its query parameters, also those of its dependencies."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(STRICT_PATH):
            for method, (handler, model) in route.route_handler_map.items():
                if method != "OPTIONS":  # a preflight has the query of the request that follows
                    handler.opt[QUERY_PARAMETERS] = {each.field_alias for each in model.expected_query_params}


def _refuse_unknown(names: Iterable[str], known: Set[str] | None) -> None:
    unknown = [] if known is None else sorted(set(names) - known)
    if known is not None and unknown:
        reason = f"is unknown; known are {', '.join(sorted(known))}" if known else "is unknown; this call has none"
        raise Invalid(f"query/{unknown[0]} {reason}", details=[FieldError(name, reason) for name in unknown])


def _validate_parameter(name: str, field: FieldDefinition, values: list[str]) -> None:
    if not values and field.is_required:
        raise Invalid.of("query", name, "is required")
    _validate_values(name, field, values)


def _validate_values(name: str, field: FieldDefinition, values: list[str]) -> None:
    if not values or field.is_non_string_sequence:
        return
    if len(values) > 1:
        raise Invalid.of("query", name, "must be given once")
    convert_parameter(name, field, values[0])


def convert_parameter(name: str, field: FieldDefinition, text: str) -> Any:
    """The value of a query parameter; Invalid names one that does not fit."""
    try:
        return msgspec.convert(text, field.raw, strict=False)
    except msgspec.ValidationError as error:
        raise from_validation_error(error, "query", name) from error


def read_id(text: str, name: str) -> UUID:
    """The id in a path. A malformed id is Invalid, not NotFound."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid.of("params", name, "must be a UUID") from None
