"""Splitting texts into words: folding in slices gives the same words as folding at once, and stays fast."""

import time
import unicodedata

import pytest

from voxpop.tickets import search_text

RUSSIAN = "Ёжик съел чай; «Йод» — не то, ПАРОЛЬ_1 и ещё раз: ①② ﬁn. "
ENGLISH = "The Straße isn't long; naïve café, TK-12 costs 1,000.50 € at 10:30.\r\n\tOK? "


def split_at_once(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return list(dict.fromkeys(word[: search_text.MAX_WORD_LENGTH] for word in search_text.WORD.findall(plain)))


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
@pytest.mark.parametrize("start", range(0, 60, 7))
def test_slices_split_no_word_and_no_letter(form: str, start: int) -> None:
    for text in (RUSSIAN, ENGLISH, f"{RUSSIAN}{ENGLISH}", RUSSIAN.replace(" ", "\n")):
        written = unicodedata.normalize(form, "x" * start + text * 60)  # type: ignore[arg-type]
        assert search_text.split_words(written) == split_at_once(written)


def test_a_very_long_word_is_cut() -> None:
    assert search_text.split_words(f"{'ab' * 3000} {'a' * 40}") == ["ab" * 16, "a" * 32]


def test_a_long_run_of_accents_takes_no_longer_than_a_text() -> None:
    """Folded at once it takes hundreds of times as long."""

    def seconds(text: str) -> float:
        took = []
        for _ in range(5):
            began = time.process_time()
            search_text.split_words(text)
            took.append(time.process_time() - began)
        return min(took)

    heap, plain = "a" + "\u0301\u0316" * 12_000, "abc de " * 3_429
    assert seconds(heap) < 50 * seconds(plain)
