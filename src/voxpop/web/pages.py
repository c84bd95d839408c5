"""Pages: templates, the answer every page is sent in, the start page and the page for errors. Knows no domain."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler

from voxpop.errors import AppError
from voxpop.i18n import ENGLISH, N_, catalogue, translate
from voxpop.web import static
from voxpop.web.i18n import speak
from voxpop.web.linkify import linked
from voxpop.web.openapi.document import ApiSection

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}
TITLES = {
    400: N_("That didn’t fit"),
    401: N_("Please sign in"),
    403: N_("Not for you"),
    404: N_("Page not found"),
    405: N_("Not like that"),
    429: N_("A little slower, please"),
    503: N_("Just a moment"),
}
# What a person reads where the error itself says nothing in his language.
LEADS = {
    400: N_("Something in what you sent can’t be used. Go back and check it."),
    403: N_("You may not open this page or do this. Somebody with another role can."),
    404: N_("There is nothing at this address."),
    409: N_("That is at odds with what is stored. Load the page again."),
    429: N_("That was too often in a short time. Wait a few minutes and try again."),
    503: N_("The service is busy. Try again in a moment."),
}
LONGEST_PATH = 8000
PORTAL = "/tickets/"  # below it are the pages of customers, who know nothing of this product
ANONYMOUS_LAYOUT = {"workspace": None, "member": None, "customer": None}
SLASHED = ("//", "/\\")  # what browsers take for another host


class PageSettings(Protocol):
    """What pages need to know of the settings."""

    @property
    def public_url(self) -> str:
        """Where people reach this server, without a slash at the end."""


class ResponseOverride(Exception):
    """Rolls the request back and sends this response instead: a form with its errors, or a redirect."""

    def __init__(self, response: Response[Any]) -> None:
        super().__init__()
        self.response = response


def redirect(path: str) -> Response[Any]:
    """303: go on there with a GET. Never to another host."""
    return Response(b"", status_code=303, headers={"location": local_path(path) or "/"}, media_type=MediaType.TEXT)


def local_path(text: str | None) -> str | None:
    """The text if it is a path of this host; else None, so that no link leads away from here."""
    if text is None or not text.startswith("/") or text.startswith(SLASHED):
        return None
    return text if text.isascii() and text.isprintable() and "\\" not in text and len(text) <= LONGEST_PATH else None


def page(
    template: str,
    /,
    *,
    status: int = 200,
    policy: dict[str, str] | None = None,
    locale: str = ENGLISH,
    **context: Any,
) -> Response[str]:
    """A page from a template. `policy` replaces or adds parts of its Content-Security-Policy."""
    return Response(
        render(template, locale, **context),
        status_code=status,
        media_type=MediaType.HTML,
        headers={
            "content-security-policy": "; ".join(
                f"{part} {value}" for part, value in (POLICY | (policy or {})).items()
            ),
            "referrer-policy": "strict-origin-when-cross-origin",
            "cache-control": "no-cache",
        },
    )


def error_page(
    error: AppError, trace: str, locale: str = ENGLISH, path: str = "/", layout_context: Mapping[str, Any] | None = None
) -> Response[str]:
    """The error envelope as a page; a user quotes `trace` to report the error.

    `layout_context`: the workspace and the signed-in user, if authentication came that far.
    """
    title = TITLES.get(error.status, N_("Something went wrong"))
    return page(
        "web/error.html",
        status=error.status,
        locale=locale,
        title=title,
        lead=_lead(error, locale),
        code=error.status,
        trace=trace,
        is_portal=f"{path}/".startswith(PORTAL),
        **(layout_context or ANONYMOUS_LAYOUT),
    )


def _lead(error: AppError, locale: str) -> str:
    """The error's own words, never taken for a pattern; where nobody has translated them, what its status says."""
    known = catalogue(locale)
    if locale == ENGLISH or error.message in known:
        return translate(locale, error.message) if error.message in known else error.message
    return translate(locale, LEADS[error.status]) if error.status in LEADS else ""


def render(template: str, locale: str = ENGLISH, /, **context: Any) -> str:
    """A template's text: for pages, and for fragments of them."""
    return _environment(locale).get_template(template).render(context)


def routes(settings: PageSettings, parts: Sequence[ApiSection] = ()) -> list[HTTPRouteHandler]:
    """The start page, which links to the parts' documentation, the icon and the static files: open to everybody."""

    @get("/", include_in_schema=False, sync_to_thread=False)
    def start() -> Response[str]:
        return page("web/start.html", url=settings.public_url, parts=parts)

    @get("/favicon.ico", include_in_schema=False, sync_to_thread=False)
    def icon() -> Response[bytes]:
        return Response((static.ROOT / "favicon.svg").read_bytes(), media_type="image/svg+xml")

    return [start, icon, static.static_file]


@cache
def _environment(locale: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"static": static.address, "version": version("voxpop")}
    environment.filters["linked"] = linked
    speak(environment, locale)
    return environment
