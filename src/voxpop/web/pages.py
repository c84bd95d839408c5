"""Pages: templates, the answer every page is sent in, the start page and the page for errors. Knows no domain."""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler

from voxpop.errors import AppError
from voxpop.web import static
from voxpop.web.openapi import Part

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}
TITLES = {
    400: "That didn’t fit",
    401: "Please sign in",
    403: "Not for you",
    404: "Page not found",
    405: "Not like that",
    503: "Just a moment",
}


class PageSettings(Protocol):
    """What pages need to know of the settings."""

    @property
    def public_url(self) -> str:
        """Where people reach this server, without a slash at the end."""


def page(template: str, /, *, status: int = 200, policy: dict[str, str] | None = None, **context: Any) -> Response[str]:
    """A page from a template. `policy` replaces or adds parts of its Content-Security-Policy."""
    return Response(
        render(template, **context),
        status_code=status,
        media_type=MediaType.HTML,
        headers={
            "content-security-policy": "; ".join(
                f"{part} {value}" for part, value in (POLICY | (policy or {})).items()
            ),
            "referrer-policy": "strict-origin-when-cross-origin",
            "x-content-type-options": "nosniff",
            "cache-control": "no-cache",
        },
    )


def error_page(error: AppError, trace: str) -> Response[str]:
    """What a person sees instead of the envelope; `trace` is what he names when he reports it."""
    title = TITLES.get(error.status, "Something went wrong")
    return page("web/error.html", status=error.status, title=title, error=error, trace=trace)


def render(template: str, /, **context: Any) -> str:
    """A template's text: for pages, and for fragments of them."""
    return _environment().get_template(template).render(context)


def routes(settings: PageSettings, parts: Sequence[Part] = ()) -> list[HTTPRouteHandler]:
    """The start page, which links to the parts' documentation, the icon and the static files: open to everybody."""

    @get("/", include_in_schema=False, sync_to_thread=False)
    def start() -> Response[str]:
        return page("web/start.html", url=settings.public_url, parts=parts)

    @get("/favicon.ico", include_in_schema=False, sync_to_thread=False)
    def icon() -> Response[bytes]:
        return Response((static.ROOT / "favicon.svg").read_bytes(), media_type="image/svg+xml")

    return [start, icon, static.static_file]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"static": static.address, "version": version("voxpop")}
    return environment
