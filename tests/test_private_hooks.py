"""One contract test for each undocumented hook of Litestar and uvicorn that the product uses, named after the hook.

An upgrade that changes a hook fails here, with a plain message, before anything else does.
"""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, ClassVar

import httpx
import msgspec
import pytest
import uvicorn
from litestar import Litestar, Request, Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, MethodNotAllowedException
from litestar.handlers.base import BaseRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Schema
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.plugins import OpenAPISchemaPlugin
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from voxpop.web.error_handlers import CLIENT_DISCONNECTED

Connection = ASGIConnection[Any, Any, Any, Any]


class Body(msgspec.Struct):
    number: int


@post("/bodies", status_code=200)
async def take_body(data: JSONBody[Body], injected: NamedDependency[int], page: FromQuery[int] = 1) -> int:
    return data.number + injected + page


@get("/items/{item:str}", sync_to_thread=False)
def get_item(item: FromPath[str]) -> str:
    return item


DEPENDENCIES = {"injected": Provide(lambda: 10, sync_to_thread=False)}


def client_of(app: Litestar) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_litestar_connection_state_json_replaces_the_body() -> None:
    def guard(connection: Connection, _: BaseRouteHandler) -> None:
        connection._connection_state.json = {"number": 2}

    async with client_of(
        Litestar([take_body], guards=[guard], dependencies=DEPENDENCIES, openapi_config=None)
    ) as client:
        assert (await client.post("/bodies", json={"number": 1})).json() == 13


def test_litestar_handler_name_is_the_name_of_the_function() -> None:
    app = Litestar([get_item], openapi_config=None)
    (route,) = (route for route in app.routes if isinstance(route, HTTPRoute))
    handler, _ = route.route_handler_map["GET"]
    assert (handler.handler_name, handler.operation_id) == ("get_item", None)


def test_litestar_schema_plugins_get_the_raw_annotations() -> None:
    class Recorder(OpenAPISchemaPlugin):
        raw: ClassVar[list[Any]] = []

        def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
            return True

        def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: object) -> Schema:
            self.raw.append(field_definition.raw)
            return Schema(const="placeholder")

    config = OpenAPIConfig(title="Test", version="1", render_plugins=[JsonRenderPlugin()])
    app = Litestar([take_body], plugins=[Recorder()], openapi_config=config, dependencies=DEPENDENCIES)
    assert "placeholder" in str(app.openapi_schema.to_schema())
    assert Body in [getattr(raw, "__origin__", raw) for raw in Recorder.raw]


async def test_litestar_parsed_fn_signature_describes_the_parameters() -> None:
    found: dict[str, Any] = {}

    def guard(_: Connection, handler: BaseRouteHandler) -> None:
        found.update(handler.parsed_fn_signature.parameters)

    app = Litestar([take_body], guards=[guard], dependencies=DEPENDENCIES, openapi_config=None)
    async with client_of(app) as client:
        await client.post("/bodies", json={"number": 1})
    assert found["data"].annotation is Body
    assert [name for name, field in found.items() if isinstance(field.kwarg_definition, QueryParameter)] == ["page"]
    assert msgspec.convert("3", found["page"].raw, strict=False) == 3
    assert (found["page"].is_required, found["page"].is_non_string_sequence) == (False, False)


async def test_litestar_scope_path_template_is_the_route() -> None:
    app = Litestar([get_item], openapi_config=None)
    scopes: list[Any] = []

    async def recording(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await app(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(recording), base_url="http://test") as client:
        assert (await client.get("/items/1")).text == "1"
    assert scopes[0]["path_template"] == "/items/{item}"


async def test_litestar_exception_detail_names_a_disconnect() -> None:
    seen: list[Exception] = []

    def handle(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
        seen.append(error)
        return Response("", status_code=400)

    handlers = {Exception: handle}
    app = Litestar([take_body], exception_handlers=handlers, dependencies=DEPENDENCIES, openapi_config=None)
    scope = {"type": "http", "method": "POST", "path": "/bodies", "raw_path": b"/bodies", "query_string": b""}
    messages = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(_: Any) -> None: ...

    await app({**scope, "headers": [(b"content-type", b"application/json")]}, receive, send)  # type: ignore[typeddict-item]
    assert isinstance(seen[0], HTTPException)
    assert seen[0].detail == CLIENT_DISCONNECTED


async def test_litestar_method_not_allowed_has_an_allow_header() -> None:
    seen: list[Any] = []

    def handle(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
        seen.append(error)
        return Response("", status_code=405)

    async with client_of(Litestar([get_item], exception_handlers={Exception: handle}, openapi_config=None)) as client:
        await client.delete("/items/1")
    assert isinstance(seen[0], MethodNotAllowedException)
    assert {name.lower(): value for name, value in (seen[0].headers or {}).items()}["allow"] == "GET, OPTIONS"


def test_litestar_route_handler_map_has_the_handlers_by_method() -> None:
    app = Litestar([get_item], openapi_config=None)
    (route,) = [
        route for route in app.routes if isinstance(route, HTTPRoute) and route.path_format.startswith("/items")
    ]
    assert (route.path_format, route.route_handler_map["GET"][0].handler_name) == ("/items/{item}", "get_item")


def test_litestar_openapi_router_register_adds_its_pages() -> None:
    registered: list[Any] = []

    class Recorder(Router):
        def register(self, value: Any) -> Any:
            registered.append(value)
            return []

    config = OpenAPIConfig(
        "x", "1", render_plugins=[JsonRenderPlugin()], openapi_router=Recorder("/", route_handlers=[])
    )
    app = Litestar([get_item], openapi_config=config)
    assert registered
    assert not [route for route in app.routes if "openapi" in route.path or "schema" in route.path]


async def empty_response(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


class RecordingProtocol(HttpToolsProtocol):
    calls: ClassVar[list[str]] = []

    def data_received(self, data: bytes) -> None:
        self.calls.append("data_received")
        super().data_received(data)

    def on_message_begin(self) -> None:
        self.calls.append("on_message_begin")
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.calls.append("on_headers_complete")
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self.calls.append("send_400_response")
        self.transport.write(STATUS_LINE[400] + b"\r\n")
        self.transport.close()


class RecordingServer(uvicorn.Server):
    def __init__(self, app: Any, protocol: Any = HttpToolsProtocol) -> None:
        super().__init__(uvicorn.Config(app, http=protocol, ws="none", lifespan="off", log_config=None))
        self.calls: list[str] = []
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.calls.append("startup")
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.calls.append("shutdown")
        await super().shutdown(sockets)


@asynccontextmanager
async def serving(server: RecordingServer) -> AsyncIterator[int]:
    """The port on which the server listens inside the block."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as bound:
        bound.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve([bound]))
        await server.ready.wait()
        yield bound.getsockname()[1]
        server.should_exit = True
        await task


async def exchange(port: int, request: bytes) -> bytes:
    """Sends the bytes; everything that comes back until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    received = await reader.read()
    writer.close()
    return received


REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


@pytest.fixture(autouse=True)
def no_calls() -> None:
    RecordingProtocol.calls = []


async def test_uvicorn_httptools_protocol_reports_the_head_of_a_request() -> None:
    async with serving(RecordingServer(empty_response, RecordingProtocol)) as port:
        assert (await exchange(port, REQUEST)).startswith(b"HTTP/1.1 204")
    assert RecordingProtocol.calls == ["data_received", "on_message_begin", "on_headers_complete"]


async def test_uvicorn_httptools_protocol_send_400_response_rejects_a_malformed_request() -> None:
    async with serving(RecordingServer(empty_response, RecordingProtocol)) as port:
        assert (await exchange(port, b"no request\r\n\r\n")).startswith(b"HTTP/1.1 400")
    assert RecordingProtocol.calls[-1] == "send_400_response"


async def test_uvicorn_server_startup_and_shutdown_surround_serving() -> None:
    server = RecordingServer(empty_response)
    async with serving(server) as port:
        await exchange(port, REQUEST)
        assert server.calls == ["startup"]
    assert server.calls == ["startup", "shutdown"]


def test_uvicorn_server_handle_exit_sets_should_exit_then_force_exit() -> None:
    server = RecordingServer(empty_response)
    server.handle_exit(signal.SIGINT, None)
    assert (server.should_exit, server.force_exit) == (True, False)
    server.handle_exit(signal.SIGINT, None)
    assert server.force_exit


async def test_uvicorn_server_state_tasks_holds_the_running_requests() -> None:
    started, finish = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        started.set()
        await finish.wait()
        await empty_response(scope, receive, send)

    server = RecordingServer(slow)
    async with serving(server) as port:
        response = asyncio.create_task(exchange(port, REQUEST))
        await started.wait()
        assert len(server.server_state.tasks) == 1
        finish.set()
        assert (await response).startswith(b"HTTP/1.1 204")


async def test_uvicorn_server_force_exit_ends_the_wait_for_running_requests() -> None:
    started = asyncio.Event()

    async def hang(_scope: Any, _receive: Any, _send: Any) -> None:
        started.set()
        await asyncio.Event().wait()

    server = RecordingServer(hang)
    async with asyncio.timeout(20), serving(server) as port:
        response = asyncio.create_task(exchange(port, REQUEST))
        await started.wait()
        (running,) = server.server_state.tasks
        server.force_exit = True
    assert not running.done()  # `shutdown` leaves it to the override
    running.cancel()
    assert (await response).startswith(b"HTTP/1.1 500")


async def test_uvicorn_server_capture_signals_surrounds_serving() -> None:
    """`serve` enters it, so an override can keep signals from being raised again after shutdown."""
    entered: list[str] = []

    class Capturing(RecordingServer):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            entered.append("enter")
            yield
            entered.append("exit")

    async with serving(Capturing(empty_response)):
        assert entered == ["enter"]
    assert entered == ["enter", "exit"]
