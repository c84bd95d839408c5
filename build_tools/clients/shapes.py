"""Reads from the OpenAPI document what the clients need: its calls by section, and the types that these use."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

Json = dict[str, Any]

SCOPES = re.compile(r"Requires an API key with the scope `(ingest|read|manage)`")
METHODS = ("get", "put", "post", "delete", "patch")
# A POST that may be sent again without an Idempotency-Key: it only reads, or ignores duplicates.
REPEATABLE = {"sendEvents", "requestSurvey", "filterCampaigns", "filterMetrics"}


class Field(NamedTuple):
    """A parameter, or a property of an object."""

    name: str
    schema: Json
    required: bool

    @property
    def text(self) -> str:
        """Its description; a schema that also allows null has it one level deeper."""
        inner = [one for one in self.schema.get("anyOf", ()) if "description" in one]
        return str((self.schema if "description" in self.schema else (inner or [{}])[0]).get("description", ""))


class Operation(NamedTuple):
    """A call of the API."""

    id: str
    method: str
    path: str
    spec: Json

    @property
    def tag(self) -> str:
        return str(self.spec["tags"][0])

    @property
    def text(self) -> str:
        """The summary and the description, in one paragraph."""
        summary = self.spec["summary"]
        end = "" if summary.endswith(("?", "!", ".")) else "."
        return " ".join(f"{summary}{end} {self.spec.get('description', '')}".split())

    def fields(self, where: str) -> list[Field]:
        found = [one for one in self.spec.get("parameters", ()) if one["in"] == where]
        return [Field(one["name"], one["schema"], one.get("required", False)) for one in found]

    @property
    def body(self) -> Json | None:
        return next((media["schema"] for media in self.spec.get("requestBody", {}).get("content", {}).values()), None)

    @property
    def result(self) -> Json | None:
        return next((media["schema"] for media in self._success.values() if "schema" in media), None)

    @property
    def streams(self) -> str | None:
        """`bytes` for a file, `events` for server-sent events."""
        media = next(iter(self._success), "application/json")
        return {"application/json": None, "text/event-stream": "events"}.get(media, "bytes")

    @property
    def is_paged(self) -> bool:
        return any(field.name == "cursor" for field in self.fields("query"))

    @property
    def _success(self) -> Json:
        """The content of the responses to a success, which is the same for all."""
        successes = (one for status, one in self.spec["responses"].items() if status < "400")
        found: Json = next(successes).get("content", {})
        return found


class Shapes:
    """The calls of a document that need a key with a scope of programs, and the components of their types."""

    def __init__(self, document: Json) -> None:
        self.version: str = document["info"]["version"]
        self.components: Json = dict(document["components"]["schemas"])
        self.operations = [
            Operation(spec["operationId"], method.upper(), path, spec)
            for path, methods in document["paths"].items()
            for method, spec in methods.items()
            if method in METHODS and SCOPES.search(spec.get("description", ""))
        ]
        self._name_inline_objects([one.body for one in self.operations if one.body])

    @cached_property
    def responses(self) -> set[str]:
        """The components that responses use."""
        return self.used_by([one.result for one in self.operations if one.result])

    @cached_property
    def requests(self) -> set[str]:
        """The components that requests use."""
        fields = [field.schema for one in self.operations for where in ("path", "query") for field in one.fields(where)]
        return self.used_by([*fields, *(one.body for one in self.operations if one.body)])

    @property
    def words(self) -> list[str]:
        """The components that list the words of a field."""
        return sorted(name for name in self.requests | self.responses if self.is_word(name))

    def is_word(self, name: str) -> bool:
        return "enum" in self.components[name]

    def fields(self, component: str) -> list[Field]:
        schema = self.components[component]
        required = schema.get("required", ())
        return [Field(name, inner, name in required) for name, inner in schema.get("properties", {}).items()]

    def response_name(self, component: str) -> str:
        """A short name, unless another type has it."""
        short = re.sub(r"(?<=[a-z])(Out|Body)\Z", "", self._base(component))
        taken = {self._base(other) for other in self.requests | self.responses if other != component}
        return self._base(component) if short in taken else short

    def request_name(self, component: str) -> str:
        """Different from the name of the same type in responses."""
        name = self._base(component)
        return f"{name}Body" if component in self.responses and self.response_name(component) == name else name

    def tags_of(self, component: str) -> set[str]:
        """The sections whose calls use it."""
        return {tag for tag, used in self._used_by_tag.items() if component in used}

    def used_by(self, schemas: Iterable[Json]) -> set[str]:
        """The components that schemas name, directly or not."""
        found: set[str] = set()
        waiting = list(schemas)
        while waiting:
            for name in set(refs(waiting.pop())) - found:
                found.add(name)
                waiting.append(self.components[name])
        return found

    @cached_property
    def _used_by_tag(self) -> dict[str, set[str]]:
        schemas: dict[str, list[Json]] = {}
        for one in self.operations:
            fields = [field.schema for where in ("path", "query") for field in one.fields(where)]
            schemas.setdefault(one.tag, []).extend([*fields, *filter(None, (one.body, one.result))])
        return {tag: self.used_by(used) for tag, used in schemas.items()}

    def _base(self, component: str) -> str:
        """The name without its module, which the document adds where two types have one name."""
        *module, base = component.split(".")
        others = [other for other in self.components if other.rpartition(".")[2] == base and other != component]
        if all(self.components[other] == self.components[component] for other in others):
            return base
        return module[1].removesuffix("s").title() + base

    def _name_inline_objects(self, schemas: Iterable[Any]) -> None:
        """Objects with a title inside a body become components."""
        for schema in schemas:
            for holder in schema if isinstance(schema, list) else schema.values():
                if isinstance(holder, dict) and "properties" in holder and "title" in holder:
                    title = str(holder["title"])
                    self.components[title] = dict(holder)
                    holder.clear()
                    holder["$ref"] = f"#/components/schemas/{title}"
                elif isinstance(holder, dict | list):
                    self._name_inline_objects([holder])


def refs(schema: Any) -> Iterator[str]:
    """The components that a schema names itself."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield component_of(schema)
        for inner in schema.values():
            yield from refs(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from refs(inner)


def component_of(schema: Json) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def alternatives(schema: Json) -> list[Json]:
    """The types that a value may have, each as a schema of its own."""
    if "$ref" in schema or "enum" in schema or "const" in schema:
        return [schema]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            shared = {"type": schema["type"]} if "type" in schema else {}
            return [inner for one in schema[key] for inner in alternatives(shared | one)]
    if isinstance(schema.get("type"), list):
        return [schema | {"type": one} for one in schema["type"]]
    return [schema]


def page_row(schema: Json) -> Json | None:
    """The schema of a row, if the component is a page of a list."""
    return {"$ref": schema["$ref"].replace("Page_", "").removesuffix("_")} if "/Page_" in schema["$ref"] else None
