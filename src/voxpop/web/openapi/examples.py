"""Examples of requests and answers, put together from those of their fields."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "patch")

BY_FORMAT = {
    "uuid": "01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77",
    "date-time": "2026-11-24T09:30:00.000Z",
    "date": "2026-11-24",
    "email": "ann@example.com",
}
BY_TYPE = {"boolean": True, "null": None}


class NoExample(Exception):
    """A field has no example and none can be made up."""


def example(schema: Json, components: Json, place: str = "") -> Any:
    """An example of what a schema describes, put together from its fields'; NoExample says which has none."""
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return example(components["schemas"][name], components, name)
    if "properties" in schema:
        fields = schema["properties"].items()
        return {field: example(inner, components, f"{place}.{field}".lstrip(".")) for field, inner in fields}
    if schema.get("type") == "array":
        return [example(schema["items"], components, place)] if "items" in schema else []
    if "anyOf" in schema:
        return example(min(schema["anyOf"], key=lambda one: one.get("type") == "null"), components, place)
    return _plain_example(schema, place)


def _plain_example(schema: Json, place: str) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    for known in (schema.get("const"), schema.get("default"), BY_FORMAT.get(schema.get("format", ""))):
        if known is not None:
            return known
    if schema.get("type") in BY_TYPE:
        return BY_TYPE[schema["type"]]
    raise NoExample(place or str(schema))


def _whats_missing(schema: Json, components: Json) -> str:
    try:
        example(schema, components)
    except NoExample as missing:
        return str(missing)
    return "nothing"


def put_example(holder: Json, components: Json) -> None:
    """Beside the schema of a parameter or a media type, unless it lacks one."""
    try:
        holder["example"] = example(holder.get("schema", {}), components)
    except NoExample:
        holder.pop("example", None)


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Each operation with its path and method."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def without_examples(document: Json) -> list[str]:
    """What is missing for every operation to have an example of its request, its parameters and its answer."""
    components = document["components"]
    missing = []
    for path, method, operation in operations(document):
        contents = [answer.get("content", {}) for status, answer in operation["responses"].items() if status < "300"]
        contents.append(operation.get("requestBody", {}).get("content", {}))
        lacking = [media for content in contents for media in content.values() if "example" not in media]
        lacking += [parameter for parameter in operation.get("parameters", ()) if "example" not in parameter]
        missing += [f"{method.upper()} {path}: {_whats_missing(media['schema'], components)}" for media in lacking]
    return missing
