"""Text as words that search compares: split and folded here, whatever the database's locale; pure."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import takewhile

from voxpop.types import WorkspaceId

# Letters and digits of any script; a ref like TK-12 is found by either half or both.
WORD = re.compile(r"\w+")
LONGEST = 32  # characters of a word that are compared
# A long run of accents is folded in quadratic time, so a text is folded in slices, cut between words if it has any.
SLICE = re.compile(r".{1,500}(?!\S)|.{1,500}", re.DOTALL)
MOST = 2000  # different words of one text
SHORTEST_PREFIX = 3  # shorter words are found as they stand only: too many others begin like them
MOST_ASKED = 8


def split(text: str) -> list[str]:
    """The different words, folded, in the order of their first use."""
    plain = "".join(unicodedata.normalize("NFKC", each) for each in SLICE.findall(text)).casefold().replace("ё", "е")
    return list(dict.fromkeys(word[:LONGEST] for word in WORD.findall(plain)))


def lexemes(workspace: WorkspaceId, text: str) -> list[str]:
    """A text's words with the mark of their workspace, as they are stored."""
    return sorted(_mark(workspace) + word for word in split(text)[:MOST])


def query(workspace: WorkspaceId, roots: Sequence[str]) -> str | None:
    """What finds texts that have all of these, each at a word's beginning; None for none."""
    return " & ".join(f"'{_mark(workspace)}{root}'{_prefix(root)}" for root in roots) or None


def root(word: str, stem: str | None) -> str:
    """What a word's forms begin with, by its stem: "compan" of companies, for company is found by it too.

    The word itself where it has no stem, as "the" has none, or where too little of it is left.
    """
    pairs = zip(word, (stem or word).removesuffix("i"), strict=False)
    shared = "".join(letter for letter, other in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return shared if len(shared) >= SHORTEST_PREFIX else word


def fold_tag(name: str) -> str:
    """A tag as it is stored."""
    return name.strip().casefold()


def _mark(workspace: WorkspaceId) -> str:
    return workspace.hex[-4:]  # of the random end of the id; two workspaces alike would only make a search longer


def _prefix(word: str) -> str:
    return ":*" if len(word) >= SHORTEST_PREFIX else ""
