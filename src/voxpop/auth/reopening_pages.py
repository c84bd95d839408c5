"""Addresses that only take forms lead back to their pages when they are opened, for example after a refused form."""

import re
from collections.abc import Iterable, Mapping

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler

from voxpop.auth.dependencies import PageRequest
from voxpop.auth.guards import public
from voxpop.web.pages import redirect

# Forms whose page is not above them: /inbox/{ref}/reply leads to /inbox/{ref}, as its path says.
PAGE_OF_FORM = {
    "/logout": "/login",
    "/settings/password": "/settings/profile",
    "/settings/preferences": "/settings/profile",
}


def reopening_route(handlers: Iterable[BaseRouteHandler]) -> HTTPRouteHandler:
    """A route that redirects from each address that has a form's POST and no GET, to the page of the form."""
    forms = _pages_of_forms([each for each in handlers if isinstance(each, HTTPRouteHandler) and "page" in each.opt])
    pages = {_without_types(path): page for path, page in forms.items()}

    @get(list(forms), opt=public(), include_in_schema=False, sync_to_thread=False)
    def reopen(request: PageRequest) -> Response[bytes]:
        template = pages[request.scope["path_template"]]
        path, query = request.scope["raw_path"].decode(), request.scope["query_string"].decode("latin-1")
        parts = zip(template.split("/"), path.split("/"), strict=False)
        page = "/".join(sent if part.startswith("{") else part for part, sent in parts)
        return redirect(f"{page}?{query}" if query else page)

    return reopen


def _pages_of_forms(handlers: Iterable[HTTPRouteHandler]) -> Mapping[str, str]:
    """The path of each form's page by the form's own path, with the types of path parameters."""
    opened, sent = set[str](), set[str]()
    for handler in handlers:
        (opened if "GET" in handler.http_methods else sent).update(handler.paths)
    return {path: PAGE_OF_FORM.get(path) or _nearest_above(path, opened) for path in sorted(sent - opened)}


def _nearest_above(path: str, pages: set[str]) -> str:
    while path and path not in pages:
        path = path.rpartition("/")[0]
    return path or "/"


def _without_types(path: str) -> str:
    return re.sub(r":\w+\}", "}", path)
