"""The choice of a language by the Accept-Language header."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from voxpop.surveys.texts import Texts, choose_texts

BASE = Texts("base", "base")
TAGS = st.sampled_from(["en", "de", "de-at", "zh", "zh-hant", "zh-hant-tw"])
TRANSLATIONS = st.sets(TAGS).map(lambda tags: {tag: Texts(tag, tag) for tag in tags})
WISHES = st.lists(
    st.tuples(TAGS | st.sampled_from(["*", "zh-hant-hk", "zh-tw", "fr"]), st.integers(0, 1000)), max_size=6
)


def oracle(language: str | None, translations: dict[str, Texts], wishes: list[tuple[str, int]]) -> str:
    """Tries the tags by weight, and shortens each until a text exists."""
    for weight in range(1000, 0, -1):
        for tag in (tag for tag, wanted in wishes if wanted == weight):
            if tag == "*":
                return BASE.question
            while tag:
                if language == tag:
                    return BASE.question
                if tag in translations:
                    return tag
                if language and language.startswith(f"{tag}-"):
                    return BASE.question
                tag = tag.rpartition("-")[0]
    return BASE.question


@settings(max_examples=300, deadline=None)
@given(st.none() | TAGS, TRANSLATIONS, WISHES)
@example(None, {"zh-hant": Texts("zh-hant", "")}, [("zh-hant-hk", 1000)])
@example("de-at", {"en": Texts("en", "")}, [("de", 1000), ("en", 900)])
def test_the_best_text_is_chosen(
    language: str | None, translations: dict[str, Texts], wishes: list[tuple[str, int]]
) -> None:
    header = ", ".join(f"{tag};q={weight / 1000}" for tag, weight in wishes)
    for written in (header, header.upper().replace(";", " ; ")):
        chosen = choose_texts(BASE, language, translations, written)
        assert chosen.question == oracle(language, translations, wishes)


@settings(deadline=None)
@given(TRANSLATIONS, st.text(max_size=40))
def test_any_header_chooses_a_text(translations: dict[str, Texts], header: str) -> None:
    assert choose_texts(BASE, None, translations, header) in [BASE, *translations.values()]
