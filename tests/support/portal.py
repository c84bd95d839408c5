"""The app with two workspaces, whose customers use the portal; agents act through the product's services."""

import re
from typing import Any

from tests.support.sites import Browser, Site

from voxpop.tickets import service
from voxpop.tickets.models import Author, NewTicket, Requester, Status, Ticket
from voxpop.types import utcnow

ANN, BOB = "Ann@Example.com", "bob@example.com"
AGENT = Author("Ines Marlow")
SUBJECT, DESCRIPTION = "Pump leaks", "It leaks at the valve."


class PortalSite(Site):
    """A test site with tickets of customers."""

    async def customer(self, email: str = ANN, slug: str = "default") -> Browser:
        """A customer signed in by an emailed link."""
        browser = self.browser(slug)
        await browser.submit("/tickets/login", email=email)
        answer = await browser.use_link(await self.last_link(email, slug))
        assert answer.status_code == 303, answer.text
        return browser

    async def open(self, status: Status = Status.OPEN, email: str = ANN, slug: str = "default", **new: Any) -> str:
        """Opens a customer's ticket, sets its status as an agent, and returns its reference."""
        made = NewTicket(
            **({"subject": SUBJECT, "description": DESCRIPTION} | new), requester=Requester("Ann Lee", email)
        )
        async with self.database.transaction(self.workspace_id(slug)) as tx:
            ticket = await service.open_ticket(tx, self.workspace_id(slug), made, Author("Ann Lee"), utcnow())
        if status is not Status.OPEN:
            await self.set_status(ticket.ref, status, slug)
        return ticket.ref

    async def set_status(self, ref: str, status: Status, slug: str = "default") -> None:
        async with self.database.transaction(self.workspace_id(slug)) as tx:
            await service.set_status(tx, self.workspace_id(slug), [ref], status, AGENT, utcnow())

    async def answer(self, ref: str, body: str) -> None:
        async with self.database.transaction(self.workspace_id()) as tx:
            await service.reply(tx, self.workspace_id(), ref, body, AGENT, self.settings.public_url, utcnow())

    async def note(self, ref: str, body: str) -> None:
        async with self.database.transaction(self.workspace_id()) as tx:
            await service.note(tx, self.workspace_id(), ref, body, AGENT, utcnow())

    async def ticket(self, ref: str, slug: str = "default") -> Ticket:
        async with self.database.transaction(self.workspace_id(slug)) as tx:
            return await service.get_ticket(tx, self.workspace_id(slug), ref)

    async def count(self, owner: Any, table: str) -> int:
        """The number of rows of a table in all workspaces, not restricted by policies."""
        return int(await owner.fetchval(f"SELECT count(*) FROM {table}"))


def text_of(page: str) -> str:
    """The visible text of a page."""
    body = page[page.index("<body") :]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def without_request_ids(page: str) -> str:
    """The page without identifiers, which differ from one response to the next."""
    return re.sub(r"[0-9a-f-]{36}", "", page)
