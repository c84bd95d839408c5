"""Text as words that search compares: split and folded here, whatever the database's locale; pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from voxpop.types import WorkspaceId

# Letters and digits of any script; a ref like TK-12 is found by either half or both.
WORD = re.compile(r"\w+")
MAX_WORD_LENGTH = 32  # characters of a word that are compared
# A long run of accents is folded in quadratic time, so a text is folded in slices, cut between words if it has any.
FOLDING_SLICE = re.compile(r".{1,500}(?!\S)|.{1,500}", re.DOTALL)
MAX_WORDS = 2000  # different words of one text
MIN_PREFIX_LENGTH = 3  # shorter words are found as they stand only: too many others begin like them
MAX_QUERY_WORDS = 8


def split_words(text: str) -> list[str]:
    """The different words, folded, in the order of their first use."""
    plain = (
        "".join(unicodedata.normalize("NFKC", each) for each in FOLDING_SLICE.findall(text))
        .casefold()
        .replace("ё", "е")
    )
    return list(dict.fromkeys(word[:MAX_WORD_LENGTH] for word in WORD.findall(plain)))


def lexemes(workspace: WorkspaceId, text: str) -> list[str]:
    """A text's words with the mark of their workspace; the database adds their stems."""
    return sorted(_workspace_prefix(workspace) + word for word in split_words(text)[:MAX_WORDS])


def build_tsquery(workspace: WorkspaceId, asked: Sequence[str], stems: Mapping[str, str]) -> str | None:
    """What finds texts that have all of these words, each in any form, the last one also as a beginning; None for none.

    Only the last one: of a beginning the index gathers every text that has it, of a stem no more than it must.
    """
    every = [f"'{_workspace_prefix(workspace)}{stems.get(word, word)}'" for word in asked]
    if asked and len(asked[-1]) >= MIN_PREFIX_LENGTH:
        last = f"'{_workspace_prefix(workspace)}{asked[-1]}'"
        every[-1] = f"{last}:*" if last == every[-1] else f"({every[-1]} | {last}:*)"
    return " & ".join(every) or None


def _workspace_prefix(workspace: WorkspaceId) -> str:
    return workspace.hex[-4:]  # of the random end of the id; two workspaces alike would only make a search longer
