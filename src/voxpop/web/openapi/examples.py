"""Examples of requests and responses, built from the examples of their fields.

A field of text or numbers declares one: `Annotated[int, Meta(examples=[8])]`. Enums, booleans, UUIDs and dates do not.
"""

from typing import Any

from voxpop.web.openapi.walk import Json, operations

EXAMPLE_OF_FORMAT = {
    "uuid": "01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77",
    "date-time": "2026-11-24T09:30:00.000Z",
    "date": "2026-11-24",
    "email": "ann@example.com",
}
EXAMPLE_OF_TYPE = {"boolean": True, "null": None}


class NoExample(Exception):
    """A field has no example, and its type gives none."""


def example(schema: Json, components: Json, path: str = "") -> Any:
    """An example of what a schema describes; NoExample names the field without one. `path` leads to the schema."""
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return example(components["schemas"][name], components, name)
    if "properties" in schema:
        fields = schema["properties"].items()
        return {field: example(inner, components, f"{path}.{field}".lstrip(".")) for field, inner in fields}
    if schema.get("type") == "array":
        return [example(schema["items"], components, path)] if "items" in schema else []
    if "anyOf" in schema:
        return example(min(schema["anyOf"], key=lambda one: one.get("type") == "null"), components, path)
    return _example_of_type(schema, path)


def put_example(holder: Json, components: Json) -> None:
    """Adds an example to a parameter or a media type, unless a field has none."""
    try:
        holder["example"] = example(holder.get("schema", {}), components)
    except NoExample:
        holder.pop("example", None)


def without_examples(document: Json) -> list[str]:
    """The fields that need an example before every request, parameter and response has one."""
    components = document["components"]
    missing = []
    for path, method, operation in operations(document):
        successes = [response for status, response in operation["responses"].items() if status < "300"]
        contents = [response.get("content", {}) for response in (*successes, operation.get("requestBody", {}))]
        lacking = [media for content in contents for media in content.values() if "example" not in media]
        lacking += [parameter for parameter in operation.get("parameters", ()) if "example" not in parameter]
        missing += [f"{method.upper()} {path}: {_missing_field(media['schema'], components)}" for media in lacking]
    return missing


def _example_of_type(schema: Json, path: str) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    for known in (schema.get("const"), schema.get("default"), EXAMPLE_OF_FORMAT.get(schema.get("format", ""))):
        if known is not None:
            return known
    if schema.get("type") in EXAMPLE_OF_TYPE:
        return EXAMPLE_OF_TYPE[schema["type"]]
    raise NoExample(path or str(schema))


def _missing_field(schema: Json, components: Json) -> str:
    try:
        example(schema, components)
    except NoExample as missing:
        return str(missing)
    return "nothing"
