"""What pages are sent: forms as structs, where a request comes from, and whether a foreign page made it."""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin
from urllib.parse import parse_qsl, urlsplit

import msgspec
from litestar.connection import ASGIConnection, Request

from voxpop.errors import FieldError, Invalid, UnsupportedMediaType
from voxpop.web.error_handlers import of_validation
from voxpop.web.validation import JSON, decode, has_nul

Form = TypeVar("Form", bound=msgspec.Struct)
Connection = ASGIConnection[Any, Any, Any, Any]

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 1000
SAFE = {"GET", "HEAD", "OPTIONS"}
FOREIGN_SITES = {"cross-site", "same-site"}  # a sibling host is another workspace
DEFAULT_PORTS = {"http": 80, "https": 443}


async def read_form(request: Request[Any, Any, Any], form: type[Form]) -> Form:
    """The body, sent as a form or as JSON; Invalid names each field that does not fit."""
    body = await request.body()
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == JSON:
        read: Form = decode(body, msgspec.json.Decoder(form))
        return read
    if media != FORM and (media or body):
        raise UnsupportedMediaType("The body must be a form")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Invalid("body is no form that can be read") from None
    if has_nul(dict(pairs)):
        raise Invalid("body must not contain NUL characters")
    values = _values(pairs, form)
    try:
        return msgspec.convert(values, form, strict=False)
    except msgspec.ValidationError as error:
        found = of_validation(error, "body")
        raise Invalid(found.message, details=_faults(values, form) or found.details) from error


def _faults(values: Mapping[str, Any], form: type[msgspec.Struct]) -> list[FieldError]:
    """Every field that does not fit, where msgspec would name the first."""
    faults: list[FieldError] = []
    for field in msgspec.structs.fields(form):
        name = field.encode_name
        try:
            if name in values:
                msgspec.convert(values[name], field.type, strict=False)
            elif field.required:
                faults.append(FieldError(name, "is required"))
        except msgspec.ValidationError as error:
            what, _, path = str(error).partition(" - at `$")
            placed = msgspec.ValidationError(f"{what} - at `$.{name}{path or '`'}")
            faults += of_validation(placed, "body").details
    return faults


async def as_typed(request: Request[Any, Any, Any]) -> dict[str, str]:
    """What a form that does not fit was filled in with, to be shown again; nothing of what is no form."""
    body = (await request.body()).decode(errors="replace")
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
    return {name: value.replace("\r\n", "\n") for name, value in pairs}


def _values(pairs: list[tuple[str, str]], form: type[msgspec.Struct]) -> dict[str, Any]:
    """Names that are lists take every value, others must be given once; browsers send line ends as CR LF."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value.replace("\r\n", "\n"))
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(form):
        found = given.get(field.encode_name)
        if found is None:
            continue
        if not _is_list(field.type) and len(found) > 1:
            raise Invalid(
                f"body/{field.name} must be given once", details=[FieldError(field.name, "must be given once")]
            )
        values[field.encode_name] = found if _is_list(field.type) else found[0]
    return values


def _is_list(kind: Any) -> bool:
    if get_origin(kind) is Annotated:
        return _is_list(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return any(map(_is_list, get_args(kind)))
    return kind is list or get_origin(kind) is list


def client_ip(request: Connection) -> str:
    """Whom to count a request to: the address, of IPv6 the network, for a household has one of these."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or ip_network(f"{address}/64", strict=False))


def is_cross_site(headers: Mapping[str, str]) -> bool:
    """Whether another site's page made the request: by the browser's own word, or by an Origin that is not the Host."""
    if headers.get("sec-fetch-site") in FOREIGN_SITES:
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    scheme = origin.partition(":")[0]
    return _origin(origin) is None or _origin(origin) != _origin(f"{scheme}://{headers.get('host', '')}")


def _origin(address: str) -> tuple[str, int | None] | None:
    try:
        parts = urlsplit(address)
        return (parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)) if parts.hostname else None
    except ValueError:
        return None
