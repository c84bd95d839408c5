"""The guide: the documentation of the product, open to everyone, with a search."""

from pathlib import PurePosixPath
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from voxpop.errors import NotFound
from voxpop.i18n import choose_locale
from voxpop.web.guide.documents import GUIDE, documents, search
from voxpop.web.pages import page

MAX_QUERY = 200  # characters; the rest is ignored
TEMPLATE = "web/guide.html"


@get(GUIDE, include_in_schema=False, sync_to_thread=True)
def show_guide(request: Request[None, None, State]) -> Response[str]:
    """The list of documents, or what a search finds."""
    query = request.query_params.get("q", "").strip()[:MAX_QUERY]
    return _show(request, query=query, hits=search(query))


@get(GUIDE + "/{document:path}", include_in_schema=False, sync_to_thread=True)
def show_document(request: Request[None, None, State], document: FromPath[PurePosixPath]) -> Response[str]:
    """One document."""
    found = documents().get(str(document).strip("/"))
    if found is None:
        raise NotFound
    return _show(request, document=found)


def _show(request: Request[None, None, State], **context: Any) -> Response[str]:
    locale = choose_locale(request.headers.get("accept-language"))
    empty: dict[str, Any] = {"document": None, "query": "", "hits": []}
    return page(TEMPLATE, locale=locale, documents=list(documents().values()), **(empty | context))


ROUTES = [show_guide, show_document]
