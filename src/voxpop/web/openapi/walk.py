"""Walks through an OpenAPI document: its objects and its operations."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "patch")


def objects_in(value: Any) -> Iterator[Json]:
    """Every object within a JSON value, outermost first."""
    if isinstance(value, dict):
        yield value
        for inner in list(value.values()):
            yield from objects_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects_in(inner)


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Each operation with its path and its method, which is in lower case."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]
