"""Excerpts of the tickets that a search finds: the text that matches best, with its matching words marked."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.search_text import Beginnings, SearchTerms, fold_run
from voxpop.tickets.lists import excerpts_store as store
from voxpop.tickets.lists.excerpts_store import MatchingWord, SourceText, TicketPart
from voxpop.tickets.lists.models import Excerpt, ExcerptPart, ExcerptSource, Highlights, TicketRow
from voxpop.types import TicketId, WorkspaceId

LENGTH, LEAD = 160, 40  # characters of an excerpt, and those of them before its first match
MAX_MATCHES = 100  # in one text
LONG_TEXTS = 10_000  # characters of a ticket that take a millisecond or more, so that other requests get their turn
ELLIPSIS = "…"
NO_TERMS: frozenset[int] = frozenset()


class Match(Struct, frozen=True):
    """A place of a text that matches: from `start` up to `end`, and the numbers of the terms."""

    start: int
    end: int
    terms: frozenset[int]


class Matcher(dict[str, frozenset[int]]):
    """The numbers of the terms that a run of characters matches, computed once for each run of a page."""

    def __init__(self, words: Iterable[MatchingWord], terms: SearchTerms) -> None:
        self.count = len(terms.lexemes)
        self.words = {each.word: terms.matching(each.word, each.stem) for each in words}
        self.beginnings = Beginnings({word[0] for word in self.words})

    def __missing__(self, run: str) -> frozenset[int]:
        found = [self.words[word] for word in fold_run(run) if word in self.words]
        self[run] = terms = frozenset[int]().union(*found) if found else NO_TERMS
        return terms


class Candidate(Struct, frozen=True):
    """A text with its matches."""

    source: ExcerptSource
    text: str
    matches: Sequence[Match]

    @property
    def terms(self) -> frozenset[int]:
        return frozenset[int]().union(*(match.terms for match in self.matches))


async def find_highlights(
    tx: Tx, workspace: WorkspaceId, rows: Sequence[TicketRow], terms: SearchTerms
) -> dict[TicketId, Highlights]:
    """What to show of each ticket that a search found."""
    words = await store.list_matching_words(tx, workspace, [row.id for row in rows], terms)
    texts = defaultdict[TicketId, list[SourceText]](list)
    for text in await store.list_texts(tx, workspace, list(_best_parts(words, terms))):
        texts[text.ticket_id].append(text)
    matcher, highlights = Matcher(words, terms), {}
    for row in rows:
        highlights[row.id] = _highlights(row, texts[row.id], matcher)
        if sum(len(each.text) for each in texts[row.id]) > LONG_TEXTS:
            await asyncio.sleep(0)
    return highlights


def _best_parts(words: Iterable[MatchingWord], terms: SearchTerms) -> Iterator[TicketPart]:
    """Of each ticket the part with the most terms, the earliest of several."""
    found = defaultdict[TicketId, dict[int, frozenset[int]]](dict)
    for each in words:
        parts = found[each.ticket_id]
        parts[each.part] = parts.get(each.part, frozenset()) | terms.matching(each.word, each.stem)
    for ticket, parts in found.items():
        yield TicketPart(ticket, min(parts, key=lambda part: (-len(parts[part]), part)))


def _highlights(row: TicketRow, texts: Iterable[SourceText], matcher: Matcher) -> Highlights:
    best = subject = _candidate(ExcerptSource.SUBJECT, row.subject, matcher)
    others = [
        *((ExcerptSource(text.source), text.text) for text in texts),
        *((ExcerptSource.REQUESTER, text) for text in (row.requester_name, row.requester_email)),
        (ExcerptSource.REF, row.ref),
    ]
    for source, text in others:
        if len(best.terms) == matcher.count:
            break
        best = max(best, _candidate(source, text, matcher), key=lambda each: len(each.terms))
    return Highlights(_parts(subject.text, subject.matches), Excerpt(best.source, _excerpt(best)))


def _candidate(source: ExcerptSource, text: str, matcher: Matcher) -> Candidate:
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
    return Candidate(source, line, matches)


def _excerpt(candidate: Candidate) -> list[ExcerptPart]:
    """The stretch of the text with the most terms; the beginning of a text without matches."""
    text, matches = candidate.text, candidate.matches
    first = next((each for each in matches if _terms_from(each, matches) == candidate.terms), None)
    first = first or max(matches, key=lambda each: len(_terms_from(each, matches)), default=Match(0, 0, NO_TERMS))
    start = max(first.start - LEAD, 0)
    end = max(start + LENGTH, first.end)
    # Where there is a space, the stretch does not begin or end within a word.
    if start > 0:
        start = text.find(" ", start, first.start) + 1 or start
    if end < len(text) and (space := text.rfind(" ", end - LEAD, end)) >= 0:
        end = space
    parts = _parts(text[start:end], [Match(each.start - start, each.end - start, each.terms) for each in matches])
    before, after = [ExcerptPart(ELLIPSIS)] * (start > 0), [ExcerptPart(ELLIPSIS)] * (end < len(text))
    return [*before, *parts, *after]


def _terms_from(first: Match, matches: Sequence[Match]) -> frozenset[int]:
    """The terms of an excerpt that begins shortly before a match."""
    stretch = range(first.start, first.start + LENGTH - LEAD)
    return frozenset[int]().union(*(each.terms for each in matches if each.start in stretch))


def _parts(text: str, matches: Sequence[Match]) -> list[ExcerptPart]:
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
