"""Excerpts of the tickets that a search finds: the text that matches best, with its matching words marked."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.excerpts import MatchedText, Matcher, cut_excerpt, mark_matches, match_text
from voxpop.search_text import SearchTerms
from voxpop.tickets.lists import excerpts_store as store
from voxpop.tickets.lists.excerpts_store import MatchingWord, SourceText, TicketPart
from voxpop.tickets.lists.models import Excerpt, ExcerptSource, Highlights, TicketRow
from voxpop.types import TicketId, WorkspaceId

LONG_TEXTS = 10_000  # characters of a ticket that take a millisecond or more, so that other requests get their turn


class Candidate(Struct, frozen=True):
    """A text of a ticket with its matches."""

    source: ExcerptSource
    found: MatchedText


async def find_highlights(
    tx: Tx, workspace: WorkspaceId, rows: Sequence[TicketRow], terms: SearchTerms
) -> dict[TicketId, Highlights]:
    """What to show of each ticket that a search found."""
    words = await store.list_matching_words(tx, workspace, [row.id for row in rows], terms)
    texts = defaultdict[TicketId, list[SourceText]](list)
    for text in await store.list_texts(tx, workspace, list(_best_parts(words, terms))):
        texts[text.ticket_id].append(text)
    matcher, highlights = Matcher({each.word: each.stem for each in words}, terms), {}
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
    subject = match_text(row.subject, matcher)
    best = Candidate(ExcerptSource.SUBJECT, subject)
    others = [
        *((ExcerptSource(text.source), text.text) for text in texts),
        *((ExcerptSource.REQUESTER, text) for text in (row.requester_name, row.requester_email)),
        (ExcerptSource.REF, row.ref),
    ]
    for source, text in others:
        if len(best.found.terms) == matcher.count:
            break
        other = Candidate(source, match_text(text, matcher))
        best = max(best, other, key=lambda each: len(each.found.terms))
    excerpt = Excerpt(best.source, tuple(cut_excerpt(best.found)))
    return Highlights(tuple(mark_matches(subject.text, subject.matches)), excerpt)
