"""The API documentation: OpenAPI documents, each with a Swagger and a Scalar page from local files.

An app needs this one plugin: `Litestar(..., plugins=[ApiDocs([ApiSection("/api/csat/v1", "Product features")])])`.

- The whole document is at /openapi.json, with pages at /docs and /reference.
- A section's document is at /openapi<prefix>/openapi.json, with pages at /openapi<prefix> and <prefix>/reference.

Documents are generated on the first request and kept as bytes. A page loads its document by URL and embeds none of it,
so that no description can become a script.
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

from voxpop.web.openapi.document import Handlers, complete_document
from voxpop.web.openapi.schema_plugin import MsgspecSchemaPlugin
from voxpop.web.openapi.sections import ApiSection, section_document
from voxpop.web.openapi.walk import Json
from voxpop.web.pages import page

WHOLE_API = ApiSection("", "Voxpop")
DESCRIPTION = """Collects customer ratings at the right moment, stores each one exactly once, and shows what changed.

Requests need an API key unless marked public: `Authorization: Bearer <key>`.
Every error has the same body, `Problem`. Programs decide by its `code`; people read its `message`."""

# Both tools add styles to the page, and load nothing from other sites.
CONTENT_SECURITY_POLICY = {
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
}


class ApiDocs(MsgspecSchemaPlugin, InitPlugin):
    """Adds the documents and their pages to an app. One instance serves one app."""

    def __init__(self, sections: list[ApiSection]) -> None:
        super().__init__()
        self.sections = sections
        self._encoded: dict[str, bytes] = {}

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Litestar calls this before it builds the app."""
        app_config.openapi_config = OpenAPIConfig(
            title=WHOLE_API.title,
            version=version("voxpop"),
            description=DESCRIPTION,
            render_plugins=[JsonRenderPlugin()],
            openapi_router=_NoDefaultPages("/", route_handlers=[]),
        )
        for section in [WHOLE_API, *self.sections]:
            app_config.route_handlers += self._handlers(section)
        return app_config

    def document(self, app: Litestar) -> Json:
        """The whole document of an app, generated again."""
        self.types.clear()
        document = app.openapi_schema.to_schema()
        self.resolve(document)
        return complete_document(document, _handlers_of(app))

    def _handlers(self, section: ApiSection) -> list[HTTPRouteHandler]:
        @get(section.document_path, include_in_schema=False, sync_to_thread=False)
        def json(request: Request[None, None, State]) -> Response[bytes]:
            return Response(self._bytes(request.app, section), media_type=MediaType.JSON)

        @get(section.swagger_path, include_in_schema=False, sync_to_thread=False)
        def swagger_page() -> Response[str]:
            return page("web/swagger.html", policy=CONTENT_SECURITY_POLICY, section=section)

        @get(section.scalar_path, include_in_schema=False, sync_to_thread=False)
        def scalar_page() -> Response[str]:
            return page("web/scalar.html", policy=CONTENT_SECURITY_POLICY, section=section)

        return [json, swagger_page, scalar_page]

    def _bytes(self, app: Litestar, section: ApiSection) -> bytes:
        if not self._encoded:
            document = self.document(app)
            documents = {"": document} | {each.prefix: section_document(document, each) for each in self.sections}
            self._encoded = {prefix: msgspec.json.encode(each) for prefix, each in documents.items()}
        return self._encoded[section.prefix]


def _handlers_of(app: Litestar) -> Handlers:
    return {
        (route.path_format, method.lower()): handler
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
    }


class _NoDefaultPages(Router):
    """Litestar registers its own documentation pages with this router, which drops them."""

    def register(self, value: object) -> list[BaseRoute]:
        return []
