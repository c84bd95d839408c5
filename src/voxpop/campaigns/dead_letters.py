"""Dead letters: messages that cannot be used, stored with the reason; they block nothing and can be replayed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from voxpop.campaigns import dead_letters_store as store
from voxpop.campaigns import event_ingest
from voxpop.campaigns.event_ingest import EventResult, InvalidEvent
from voxpop.campaigns.models import DeadLetter, Event
from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.errors import Invalid, NotFound
from voxpop.types import WorkspaceId
from voxpop.workspaces import service as workspaces


async def store_dead_letters(tx: Tx, workspace: WorkspaceId, letters: Sequence[DeadLetter], now: datetime) -> None:
    """Each message is stored once, however often it is read."""
    if letters:
        await store.insert_dead_letters(tx, workspace, letters, now)


async def list_dead_letters(tx: Tx, workspace: WorkspaceId, before: Position, limit: int) -> list[DeadLetter]:
    """Newest first, those before the position only."""
    return await store.list_dead_letters(tx, workspace, before, limit)


async def replay(tx: Tx, workspace: WorkspaceId, dead_letter: UUID, now: datetime) -> EventResult:
    """Ingests the message again, unchanged; Invalid if it still cannot be used."""
    letter = await store.lock_dead_letter(tx, workspace, dead_letter)
    if letter is None:
        raise NotFound.of("Dead letter", dead_letter)
    events = await _parse(tx, workspace, letter)
    results = await event_ingest.ingest(tx, workspace, events, now)
    await store.set_replayed(tx, workspace, dead_letter, now)
    return results[0] if results else event_ingest.unknown_type()


async def _parse(tx: Tx, workspace: WorkspaceId, letter: DeadLetter) -> Sequence[Event]:
    """The event of the message; none for a type that no campaign knows."""
    name = (await workspaces.get_workspace(tx, workspace)).name
    if letter.named_workspace not in (None, name):
        raise Invalid(f"The message is for the workspace '{letter.named_workspace}', not for this one")
    try:
        event = event_ingest.parse_message(letter.message, letter.create_time)
    except InvalidEvent as reason:
        raise Invalid(f"The message still cannot be used: {reason}") from reason
    return [] if event is None else [event]


async def prune_dead_letters(tx: Tx, workspace: WorkspaceId, before: datetime, limit: int) -> int:
    """Deletes at most `limit` of those stored before a moment; returns how many."""
    return await store.delete_dead_letters(tx, workspace, before, limit)
