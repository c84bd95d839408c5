"""The one parser of the Accept-Language header, and the choice among the languages that exist; pure."""

from collections.abc import Container
from typing import NamedTuple

# Characters of a tag; longer ones are no languages. Looking up a tag takes time quadratic in its length.
MAX_TAG_LENGTH = 64


def best_language(header: str | None, available: Container[str]) -> str | None:
    """The user's preferred language among the available tags, which are in lower case; None for the default.

    This is the lookup of RFC 4647, 3.4: `zh-Hant-TW` falls back to `zh-hant`, then to `zh`; `*` is the default.
    Babel's `negotiate_locale` leaves out the step in the middle.
    """
    for language in parse_accept_language(header):
        if language == "*":
            return None
        subtags = language.split("-")
        for length in range(len(subtags), 0, -1):
            if (tag := "-".join(subtags[:length])) in available:
                return tag
    return None


def parse_accept_language(header: str | None) -> list[str]:
    """The language tags of the header in lower case, best first (RFC 9110, 12.5.4), without those of weight 0."""
    ranges = [_parse_range(part) for part in (header or "").split(",") if part.strip()]
    wanted = (each for each in ranges if each.weight > 0 and len(each.language) <= MAX_TAG_LENGTH)
    best_first = sorted(wanted, key=lambda each: -each.weight)
    return [each.language for each in best_first]


class _LanguageRange(NamedTuple):
    language: str
    weight: float


def _parse_range(part: str) -> _LanguageRange:
    """A weight that is no number counts as 0."""
    language, *parameters = (piece.strip() for piece in part.lower().split(";"))
    weight = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    try:
        return _LanguageRange(language, float(weight))
    except ValueError:
        return _LanguageRange(language, 0)
