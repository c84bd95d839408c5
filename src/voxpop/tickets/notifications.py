"""What a ticket's requester is mailed: that an agent replied. Never a note, never a reminder to rate."""

import re
from datetime import datetime

from voxpop import mail, outbox
from voxpop.db.pool import Tx
from voxpop.i18n import ENGLISH, RUSSIAN, translate
from voxpop.tickets.models import Message, Ticket
from voxpop.workspaces.models import Workspace

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


async def send_reply(tx: Tx, place: Workspace, ticket: Ticket, message: Message, address: str, now: datetime) -> None:
    """With a link into the portal at `address`; where the workspace has no portal, the whole text instead."""
    letter = mail.compose(place.name, ticket.requester_email, *reply_text(place, ticket, message, address), now)
    await outbox.record(tx, place.id, [letter], now)


def reply_text(place: Workspace, ticket: Ticket, message: Message, address: str) -> tuple[str, str]:
    """Subject and text, in the language that the requester wrote in."""
    locale = RUSSIAN if CYRILLIC.search(ticket.subject + ticket.description) else ENGLISH
    subject = f"[{ticket.ref}] {ticket.subject}"
    greeting = translate(locale, "Hello {name},", name=ticket.requester_name)
    if not place.portal_enabled:
        return subject, f"{greeting}\n\n{message.body}\n\n{message.author_name}, {place.name}\n"
    told = translate(
        locale, "{agent} has replied to your request “{subject}”.", agent=message.author_name, subject=ticket.subject
    )
    where = translate(locale, "Read the reply and answer here:")
    return subject, f"{greeting}\n\n{told}\n\n{where}\n{address}/tickets/{ticket.ref}\n\n{place.name}\n"
