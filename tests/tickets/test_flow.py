"""The actions on tickets: statuses, the activity log, surveys, campaign events, bulk changes and locks."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.support.clients import Client
from tests.support.invariants import Owner
from tests.support.tickets import NOW, Status, TicketFactory, member

from voxpop.cursors import NEWEST_FIRST
from voxpop.errors import NotFound
from voxpop.tickets import service, store
from voxpop.tickets.models import Assignee, Author, Requester
from voxpop.types import AccountId, uuid7

ANN, BOB = Author("Ann"), Author("Bob")
CAMPAIGN = {"name": "After tickets", "survey_type_code": "CSAT", "trigger_type": "TICKET_CLOSED",
            "start_date": "2020-01-01"}  # fmt: skip


async def surveys(owner: Owner) -> list[tuple[str, str]]:
    return [tuple(row) for row in await owner.fetch("SELECT origin, status FROM survey ORDER BY create_time, id")]


async def test_a_customer_reply_reopens_a_resolved_or_closed_ticket(tickets: TicketFactory) -> None:  # T20
    for status in (Status.RESOLVED, Status.CLOSED, Status.IN_PROGRESS):
        ticket = await tickets.open()
        await tickets.set_status(status, ticket.ref)
        async with tickets.database.transaction(tickets.workspace) as tx:
            await service.customer_reply(tx, tickets.workspace, ticket.ref, "Not yet", ANN, NOW + timedelta(hours=1))
        again = await tickets.get(ticket.ref)
        assert again.status == (Status.OPEN if status.is_done else Status.IN_PROGRESS)
        assert (again.resolved_at, again.updated_at) == (None, NOW + timedelta(hours=1))


async def test_every_change_is_logged(tickets: TicketFactory, client: Client, owner: Owner) -> None:  # T20
    bob = await member(owner, client.workspace, "bob")
    ticket = await tickets.open()
    async with tickets.database.transaction(tickets.workspace) as tx:
        await service.assign(tx, tickets.workspace, [ticket.ref], Assignee(bob, "bob"), BOB, NOW)
        await service.set_tags(tx, tickets.workspace, ticket.ref, ["b", "A"], BOB, NOW)
        await service.set_status(tx, tickets.workspace, [ticket.ref], Status.RESOLVED, BOB, NOW)
    await tickets.rate(ticket.ref, 5)
    async with tickets.database.transaction(tickets.workspace) as tx:
        log = await store.list_earlier_activities(tx, tickets.workspace, ticket, NEWEST_FIRST, 100)
    told = [(one.kind, one.actor_name, one.old_value, one.new_value) for one in reversed(log)]
    assert told == [
        ("opened", "Bob", None, None),
        ("assignee", "Bob", None, "bob"),
        ("tags", "Bob", None, "A, b"),
        ("status", "Bob", "Open", "Resolved"),
        ("rated", "Ann", None, "5"),
    ]


async def test_setting_the_same_status_changes_nothing(tickets: TicketFactory, owner: Owner) -> None:
    ticket = await tickets.open()
    assert await tickets.set_status(Status.OPEN, ticket.ref, now=NOW + timedelta(hours=1)) == 0
    assert await tickets.get(ticket.ref) == ticket
    assert await owner.fetchval("SELECT count(*) FROM ticket_activity") == 1


async def test_closing_a_ticket_triggers_a_campaign(
    client: Client, tickets: TicketFactory, owner: Owner
) -> None:  # F20
    assert (await client.post("/api/v1/campaigns", json=CAMPAIGN)).status_code == 201
    ticket = await tickets.open()
    await tickets.set_status(Status.RESOLVED, ticket.ref)
    assert await surveys(owner) == [("ticket", "PENDING")]
    await tickets.set_status(Status.CLOSED, ticket.ref)
    row = await owner.fetchrow("SELECT guid, context_type, context_id FROM survey WHERE origin = 'campaign'")
    assert tuple(row) == ("ann@example.com", "TICKET", ticket.ref)
    for status in (Status.OPEN, Status.CLOSED):  # F26: once for a ticket
        await tickets.set_status(status, ticket.ref)
    assert sorted(await surveys(owner)) == [("campaign", "PENDING"), ("ticket", "PENDING"), ("ticket", "WITHDRAWN")]


async def test_the_closed_event_has_the_requesters_guid_or_else_the_address(
    client: Client, tickets: TicketFactory, owner: Owner
) -> None:  # F20
    await client.post("/api/v1/campaigns", json=CAMPAIGN)
    for requester in (Requester("Ann", "ann@example.com", "cust_123"), Requester("Eve", "eve@example.com")):
        await tickets.set_status(Status.CLOSED, (await tickets.open(requester=requester)).ref)
    rows = await owner.fetch("SELECT guid FROM survey WHERE origin = 'campaign' ORDER BY create_time, id")
    assert [row["guid"] for row in rows] == ["cust_123", "eve@example.com"]


@pytest.mark.parametrize(
    ("email", "guid"),
    [("Cy.Case@Example.com", "cy.case@example.com"), ("Ivan@Почта.рф", "ivan@xn--80a1acny.xn--p1ai")],
)
async def test_an_address_becomes_the_guid_in_its_compared_form(
    client: Client, tickets: TicketFactory, email: str, guid: str
) -> None:  # F20, F45, G5
    await client.post("/api/v1/campaigns", json=CAMPAIGN)
    await tickets.set_status(Status.CLOSED, (await tickets.open(requester=Requester("Cy", email))).ref)
    found = {
        asked: len((await client.get("/api/v1/feedback/surveys", params={"guid": asked})).json()["surveys"])
        for asked in (guid, email)
    }
    assert found == {guid: 1, email: 0}


async def test_a_reply_sets_an_open_ticket_in_progress_each_time(tickets: TicketFactory) -> None:  # T20
    ticket = await tickets.open()
    for turn in range(2):
        async with tickets.database.transaction(tickets.workspace) as tx:
            await service.reply(
                tx, tickets.workspace, ticket.ref, "Try this", BOB, "http://x", NOW + timedelta(hours=turn)
            )
        assert (await tickets.get(ticket.ref)).status == Status.IN_PROGRESS
        await tickets.set_status(Status.RESOLVED, ticket.ref)
        async with tickets.database.transaction(tickets.workspace) as tx:
            await service.customer_reply(tx, tickets.workspace, ticket.ref, "No", ANN, NOW + timedelta(hours=turn))
        assert (await tickets.get(ticket.ref)).status == Status.OPEN
    assert (await tickets.get(ticket.ref)).first_response_at == NOW


@pytest.mark.parametrize("status", list(Status))
async def test_a_note_changes_only_the_update_time(tickets: TicketFactory, owner: Owner, status: Status) -> None:
    """T21."""
    bob = AccountId(uuid7())
    ticket = await tickets.open()
    await tickets.set_status(status, ticket.ref)
    before = [
        await tickets.get(ticket.ref),
        await owner.fetch("TABLE ticket_activity"),
        await owner.fetch("TABLE outbox"),
    ]
    later = NOW + timedelta(hours=1)
    async with tickets.database.transaction(tickets.workspace) as tx:
        await service.note(tx, tickets.workspace, ticket.ref, "Hm", Author("Bob", bob), later)
    after = [
        await tickets.get(ticket.ref),
        await owner.fetch("TABLE ticket_activity"),
        await owner.fetch("TABLE outbox"),
    ]
    assert after == [replace(before[0], updated_at=later), *before[1:]]


async def test_closing_a_resolved_ticket_keeps_its_resolution_time(tickets: TicketFactory) -> None:
    ticket = await tickets.open()
    moments = []
    for hour, status in enumerate((Status.RESOLVED, Status.CLOSED, Status.OPEN, Status.CLOSED, Status.RESOLVED)):
        await tickets.set_status(status, ticket.ref, now=NOW + timedelta(hours=hour))
        moments.append((await tickets.get(ticket.ref)).resolved_at)
    again = NOW + timedelta(hours=3)
    assert moments == [NOW, NOW, None, again, again]


async def test_bulk_changes_in_opposite_orders_do_not_deadlock(client: Client, tickets: TicketFactory) -> None:
    """Each change locks in the order of the tickets' ids."""
    await client.post("/api/v1/campaigns", json=CAMPAIGN)
    opened = [(await tickets.open()).ref for _ in range(12)]
    async with asyncio.timeout(60):
        for turn in range(15):
            status = Status.CLOSED if turn % 2 else Status.OPEN
            bulks = [tickets.set_status(status, *opened[:: 1 - 2 * (way % 2)]) for way in range(4)]
            assert sum(await asyncio.gather(*bulks)) == (12 if turn else 0)


async def test_tickets_are_locked_in_the_order_of_their_ids(tickets: TicketFactory) -> None:
    """Not in the order of the request, of the references, or of the rows in the table."""
    opened = [await tickets.open() for _ in range(12)]
    await tickets.set_status(Status.RESOLVED, "TK-1", "TK-5")
    async with tickets.database.transaction(tickets.workspace) as tx:
        locked = await store.lock_tickets(tx, tickets.workspace, [ticket.ref for ticket in reversed(opened)])
    assert [ticket.id for ticket in locked] == sorted(ticket.id for ticket in opened)


async def test_references_are_consecutive_when_many_tickets_open_at_once(tickets: TicketFactory) -> None:  # T22
    opened = await asyncio.gather(*(tickets.open() for _ in range(20)))
    assert {ticket.ref for ticket in opened} == {f"TK-{number}" for number in range(1, 21)}


async def test_a_bulk_change_is_all_or_nothing(tickets: TicketFactory, owner: Owner) -> None:
    opened = [(await tickets.open()).ref for _ in range(3)]
    with pytest.raises(NotFound):
        await tickets.set_status(Status.RESOLVED, *opened, "TK-9")
    assert {(await tickets.get(ref)).status for ref in opened} == {Status.OPEN}
    assert await surveys(owner) == []
    assert await tickets.set_status(Status.RESOLVED, *opened, opened[0].lower()) == 3
    assert await surveys(owner) == [("ticket", "PENDING")] * 3
    opened_count = await owner.fetchval("SELECT opened FROM survey_count WHERE grain = 'day'")
    assert opened_count == 3


async def test_the_copies_of_a_tickets_columns_stay_equal(tickets: TicketFactory, client: Client, owner: Owner) -> None:
    """The rows of tags and of the search text repeat columns of the ticket."""
    bob = await member(owner, client.workspace, "bob")
    ticket = await tickets.open(tags=("a",))
    async with tickets.database.transaction(tickets.workspace) as tx:
        await service.assign(tx, tickets.workspace, [ticket.ref], Assignee(bob, "bob"), BOB, NOW + timedelta(hours=1))
        await service.reply(tx, tickets.workspace, ticket.ref, "Hi", BOB, "http://x", NOW + timedelta(hours=2))
        await service.set_tags(tx, tickets.workspace, ticket.ref, ["a", "b"], BOB, NOW + timedelta(hours=3))
    await tickets.set_status(Status.CLOSED, ticket.ref, now=NOW + timedelta(hours=4))
    await tickets.rate(ticket.ref, 2, now=NOW + timedelta(hours=5))
    columns = "status, assignee_id, priority_rank, csat_rating, csat_rated_at, create_time, updated_at"
    own = await owner.fetchrow(f"SELECT {columns} FROM ticket")
    tags = await owner.fetch(f"SELECT {columns} FROM ticket_tag")
    words = await owner.fetch(f"SELECT {columns} FROM ticket_search")
    assert (len(tags), len(words)) == (2, 1)
    assert {tuple(row) for row in (*tags, *words)} == {tuple(own)}
