"""Renders a page for one request: in the user's language, with the context that the layout needs. Knows no domain."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import asyncpg
from litestar import Request, Response

from voxpop.errors import AppError, Conflict, FieldError, Invalid
from voxpop.i18n import choose_locale, csv_delimiter
from voxpop.types import utcnow
from voxpop.web.error_handlers import error_headers, to_app_error
from voxpop.web.i18n import Texts
from voxpop.web.pages import ResponseOverride, page

# Pages of a signed-in user: no cache keeps them, so they are gone after signing out, and no other window reaches them.
PRIVATE_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class PageRenderer:
    """`render("tickets/inbox.html", active="inbox", …)`; handlers get one as the dependency `render`.

    `layout_context` is what every page gets: the workspace, the member and the customer. Its `language` is the one that
    the member chose.
    """

    def __init__(self, request: Request[Any, Any, Any], **layout_context: Any) -> None:
        self._accept_language = request.headers.get("accept-language")
        self.locale = layout_context.get("language") or choose_locale(self._accept_language)
        self.t = Texts(self.locale)
        self._layout_context = layout_context
        self._done = request.query_params.get("done", "")

    def __call__(
        self,
        template: str,
        /,
        *,
        status: int = 200,
        active: str = "",
        toasts: Mapping[str, str] | None = None,
        error: AppError | None = None,
        **context: Any,
    ) -> Response[str]:
        """`toasts`: the message to show for each value of `?done=…`, which the redirect after a form sets.

        `error`: why a form is shown again. Templates read its messages from `errors`, by field; "" is the whole form.
        """
        toast = (toasts or {}).get(self._done)
        fixed = {
            "active": active,
            "toast": self.t(toast) if toast else None,
            "now": utcnow(),
            "idempotency_key": secrets.token_urlsafe(),
            "csv_delimiter": csv_delimiter(self._accept_language),
            "errors": _messages_by_field(error, self.t) if error else {},
        }
        response = page(template, status=status, locale=self.locale, **(self._layout_context | fixed | context))
        response.headers.update(PRIVATE_HEADERS)
        return response

    def with_errors(self, template: str, /, error: AppError, **context: Any) -> ResponseOverride:
        """The form again with its errors. Raise the result, so that the request's transaction is rolled back."""
        response = self(template, status=error.status, error=error, **context)
        response.headers.update(error_headers(error))
        return ResponseOverride(response)

    @contextmanager
    def form(
        self,
        template: str,
        /,
        *,
        messages: Mapping[str, str] | None = None,
        fields: Mapping[type[AppError], str] | None = None,
        **context: Any,
    ) -> Iterator[None]:
        """Shows a form again, with its errors, if the block refuses it or breaks a constraint of the database.

        `messages`: those for people, by field. `fields`: the field to which an error without one belongs.
        """
        try:
            yield
        except (Invalid, Conflict, asyncpg.IntegrityConstraintViolationError) as raised:
            error = to_app_error(raised)
            error.details = tuple(
                FieldError(each.field, (messages or {}).get(each.field, each.message)) for each in error.details
            )
            if not error.details and type(error) in (fields or {}):
                error.details = (FieldError((fields or {})[type(error)], error.message),)
            raise self.with_errors(template, error, **context) from None


def _messages_by_field(error: AppError, t: Texts) -> dict[str, str]:
    return {each.field: t(each.message) for each in error.details} or {"": t(error.message)}
