"""The API's documentation: the OpenAPI documents and, for each, a Swagger and a Scalar page from local files.

One plugin is all an app needs: `Litestar(..., plugins=[Docs([Part("/api/csat/v1", "Voxpop: product features")])])`. The
whole document is at /openapi.json with pages at /docs and /reference; a part's is at /openapi<prefix>/openapi.json with
pages at /openapi<prefix> and <prefix>/reference. What handlers say about themselves is told in web/openapi/document.py.
Documents are made when first asked for, then kept as bytes. A page takes its document by address and holds none of it,
so nothing in a description can become a script.
"""

from importlib.metadata import version

import msgspec
from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.plugins import InitPlugin
from litestar.routes import BaseRoute, HTTPRoute

from voxpop.web.openapi.document import ApiSection, SchemaPlugin, finish, part_of
from voxpop.web.openapi.examples import Json
from voxpop.web.pages import page

WHOLE = ApiSection("", "Voxpop")
DESCRIPTION = """Asks customers at the right moment, keeps every answer once, and shows what changed.

Every request but the open ones carries an API key: `Authorization: Bearer <key>`.
Errors of every kind come in one envelope, `Problem`; decide by its `code`, show its `message`."""

# Both tools put their styles into the page, and load nothing from elsewhere.
POLICY = {
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
}


class Docs(SchemaPlugin, InitPlugin):
    """Adds the documents and their pages to an app. One instance serves one app."""

    def __init__(self, parts: list[ApiSection]) -> None:
        super().__init__()
        self.parts = parts
        self.made: dict[str, bytes] = {}

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        app_config.openapi_config = OpenAPIConfig(
            title=WHOLE.title,
            version=version("voxpop"),
            description=DESCRIPTION,
            use_handler_docstrings=True,
            render_plugins=[JsonRenderPlugin()],
            openapi_router=_NoPages("/", route_handlers=[]),
        )
        for each in [WHOLE, *self.parts]:
            app_config.route_handlers += self._handlers(each)
        return app_config

    def _handlers(self, one: ApiSection) -> list[HTTPRouteHandler]:
        @get(one.document, include_in_schema=False, sync_to_thread=False)
        def json(request: Request[None, None, State]) -> Response[bytes]:
            return Response(self._bytes(request.app, one), media_type=MediaType.JSON)

        @get(one.swagger, include_in_schema=False, sync_to_thread=False)
        def swagger_page() -> Response[str]:
            return page("web/swagger.html", policy=POLICY, part=one)

        @get(one.scalar, include_in_schema=False, sync_to_thread=False)
        def scalar_page() -> Response[str]:
            return page("web/scalar.html", policy=POLICY, part=one)

        return [json, swagger_page, scalar_page]

    def _bytes(self, app: Litestar, one: ApiSection) -> bytes:
        if not self.made:
            document = self.document(app)
            every = {"": document} | {each.prefix: part_of(document, each) for each in self.parts}
            self.made = {prefix: msgspec.json.encode(each) for prefix, each in every.items()}
        return self.made[one.prefix]

    def document(self, app: Litestar) -> Json:
        """The whole document of an app, made anew."""
        self.types.clear()
        document = app.openapi_schema.to_schema()
        self.resolve(document)
        return finish(document, _handlers_of(app))


def _handlers_of(app: Litestar) -> dict[tuple[str, str], HTTPRouteHandler]:
    return {
        (route.path_format, method.lower()): handler
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
    }


class _NoPages(Router):
    """Litestar adds pages of its own to the router it is given; the product's are routes like any other."""

    def register(self, value: object) -> list[BaseRoute]:
        return []
