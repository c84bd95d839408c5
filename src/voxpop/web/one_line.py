"""Cleans the texts of one line in a decoded request: the fields whose types carry the mark `types.ONE_LINE`."""

from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, inspect

from voxpop.text import one_line
from voxpop.types import ONE_LINE

Value = TypeVar("Value")


def clean_lines(value: Value) -> Value:
    """The struct with its one-line texts cleaned, also those of structs in its fields. Other values stay unchanged."""
    if not isinstance(value, Struct):
        return value
    marked = _one_line_fields(type(value))
    cleaned = {}
    for name in value.__struct_fields__:
        field = getattr(value, name)
        if name in marked:
            cleaned[name] = _clean(field)
        elif isinstance(field, Struct):
            cleaned[name] = clean_lines(field)
    return msgspec.structs.replace(value, **cleaned) if cleaned else value


def _clean(value: Any) -> Any:
    match value:
        case str():
            return one_line(value)
        case list():
            return [_clean(each) for each in value]
    return value


@cache
def _one_line_fields(kind: type[Struct]) -> frozenset[str]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - of a struct
    return frozenset(field.name for field in info.fields if _is_marked(field.type))


def _is_marked(info: inspect.Type) -> bool:
    match info:
        case inspect.Metadata():
            return info.extra == ONE_LINE or _is_marked(info.type)
        case inspect.UnionType():
            return any(map(_is_marked, info.types))
        case inspect.ListType():
            return _is_marked(info.item_type)
    return False
