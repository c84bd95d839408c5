"""Splitting texts into words, folding them, and reading what is searched for."""

import time
import unicodedata

import pytest

from voxpop import search_text
from voxpop.search_text import MAX_QUERY_WORDS, Beginnings, find_runs, fold_run, parse_query, searched_text, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("order_456, order-457/458: a.b@c.de", "order 456 457 458 a b c de"),
        ("__init__ «Йод»—не…то¿ x²+1=½ 5€", "init йод не то x2 1 2 5"),
        ("Voxpop™ №5 don't l’été об'єкт обʼєкт", "voxpop 5 don t l ete об єкт"),
        ("Café CRÈME Ångström ǅungla Łódź smørrebrød Æsir œuvre İstanbul ISTANBUL ıstanbul",
         "cafe creme angstrom dzungla lodz smorrebrod aesir oeuvre istanbul"),
        ("Straße STRASSE ﬁn fin ﬀ", "strasse fin ff"),
        ("Ёж еж чай чаи Йогурт во́йте вои́те ѝ", "еж чай чаи йогурт войте воите и"),
        ("έλληνας ΈΛΛΗΝΑΣ", "ελληνασ"),
        ("שָׁלוֹם שלום كِتَابٌ كتاب كـتاب أحمد احمد", "שלום كتاب احمد"),
        ("हिन्दी की जाँच", "हिन्दी की जाँच"),
        ("がか ガ ｶﾞ 한국어 한국어", "がか ガ 한국어"),
        ("so\u00adft می‌خواهم میخواهم a\u200bb \u202eabc", "soft میخواهم a b abc"),
        ("👩\u200d👧 ☃\ufe0f \u0301 \u200d _ …", ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_words_are_split_at_punctuation_and_have_no_accents(text: str, words: str, form: str) -> None:
    written = unicodedata.normalize(form, text)  # type: ignore[arg-type]
    assert split_words(written) == unicodedata.normalize("NFC", words).split()


def test_runs_have_their_places_in_the_text() -> None:
    text = "Das Cafe\u0301, «½ Straße»"
    runs = [text[run.start() : run.end()] for run in find_runs(text)]
    assert runs == ["Das", "Cafe\u0301", "½", "Straße"]
    assert [fold_run(run) for run in runs] == [("das",), ("cafe",), ("1", "2"), ("strasse",)]


def test_runs_are_found_by_their_folded_first_letter() -> None:
    text = "\u202aÉtude, été-der _œuf ¿et\u0301e? Straße ⅔"
    finders = {letters: Beginnings(letters) for letters in ("e", "os", "д2")}
    runs = {letters: [text[run.start() : run.end()] for run in finders[letters].find_runs(text)] for letters in finders}
    assert runs == {"e": ["\u202aÉtude", "été", "et\u0301e"], "os": ["\u202aÉtude", "œuf", "Straße"],
                    "д2": ["\u202aÉtude", "⅔"]}  # fmt: skip


def test_a_very_long_word_is_cut() -> None:
    assert split_words(f"{'ab' * 3000} {'a' * 40}") == ["ab" * 16, "a" * 32]


def test_a_query_names_the_words_that_are_left_out() -> None:
    typed = [f"Wörd{number}" for number in range(MAX_QUERY_WORDS)]
    text = ", ".join([*typed, typed[0], "Straße", "café_x", "CAFÉ"])
    query = parse_query(text)
    assert query.words == tuple(f"word{number}" for number in range(MAX_QUERY_WORDS))
    assert query.left_out == ("Straße", "café", "x")
    assert parse_query(searched_text(text)) == search_text.SearchQuery(query.words, ())


@pytest.mark.parametrize("text", ["", "???", "one two", " ".join("abcdefghijklmnop")])
def test_a_short_query_is_searched_as_it_is(text: str) -> None:
    assert (searched_text(text), parse_query(text).left_out) == (text, ())


def test_a_long_run_of_accents_takes_no_longer_than_a_text() -> None:
    """Folded at once it takes hundreds of times as long."""

    def seconds(text: str) -> float:
        took = []
        for _ in range(5):
            began = time.process_time()
            split_words(text)
            took.append(time.process_time() - began)
        return min(took)

    heap, plain = "a" + "\u0301\u0316" * 12_000, "abc de " * 3_429
    assert seconds(heap) < 50 * seconds(plain)
