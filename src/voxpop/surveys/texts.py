"""The texts of a survey type in the customer's language; pure."""

import msgspec
from msgspec import Struct

from voxpop.accept_language import best_language


class Texts(Struct, frozen=True, omit_defaults=True):
    """The texts of a survey type in one language. The labels are those of the scale's ends and of the comment."""

    question: str
    thanks: str
    label_min: str | None = None
    label_max: str | None = None
    comment_label: str | None = None


Translations = dict[str, Texts]
_decoder = msgspec.json.Decoder(Translations)


def decode_translations(stored: str) -> Translations:
    """The translations of a survey type, which its row stores as JSON."""
    return _decoder.decode(stored)


def choose_texts(
    base: Texts, base_language: str | None, translations: Translations, accept_language: str | None
) -> Texts:
    """The texts in the customer's preferred language, by the Accept-Language header; the base texts without a match.

    `base_language` is that of the base texts, if known. Base texts in `en-gb` serve a customer who wants `en` too.
    """
    base_tags = _base_tags(base_language, translations)
    chosen = best_language(accept_language, translations.keys() | base_tags)
    return base if chosen is None or chosen in base_tags else translations[chosen]


def choose_language(base_language: str | None, translations: Translations, accept_language: str | None) -> str | None:
    """The language of the texts that `choose_texts` returns; None for base texts whose language is unknown."""
    base_tags = _base_tags(base_language, translations)
    chosen = best_language(accept_language, translations.keys() | base_tags)
    return base_language if chosen is None or chosen in base_tags else chosen


def _base_tags(language: str | None, translations: Translations) -> set[str]:
    """The language, and its beginnings without a translation: `zh-hant-tw`, `zh-hant` and `zh`."""
    if language is None:
        return set()
    subtags = language.split("-")
    return {"-".join(subtags[:length]) for length in range(1, len(subtags))} - translations.keys() | {language}
