"""The texts of a survey type in the language that a customer reads; pure."""

import msgspec
from msgspec import Struct


class Texts(Struct, frozen=True, omit_defaults=True):
    """A question and thanks in one language."""

    question: str
    thanks: str


Translations = dict[str, Texts]
_decoder = msgspec.json.Decoder(Translations)


def read_translations(stored: str) -> Translations:
    return _decoder.decode(stored)


def choose(base: Texts, translations: Translations, accept_language: str | None) -> Texts:
    """The texts of the best accepted language there is; the base where none is.

    `accept_language` is the header (RFC 9110, 12.5.4): `ru-RU` is served by `ru`, and `*` takes the base.
    """
    for language in accepted(accept_language):
        if language == "*":
            break
        subtags = language.split("-")
        for length in range(len(subtags), 0, -1):
            if (tag := "-".join(subtags[:length])) in translations:
                return translations[tag]
    return base


def accepted(accept_language: str | None) -> list[str]:
    """The languages of the header, best first, in lower case; those with weight 0 left out."""
    weighted = [_weigh(part) for part in (accept_language or "").split(",") if part.strip()]
    best = sorted((pair for pair in weighted if pair[0] > 0), key=lambda pair: -pair[0])
    return [language for _, language in best]


def _weigh(part: str) -> tuple[float, str]:
    language, *parameters = (piece.strip() for piece in part.lower().split(";"))
    weight = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    try:
        return float(weight), language
    except ValueError:
        return 0, language
