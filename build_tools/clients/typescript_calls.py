"""Writes the calls and types of the TypeScript client. Fields are named as in the API."""

import json
import re
import textwrap
from collections.abc import Iterable

from shapes import REPEATABLE, Field, Json, Operation, Shapes, alternatives, component_of, page_row

SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
HEADER = "// Generated from the OpenAPI document by `make clients`."


def typescript_files(shapes: Shapes) -> dict[str, str]:
    """The text of each module by its name."""
    return {
        "types.ts": "\n".join([HEADER, "", *_types(shapes)]),
        "calls.ts": _calls(shapes),
        "version.ts": f'{HEADER}\n\nexport const VERSION = "{shapes.version}";\n',
    }


def _types(shapes: Shapes) -> Iterable[str]:
    words = {shapes.response_name(name): shapes.components[name]["enum"] for name in shapes.words}
    yield from (f"export type {name} = {_union(map(json.dumps, words))};\n" for name, words in sorted(words.items()))
    yield _interface("Page<T>", [("The rows.", "data: T[]"), ("Leads to the next page.", "next_cursor: string | null"),
                                 ("", "has_more: boolean")], "A page of a list.")  # fmt: skip
    for name in sorted((shapes.responses | shapes.requests) - set(shapes.words)):
        if not name.startswith("Page_"):
            yield from _component(shapes, name)
    for one in shapes.operations:
        if one.fields("query"):
            fields = [(each.text, _property(shapes, each, is_request=True)) for each in one.fields("query")]
            yield _interface(_query_name(one), fields, f"The query of `{one.id}`.")


def _component(shapes: Shapes, name: str) -> Iterable[str]:
    text = shapes.components[name].get("description", "")
    for used, short, is_request in (
        (shapes.responses, shapes.response_name(name), False),
        (shapes.requests, shapes.request_name(name), True),
    ):
        if name in used:
            fields = [(one.text, _property(shapes, one, is_request=is_request)) for one in shapes.fields(name)]
            yield _interface(short, fields, text)


def _interface(name: str, fields: list[tuple[str, str]], text: str) -> str:
    lines = [f"{_comment(each, '  ')}  {declared};" for each, declared in fields]
    return "\n".join([f"{_comment(text, '')}export interface {name} {{", *lines, "}\n"])


def _property(shapes: Shapes, one: Field, *, is_request: bool) -> str:
    return f"{one.name}{'' if one.required else '?'}: {_type(shapes, one.schema, is_request=is_request)}"


def _calls(shapes: Shapes) -> str:
    methods = "\n".join(_method(shapes, one) for one in shapes.operations)
    used = set(re.findall(r"\b[A-Z]\w+", re.sub(r"/\*\*.*?\*/", "", methods, flags=re.DOTALL)))
    names = set(re.findall(r"^export (?:type|interface) (\w+)", "\n".join(_types(shapes)), re.MULTILINE)) & used
    imports = "".join(f"  {name},\n" for name in sorted(names))
    return f"""{HEADER}

import {{ newKey, path, type Options, type Pages, type Request }} from "./shapes.ts";
import type {{
{imports}}} from "./types.ts";

/** Every call that needs a key with the scope ingest, read or manage. */
export abstract class Calls {{
  protected abstract call<T>(request: Request): Promise<T>;
  protected abstract pages<T>(request: Request): Pages<T>;
  protected abstract bytes(request: Request): AsyncIterable<Uint8Array>;
  protected abstract events<T>(request: Request): AsyncIterable<T>;

{methods}}}
"""


def _method(shapes: Shapes, one: Operation) -> str:
    kind, returned = _result(shapes, one)
    template = re.sub(r"{(\w+)}", r"${\1}", one.path)
    given = [f'method: "{one.method}"', f"path: path`{template}`" if "$" in template else f'path: "{template}"']
    given += ["query: { ...query }"] if one.fields("query") else []
    given += ["body"] if one.body else []
    headers = ", ".join(f'"{field.name}": {_header_value(field)}' for field in one.fields("header"))
    given += [f"headers: {{ {headers} }}"] if headers else []
    given += ["repeatable: true"] if one.id in REPEATABLE else []
    parameters = "".join(f"\n    {each}," for each in _parameters(shapes, one))
    request = "".join(f"\n      {each}," for each in [*given, "options"])
    argument = returned if kind in ("call", "pages", "events") else ""
    outer = {"call": f"Promise<{returned}>", "pages": f"Pages<{returned}>"}.get(kind, f"AsyncIterable<{returned}>")
    typed = f"<{argument}>" if argument else ""
    return (
        f"{_comment(one.text, '  ')}  {one.id}({parameters}\n  ): {outer} {{\n"
        f"    return this.{kind}{typed}({{{request}\n    }});\n  }}\n"
    )


def _parameters(shapes: Shapes, one: Operation) -> list[str]:
    found = [f"{field.name}: string" for field in one.fields("path")]
    if one.body:
        found.append(f"body: {_type(shapes, one.body, is_request=True)}")
    if one.fields("query"):
        needed = any(field.required for field in one.fields("query"))
        found.append(f"query: {_query_name(one)}{'' if needed else ' = {}'}")
    own = "; ".join(f"{_camel(field.name)}?: string" for field in one.fields("header"))
    return [*found, f"options: Options{f' & {{ {own} }}' if own else ''} = {{}}"]


def _header_value(field: Field) -> str:
    value = f"options.{_camel(field.name)}"
    return f"{value} ?? newKey()" if field.name == "Idempotency-Key" else value


def _result(shapes: Shapes, one: Operation) -> tuple[str, str]:
    """The method that sends it, and the type of the result or of its parts."""
    if one.streams == "bytes":
        return "bytes", "Uint8Array"
    if one.result is None:
        return "call", "void"
    row = page_row(one.result) if "$ref" in one.result else None
    if row:
        return "pages", _type(shapes, row)
    return "events" if one.streams else "call", _type(shapes, one.result)


def _type(shapes: Shapes, schema: Json, *, is_request: bool = False) -> str:
    return _union(_one_type(shapes, one, is_request=is_request) for one in alternatives(schema))


def _one_type(shapes: Shapes, schema: Json, *, is_request: bool) -> str:
    if "$ref" in schema:
        component = component_of(schema)
        as_request = is_request and not shapes.is_word(component)
        return shapes.request_name(component) if as_request else shapes.response_name(component)
    if "enum" in schema:
        return _union(map(json.dumps, schema["enum"]))
    if schema.get("type") == "array":
        item = _type(shapes, schema.get("items", {}), is_request=is_request)
        return f"({item})[]" if " " in item else f"{item}[]"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        return (
            f"Record<string, {_type(shapes, inner, is_request=is_request) if isinstance(inner, dict) else 'unknown'}>"
        )
    return SIMPLE.get(str(schema.get("type")), "unknown")


def _union(types: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(types))


def _comment(text: str, indent: str) -> str:
    if not text:
        return ""
    lines = textwrap.wrap(text.replace("*/", "* /"), 116 - len(indent))
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return "\n".join([f"{indent}/**", *(f"{indent} * {line}" for line in lines), f"{indent} */\n"])


def _query_name(operation: Operation) -> str:
    return f"{operation.id[0].upper()}{operation.id[1:]}Query"


def _camel(header: str) -> str:
    """`Idempotency-Key` as a name: `idempotencyKey`; `Last-Event-ID`: `lastEventId`."""
    first, *rest = header.lower().split("-")
    return first + "".join(word.title() for word in rest)
