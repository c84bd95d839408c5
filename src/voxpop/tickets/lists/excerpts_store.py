"""Statements for excerpts: which words of a found ticket match, and the texts that may have them."""

from collections.abc import Sequence

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Query, arrays_of
from voxpop.search_text import SearchTerms
from voxpop.types import TicketId, WorkspaceId


class MatchingWord(Struct, frozen=True):
    """A word of a ticket that matches a term, with its stem."""

    ticket_id: TicketId
    part: int
    word: str
    stem: str | None


class TicketPart(Struct, frozen=True):
    """A part of the index: texts of a ticket."""

    ticket: TicketId
    part: int


class SourceText(Struct, frozen=True):
    """The description of a ticket or one of its messages. `source` is `description`, or the kind of the message."""

    ticket_id: TicketId
    source: str
    text: str


# The words that a ticket's texts have, without those that begin with another letter than any term.
MATCHING_WORDS = Query(
    """
    SELECT s.ticket_id, s.part, found.word, found.stem
    FROM ticket_search s CROSS JOIN LATERAL stems(ARRAY(
        SELECT substr(lexeme, 5) FROM unnest(tsvector_to_array(s.words)) AS stored (lexeme)
        WHERE substr(lexeme, 5, 1) = ANY (:initials::text[]))) AS found
    WHERE s.workspace_id = :workspace AND s.ticket_id = ANY (:tickets::uuid[])
        AND (found.word = ANY (:terms::text[]) OR found.stem = ANY (:terms) OR starts_with(found.word, :prefix))
    """,
    MatchingWord,
)

# The description first, then the messages, oldest first.
TEXTS = Query(
    """
    WITH searched AS (SELECT * FROM unnest(:ticket::uuid[], :part::integer[]) AS s (ticket_id, part))
    SELECT t.id AS ticket_id, 'description' AS source, t.description AS text
    FROM searched s JOIN ticket t ON t.workspace_id = :workspace AND t.id = s.ticket_id WHERE s.part = 0
    UNION ALL (
        SELECT m.ticket_id, m.kind, m.body
        FROM searched s JOIN ticket_message m ON m.workspace_id = :workspace AND m.ticket_id = s.ticket_id
        WHERE m.search_part = s.part ORDER BY m.create_time, m.id
    )
    """,
    SourceText,
)


async def list_matching_words(
    tx: Tx, workspace: WorkspaceId, tickets: Sequence[TicketId], terms: SearchTerms
) -> list[MatchingWord]:
    return await MATCHING_WORDS.all(
        tx,
        workspace=workspace,
        tickets=tickets,
        terms=terms.lexemes,
        prefix=terms.prefix,
        initials=sorted({lexeme[0] for lexeme in terms.lexemes}),
    )


async def list_texts(tx: Tx, workspace: WorkspaceId, parts: Sequence[TicketPart]) -> list[SourceText]:
    """The texts that these parts of the index contain, without subjects and requesters."""
    return await TEXTS.all(tx, workspace=workspace, **arrays_of(parts)) if parts else []
