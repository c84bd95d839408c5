"""Makes tickets through the product's services, in a workspace of the API's test client."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
from tests.support.clients import Client
from tests.support.factories import Factory

from voxpop.tickets import ratings, service
from voxpop.tickets.models import Author, NewRating, NewTicket, Priority, Requester, Status, Ticket
from voxpop.types import AccountId, WorkspaceId, uuid7
from voxpop.workspaces import service as workspaces

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANN = Requester("Ann", "Ann@Example.com")
BOB = Author("Bob")

TICKETS = "/api/v1/tickets"
NEW = {
    "subject": "The export stops",
    "description": "At row 1,000",
    "requester": {"name": "Ann", "email": "Ann@Example.com"},
}


class TicketFactory:
    """Makes and changes tickets of one workspace. The time is NOW unless given."""

    def __init__(self, make: Factory, workspace: WorkspaceId) -> None:
        self.database, self.workspace = make.database, workspace

    async def open(self, subject: str = "Help", now: datetime = NOW, **fields: Any) -> Ticket:
        new = NewTicket(subject, fields.pop("description", "Please"), fields.pop("requester", ANN), **fields)
        async with self.database.transaction(self.workspace) as tx:
            return await service.open_ticket(tx, self.workspace, new, BOB, now)

    async def set_status(self, status: Status, *refs: str, now: datetime = NOW, author: Author = BOB) -> int:
        async with self.database.transaction(self.workspace) as tx:
            return await service.set_status(tx, self.workspace, refs, status, author, now)

    async def rate(
        self, ref: str, stars: int, comment: str | None = None, *, now: datetime = NOW, by: str = "ann@example.com"
    ) -> Ticket:
        async with self.database.transaction(self.workspace) as tx:
            place = await workspaces.get_workspace(tx, self.workspace)
            return await ratings.rate(tx, place, ref, NewRating(stars, comment), by, now)

    async def rated(self, stars: int, now: datetime = NOW, **fields: Any) -> Ticket:
        """A ticket that is resolved and rated at that time."""
        ticket = await self.open(now=now, **fields)
        await self.set_status(Status.RESOLVED, ticket.ref, now=now)
        return await self.rate(ticket.ref, stars, now=now)

    async def get(self, ref: str) -> Ticket:
        async with self.database.transaction(self.workspace) as tx:
            return await service.get_ticket(tx, self.workspace, ref)


async def member(owner: "asyncpg.Connection[Any]", workspace: WorkspaceId, name: str) -> AccountId:
    """Creates a member with the address `<name>@example.com`."""
    account, email = uuid7(), f"{name}@Example.com"
    await owner.execute(
        "INSERT INTO account (id, email, email_folded, name, create_time, last_update_time) "
        "VALUES ($1, $2, $3, $4, now(), now())",
        account, email, email.lower(), name,
    )  # fmt: skip
    await owner.execute(
        "INSERT INTO member (workspace_id, account_id, name, email, email_folded, role, create_time, create_user, "
        "last_update_time, last_update_user) VALUES ($1, $2, $3, $4, $5, 'agent', now(), 'test', now(), 'test')",
        workspace, account, name, email, email.lower(),
    )  # fmt: skip
    return AccountId(account)


async def refs(client: Client, **query: Any) -> list[str]:
    """The references of all pages of a list, with three rows a page."""
    found: list[str] = []
    cursor = None
    while True:
        params = {key: value for key, value in {**query, "limit": 3, "cursor": cursor}.items() if value is not None}
        answer = await client.get(TICKETS, params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [row["ref"] for row in page["data"]]
        cursor = page["next_cursor"]
        assert page["has_more"] is (cursor is not None)
        if cursor is None:
            return found


__all__ = ["ANN", "BOB", "NEW", "NOW", "TICKETS", "Priority", "Status", "TicketFactory", "member", "refs"]
