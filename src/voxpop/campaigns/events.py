"""Events over HTTP, and the replay of those that could not be used."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from voxpop.campaigns import event_ingest, store
from voxpop.campaigns.event_ingest import EventOutcome, InvalidEvent, Outcome
from voxpop.campaigns.models import DeadLetter, Event
from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.errors import FieldError, Invalid, NotFound
from voxpop.types import WorkspaceId
from voxpop.workspaces import service as workspaces

MOST = 1_000  # events in a list


async def take_sent(tx: Tx, workspace: WorkspaceId, sent: object, now: datetime) -> list[Outcome]:
    """One decoded event or a list of them. A single one that can't be used is Invalid; one of a list fails alone."""
    if isinstance(sent, list):
        if len(sent) > MOST:
            raise Invalid(f"body must not have more than {MOST} events")
        return await _take_all(tx, workspace, [_read(one, now) for one in sent], now)
    read = _read(sent, now)
    if isinstance(read, Outcome) and read.fate is EventOutcome.INVALID:
        raise Invalid(f"body {read.message}", details=[FieldError("", read.message or "")])
    return await _take_all(tx, workspace, [read], now)


async def replay(tx: Tx, workspace: WorkspaceId, ident: UUID, now: datetime) -> Outcome:
    """Takes a dead event once more, as it is; Invalid where it still can't be used."""
    dead = await store.find_dead_letter(tx, workspace, ident)
    if dead is None:
        raise NotFound.of("Dead event", ident)
    owner = (await workspaces.get_workspace(tx, workspace)).name
    if dead.named_workspace not in (None, owner):
        raise Invalid(f"The message is for the workspace '{dead.named_workspace}', not for this one")
    try:
        event = event_ingest.read_event(dead.message, dead.create_time)
    except InvalidEvent as reason:
        raise Invalid(f"The message still can't be used: {reason}") from reason
    outcomes = await _take_all(tx, workspace, [event or _unknown_type()], now)
    await store.set_replayed(tx, workspace, ident, now)
    return outcomes[0]


async def list_dead(tx: Tx, workspace: WorkspaceId, before: Position, limit: int) -> list[DeadLetter]:
    """Newest first, those before (time, id) only."""
    return await store.list_dead_letters(tx, workspace, before, limit)


async def prune_dead_letters(tx: Tx, workspace: WorkspaceId, before: datetime, most: int) -> int:
    """Takes away those that were kept before a moment, at most so many: how many."""
    return await store.delete_dead_letters(tx, workspace, before, most)


async def _take_all(tx: Tx, workspace: WorkspaceId, read: Sequence[Event | Outcome], now: datetime) -> list[Outcome]:
    events = [one for one in read if isinstance(one, Event)]
    taken = iter(await event_ingest.ingest(tx, workspace, events, now))
    return [next(taken) if isinstance(one, Event) else one for one in read]


def _read(sent: object, now: datetime) -> Event | Outcome:
    try:
        return event_ingest.event_of(sent, now) or _unknown_type()
    except InvalidEvent as reason:
        return Outcome(EventOutcome.INVALID, [], str(reason))


def _unknown_type() -> Outcome:
    return Outcome(EventOutcome.IGNORED, [], "No campaign knows events of this type")
