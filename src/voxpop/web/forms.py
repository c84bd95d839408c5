"""Forms that pages submit, parsed into structs, with an error message for each field that does not fit."""

import re
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from litestar.connection import Request
from litestar.datastructures import UploadFile

from voxpop.errors import FieldError, Invalid, UnsupportedMediaType
from voxpop.web.one_line import clean_lines
from voxpop.web.validation import JSON_MEDIA_TYPE, decode, media_type, refuse_nul
from voxpop.web.validation_errors import from_validation_error

Form = TypeVar("Form", bound=msgspec.Struct)

MULTIPART_MEDIA_TYPE = "multipart/form-data"
FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"
MAX_FIELDS = 1000
MAX_PUBLIC_FORM_BYTES = 2**16  # of a form that anyone can send, without a long text
WHOLE_NUMBER = re.compile("0|[1-9][0-9]{0,9}")  # without sign, exponent, and digits of other scripts


async def read_form(request: Request[Any, Any, Any], form: type[Form]) -> Form:
    """The body, sent as a form or as JSON. Invalid names each field that does not fit."""
    body = await request.body()
    media = media_type(request.headers.get("content-type"))
    if media == JSON_MEDIA_TYPE:
        parsed: Form = decode(body, msgspec.json.Decoder(form))
        return parsed
    if media != FORM_MEDIA_TYPE and (media or body):
        raise UnsupportedMediaType("The body must be a form")
    return _converted(_values(_decode_pairs(body), form), form)


def parse_texts(typed: Mapping[str, Any], form: type[Form]) -> Form:
    """What was typed as the struct of the API request that says the same, so that its rules hold for a page too.

    Invalid names each field that does not fit. Values that are no texts stay as they are.
    """
    types = {field.encode_name: field.type for field in msgspec.structs.fields(form)}
    values = {name: _value(value, types[name]) if isinstance(value, str) else value for name, value in typed.items()}
    return _converted(values, form)


async def read_file(request: Request[Any, Any, Any], name: str) -> bytes:
    """The content of a file in a form with the type `multipart/form-data`; empty without one."""
    if media_type(request.headers.get("content-type")) != MULTIPART_MEDIA_TYPE:
        raise UnsupportedMediaType("The body must be a form with a file")
    sent = (await request.form()).get(name)
    return await sent.read() if isinstance(sent, UploadFile) else b""


async def submitted_values(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The raw values of a rejected form, to fill it in again; empty if the body is no form."""
    body = (await request.body()).decode(errors="replace")
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
    return {name: _with_plain_line_ends(value) for name, value in pairs}


def _decode_pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Invalid("body is not a valid form") from None
    for pair in pairs:
        refuse_nul(dict([pair]))
    return pairs


def _values(pairs: list[tuple[str, str]], form: type[msgspec.Struct]) -> dict[str, Any]:
    """The values by field. A list field takes every value of its name; another field must be sent once."""
    sent: dict[str, list[str]] = {}
    for name, value in pairs:
        sent.setdefault(name, []).append(_with_plain_line_ends(value))
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(form):
        name = field.encode_name
        texts = sent.get(name)
        if texts is None:
            continue
        if not _is_list(field.type) and len(texts) > 1:
            raise Invalid.of("body", name, "must be given once")
        values[name] = texts if _is_list(field.type) else _value(texts[0], field.type)
    return values


def _converted(values: Mapping[str, Any], form: type[Form]) -> Form:
    try:
        return clean_lines(msgspec.convert(values, form))
    except msgspec.ValidationError as error:
        first = from_validation_error(error, "body")
        raise Invalid(first.message, details=_field_errors(values, form) or first.details) from error


def _value(text: str, kind: Any) -> str | int:
    """The text; for a field of whole numbers the number. Anything but digits stays a text, which does not fit."""
    is_number = _includes(kind, int) or _includes(kind, float)
    return int(text) if is_number and WHOLE_NUMBER.fullmatch(text) else text


def _field_errors(values: Mapping[str, Any], form: type[msgspec.Struct]) -> list[FieldError]:
    """Every field that does not fit; msgspec reports the first one only."""
    errors: list[FieldError] = []
    for field in msgspec.structs.fields(form):
        name = field.encode_name
        try:
            if name in values:
                msgspec.convert(values[name], field.type)
            elif field.required:
                errors.append(FieldError(name, "is required"))
        except msgspec.ValidationError as error:
            errors += from_validation_error(error, "body", name).details
    return errors


def _with_plain_line_ends(text: str) -> str:
    """Browsers send line ends as CR LF."""
    return text.replace("\r\n", "\n")


def _is_list(kind: Any) -> bool:
    return _includes(kind, list)


def _includes(kind: Any, other: type) -> bool:
    """Whether a field of this type takes values of the other one."""
    if get_origin(kind) is Annotated:
        return _includes(get_args(kind)[0], other)
    if get_origin(kind) in (Union, UnionType):
        return any(_includes(each, other) for each in get_args(kind))
    return kind is other or get_origin(kind) is other
