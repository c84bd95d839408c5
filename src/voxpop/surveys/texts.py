"""The texts of a survey type in the customer's language; pure."""

import msgspec
from msgspec import Struct

from voxpop.accept_language import best_language


class Texts(Struct, frozen=True, omit_defaults=True):
    """A question and thanks in one language."""

    question: str
    thanks: str


Translations = dict[str, Texts]
_decoder = msgspec.json.Decoder(Translations)


def decode_translations(stored: str) -> Translations:
    """The translations of a survey type, which its row stores as JSON."""
    return _decoder.decode(stored)


def choose_texts(base: Texts, translations: Translations, accept_language: str | None) -> Texts:
    """The texts in the customer's preferred language, by the Accept-Language header; the base texts without a match."""
    language = best_language(accept_language, translations)
    return translations[language] if language else base
