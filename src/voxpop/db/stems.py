"""The stems of search words, from the dictionaries of PostgreSQL. They are the same in every workspace."""

from collections.abc import Sequence

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.search_text import SearchTerms


class Stem(Struct):
    word: str
    stem: str | None


STEMS = Query("SELECT word, stem FROM stems(:words::text[])", Stem)


async def find_stems(tx: Tx, words: Sequence[str]) -> dict[str, str | None]:
    """The stem of each word; None for a word without one."""
    return {each.word: each.stem for each in await STEMS.all(tx, words=words)}


async def find_terms(tx: Tx, words: Sequence[str]) -> SearchTerms:
    """The terms of a search for these words."""
    return SearchTerms.of(words, await find_stems(tx, words))
