"""OpenAPI documents and their pages, with a small app made for these tests."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import msgspec
import pytest
from litestar import Litestar, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from voxpop.features.errors import FeatureAlreadyExists, ProductAlreadyExists
from voxpop.types import Email, Instant, Key, Scope
from voxpop.web.openapi.docs import ApiDocs
from voxpop.web.openapi.examples import without_examples
from voxpop.web.openapi.sections import ApiSection
from voxpop.web.openapi.walk import operations

API = ApiSection("/api/thing/v1", "Things")


class NewThing(Struct, forbid_unknown_fields=True):
    key: Annotated[Key, Meta(examples=["my-app"])]
    owner: Annotated[Email, Meta(examples=["ann@example.com"])]
    tags: list[Annotated[str, Meta(min_length=1, examples=["new"])]] = []
    size: Annotated[float, Meta(ge=1, multiple_of=1, examples=[3])] = 1


class Thing(Struct):
    key: Annotated[Key, Meta(examples=["my-app"])]
    done: bool
    created_at: Instant


class Bare(Struct):
    inner: Thing
    name: str


@post(
    "/api/thing/v1/things",
    opt={"scope": Scope.MANAGE, "errors": (ProductAlreadyExists, FeatureAlreadyExists)},
    tags=["Things"],
    description='A description with </script><script>document.title = "broken"</script> in it.',
)
async def make_thing(data: JSONBody[NewThing]) -> Thing:
    raise NotImplementedError


@get("/api/thing/v1/things/{key:str}", opt={"scope": Scope.READ}, tags=["Things"])
async def get_thing(key: FromPath[Annotated[Key, Meta(examples=["my-app"])]]) -> Thing:
    raise NotImplementedError


@get("/api/other/v1/bare", tags=["Other"])
async def get_bare(limit: FromQuery[Annotated[int, Meta(ge=1, le=100)]] = 50) -> Bare:
    raise NotImplementedError


@get("/alive", tags=["Other"], sync_to_thread=False)
def alive() -> Response[bytes]:
    return Response(b"")


@pytest.fixture
def app() -> Litestar:
    return Litestar([make_thing, get_thing, get_bare, alive], plugins=[ApiDocs([API])])


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


@pytest.fixture
async def document(client: httpx.AsyncClient) -> dict[str, Any]:
    response = await client.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    return response.json()


def references(value: Any) -> set[str]:
    return set(re.findall(r'"\$ref":"([^"]*)"', msgspec.json.encode(value).decode()))


async def test_a_section_has_its_own_document_and_two_pages(client: httpx.AsyncClient) -> None:  # C11
    section = (await client.get("/openapi/api/thing/v1/openapi.json")).json()
    assert section["openapi"].startswith("3.1")
    assert section["info"]["title"] == "Things · Voxpop"
    assert list(section["paths"]) == ["/api/thing/v1/things", "/api/thing/v1/things/{key}"]
    for page in ("/openapi/api/thing/v1", "/api/thing/v1/reference"):
        assert 'data-document="/openapi/api/thing/v1/openapi.json"' in (await client.get(page)).text


async def test_a_section_has_only_the_components_it_references(
    client: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    section = (await client.get("/openapi/api/thing/v1/openapi.json")).json()
    assert {"Bare", "Thing"} <= document["components"]["schemas"].keys()
    assert "Bare" not in section["components"]["schemas"]
    for whole in (document, section):
        kept = {f"#/components/{kind}/{name}" for kind, named in whole["components"].items() for name in named}
        assert references(whole) <= kept
    securities = {f"#/components/securitySchemes/{name}" for name in ("key", "publishable_key")}
    assert {f"#/components/{kind}/{name}" for kind, named in section["components"].items() for name in named} == (
        references(section) | securities
    )


async def test_schemas_have_the_bounds_that_are_validated(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["NewThing"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["tags"]["items"]["minLength"] == 1
    assert schema["properties"]["tags"]["default"] == []
    limit = document["paths"]["/api/other/v1/bare"]["get"]["parameters"][0]
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
    assert schema["properties"]["size"]["type"] == "integer"


async def test_patterns_are_valid_in_javascript(document: dict[str, Any]) -> None:
    patterns = re.findall(r'"pattern":"([^"]*)"', msgspec.json.encode(document).decode())
    assert patterns
    assert [pattern for pattern in patterns if pattern.endswith("Z")] == []


async def test_standard_errors_follow_from_parameters_body_and_key(document: dict[str, Any]) -> None:  # G2
    statuses = {path: sorted(item["responses"]) for path, _, item in operations(document)}
    assert statuses == {
        "/api/thing/v1/things": ["201", "400", "401", "403", "409", "413", "415", "500", "503"],
        "/api/thing/v1/things/{key}": ["200", "400", "401", "403", "404", "500", "503"],
        "/api/other/v1/bare": ["200", "400", "500", "503"],
        "/alive": ["200", "500", "503"],
    }


async def test_every_error_response_has_the_envelope_and_an_example(document: dict[str, Any]) -> None:  # G2
    taken = document["paths"]["/api/thing/v1/things"]["post"]["responses"]["409"]
    for response in [taken, *document["components"]["responses"].values()]:
        content = response["content"]["application/json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        for code, example in content["examples"].items():
            assert example["value"].keys() == document["components"]["schemas"]["Problem"]["properties"].keys()
            assert example["value"]["code"] == code
    assert set(taken["content"]["application/json"]["examples"]) == {"PRODUCT_ALREADY_EXISTS", "FEATURE_ALREADY_EXISTS"}


async def test_only_operations_with_a_scope_need_a_key(document: dict[str, Any]) -> None:  # C9, G1
    secured = {item["operationId"]: item.get("security") for _, _, item in operations(document)}
    assert secured == {"makeThing": [{"key": []}], "getThing": [{"key": []}], "getBare": None, "alive": None}
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert "`manage`" in document["paths"]["/api/thing/v1/things"]["post"]["description"]


async def test_every_response_documents_its_headers(document: dict[str, Any]) -> None:  # C8
    responses = [response for _, _, item in operations(document) for response in item["responses"].values()]
    for response in [*responses, *document["components"]["responses"].values()]:
        assert "$ref" in response or {"request-id", "version"} <= response["headers"].keys()


async def test_examples_are_built_from_fields_and_fit_their_type(document: dict[str, Any]) -> None:
    post = document["paths"]["/api/thing/v1/things"]["post"]
    body = post["requestBody"]["content"]["application/json"]["example"]
    assert body == {"key": "my-app", "owner": "ann@example.com", "tags": ["new"], "size": 3}
    msgspec.convert(body, NewThing)
    msgspec.convert(post["responses"]["201"]["content"]["application/json"]["example"], Thing)
    assert document["paths"]["/api/thing/v1/things/{key}"]["get"]["parameters"][0]["example"] == "my-app"


async def test_a_response_of_bytes_is_not_documented_as_json(document: dict[str, Any]) -> None:  # C10
    assert "content" not in document["paths"]["/alive"]["get"]["responses"]["200"]


async def test_a_field_without_an_example_is_reported(document: dict[str, Any]) -> None:
    assert without_examples(document) == ["GET /api/other/v1/bare: Bare.name"]


@pytest.mark.parametrize("path", ["/docs", "/reference", "/openapi/api/thing/v1", "/api/thing/v1/reference"])
async def test_pages_embed_no_script_and_no_text_of_the_document(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.headers["content-type"].startswith("text/html")
    assert re.findall(r"<script[^>]*>(?!</script>)", response.text) == []
    assert "broken" not in response.text
    assert re.findall(r'(?:src|href)="(?!/)', response.text) == []
    policy = response.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "connect-src 'self'" in policy


async def test_documentation_routes_are_not_in_the_document(app: Litestar, document: dict[str, Any]) -> None:
    assert not [path for path in document["paths"] if not path.startswith("/api/") and path != "/alive"]
    assert not [route.path for route in app.routes if "schema" in route.path or "{path" in route.path]
