"""The reader's language in templates: `t("…")`, and times and numbers as filters. The texts are `voxpop.i18n`'s."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from voxpop import i18n
from voxpop.types import instant


class Texts:
    """`t("Reply to {name}", name=…)` and `t.n(3, "{count} ticket", "{count} tickets")`; values are escaped."""

    def __init__(self, locale: str) -> None:
        self.locale = locale

    def __call__(self, text: str, **values: Any) -> Markup:
        found = escape(i18n.translate(self.locale, text))
        return found.format(**values) if values else found

    def n(self, count: int, one: str, many: str, **values: Any) -> Markup:
        return escape(i18n.plural(self.locale, count, one, many, **values))


def install_locale(environment: Environment, locale: str) -> None:
    """Teaches an environment a language. Templates that show times get `now`, and `workspace` for its time zone."""
    environment.globals |= {"t": Texts(locale), "locale": locale}
    environment.filters |= {
        "ago": _times(locale, i18n.format_relative, Markup(" data-ago")),
        "when": _times(locale, i18n.format_short, Markup()),
        "num": lambda value: i18n.format_number(locale, value),
    }


def _times(locale: str, shape: Callable[[str, datetime, datetime, tzinfo], str], mark: Markup) -> Callable[..., Markup]:
    """An element with the whole instant in its title; `data-ago` is what the page's script keeps up to date."""

    @pass_context
    def element(context: Context, moment: datetime) -> Markup:
        workspace, now = context.get("workspace"), context["now"]
        zone: tzinfo = workspace.zone if workspace else UTC
        return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(
            instant(moment),
            i18n.format_full(locale, moment, zone),
            mark,
            shape(locale, moment, now, zone),
        )

    return element
