"""The environment of templates: values are escaped, texts are translated when compiled, macros remember safely."""

import re
from pathlib import Path

import pytest
from markupsafe import Markup

import voxpop
from voxpop.i18n import ENGLISH, RUSSIAN
from voxpop.markup import fill
from voxpop.web.templates import template_environment

TEMPLATES = Path(voxpop.__file__).parent / "templates"
REMEMBERING = {
    path.relative_to(TEMPLATES).as_posix()
    for path in TEMPLATES.rglob("*.html")
    if "remember(" in path.read_text("utf-8")
}
USE = re.compile(r'\{%-? (?:include|import|from|extends) "(?P<template>[^"]+)"(?P<rest>[^%]*)%\}')


class Page:
    def __html__(self) -> str:
        return "<i>page</i>"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("<b> & \"q\"", "&lt;b&gt; &amp; &#34;q&#34;"),
        (Markup("<b>"), "<b>"),
        (Page(), "<i>page</i>"),
        (3.5, "3.5"),
        (None, "None"),
        (["<"], "[&#39;&lt;&#39;]"),
    ],
    ids=["text", "markup", "object", "number", "none", "list"],
)  # fmt: skip
def test_values_are_escaped_unless_they_are_markup(value: object, shown: str) -> None:
    template = template_environment(ENGLISH).from_string(
        "{{ value }}|{% macro show(x) %}{{ x }}{% endmacro %}{{ show(value) }}|{{ t('{x}', x=value) }}"
    )
    assert template.render(value=value) == "|".join([shown] * 3)
    assert fill(Markup("<p>{x}</p>"), x=value) == f"<p>{shown}</p>"


@pytest.mark.parametrize(("locale", "shown"), [(ENGLISH, "Inbox"), (RUSSIAN, "Обращения")])
def test_constant_texts_are_in_the_language(locale: str, shown: str) -> None:
    template = template_environment(locale).from_string("{{ t('Inbox') }} {{ [t('Inbox')] | join }} {{ t(name) }}")
    assert template.render(name="Inbox") == " ".join([shown] * 3)


def test_macros_that_remember_see_nothing_of_a_request() -> None:
    assert REMEMBERING
    uses = [use for path in TEMPLATES.rglob("*.html") for use in USE.finditer(path.read_text("utf-8"))]
    risky = [
        use[0]
        for use in uses
        if use["template"] in REMEMBERING and ("with context" in use["rest"] or not use[0].startswith("{% from"))
    ]
    assert risky == []
