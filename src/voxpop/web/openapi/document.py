"""Completes the OpenAPI document that Litestar generates from the routes. Knows no domain.

A handler describes itself with Litestar's own means:

- `summary`, `description`, `tags`;
- `opt={"scope": Scope.READ}`: it needs a key with that scope; without one the operation is public;
- `opt={"widget": True}`: it needs a publishable key;
- `opt={"errors": (FeatureInUse,)}`: errors of its own, besides the standard ones (`error_responses.py`).

Examples of requests and responses are built from the examples of fields (`examples.py`).
"""

from http import HTTPStatus
from typing import Any

from litestar.handlers import HTTPRouteHandler

from voxpop.web.openapi.error_responses import (
    HEADERS,
    STANDARD_ERRORS,
    declare_errors,
    error_response,
    header_refs,
)
from voxpop.web.openapi.examples import put_example
from voxpop.web.openapi.walk import Json, operations

# The kinds of keys, by the names of their security schemes.
KEYS = {
    "key": "An API key: `vxp_…`. It is a secret, so no page of another origin may send it",
    "publishable_key": "A publishable key of the widget: `pk_…`. It works on the pages of its origins only",
}

Handlers = dict[tuple[str, str], HTTPRouteHandler]


def complete_document(document: Json, handlers: Handlers) -> Json:
    """Completes the document in place. `handlers` are by path and by method in lower case, as in the document."""
    components = document["components"]
    components["securitySchemes"] = {
        name: {"type": "http", "scheme": "bearer", "description": text} for name, text in KEYS.items()
    }
    components["headers"] = HEADERS
    components["responses"] = {error.__name__: error_response((error,)) for error in STANDARD_ERRORS}
    for path, method, operation in operations(document):
        handler = handlers[path, method]
        _describe_parameters(operation, components)
        _describe_security(operation, handler.opt)
        _describe_successes(operation, components)
        declare_errors(path, operation, handler.opt.get("errors", ()))
        if body := operation.get("requestBody"):
            _put_examples(body["content"], components)
    _name_operations(document, handlers)
    return document


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


def _describe_security(operation: Json, opt: dict[str, Any]) -> None:
    operation.pop("deprecated", None)
    if scope := opt.get("scope"):
        _require(operation, "key", f"Requires an API key with the scope `{scope}`.")
    elif opt.get("widget"):
        _require(operation, "publishable_key", "Requires a publishable key, on a page of one of its origins.")


def _require(operation: Json, key: str, requirement: str) -> None:
    operation["security"] = [{key: []}]
    operation["description"] = "\n\n".join(filter(None, (operation.get("description"), requirement)))


def _describe_successes(operation: Json, components: Json) -> None:
    successes = {status: response for status, response in operation["responses"].items() if status < "400"}
    for status, response in successes.items():
        if response["description"] == HTTPStatus(int(status)).description:  # Litestar's default
            response["description"] = HTTPStatus(int(status)).phrase
        response["headers"] = header_refs("request-id", "version")
        if any(media["schema"].get("contentEncoding") == "base64" for media in response.get("content", {}).values()):
            del response["content"]  # bytes are sent as they are, not as JSON
        _put_examples(response.get("content", {}), components)
    operation["responses"] = successes


def _name_operations(document: Json, handlers: Handlers) -> None:
    """Names an operation after its handler, for example `listProducts`, if no other operation has that name."""
    names = [handlers[path, method].handler_name for path, method, _ in operations(document)]
    for (path, method, operation), name in zip(operations(document), names, strict=True):
        if names.count(name) == 1 and not handlers[path, method].operation_id:
            first, *rest = name.split("_")
            operation["operationId"] = first + "".join(word.title() for word in rest)
