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


def oracle(translations: dict[str, Texts], wishes: list[tuple[str, int]]) -> str:
    """Tries the tags by weight, and shortens each until a translation exists."""
    for weight in range(1000, 0, -1):
        for tag in (tag for tag, wanted in wishes if wanted == weight):
            if tag == "*":
                return BASE.question
            while tag:
                if tag in translations:
                    return tag
                tag = tag.rpartition("-")[0]
    return BASE.question


@settings(max_examples=300, deadline=None)
@given(TRANSLATIONS, WISHES)
@example({"zh-hant": Texts("zh-hant", "")}, [("zh-hant-hk", 1000)])
def test_the_best_text_is_chosen(translations: dict[str, Texts], wishes: list[tuple[str, int]]) -> None:
    header = ", ".join(f"{tag};q={weight / 1000}" for tag, weight in wishes)
    assert choose_texts(BASE, translations, header).question == oracle(translations, wishes)
    assert choose_texts(BASE, translations, header.upper().replace(";", " ; ")).question == oracle(translations, wishes)


@settings(deadline=None)
@given(TRANSLATIONS, st.text(max_size=40))
def test_any_header_chooses_a_text(translations: dict[str, Texts], header: str) -> None:
    assert choose_texts(BASE, translations, header) in [BASE, *translations.values()]
