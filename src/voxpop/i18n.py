"""Texts, dates and numbers in the reader's language; the English text is its own key. Knows no page and no request."""

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from functools import cache
from importlib import resources

from voxpop.accept_language import best_language

Forms = str | list[str]

ENGLISH, RUSSIAN = "en", "ru"
LOCALES = (ENGLISH, RUSSIAN)
MONTHS = {
    ENGLISH: "January|February|March|April|May|June|July|August|September|October|November|December",
    RUSSIAN: "января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря",
}
THOUSANDS = {ENGLISH: (",", "."), RUSSIAN: ("\u00a0", ",")}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def N_(text: str) -> str:
    """Marks a text that is translated later, where it is shown."""
    return text


def translate(locale: str, text: str, **values: object) -> str:
    """The text in a language, with `{name}` filled in; the English one where there is no other."""
    found = catalogue(locale).get(text, text)
    first = found if isinstance(found, str) else found[0]
    return first.format(**values) if values else first


def plural(locale: str, count: int, one: str, many: str, **values: object) -> str:
    """`{count}` and the form that goes with it; the catalogue has them under `one`."""
    forms = catalogue(locale).get(one, [one, many])
    return forms[_form(locale, count)].format(count=format_number(locale, count), **values)


def _form(locale: str, count: int) -> int:
    if locale != RUSSIAN:
        return int(count != 1)
    if count % 10 == 1 and count % 100 != 11:
        return 0
    return 1 if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else 2


@cache
def catalogue(locale: str) -> Mapping[str, Forms]:
    """Every text of a language: the files that begin with its name, together."""
    texts: dict[str, Forms] = {}
    for file in resources.files("voxpop").joinpath("translations").iterdir():
        if file.name.startswith(locale) and file.name.endswith(".toml"):
            texts |= tomllib.loads(file.read_text("utf-8"))
    return texts


def choose_locale(accept_language: str | None) -> str:
    """The locale for an Accept-Language header; English without a match."""
    return best_language(accept_language, LOCALES) or ENGLISH


def format_number(locale: str, value: float) -> str:
    """With the language's marks for thousands and decimals."""
    thousands, decimal = THOUSANDS[locale]
    return f"{value:,}".translate({ord(","): thousands, ord("."): decimal})


def format_full(locale: str, moment: datetime, zone: tzinfo) -> str:
    """`21 November 2026, 16:41`, for the title of a shorter form."""
    local = moment.astimezone(zone)
    return f"{_date(locale, local)} {local.year}, {local:%H:%M}"


def format_short(locale: str, moment: datetime, now: datetime, zone: tzinfo) -> str:
    """`today, 16:41`, `21 November, 16:41`: the year only where it is another."""
    local = moment.astimezone(zone)
    return f"{_day(locale, local, now.astimezone(zone))}, {local:%H:%M}"


def format_relative(locale: str, moment: datetime, now: datetime, zone: tzinfo) -> str:
    """`2 hours ago`, after a day `yesterday`, `3 days ago`, after a week the date; what lies ahead is now."""
    age = now - moment
    if age < MINUTE:
        return translate(locale, "just now")
    if age < HOUR:
        return plural(locale, age // MINUTE, "{count} minute ago", "{count} minutes ago")
    if age < DAY:
        return plural(locale, age // HOUR, "{count} hour ago", "{count} hours ago")
    local, today = moment.astimezone(zone), now.astimezone(zone)
    days = (today.date() - local.date()).days
    if 1 < days < 7:
        return plural(locale, days, "{count} day ago", "{count} days ago")
    return _day(locale, local, today)


def _day(locale: str, local: datetime, today: datetime) -> str:
    days = (today.date() - local.date()).days
    if days in (0, 1):
        return translate(locale, "yesterday") if days else translate(locale, "today")
    return _date(locale, local) + ("" if local.year == today.year else f" {local.year}")


def _date(locale: str, local: datetime) -> str:
    return f"{local.day} {MONTHS[locale].split('|')[local.month - 1]}"
