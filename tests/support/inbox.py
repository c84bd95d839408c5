"""The app with two workspaces, whose members use the inbox through HTTP clients that act like browsers."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple, Self

from httpx import Cookies
from tests.support.recordings import record_once
from tests.support.sites import AGENT, OWNER, Browser, Site

from voxpop.accounts import members
from voxpop.cursors import NEWEST_FIRST
from voxpop.tickets import ratings, service, store
from voxpop.tickets.models import Activity, Author, Message, NewRating, NewTicket, Priority, Requester, Status, Ticket
from voxpop.types import AccountId, utcnow
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace

ANN = Requester("Ann Smith", "Ann@Example.com")
HOUR = timedelta(hours=1)


class MadeInbox(NamedTuple):
    """What a site keeps beside its rows."""

    workspaces: dict[str, Workspace]
    owner_cookies: Cookies
    agent_cookies: Cookies


class InboxSite(Site):
    """`owner_browser` and `agent` are signed in to the default workspace."""

    agent: Browser
    owner_browser: Browser

    async def set_up(self, fill: "Fill | None" = None) -> Self:
        """With the tickets that `fill` makes."""
        name = f"inbox with {fill.__qualname__}" if fill else "inbox"
        made = await record_once(self.database, name, partial(self._make, fill))
        self.workspaces = dict(made.workspaces)
        self.owner_browser, self.agent = self.browser(), self.browser()
        self.owner_browser.cookies.update(made.owner_cookies)
        self.agent.cookies.update(made.agent_cookies)
        return self

    async def _make(self, fill: "Fill | None") -> "MadeInbox":
        await super().set_up()
        self.owner_browser = await self.owner()
        self.agent = await self.accept_invitation(self.owner_browser, AGENT, "agent")
        if fill:
            await fill(self)
        return MadeInbox(self.workspaces, Cookies(self.owner_browser.cookies), Cookies(self.agent.cookies))

    async def open(self, subject: str = "Help", slug: str = "default", **fields: Any) -> Ticket:
        now = fields.pop("now", utcnow() - 3 * HOUR)
        new = NewTicket(subject, "It stops.\n\nWhy?", fields.pop("requester", ANN), **fields)
        async with self.database.transaction(self.workspace_id(slug)) as tx:
            return await service.open_ticket(tx, self.workspace_id(slug), new, Author(new.requester.name), now)

    async def rated(self, stars: int, comment: str | None = None, subject: str = "Help", **fields: Any) -> Ticket:
        at = fields.pop("rated_at", utcnow() - 2 * HOUR)
        ticket, now, workspace = await self.open(subject, **fields), utcnow() - HOUR, self.workspace_id()
        async with self.database.transaction(workspace) as tx:
            await service.set_status(tx, workspace, [ticket.ref], Status.RESOLVED, Author("Bob"), now)
            place = await workspaces.get_workspace(tx, workspace)
            by = ticket.requester_email_folded
            return await ratings.rate(tx, place, ticket.ref, NewRating(stars, comment), by, at)

    async def get(self, ref: str) -> Ticket:
        async with self.database.transaction(self.workspace_id()) as tx:
            return await service.get_ticket(tx, self.workspace_id(), ref)

    async def messages(self, ref: str) -> list[Message]:
        async with self.database.transaction(self.workspace_id()) as tx:
            ticket = await service.get_ticket(tx, self.workspace_id(), ref)
            return await store.list_messages(tx, self.workspace_id(), ticket.id)

    async def activities(self, ref: str) -> list[Activity]:
        async with self.database.transaction(self.workspace_id()) as tx:
            ticket = await service.get_ticket(tx, self.workspace_id(), ref)
            newest_first = await store.list_earlier_activities(tx, self.workspace_id(), ticket, NEWEST_FIRST, 100)
        return newest_first[::-1]

    async def tags(self, ref: str) -> list[str]:
        async with self.database.transaction(self.workspace_id()) as tx:
            ticket = await service.get_ticket(tx, self.workspace_id(), ref)
            return [tag.name for tag in await store.list_ticket_tags(tx, self.workspace_id(), ticket.id)]

    async def account(self, email: str) -> AccountId:
        async with self.database.transaction(self.workspace_id()) as tx:
            known = await members.list_members(tx, self.workspace_id())
        return next(member.account_id for member in known if member.email == email)


Fill = Callable[[InboxSite], Awaitable[None]]

__all__ = ["AGENT", "ANN", "HOUR", "OWNER", "Browser", "InboxSite", "Priority", "Requester", "Status"]
