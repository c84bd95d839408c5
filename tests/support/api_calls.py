"""The calls of the OpenAPI document with its examples, as both clients take them."""

from typing import Any

from msgspec import Struct

from voxpop.web.openapi.examples import EXAMPLE_OF_FORMAT
from voxpop.web.openapi.walk import operations

SCOPES = ("ingest", "read", "manage")
# Nothing has the id of an example, and what is used cannot be deleted.
UNKNOWN = "NOT_FOUND"
REFUSED = {"deleteProduct": "PRODUCT_IN_USE", "deleteFeature": "FEATURE_IN_USE", "submitAnswer": UNKNOWN}
REFUSED |= {"requestSurvey": UNKNOWN}  # it names a campaign


class ExampleCall(Struct, frozen=True):
    """A call with example values: of its path in order, of its query or body by name, or a body that is no object."""

    name: str
    segments: list[str]
    query: dict[str, Any]
    body: Any
    outcome: str

    @property
    def python_name(self) -> str:
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in self.name)


def example_calls(document: dict[str, Any]) -> list[ExampleCall]:
    """Every call that needs a key with a scope of programs, in an order that creates things before they are used."""
    found = [
        (method == "delete", _example_call(operation))
        for _, method, operation in operations(document)
        if any(f"with the scope `{scope}`" in operation.get("description", "") for scope in SCOPES)
    ]
    return [call for _, call in sorted(found, key=lambda each: each[0])]


def _example_call(operation: dict[str, Any]) -> ExampleCall:
    segments = [*_examples(operation, "path").values()]
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    refused = UNKNOWN if EXAMPLE_OF_FORMAT["uuid"] in segments else ""
    name = operation["operationId"]
    query = _examples(operation, "query")
    return ExampleCall(name, segments, query, media.get("example"), REFUSED.get(name, refused))


def _examples(operation: dict[str, Any], where: str) -> dict[str, Any]:
    return {one["name"]: one["example"] for one in operation.get("parameters", ()) if one["in"] == where}
