"""Pages: rendering of templates, response headers of pages, the start page and error pages. Knows no domain."""

from collections.abc import Mapping
from typing import Any

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler

from voxpop.errors import AppError, NotFound
from voxpop.i18n import ENGLISH, N_, catalogue, translate
from voxpop.web import static
from voxpop.web.templates import template_environment

CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}
ERROR_TITLES = {
    400: N_("Please check your input"),
    401: N_("Please sign in"),
    403: N_("You don’t have access"),
    404: N_("Page not found"),
    405: N_("Method not allowed"),
    409: N_("Your change was not saved"),
    413: N_("Your text is too long"),
    429: N_("Too many requests"),
    503: N_("Temporarily unavailable"),
}
# Shown where the error's own message has no translation.
ERROR_HINTS = {
    400: N_("Go back and check what you entered."),
    403: N_("Ask an admin for access."),
    404: N_("There is nothing at this address."),
    409: N_("Someone changed this in the meantime. Reload and try again."),
    413: N_("Go back and shorten what you entered."),
    429: N_("Wait a few minutes and try again."),
    503: N_("The service is busy. Try again in a moment."),
}
MAX_PATH_LENGTH = 8000
PORTAL_PREFIX = "/tickets/"
CUSTOMER_PREFIXES = (PORTAL_PREFIX, "/s/", "/unsubscribe/")  # pages of customers, which do not mention this product
SHOWS_MEMBER = {"shows_member": True}  # the `opt` of an open page that looks different to signed-in members
ANONYMOUS_LAYOUT = {"workspace": None, "member": None, "customer": None}
OTHER_HOST_PREFIXES = ("//", "/\\")  # browsers read what follows as a host


class ResponseOverride(Exception):
    """Rolls the request back and sends this response instead: a form with its errors, or a redirect."""

    def __init__(self, response: Response[Any]) -> None:
        super().__init__()
        self.response = response


def redirect(path: str) -> Response[Any]:
    """A 303 redirect to a path of this host, which the browser follows with a GET."""
    return Response(b"", status_code=303, headers={"location": local_path(path) or "/"}, media_type=MediaType.TEXT)


def local_path(text: str | None) -> str | None:
    """The text if it is a path of this host, else None. This prevents open redirects."""
    if text is None or not text.startswith("/") or text.startswith(OTHER_HOST_PREFIXES):
        return None
    return text if text.isascii() and text.isprintable() and "\\" not in text and len(text) <= MAX_PATH_LENGTH else None


def page(
    template: str,
    /,
    *,
    status: int = 200,
    policy: dict[str, str] | None = None,
    locale: str = ENGLISH,
    **context: Any,
) -> Response[str]:
    """A page from a template. `policy` replaces or adds directives of its Content-Security-Policy."""
    directives = CONTENT_SECURITY_POLICY | (policy or {})
    return Response(
        render(template, locale, **context),
        status_code=status,
        media_type=MediaType.HTML,
        headers={
            "content-security-policy": "; ".join(f"{name} {value}" for name, value in directives.items()),
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
    return page(
        "web/error.html",
        status=error.status,
        locale=locale,
        title=ERROR_TITLES.get(error.status, N_("Something went wrong")),
        hint=_hint(error, locale),
        code=error.status,
        trace=trace,
        is_portal=f"{path}/".startswith(PORTAL_PREFIX),
        is_for_customers=f"{path}/".startswith(CUSTOMER_PREFIXES),
        **(layout_context or ANONYMOUS_LAYOUT),
    )


def render(template: str, locale: str = ENGLISH, /, **context: Any) -> str:
    """The text of a page or of a fragment of one."""
    return template_environment(locale).get_template(template).render(context)


@get("/favicon.ico", include_in_schema=False, sync_to_thread=False)
def icon() -> Response[bytes]:
    """The icon where browsers look for it."""
    return Response((static.ROOT / "favicon.svg").read_bytes(), media_type="image/svg+xml")


ROUTES: list[HTTPRouteHandler] = [icon, static.static_file]


def _hint(error: AppError, locale: str) -> str:
    """The error's message in the user's language; without a translation, the hint for its status.

    A message may contain what the user sent, so only the keys of the catalogue are format strings.
    """
    known = catalogue(locale)
    if isinstance(error, NotFound) and error.entity:
        text = f"There is no {error.entity.lower()} {{id}}"
        if locale == ENGLISH or text in known:
            return translate(locale, text, id=error.identifier)
    elif error.message in known:
        return translate(locale, error.message)
    elif locale == ENGLISH:
        return error.message
    return translate(locale, ERROR_HINTS[error.status]) if error.status in ERROR_HINTS else ""
