"""Writes the calls and types of the Python client: a module for each section of the API, and one for shared types."""

import keyword
import re
import textwrap
from collections.abc import Iterable

from shapes import REPEATABLE, Field, Json, Operation, Shapes, alternatives, component_of, page_row

WIDTH = 120
SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
OF_FORMAT = {"uuid": "UUID", "date-time": "datetime", "date": "date"}
GENERATED = "generated from the OpenAPI document by `make clients`"
IMPORTS = """
from datetime import date, datetime
from typing import Any, Literal, Required, TypedDict, Unpack
from uuid import UUID
from msgspec import Struct, field
from voxpop.client.methods import call, paged, stream
from voxpop.client.shapes import Call, Page, key_of_request, path
"""


def python_files(shapes: Shapes) -> dict[str, str]:
    """The text of each module by its name."""
    tags = sorted({one.tag for one in shapes.operations})
    places = {name: _module(shapes, name) for name in (shapes.requests | shapes.responses) - set(shapes.words)}
    modules = {f"{_snake(tag)}.py": _section(shapes, tag, places) for tag in tags}
    shared = [name for name, module in places.items() if module == "shared"]
    texts = [f'"""The types that several sections of the API use, {GENERATED}."""', IMPORTS, _import_words(shapes)]
    modules["shared.py"] = "\n".join([*texts, *_types(shapes, shared)])
    return modules | {"words.py": _words(shapes), "__init__.py": _package(shapes, tags, places)}


def _module(shapes: Shapes, component: str) -> str:
    tags = shapes.tags_of(component)
    return _snake(min(tags)) if len(tags) == 1 else "shared"


def _section(shapes: Shapes, tag: str, places: dict[str, str]) -> str:
    own = [name for name, module in places.items() if module == _snake(tag)]
    shared = sorted(name for used, module in places.items() if module == "shared" for name in _names(shapes, used))
    operations = [one for one in shapes.operations if one.tag == tag]
    return "\n".join(
        [
            f'"""The section "{tag}" of the API, {GENERATED}."""',
            IMPORTS,
            _import_words(shapes),
            f"from voxpop.client.api.shared import {', '.join(shared)}" if shared else "",
            *_types(shapes, own),
            *(_query_type(shapes, one) for one in operations if one.fields("query")),
            f'class {_camel(tag)}Calls:\n    """The calls of this section."""\n',
            *(_method(shapes, one) for one in operations),
        ]
    )


def _words(shapes: Shapes) -> str:
    names = [shapes.response_name(name) for name in shapes.words]
    distinct = dict(zip(names, (shapes.components[name]["enum"] for name in shapes.words), strict=True))
    unchecked = "\n".join(f"{name} = str" for name in distinct)
    checked = "\n".join(f"{name}: TypeAlias = Literal{words!r}" for name, words in distinct.items())
    return f'''"""The words of the API, {GENERATED}.

Type checkers know them. At run time they are texts, so that a word of a later version is no error.
"""
from typing import TYPE_CHECKING, Literal, TypeAlias
if TYPE_CHECKING:
{textwrap.indent(checked, "    ")}
else:
{textwrap.indent(unchecked, "    ")}
'''


def _package(shapes: Shapes, tags: list[str], places: dict[str, str]) -> str:
    exported = {name: module for used, module in places.items() for name in _names(shapes, used)}
    exported |= {shapes.response_name(name): "words" for name in shapes.words}
    exported |= {f"{_camel(tag)}Calls": _snake(tag) for tag in tags}
    exported |= {_query_name(one): _snake(one.tag) for one in shapes.operations if one.fields("query")}
    imports = [f"from voxpop.client.api.{module} import {name} as {name}" for name, module in exported.items()]
    bases = ", ".join(f"{_camel(tag)}Calls" for tag in tags)
    text = f'class Calls({bases}):\n    """Every call that needs a key with the scope ingest, read or manage."""'
    return "\n".join([f'"""All calls and types of the API, {GENERATED}."""', *imports, text, ""])


def _import_words(shapes: Shapes) -> str:
    return f"from voxpop.client.api.words import {', '.join(sorted({shapes.response_name(n) for n in shapes.words}))}"


def _names(shapes: Shapes, component: str) -> list[str]:
    """The types of a component: as it arrives, as it is sent, or both. Pages are generic."""
    if component.startswith("Page_"):
        return []
    names = [shapes.response_name(component)] if component in shapes.responses else []
    return names + ([shapes.request_name(component)] if component in shapes.requests else [])


def _types(shapes: Shapes, components: Iterable[str]) -> list[str]:
    """Structs for responses and typed dictionaries for requests, each after those that it uses."""
    ordered: list[str] = []

    def visit(component: str) -> None:
        for used in sorted(shapes.used_by([shapes.components[component]])):
            if used in components and used not in ordered and used != component:
                visit(used)
        if component not in ordered:
            ordered.append(component)

    for component in sorted(components):
        visit(component)
    written = [name for name in ordered if not name.startswith("Page_")]
    structs = [_struct(shapes, name) for name in written if name in shapes.responses]
    return structs + [_request_type(shapes, name) for name in written if name in shapes.requests]


def _struct(shapes: Shapes, component: str) -> str:
    lines = [f"class {shapes.response_name(component)}(Struct, frozen=True, kw_only=True):"]
    lines += [_docstring(shapes.components[component].get("description", ""))]
    for one in shapes.fields(component):
        name = f"{one.name}_" if keyword.iskeyword(one.name) else one.name
        default = "" if one.required else repr(one.schema.get("default"))
        renamed = (
            f'field(name="{one.name}"{f", default={default}" if default else ""})' if name != one.name else default
        )
        lines += [*_comment(one), f"    {name}: {_type(shapes, one.schema)}{f' = {renamed}' if renamed else ''}"]
    return "\n".join([*lines, "\n"])


def _request_type(shapes: Shapes, component: str) -> str:
    text = shapes.components[component].get("description", "")
    return _typed_dict(shapes, shapes.request_name(component), shapes.fields(component), text)


def _query_type(shapes: Shapes, operation: Operation) -> str:
    fields = [one for one in operation.fields("query") if not (operation.is_paged and one.name == "cursor")]
    return _typed_dict(shapes, _query_name(operation), [*fields, *_cursor(operation)], "")


def _cursor(operation: Operation) -> list[Field]:
    return [one for one in operation.fields("query") if operation.is_paged and one.name == "cursor"]


def _typed_dict(shapes: Shapes, name: str, fields: list[Field], text: str) -> str:
    lines = [f"class {name}(TypedDict, total=False):", _docstring(text)]
    for one in fields:
        wanted = _type(shapes, one.schema, is_request=True)
        own = f"{one.name}_" if keyword.iskeyword(one.name) else one.name
        lines += [*_comment(one), f"    {own}: {f'Required[{wanted}]' if one.required else wanted}"]
    return "\n".join([*lines, "\n"])


def _comment(one: Field) -> list[str]:
    return textwrap.wrap(one.text, WIDTH - 6, initial_indent="    # ", subsequent_indent="    # ")


def _docstring(text: str) -> str:
    wrapped = "\n\n".join(textwrap.fill(each, WIDTH - 12) for each in text.split("\n\n"))
    if not text:
        return ""
    quoted = wrapped.replace("\\", "\\\\")
    end = "\n" if "\n" in quoted else ""
    return textwrap.indent(f'"""{quoted}{end}"""\n', "    ")


def _method(shapes: Shapes, one: Operation) -> str:
    result, decorator = _result(shapes, one)
    names = [field.name for field in one.fields("path")]
    template = re.sub(r"{\w+}", "{}", one.path)
    at = f'path("{template}", {", ".join(names)})' if names else f'"{one.path}"'
    given = [f'"{one.method}"', at, result]
    given += ["query=query"] if one.fields("query") else []
    given += ["body=body"] if one.body else []
    headers = ", ".join(f'"{field.name}": {_header_value(field)}' for field in one.fields("header"))
    given += [f"headers={{{headers}}}"] if headers else []
    given += ["repeatable=True"] if one.id in REPEATABLE else []
    returned = "None" if result == "type(None)" else result
    return "\n".join(
        [
            f"    @{decorator}",
            f"    def {_snake(one.id)}(self, {_method_parameters(shapes, one)}) -> Call[{returned}]:",
            textwrap.indent(_docstring(one.text), "    ").rstrip(),
            f"        return Call({', '.join(given)})\n",
        ]
    )


def _method_parameters(shapes: Shapes, one: Operation) -> str:
    positional = [f"{field.name}: {_type(shapes, field.schema, is_request=True)}" for field in one.fields("path")]
    unpacked = one.body is None or "$ref" in one.body
    if one.body and not unpacked:
        positional.append(f"body: {_type(shapes, one.body, is_request=True)}")
    named = [f"{_snake(field.name)}: str | None = None" for field in one.fields("header")]
    rest = [f"**query: Unpack[{_query_name(one)}]"] if one.fields("query") else []
    if one.body and unpacked:
        rest = [f"**body: Unpack[{shapes.request_name(component_of(one.body))}]"]
    return ", ".join([*positional, *(["*", *named] if named else []), *rest])


def _header_value(field: Field) -> str:
    name = _snake(field.name)
    return f"key_of_request({name})" if name == "idempotency_key" else name


def _result(shapes: Shapes, one: Operation) -> tuple[str, str]:
    """The type of the result, and the decorator of the method."""
    if one.streams:
        return ("bytes" if one.streams == "bytes" else _type(shapes, one.result or {})), "stream"
    if one.result is None:
        return "type(None)", "call"
    return _type(shapes, one.result), "paged" if one.is_paged else "call"


def _type(shapes: Shapes, schema: Json, *, is_request: bool = False) -> str:
    found = [_one_type(shapes, one, is_request=is_request) for one in alternatives(schema)]
    if is_request and not set(found).isdisjoint(OF_FORMAT.values()):
        found.append("str")
    return " | ".join(sorted(dict.fromkeys(found), key=lambda name: (name == "None", name == "str")))


def _one_type(shapes: Shapes, schema: Json, *, is_request: bool) -> str:
    if "$ref" in schema:
        return _named(shapes, schema, is_request=is_request)
    if "enum" in schema:
        return f"Literal{schema['enum']!r}" if is_request else "str"
    if schema.get("type") == "array":
        return f"list[{_type(shapes, schema.get('items', {}), is_request=is_request)}]"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        return f"dict[str, {_type(shapes, inner, is_request=is_request) if isinstance(inner, dict) else 'Any'}]"
    if schema.get("type") == "string" and schema.get("format") in OF_FORMAT:
        return OF_FORMAT[schema["format"]]
    return SIMPLE.get(str(schema.get("type")), "Any")


def _named(shapes: Shapes, schema: Json, *, is_request: bool) -> str:
    if row := page_row(schema):
        return f"Page[{_type(shapes, row)}]"
    component = component_of(schema)
    as_request = is_request and not shapes.is_word(component)
    return shapes.request_name(component) if as_request else shapes.response_name(component)


def _query_name(operation: Operation) -> str:
    return f"{operation.id[0].upper()}{operation.id[1:]}Query"


def _snake(text: str) -> str:
    """`listTickets`, `Idempotency-Key` or `Product features` as a name of Python."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[- ]+", "_", text).lower()


def _camel(text: str) -> str:
    return text.title().replace(" ", "")
