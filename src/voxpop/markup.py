"""HTML of values: escaped, and filled into markup. Much faster than `Markup` and `escape` do it; pure."""

from typing import Any

from markupsafe import Markup, escape


def fill(markup: Markup, **values: object) -> Markup:
    """The markup with its placeholders filled in. `Markup.format` parses it in Python and takes four times as long."""
    texts = {name: to_html(value) for name, value in values.items()}
    return Markup(str.format(markup, **texts))  # noqa: S704 - every value is escaped


def to_html(value: Any) -> str:
    """The value of an expression as a part of a page: escaped as `escape` does it, if it is not markup.

    `escape` wraps each text, which takes longer than to replace the characters.
    """
    if type(value) is str:
        text = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return text.replace('"', "&#34;").replace("'", "&#39;")
    return value if type(value) is Markup else escape(value)
