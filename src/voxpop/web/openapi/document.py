"""The OpenAPI document: what Litestar reads from the routes, with what it loses or cannot know put in.

It knows no domain. A handler says about itself, by plain Litestar means:

- `summary`, `description` (or its docstring), `tags`;
- `opt={"scope": Scope.READ}`: needs a key with that scope; without it the operation is public;
- `opt={"errors": (FeatureInUse,)}`: errors of its own, classes of `AppError`, beside those that follow from its shape
  (400 and 413, 415 from parameters and a body, 401 and 403 from the scope, 404 from an id in the path, 500, 503).

Examples of whole requests and answers are put together from those of fields, `Annotated[int, Meta(examples=[8])]`, so
text and numbers need one; enums, booleans, uuids, instants and days have one by themselves (web/openapi/examples.py).
"""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition
from msgspec import Meta, Struct

from voxpop.errors import (
    AppError,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    PayloadTooLarge,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)
from voxpop.web.openapi.examples import BY_FORMAT, Json, operations, put_example

REF = "#/components/schemas/{name}"
MARK = "type:"  # stands in the document for a type until msgspec has named them all


class ApiSection(Struct, frozen=True):
    """An API with a document of its own: what lies under a prefix; without one, the whole."""

    prefix: str
    title: str

    @property
    def document(self) -> str:
        return f"/openapi{self.prefix}/openapi.json" if self.prefix else "/openapi.json"

    @property
    def swagger(self) -> str:
        return f"/openapi{self.prefix}" if self.prefix else "/docs"

    @property
    def scalar(self) -> str:
        return f"{self.prefix}/reference"


class Endpoint(Struct):
    """Where it happened."""

    endpoint: Annotated[str, Meta(description="The address asked for, with its query")]


class Problem(Struct):
    """What every refusal and failure answers with."""

    message: Annotated[str, Meta(description="For people")]
    statusCode: Annotated[int, Meta(description="The status again")]
    type: Annotated[str, Meta(description="The kind of error, in capitals")]
    code: Annotated[str, Meta(description="The error itself; what a program decides by")]
    details: Annotated[list[FieldError], Meta(description="The fields at fault, if any")]
    data: Endpoint
    subcode: None
    traceId: Annotated[UUID, Meta(description="Name it when you report the error")]


class SchemaPlugin(OpenAPISchemaPlugin):
    """Leaves the description of types to msgspec, which validates by them: Litestar's own loses bounds and defaults."""

    def __init__(self) -> None:
        self.types: list[Any] = []

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        if field_definition.annotation is type(None):
            return False
        try:
            msgspec.json.schema(field_definition.raw)
        except TypeError:
            return False
        return True

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: object) -> Schema:
        self.types.append(field_definition.raw)
        return Schema(const=f"{MARK}{len(self.types) - 1}")

    def resolve(self, document: Json) -> None:
        """Put the types' schemas where their marks are, and the structs among them under the components."""
        schemas, components = msgspec.json.schema_components([*self.types, Problem], ref_template=REF)
        for node in _nodes(document):
            mark = node.get("const")
            if isinstance(mark, str) and mark.startswith(MARK):
                default = {"default": node["default"]} if "default" in node else {}
                node.clear()
                node.update(schemas[int(mark.removeprefix(MARK))] | default)
        document.setdefault("components", {})["schemas"] = dict(sorted(components.items()))
        for node in _nodes(document):
            _say_in_json_schema(node)


def _say_in_json_schema(node: Json) -> None:
    """What Python's types say in their own way."""
    if isinstance(pattern := node.get("pattern"), str) and pattern.endswith(r"\Z"):
        node["pattern"] = pattern.removesuffix(r"\Z") + "$"
    if node.get("type") == "number" and node.get("multipleOf") == 1:  # 8.0 is an integer in JSON
        node["type"] = "integer"
        del node["multipleOf"]


def finish(document: Json, handlers: dict[tuple[str, str], HTTPRouteHandler]) -> Json:
    """The document made whole in place. `handlers` are by path and method in lower case, as the document has them."""
    components = document["components"]
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "An API key"}}
    components["headers"] = HEADERS
    components["responses"] = {error.__name__: _refusal((error,)) for error in COMMON}
    for path, method, operation in operations(document):
        handler = handlers[path, method]
        _describe_parameters(operation, components)
        _secure(operation, handler.opt)
        _describe_successes(operation, components)
        _declare_errors(operation, handler.opt.get("errors", ()))
        if body := operation.get("requestBody"):
            _put_examples(body["content"], components)
    _name_operations(document, handlers)
    return document


def part_of(document: Json, part: ApiSection) -> Json:
    """The document of that part's paths alone, with only the components they lead to."""
    paths = {path: item for path, item in document["paths"].items() if path.startswith(f"{part.prefix}/")}
    info = document["info"] | {"title": f"{part.title} · {document['info']['title']}"}
    smaller = document | {"info": info, "paths": paths}
    smaller["components"] = {"securitySchemes": document["components"]["securitySchemes"]}
    todo = [paths]
    while todo:
        for node in _nodes(todo.pop()):
            if isinstance(ref := node.get("$ref"), str):
                _, _, kind, name = ref.split("/")
                found = smaller["components"].setdefault(kind, {})
                if name not in found:
                    found[name] = document["components"][kind][name]
                    todo.append(found[name])
    return smaller


HEADERS: Json = {
    "request-id": {
        "description": "The one that was sent, else a new one",
        "schema": {"type": "string"},
        "example": BY_FORMAT["uuid"],
    },
    "version": {"description": "The version of Voxpop", "schema": {"type": "string"}, "example": "0.1.0"},
    "retry-after": {
        "description": "Seconds to wait",
        "schema": {"type": "integer"},
        "example": Unavailable.retry_after,
    },
}


class Shape(NamedTuple):
    """What of an operation decides which errors it can give."""

    parameters: bool
    path: bool
    body: bool
    key: bool

    def errors(self) -> Iterable[type[AppError]]:
        given = {
            Invalid: self.parameters or self.body,
            Unauthorized: self.key,
            Forbidden: self.key,
            NotFound: self.path,
            PayloadTooLarge: self.body,
            UnsupportedMediaType: self.body,
            Unavailable: True,
            AppError: True,
        }
        return [error for error, can in given.items() if can]


COMMON: tuple[type[AppError], ...] = tuple(Shape(True, True, True, True).errors())


def _describe_parameters(operation: Json, components: Json) -> None:
    for parameter in operation.get("parameters", ()):
        for noise in ("deprecated", "allowEmptyValue", "allowReserved"):
            parameter.pop(noise, None)
        if "description" in parameter["schema"]:
            parameter["description"] = parameter["schema"]["description"]
        put_example(parameter, components)


def _put_examples(content: Json, components: Json) -> None:
    for media in content.values():
        put_example(media, components)


def _secure(operation: Json, opt: dict[str, Any]) -> None:
    operation.pop("deprecated", None)
    if scope := opt.get("scope"):
        operation["security"] = [{"key": []}]
        needs = f"Needs a key with the scope `{scope}`."
        operation["description"] = "\n\n".join(filter(None, (operation.get("description"), needs)))


def _describe_successes(operation: Json, components: Json) -> None:
    successes = {status: answer for status, answer in operation["responses"].items() if status < "400"}
    for status, answer in successes.items():
        if answer["description"] == HTTPStatus(int(status)).description:  # Litestar's filler
            answer["description"] = HTTPStatus(int(status)).phrase
        answer["headers"] = _headers("request-id", "version")
        if any(media["schema"].get("contentEncoding") == "base64" for media in answer.get("content", {}).values()):
            del answer["content"]  # bytes are sent as they are, not as JSON
        _put_examples(answer.get("content", {}), components)
    operation["responses"] = successes


def _declare_errors(operation: Json, own: Iterable[type[AppError]]) -> None:
    parameters = operation.get("parameters", ())
    shape = Shape(
        parameters=bool(parameters),
        path=any(parameter["in"] == "path" for parameter in parameters),
        body="requestBody" in operation,
        key="security" in operation,
    )
    by_status: dict[int, list[type[AppError]]] = {}
    for error in dict.fromkeys([*shape.errors(), *own]):
        by_status.setdefault(error.status, []).append(error)
    for status, errors in sorted(by_status.items()):
        alone = len(errors) == 1 and errors[0] in COMMON
        response = {"$ref": f"#/components/responses/{errors[0].__name__}"} if alone else _refusal(errors)
        operation["responses"][str(status)] = response


def _refusal(errors: Iterable[type[AppError]]) -> Json:
    """One response for the errors of a status, with an example of each."""
    examples = {error.code: {"value": _problem(error)} for error in errors}
    names = [
        "request-id",
        "version",
        *(["retry-after"] if any(hasattr(error, "retry_after") for error in errors) else []),
    ]
    return {
        "description": " Or: ".join(error().message for error in errors).replace("<", r"\<"),  # it is Markdown
        "headers": _headers(*names),
        "content": {"application/json": {"schema": {"$ref": REF.format(name="Problem")}, "examples": examples}},
    }


def _problem(error: type[AppError]) -> Json:
    faults = [FieldError(field="user_email", message="Invalid email address")] if error is Invalid else []
    return {
        "message": error().message,
        "statusCode": error.status,
        "type": error.type,
        "code": error.code,
        "details": msgspec.to_builtins(faults),
        "data": {"endpoint": "/api/csat/v1/products"},
        "subcode": None,
        "traceId": BY_FORMAT["uuid"],
    }


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _name_operations(document: Json, handlers: dict[tuple[str, str], HTTPRouteHandler]) -> None:
    """By the handler's name, if no other operation has it: `listProducts` for list_products, not the path spelt out."""
    names = [handlers[path, method].handler_name for path, method, _ in operations(document)]
    for (path, method, operation), name in zip(operations(document), names, strict=True):
        if names.count(name) == 1 and not handlers[path, method].operation_id:
            first, *rest = name.split("_")
            operation["operationId"] = first + "".join(word.title() for word in rest)


def _nodes(value: Any) -> Iterator[Json]:
    """Every object within a JSON value, outermost first."""
    if isinstance(value, dict):
        yield value
        for inner in list(value.values()):
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)
