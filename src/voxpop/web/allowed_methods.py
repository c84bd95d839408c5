"""The methods of an address, as responses to OPTIONS and 405s name them (RFC 9110)."""

from collections.abc import Iterable
from typing import Any

from litestar import MediaType, Response
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.routes import HTTPRoute

from voxpop.web.pages import ResponseOverride


def allow_header(methods: Iterable[str]) -> dict[str, str]:
    """The header. HEAD is served wherever GET is."""
    known = set(methods)
    return {"allow": ", ".join(sorted(known | {"HEAD"} if "GET" in known else known))}


async def answer_options(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard that answers OPTIONS. The framework's handlers name the methods of one handler of the address only."""
    if dict(connection.scope).get("method") != "OPTIONS":
        return
    template = connection.scope["path_template"]
    routes = (route for route in connection.app.routes if isinstance(route, HTTPRoute))
    methods = {method for route in routes if route.path_format == template for method in route.methods}
    raise ResponseOverride(Response(b"", status_code=204, headers=allow_header(methods), media_type=MediaType.TEXT))
