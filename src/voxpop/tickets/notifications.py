"""Emails to a ticket's requester: one for each public reply. Notes and reminders to rate are never sent."""

import re
from datetime import datetime

from voxpop import mail, outbox
from voxpop.db.pool import Tx
from voxpop.i18n import ENGLISH, RUSSIAN, translate
from voxpop.tickets.models import Message, Ticket
from voxpop.workspaces.models import Workspace

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


async def send_reply(
    tx: Tx, workspace: Workspace, ticket: Ticket, message: Message, address: str, now: datetime
) -> None:
    """The email has a link to the portal at `address`, or the whole reply where the workspace has no portal.

    `ticket` is as it was before the reply. All its emails are one thread, by its id: references repeat in workspaces.
    """
    subject = f"[{ticket.ref}] {ticket.subject}"
    if ticket.first_response_at is not None:
        subject = f"Re: {subject}"
    text = reply_text(workspace, ticket, message, address)
    thread = f"ticket.{ticket.id}"
    email = mail.compose(workspace.name, ticket.requester_email, subject, text, now, thread=thread)
    await outbox.record(tx, workspace.id, [email], now)


def reply_text(workspace: Workspace, ticket: Ticket, message: Message, address: str) -> str:
    """In the language that the requester wrote in."""
    locale = RUSSIAN if CYRILLIC.search(ticket.subject + ticket.description) else ENGLISH
    greeting = translate(locale, "Hello {name},", name=ticket.requester_name)
    if not workspace.portal_enabled:
        return f"{greeting}\n\n{message.body}\n\n{message.author_name}, {workspace.name}\n"
    replied = translate(
        locale, "{agent} has replied to your request “{subject}”.", agent=message.author_name, subject=ticket.subject
    )
    read_here = translate(locale, "Read the reply and answer here:")
    link = f"{address}/tickets/{ticket.ref}"
    not_here = translate(locale, "Replies to this email are not added to your request.")
    return f"{greeting}\n\n{replied}\n\n{read_here}\n{link}\n\n{not_here}\n\n{workspace.name}\n"
