"""Full-text search: how texts become search words, and what finds them; pure.

Texts are split and folded here, so that the database's locale has no say in which words are equal.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Self

from msgspec import Struct

from voxpop.types import WorkspaceId

MAX_WORD_LENGTH = 32  # characters that are compared
MAX_RUN_LENGTH = 256  # characters of a text without separators that are read; normalizing takes quadratic time
MIN_PREFIX_LENGTH = 3  # too many words begin with a shorter text
MAX_QUERY_WORDS = 32

# Texts of a ticket are indexed in parts. A text joins the last part if both together have at most so many characters:
# then their words and stems fit a tsvector, which holds 1 MiB, in any script.
MAX_PART_SIZE = 50_000
MIN_TEXT_SIZE = 100  # counted for a shorter text, so that a part has at most 500 messages

# Letters that Unicode does not decompose into a letter and its accent, and signs that it takes for letters.
LETTERS = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
    "ʼ": " ", "ـ": "",
}  # fmt: skip
# The blocks of combining marks that are no letters: accents, Hebrew and Arabic points, variation selectors.
ACCENT = re.compile("[\u0300-\u06ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]")
RUN, RUN_OF_LETTER = re.compile("x+"), re.compile(r"(?<!\S)!\S*")
ZERO_WIDTH_SPACE = "\u200b"


class SearchQuery(Struct, frozen=True):
    """A text to search for: its words, and those left out because there are too many, as they were typed."""

    words: tuple[str, ...]
    left_out: tuple[str, ...]


class SearchTerms(Struct, frozen=True):
    """The terms of a query: for each word its stem, or the word if it has none. `prefix` is the last word, if long."""

    lexemes: tuple[str, ...]
    prefix: str | None

    @classmethod
    def of(cls, words: Sequence[str], stems: Mapping[str, str | None]) -> Self:
        is_prefix = bool(words) and len(words[-1]) >= MIN_PREFIX_LENGTH
        return cls(tuple(stems.get(word) or word for word in words), words[-1] if is_prefix else None)

    def matching(self, word: str, stem: str | None) -> frozenset[int]:
        """The numbers of the terms that match a word with this stem."""
        numbers = {number for number, lexeme in enumerate(self.lexemes) if lexeme in (word, stem)}
        if self.prefix and word.startswith(self.prefix):
            numbers.add(len(self.lexemes) - 1)
        return frozenset(numbers)


class _Characters(dict[int, str]):
    """A table for `str.translate` that is made as characters occur, and kept for those of the basic plane."""

    def __init__(self, convert: Callable[[str], str]) -> None:
        self.convert = convert

    def __missing__(self, code: int) -> str:
        converted = self.convert(chr(code))
        if code < 0x10000:
            self[code] = converted
        return converted


def split_words(text: str) -> list[str]:
    """The different words of a text, folded, in the order of their first use."""
    runs = dict.fromkeys(text[each.start() : each.end()] for each in find_runs(text))
    return list(dict.fromkeys(word for run in runs for word in fold_run(run)))


def find_runs(text: str) -> Iterator[re.Match[str]]:
    """The places of a text between white space, punctuation and symbols. A run nearly always is one word."""
    return RUN.finditer(text.translate(_SHAPES))


class Beginnings:
    """Finds the runs of a text that begin with one of some letters, folded: a fraction of all runs."""

    def __init__(self, letters: Collection[str]) -> None:
        self.letters = letters
        self._shapes = _Characters(self._shape)

    def find_runs(self, text: str) -> Iterator[re.Match[str]]:
        return RUN_OF_LETTER.finditer(text.translate(self._shapes))

    def _shape(self, char: str) -> str:
        words = fold_run(char)
        may_begin = not words or words[0][0] in self.letters  # an invisible character may stand before the letter
        return "!" if may_begin and _SHAPES[ord(char)] == "x" else _SHAPES[ord(char)]


def fold_run(run: str) -> tuple[str, ...]:
    """The words of a run: one, unless compatibility characters such as ½ become several."""
    return _fold(run[:MAX_RUN_LENGTH])


def parse_query(text: str) -> SearchQuery:
    """The first MAX_QUERY_WORDS different words, and the others."""
    typed: dict[str, str] = {}
    for each in find_runs(text):
        run = text[each.start() : each.end()]
        for word in fold_run(run):
            typed.setdefault(word, run)
    left_out = dict.fromkeys(list(typed.values())[MAX_QUERY_WORDS:])
    return SearchQuery(tuple(typed)[:MAX_QUERY_WORDS], tuple(left_out))


def searched_text(text: str) -> str:
    """A text to search for, without the words that are left out: it finds the same."""
    words: set[str] = set()
    for run in find_runs(text):
        words.update(fold_run(text[run.start() : run.end()]))
        if len(words) > MAX_QUERY_WORDS:
            return text[: run.start()].rstrip()
    return text


def text_size(text: str) -> int:
    """The characters that a text takes up in its part of the index."""
    return max(len(text), MIN_TEXT_SIZE)


def lexemes(workspace: WorkspaceId, text: str) -> list[str]:
    """The words of a text as they are stored, with the prefix of their workspace. The database adds their stems."""
    return sorted(workspace_prefix(workspace) + word for word in split_words(text))


def later_part_lexeme(workspace: WorkspaceId) -> str:
    """A lexeme that marks every part of a ticket after the first. No text has it, because `+` is in no word."""
    return f"{workspace_prefix(workspace)}+"


def build_tsquery(prefix: str, terms: SearchTerms) -> str | None:
    """The `tsquery` for texts that match all terms; None without terms. `prefix` is that of the stored lexemes.

    The last word also matches as a prefix, for users who are still typing. The others do not, because the index
    collects every ticket that has the prefix.
    """
    quoted = [f"'{prefix}{lexeme}'" for lexeme in terms.lexemes]
    if terms.prefix:
        last = f"'{prefix}{terms.prefix}'"
        quoted[-1] = f"{last}:*" if last == quoted[-1] else f"({quoted[-1]} | {last}:*)"
    return " & ".join(quoted) or None


def workspace_prefix(workspace: WorkspaceId) -> str:
    """The random end of the id. Two workspaces with the same prefix would only make searches slower."""
    return workspace.hex[-4:]


@lru_cache(maxsize=8192)
def _fold(run: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKC", run).casefold().translate(_FOLDED)
    return tuple(word[:MAX_WORD_LENGTH] for word in folded.split())


def _fold_character(char: str) -> str:
    """A letter, digit or vowel sign without its accents; a space for a separator. й differs from и, and ё does not."""
    if char == "й":
        return char
    if _is_ignored(char):
        return ""
    if unicodedata.category(char)[0] not in "LNM":
        return " "
    decomposed = unicodedata.normalize("NFD", char)
    plain = unicodedata.normalize("NFC", "".join(each for each in decomposed if not _is_ignored(each)))
    return LETTERS.get(plain, plain)


def _is_ignored(char: str) -> bool:
    """Accents, the vowel points of Hebrew and Arabic, and invisible characters. Vowel signs of other scripts count."""
    category = unicodedata.category(char)
    return (category == "Mn" and ACCENT.match(char) is not None) or (category == "Cf" and char != ZERO_WIDTH_SPACE)


_FOLDED = _Characters(_fold_character)
_SHAPES = _Characters(lambda char: " " if _fold_character(char) == " " else "x")
