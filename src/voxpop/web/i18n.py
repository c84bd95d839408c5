"""The user's language in templates: `t("…")` for texts, and filters for times and numbers; see `voxpop.i18n`."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from voxpop import i18n
from voxpop.markup import fill
from voxpop.types import instant

TIME = Markup('<time datetime="{instant}" title="{title}"{attribute}>{text}</time>')


class Texts:
    """`t("Reply to {name}", name=…)` and `t.n(3, "{count} ticket", "{count} tickets")`; values are escaped."""

    def __init__(self, locale: str) -> None:
        self.locale = locale

    def __call__(self, text: str, **values: Any) -> Markup:
        is_plain = type(text) is str  # a message with numbers of its own is another type
        translated = _escaped(self.locale, text) if is_plain else escape(i18n.translate(self.locale, text))
        return fill(translated, **values) if values else translated

    def n(self, count: int, one: str, many: str, **values: Any) -> Markup:
        """The plural form for the count."""
        return escape(i18n.plural(self.locale, count, one, many, **values))


@lru_cache(maxsize=4096)
def _escaped(locale: str, text: str) -> Markup:
    """Cached, because a list shows the same texts in every row."""
    return escape(i18n.translate(locale, text))


def install_locale(environment: Environment, locale: str) -> None:
    """Adds a language to a template environment. Templates with times get `now`, and `workspace` for its time zone."""
    environment.globals |= {"t": Texts(locale), "locale": locale}
    environment.filters |= {
        "ago": _time_filter(locale, i18n.format_relative, Markup(" data-ago")),
        "when": _time_filter(locale, _format_with_zone, Markup(" data-when")),
        "fixed": lambda value, decimals: i18n.format_fixed(locale, value, decimals),
        "signed": lambda value, decimals: i18n.format_fixed(locale, value, decimals, signed=True),
        "day": lambda day, pattern: i18n.format_day(locale, day, pattern),
        "language": lambda language: i18n.language_name(locale, language),
        "num": lambda value: i18n.format_number(locale, value),
    }


def _format_with_zone(locale: str, moment: datetime, now: datetime, zone: tzinfo) -> str:
    return f"{i18n.format_short(locale, moment, now, zone)} {i18n.format_offset(moment, zone)}"


def _time_filter(
    locale: str, format_time: Callable[[str, datetime, datetime, tzinfo], str], attribute: Markup
) -> Callable[..., Markup]:
    """A filter that makes a `time` element with the full time as its title.

    It has the workspace's time zone. A script shows the times with an attribute in the reader's zone, and updates them.
    """

    @lru_cache(maxsize=4096)
    def element(moment: datetime, zone: tzinfo, text: str) -> Markup:
        title = i18n.format_full(locale, moment, zone)
        return fill(TIME, instant=instant(moment), title=title, attribute=attribute, text=text)

    @pass_context
    def time_element(context: Context, moment: datetime) -> Markup:
        workspace, now = context.get("workspace"), context["now"]
        zone: tzinfo = workspace.zone if workspace else UTC
        return element(moment, zone, format_time(locale, moment, now, zone))

    return time_element
