"""The conversation of a ticket, a page at a time: messages and activities in order of time, the latest page first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from voxpop.cursors import NEWEST_FIRST, Position, decode_cursor, encode_cursor
from voxpop.db.pool import Tx
from voxpop.tickets import store
from voxpop.tickets.models import Activity, Message, MessageKind, Ticket
from voxpop.types import WorkspaceId

PAGE_SIZE = 50  # entries
MOMENT = timedelta(seconds=1)  # changes by one person that are so close to each other are one line
SORT = "conversation"  # of its cursors
MESSAGE, ACTIVITY = 0, 1  # groups of entries: an activity follows the message that caused it at the same time
PUBLIC = (MessageKind.CUSTOMER, MessageKind.REPLY)


class Entry(Struct, frozen=True):
    """A line of a conversation: a message or an activity."""

    position: Position
    message: Message | None = None
    activity: Activity | None = None

    @property
    def at(self) -> datetime:
        return self.position.at


class Line(Struct, frozen=True):
    """What the inbox shows of a conversation in one line: a message, or what one person changed at one moment."""

    at: datetime
    message: Message | None = None
    activities: tuple[Activity, ...] = ()

    def takes_in(self, entry: Entry) -> bool:
        """Whether the next entry is a part of this line."""
        if not self.activities or not entry.activity:
            return False
        last = self.activities[-1]
        return last.actor_name == entry.activity.actor_name and entry.at - last.create_time < MOMENT


class ConversationPage(Struct, frozen=True):
    """Entries, oldest first. `earlier` is the cursor of the page before them; None if they begin with the first one."""

    entries: list[Entry]
    earlier: str | None
    is_latest: bool

    @property
    def lines(self) -> list[Line]:
        lines: list[Line] = []
        for entry in self.entries:
            if entry.activity and lines and lines[-1].takes_in(entry):
                lines[-1] = replace(lines[-1], activities=(*lines[-1].activities, entry.activity))
            else:
                lines.append(Line(entry.at, entry.message, (entry.activity,) if entry.activity else ()))
        return lines

    @property
    def messages(self) -> list[Message]:
        return [entry.message for entry in self.entries if entry.message]


async def load_page(tx: Tx, workspace: WorkspaceId, ticket: Ticket, cursor: str | None) -> ConversationPage:
    """The latest entries, or those before a cursor. The description is the first message."""
    before = decode_cursor(cursor, SORT)
    entries = await _list_messages(tx, workspace, ticket, tuple(MessageKind), before)
    for activity in await store.list_earlier_activities(tx, workspace, ticket, before or NEWEST_FIRST, PAGE_SIZE + 1):
        entries.append(Entry(Position(activity.create_time, activity.id, ACTIVITY), None, activity))
    return _page(entries, before)


async def load_public_page(tx: Tx, workspace: WorkspaceId, ticket: Ticket, cursor: str | None) -> ConversationPage:
    """As `load_page`, without notes and activities."""
    before = decode_cursor(cursor, SORT)
    return _page(await _list_messages(tx, workspace, ticket, PUBLIC, before), before)


async def _list_messages(
    tx: Tx, workspace: WorkspaceId, ticket: Ticket, kinds: Sequence[MessageKind], before: Position | None
) -> list[Entry]:
    """The latest messages before a position, at most one more than a page shows."""
    start = before or NEWEST_FIRST
    messages = await store.list_earlier_messages(tx, workspace, ticket.id, kinds, start, PAGE_SIZE + 1)
    if len(messages) <= PAGE_SIZE:
        messages.append(ticket.opening_message)
    return [Entry(Position(each.create_time, each.id, MESSAGE), each) for each in messages]


def _page(entries: Sequence[Entry], before: Position | None) -> ConversationPage:
    """The last of the entries, which all are before the position."""
    ordered = sorted(entries, key=lambda entry: (entry.at, entry.position.group, entry.position.id))
    shown = ordered[-PAGE_SIZE:]
    earlier = encode_cursor(shown[0].position, SORT) if len(ordered) > PAGE_SIZE else None
    return ConversationPage(shown, earlier, before is None)
