"""Excerpts of texts that a search finds: a stretch of a text, with its matching words marked; pure."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from voxpop.search_text import Beginnings, SearchTerms, fold_run

LENGTH, LEAD = 160, 40  # characters of an excerpt, and those of them before its first match
MAX_MATCHES = 100  # in one text
ELLIPSIS = "…"
NO_TERMS: frozenset[int] = frozenset()


class ExcerptPart(Struct, frozen=True):
    """A piece of an excerpt; `matched` if a search found it."""

    text: Annotated[str, Meta(examples=["export"])]
    matched: bool = False


class Match(Struct, frozen=True):
    """A place of a text that matches: from `start` up to `end`, and the numbers of the terms."""

    start: int
    end: int
    terms: frozenset[int]


class Matcher(dict[str, frozenset[int]]):
    """The numbers of the terms that a run of characters matches, computed once for each run of a page."""

    def __init__(self, stems: Mapping[str, str | None], terms: SearchTerms) -> None:
        """`stems`: the words of the page that may match, each with its stem."""
        self.count = len(terms.lexemes)
        self.words = {word: terms.matching(word, stem) for word, stem in stems.items()}
        self.beginnings = Beginnings({word[0] for word in self.words})

    def __missing__(self, run: str) -> frozenset[int]:
        found = [self.words[word] for word in fold_run(run) if word in self.words]
        self[run] = terms = frozenset[int]().union(*found) if found else NO_TERMS
        return terms


class MatchedText(Struct, frozen=True):
    """A text as one line, with its matches."""

    text: str
    matches: Sequence[Match]

    @property
    def terms(self) -> frozenset[int]:
        return frozenset[int]().union(*(match.terms for match in self.matches))


def match_text(text: str, matcher: Matcher) -> MatchedText:
    """A text as one line, with its first matches, as far as an excerpt around all of its terms needs them."""
    line = " ".join(text.split())
    matches: list[Match] = []
    missing, end = set(range(matcher.count)), len(line)
    for run in matcher.beginnings.find_runs(line):
        start, stop = run.span()
        if start > end or len(matches) == MAX_MATCHES:
            break
        if terms := matcher[line[start:stop]]:
            matches.append(Match(start, stop, terms))
            missing -= terms
            end = end if missing else min(end, start + LENGTH)
    return MatchedText(line, matches)


def cut_excerpt(found: MatchedText) -> list[ExcerptPart]:
    """The stretch of the text with the most terms; the beginning of a text without matches."""
    text, matches = found.text, found.matches
    first = next((each for each in matches if _terms_from(each, matches) == found.terms), None)
    first = first or max(matches, key=lambda each: len(_terms_from(each, matches)), default=Match(0, 0, NO_TERMS))
    start = max(first.start - LEAD, 0)
    end = max(start + LENGTH, first.end)
    # Where there is a space, the stretch does not begin or end within a word.
    if start > 0:
        start = text.find(" ", start, first.start) + 1 or start
    if end < len(text) and (space := text.rfind(" ", end - LEAD, end)) >= 0:
        end = space
    parts = mark_matches(text[start:end], [Match(each.start - start, each.end - start, each.terms) for each in matches])
    before, after = [ExcerptPart(ELLIPSIS)] * (start > 0), [ExcerptPart(ELLIPSIS)] * (end < len(text))
    return [*before, *parts, *after]


def _terms_from(first: Match, matches: Sequence[Match]) -> frozenset[int]:
    """The terms of an excerpt that begins shortly before a match."""
    stretch = range(first.start, first.start + LENGTH - LEAD)
    return frozenset[int]().union(*(each.terms for each in matches if each.start in stretch))


def mark_matches(text: str, matches: Sequence[Match]) -> list[ExcerptPart]:
    """The text in pieces: those that match and those between."""
    parts, position = [], 0
    for match in matches:
        if 0 <= match.start < match.end <= len(text):
            parts += [
                ExcerptPart(text[position : match.start]),
                ExcerptPart(text[match.start : match.end], matched=True),
            ]
            position = match.end
    parts.append(ExcerptPart(text[position:]))
    return [part for part in parts if part.text]
