"""Texts, dates and numbers in the user's language; Babel knows the languages. Knows no page and no request.

The English text is its own key in the catalogues, the files `translations/<locale>*.toml`.
"""

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from importlib import resources
from typing import Self

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal, get_decimal_symbol

from voxpop.accept_language import best_language, parse_accept_language

Forms = str | list[str]

ENGLISH, RUSSIAN = "en", "ru"
LOCALES = (ENGLISH, RUSSIAN)
# Which of a catalogue's plural forms a number takes, by the name of its plural rule; the last one for other names.
PLURAL_FORMS = {"one": 0, "few": 1}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Message(str):
    """A text with numbers, for example a limit, that is translated where it is shown. As a string it is in English."""

    template: str
    numbers: Mapping[str, int]

    def __new__(cls, template: str, numbers: Mapping[str, int]) -> Self:
        message = super().__new__(cls, _fill(ENGLISH, template, numbers))
        message.template, message.numbers = template, numbers
        return message


def N_(text: str, **numbers: int) -> str:
    """Marks a text that is translated later, where it is shown, with `{name}` for each number."""
    return Message(text, numbers) if numbers else text


def name_key(text: str) -> str:
    """The sort key of a name: without case, and with ё as е, which would come after я by code point."""
    return text.casefold().replace("ё", "е")


def choose_locale(accept_language: str | None) -> str:
    """The locale for an Accept-Language header; English without a match."""
    return best_language(accept_language, LOCALES) or ENGLISH


@lru_cache(maxsize=256)
def text_direction(language: str) -> str:
    """`rtl` for a language that is written from right to left, otherwise `ltr`."""
    try:
        return Locale.parse(language, sep="-").text_direction
    except (ValueError, UnknownLocaleError):
        return "ltr"


@lru_cache(maxsize=1024)
def language_name(locale: str, language: str) -> str:
    """The name of a language, in another one; the tag itself if it is unknown."""
    try:
        return Locale.parse(language, sep="-").get_display_name(locale) or language
    except (ValueError, UnknownLocaleError):
        return language


@lru_cache(maxsize=256)
def csv_delimiter(accept_language: str | None) -> str:
    """The separator of CSV columns in a spreadsheet of the user's first language, which may have no catalogue.

    It is a semicolon where a comma separates decimals.
    """
    for language in parse_accept_language(accept_language):
        with suppress(ValueError, UnknownLocaleError):
            return "," if get_decimal_symbol(Locale.parse(language, sep="-")) == "." else ";"
    return ","


@cache
def catalogue(locale: str) -> Mapping[str, Forms]:
    """Every text of a language, from all its files."""
    texts: dict[str, Forms] = {}
    for file in resources.files("voxpop").joinpath("translations").iterdir():
        if file.name.startswith(locale) and file.name.endswith(".toml"):
            texts |= tomllib.loads(file.read_text("utf-8"))
    return texts


def translate(locale: str, text: str, **values: object) -> str:
    """The text in a language, with `{name}` filled in; the English text without a translation."""
    if isinstance(text, Message):
        return _fill(locale, translate(locale, text.template), text.numbers)
    found = catalogue(locale).get(text, text)
    first = found if isinstance(found, str) else found[0]
    return first.format(**values) if values else first


def _fill(locale: str, text: str, numbers: Mapping[str, int]) -> str:
    return text.format(**{name: format_number(locale, number) for name, number in numbers.items()})


def plural(locale: str, count: int, one: str, many: str, **values: object) -> str:
    """`{count}` with the plural form for it; the catalogue has the forms under `one`."""
    forms = catalogue(locale).get(one, [one, many])
    form = PLURAL_FORMS.get(_plural_rule(locale, count), len(forms) - 1)
    return forms[form].format(count=format_number(locale, count), **values)


# Babel takes some 10 µs for each value, and a list shows a hundred of them. So repeated values are cached.
@lru_cache(maxsize=1024, typed=True)
def format_number(locale: str, value: float) -> str:
    """`1,234.5` in English: with the language's separators and all decimals."""
    if locale == ENGLISH and isinstance(value, int):
        # Messages with limits are made while modules are imported; Babel's data, 4 MB, is not loaded for these.
        return f"{value:,}".replace("-", "−")
    return format_decimal(value, locale=_locale(locale), decimal_quantization=False).replace("-", "−")


@lru_cache(maxsize=4096)
def format_fixed(locale: str, value: float, decimals: int, *, signed: bool = False) -> str:
    """`−3.10`: with exactly so many decimals and a real minus; `signed` adds a plus to what is not below zero."""
    text = format_decimal(abs(value), format=f"#,##0.{'0' * decimals}", locale=_locale(locale))
    if not any(digit in text for digit in "123456789"):
        return text
    return ("−" if value < 0 else "+" if signed else "") + text


def format_day(locale: str, day: date, pattern: str) -> str:
    """A date by a pattern of the CLDR, for example `d MMMM`."""
    return _date(locale, day, pattern)


def format_full(locale: str, moment: datetime, zone: tzinfo) -> str:
    """`21 November 2026, 16:41 (Europe/Berlin, UTC+1)`, for the title of a shorter form."""
    local = moment.astimezone(zone)
    return f"{_date(locale, local.date(), 'd MMMM y')}, {_clock(local)} ({_zone_name(zone, local.utcoffset())})"


def format_offset(moment: datetime, zone: tzinfo) -> str:
    """`UTC`, `UTC+1` or `UTC-3:30`: the time zone beside a time."""
    return _offset(moment.astimezone(zone).utcoffset())


def format_short(locale: str, moment: datetime, now: datetime, zone: tzinfo) -> str:
    """`today, 16:41`, `21 November, 16:41`; with the year if it is another one."""
    local = moment.astimezone(zone)
    return f"{_day(locale, local, now.astimezone(zone))}, {_clock(local)}"


def format_relative(locale: str, moment: datetime, now: datetime, zone: tzinfo) -> str:
    """`2 hours ago`; after a day `yesterday` or `3 days ago`; after a week the date. A future moment is `just now`."""
    age = now - moment
    if age < MINUTE:
        return translate(locale, "just now")
    if age < DAY:
        return _ago(locale, age // HOUR * HOUR or age // MINUTE * MINUTE)
    local, today = moment.astimezone(zone), now.astimezone(zone)
    days = today.date() - local.date()
    if DAY < days < 7 * DAY:
        return _ago(locale, days)
    return _day(locale, local, today)


@lru_cache(maxsize=256)
def _ago(locale: str, age: timedelta) -> str:
    """The age must be of whole minutes, hours or days, because Babel rounds to the largest unit that it reaches."""
    return format_timedelta(-age, threshold=1, add_direction=True, locale=_locale(locale))


def _day(locale: str, local: datetime, today: datetime) -> str:
    days = (today.date() - local.date()).days
    if days in (0, 1):
        return translate(locale, "yesterday") if days else translate(locale, "today")
    return _date(locale, local.date(), "d MMMM" if local.year == today.year else "d MMMM y")


def _clock(local: datetime) -> str:
    return f"{local.hour:02}:{local.minute:02}"


@lru_cache(maxsize=1024)
def _zone_name(zone: tzinfo, offset: timedelta | None) -> str:
    name = _offset(offset)
    return name if str(zone) == name else f"{zone}, {name}"


def _offset(offset: timedelta | None) -> str:
    if not offset:
        return "UTC"
    hours, rest = divmod(abs(offset), HOUR)
    minutes = f":{rest // MINUTE:02}" if rest else ""
    return f"UTC{'-' if offset < timedelta() else '+'}{hours}{minutes}"


@lru_cache(maxsize=1024)
def _date(locale: str, day: date, pattern: str) -> str:
    return format_date(day, pattern, locale=_locale(locale))


@lru_cache(maxsize=1024)
def _plural_rule(locale: str, count: int) -> str:
    return _locale(locale).plural_form(count)


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)
