"""A page for the one who asked: in his language, with what every page of his knows. Knows no domain."""

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response

from voxpop.errors import AppError
from voxpop.i18n import accepted
from voxpop.types import utcnow
from voxpop.web.i18n import Texts
from voxpop.web.pages import ResponseOverride, page

# What is somebody's own is kept nowhere on the way, nor after he has signed out, and no other window reaches into it.
OWN = {"cache-control": "no-store", "referrer-policy": "same-origin", "cross-origin-opener-policy": "same-origin"}


class PageRenderer:
    """`show("tickets/inbox.html", active="inbox", …)`. `around` is what every page gets: here, member, customer."""

    def __init__(self, request: Request[Any, Any, Any], **around: Any) -> None:
        self.locale = accepted(request.headers.get("accept-language"))
        self.t = Texts(self.locale)
        self._around = around
        self._done = request.query_params.get("done", "")

    def __call__(
        self,
        template: str,
        /,
        *,
        status: int = 200,
        active: str = "",
        toasts: Mapping[str, str] | None = None,
        fault: AppError | None = None,
        **context: Any,
    ) -> Response[str]:
        """`toasts`: what to say for the word in `?done=…`, which the form before led here with.

        `fault`: why a form is shown again; templates find its words in `faults`, by field, under "" for the whole.
        """
        said = _said(fault, self.t) if fault else {}
        toast = (toasts or {}).get(self._done)
        fixed = {"active": active, "toast": self.t(toast) if toast else None, "now": utcnow(), "faults": said}
        shown = page(template, status=status, locale=self.locale, **(self._around | fixed | context))
        shown.headers.update(OWN)
        return shown

    def again(self, template: str, /, fault: AppError, **context: Any) -> ResponseOverride:
        """To be raised: the form again with what is wrong with it; nothing of the request is kept."""
        return ResponseOverride(self(template, status=fault.status, fault=fault, **context))


def _said(fault: AppError, t: Texts) -> dict[str, str]:
    return {each.field: t(each.message) for each in fault.details} or {"": t(fault.message)}
