"""Text as words that search compares: split and folded here, whatever the database's locale; pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

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
    """A text's words with the mark of their workspace; the database adds their stems."""
    return sorted(_mark(workspace) + word for word in split(text)[:MOST])


def query(workspace: WorkspaceId, asked: Sequence[str], stems: Mapping[str, str]) -> str | None:
    """What finds texts that have all of these words, each in any form, the last one also as a beginning; None for none.

    Only the last one: of a beginning the index gathers every text that has it, of a stem no more than it must.
    """
    every = [f"'{_mark(workspace)}{stems.get(word, word)}'" for word in asked]
    if asked and len(asked[-1]) >= SHORTEST_PREFIX:
        last = f"'{_mark(workspace)}{asked[-1]}'"
        every[-1] = f"{last}:*" if last == every[-1] else f"({every[-1]} | {last}:*)"
    return " & ".join(every) or None


def _mark(workspace: WorkspaceId) -> str:
    return workspace.hex[-4:]  # of the random end of the id; two workspaces alike would only make a search longer
