"""The texts of a survey type in the language that a customer reads; pure."""

import msgspec
from msgspec import Struct

from voxpop.accept_language import best_language


class Texts(Struct, frozen=True, omit_defaults=True):
    """A question and thanks in one language."""

    question: str
    thanks: str


Translations = dict[str, Texts]
_decoder = msgspec.json.Decoder(Translations)


def read_translations(stored: str) -> Translations:
    return _decoder.decode(stored)


def choose(base: Texts, translations: Translations, accept_language: str | None) -> Texts:
    """The texts in the customer's preferred language, by the Accept-Language header; the base texts without a match."""
    language = best_language(accept_language, translations)
    return translations[language] if language else base
