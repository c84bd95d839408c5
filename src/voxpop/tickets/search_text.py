"""Full-text search of tickets: how texts become search words, and what finds them; pure.

Texts are split and folded here, so that the database's locale has no say in which words are equal.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from voxpop.types import WorkspaceId

WORD = re.compile(r"\w+")  # letters and digits of any script; so TK-12 is found by either half
MAX_WORD_LENGTH = 32  # characters that are compared
# Folding a long run of accents takes quadratic time. So a text is folded in slices, cut between words where possible.
FOLDING_SLICE = re.compile(r".{1,500}(?!\S)|.{1,500}", re.DOTALL)
MAX_WORDS = 2000  # different words of one text
MIN_PREFIX_LENGTH = 3  # too many words begin with a shorter text
MAX_QUERY_WORDS = 8


def split_words(text: str) -> list[str]:
    """The different words of a text, folded, in the order of their first use."""
    normalized = "".join(unicodedata.normalize("NFKC", each) for each in FOLDING_SLICE.findall(text))
    folded = normalized.casefold().replace("ё", "е")
    return list(dict.fromkeys(word[:MAX_WORD_LENGTH] for word in WORD.findall(folded)))


def lexemes(workspace: WorkspaceId, text: str) -> list[str]:
    """The words of a text as they are stored, with the prefix of their workspace. The database adds their stems."""
    return sorted(_workspace_prefix(workspace) + word for word in split_words(text)[:MAX_WORDS])


def build_tsquery(workspace: WorkspaceId, words: Sequence[str], stems: Mapping[str, str]) -> str | None:
    """The `tsquery` for texts that have all these words in any form; None without words.

    The last word also matches as a prefix, for users who are still typing. The others do not, because the index
    collects every ticket that has the prefix.
    """
    terms = [f"'{_workspace_prefix(workspace)}{stems.get(word, word)}'" for word in words]
    if words and len(words[-1]) >= MIN_PREFIX_LENGTH:
        last = f"'{_workspace_prefix(workspace)}{words[-1]}'"
        terms[-1] = f"{last}:*" if last == terms[-1] else f"({terms[-1]} | {last}:*)"
    return " & ".join(terms) or None


def _workspace_prefix(workspace: WorkspaceId) -> str:
    """The random end of the id. Two workspaces with the same prefix would only make searches slower."""
    return workspace.hex[-4:]
