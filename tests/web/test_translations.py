"""Translations: every text has a Russian one and no translation is unused; plural forms, numbers and times."""

import ast
import importlib
import re
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment, nodes
from markupsafe import Markup
from tests.support.each import each

import voxpop
from voxpop import i18n
from voxpop.errors import AppError
from voxpop.i18n import (
    ENGLISH,
    N_,
    RUSSIAN,
    catalogue,
    choose_locale,
    format_full,
    format_number,
    format_relative,
    format_short,
    plural,
    translate,
)
from voxpop.web.i18n import Texts

importlib.import_module("voxpop.app")  # imports every domain, and so every error class

SOURCE = Path(voxpop.__file__).parent
SINGULAR = {"t", "N_", "translate", "alert"}
PLURAL = {"n", "plural"}
NOW = datetime(2026, 11, 21, 16, 41, tzinfo=UTC)


def texts_in_templates() -> Iterator[str]:
    environment = Environment(autoescape=True)  # plain, because the one of pages translates texts while it parses
    for path in (SOURCE / "templates").rglob("*.html"):
        tree = environment.parse(path.read_text("utf-8"))
        for call in tree.find_all(nodes.Call):
            called = call.node
            consts = [arg.value for arg in call.args if isinstance(arg, nodes.Const) and isinstance(arg.value, str)]
            if (isinstance(called, nodes.Name) and called.name == "t") or (
                isinstance(called, nodes.Getattr) and called.attr == "n" and isinstance(called.node, nodes.Name)
            ):
                yield from consts[:1]


def texts_in_code() -> Iterator[str]:
    for path in SOURCE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                if name in SINGULAR | PLURAL:
                    yield from first_text(call)


def first_text(call: ast.Call) -> Iterator[str]:
    texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    yield from texts[:1]


@cache
def used_texts() -> set[str]:
    return set(texts_in_templates()) | set(texts_in_code())


def error_classes(base: type[AppError] = AppError) -> Iterator[type[AppError]]:
    """Every error of the product that this process has imported."""
    yield base
    for kind in base.__subclasses__():
        yield from error_classes(kind)


ERRORS = {kind.message for kind in error_classes()}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_has_a_russian_translation() -> None:
    assert len(used_texts()) > 100
    assert sorted(used_texts() - catalogue(RUSSIAN).keys()) == []


def test_no_translation_is_unused() -> None:
    assert sorted(catalogue(RUSSIAN).keys() - used_texts() - ERRORS) == []


@each(sorted(catalogue(RUSSIAN)))
def test_a_translation_has_the_same_placeholders(text: str) -> None:
    forms = catalogue(RUSSIAN)[text]
    assert isinstance(forms, str) or len(forms) == 3
    for form in [forms] if isinstance(forms, str) else forms:
        assert placeholders(form) == placeholders(text)
        assert form.strip() != text.strip() or not re.search("[a-z]{3}", text)
        assert form.endswith("\n") == text.endswith("\n")


def test_no_text_is_translated_twice() -> None:
    files = list((SOURCE / "translations").glob("ru*.toml"))
    counted = sum(len(re.findall(r'^"', file.read_text("utf-8"), re.MULTILINE)) for file in files)
    assert counted == len(catalogue(RUSSIAN))


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "en"),
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("en-GB,en;q=0.9,ru;q=0.8", "en"),
        ("de,ru;q=0.5,en;q=0.4", "ru"),
        ("de-DE, fr", "en"),
        ("ru;q=0", "en"),
        ("ru;q=nonsense", "en"),
        ("ru;q=0.3, en;q=0.7", "en"),
    ],
)
def test_the_locale_follows_accept_language(header: str | None, locale: str) -> None:
    assert choose_locale(header) == locale


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 сотрудников"), (1, "1 сотрудник"), (2, "2 сотрудника"), (5, "5 сотрудников"), (11, "11 сотрудников"),
     (21, "21 сотрудник"), (22, "22 сотрудника"), (112, "112 сотрудников"), (1001, "1\u00a0001 сотрудник")],
)  # fmt: skip
def test_russian_has_three_plural_forms(count: int, text: str) -> None:
    assert plural(RUSSIAN, count, "{count} member", "{count} members") == text


def test_english_has_two_plural_forms() -> None:
    counted = [plural(ENGLISH, count, "{count} member", "{count} members") for count in (0, 1, 2, 21)]
    assert counted == ["0 members", "1 member", "2 members", "21 members"]


def test_numbers_are_formatted_for_the_language() -> None:
    assert format_number(ENGLISH, 1234567.5) == "1,234,567.5"
    assert format_number(RUSSIAN, 1234567.5) == "1\u00a0234\u00a0567,5"


@pytest.mark.parametrize(
    ("age", "english", "russian"),
    [
        (timedelta(0), "just now", "только что"),
        (timedelta(seconds=-90), "just now", "только что"),
        (timedelta(seconds=59), "just now", "только что"),
        (timedelta(minutes=1), "1 minute ago", "1 минуту назад"),
        (timedelta(minutes=4), "4 minutes ago", "4 минуты назад"),
        (timedelta(hours=2), "2 hours ago", "2 часа назад"),
        (timedelta(hours=23, minutes=59), "23 hours ago", "23 часа назад"),
        (timedelta(hours=24), "yesterday", "вчера"),
        (timedelta(days=3), "3 days ago", "3 дня назад"),
        (timedelta(days=7), "14 November", "14 ноября"),
        (timedelta(days=400), "17 October 2025", "17 октября 2025"),
    ],
)
def test_relative_times(age: timedelta, english: str, russian: str) -> None:
    assert format_relative(ENGLISH, NOW - age, NOW, UTC) == english
    assert format_relative(RUSSIAN, NOW - age, NOW, UTC) == russian


def test_times_are_shown_in_the_workspace_time_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert format_full(ENGLISH, NOW, berlin) == "21 November 2026, 17:41 (Europe/Berlin, UTC+1)"
    assert (
        format_full(RUSSIAN, NOW, ZoneInfo("America/St_Johns")) == "21 ноября 2026, 13:11 (America/St_Johns, UTC-3:30)"
    )
    assert format_full(ENGLISH, NOW, UTC) == "21 November 2026, 16:41 (UTC)"
    assert format_short(ENGLISH, NOW - timedelta(hours=17), NOW, UTC) == "yesterday, 23:41"
    assert format_short(ENGLISH, NOW - timedelta(hours=17), NOW, berlin) == "today, 00:41"
    assert format_short(RUSSIAN, NOW - timedelta(days=5), NOW, UTC) == "16 ноября, 16:41"


def test_values_are_escaped_and_unknown_placeholders_stay() -> None:
    t = Texts(RUSSIAN)
    assert t("Join {workspace}", workspace="<b>") == Markup("Присоединиться: &lt;b&gt;")
    assert t("An {unknown} text & more") == Markup("An {unknown} text &amp; more")
    assert translate(RUSSIAN, "{braces} of a user") == "{braces} of a user"
    assert i18n.N_("as it is") == "as it is"


def test_a_message_with_a_limit_is_written_in_each_language() -> None:
    message = N_("Use {limit} characters or fewer.", limit=50_000)
    assert message == "Use 50,000 characters or fewer."
    assert translate(ENGLISH, message) == message
    assert translate(RUSSIAN, message) == "Сократите текст: не больше 50\u00a0000 символов."
    assert str(Texts(RUSSIAN)(message)) == translate(RUSSIAN, message)


LIMIT = re.compile(r"\d[\d,\u00a0]* (characters|views|tags|символ|знак)")


def test_limits_in_texts_come_from_constants() -> None:
    texts = [*used_texts(), *(str(form) for form in catalogue(RUSSIAN).values())]
    assert [text for text in texts if LIMIT.search(text)] == []
