"""The rating of a ticket: who can rate and when, what is stored, and what is counted."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.invariants import Owner
from tests.support.tickets import ANN, NOW, Status, TicketFactory, member

from voxpop.dashboards import low_ratings
from voxpop.errors import NotFound
from voxpop.tickets import service, store
from voxpop.tickets.errors import TicketNotRateable
from voxpop.tickets.models import Assignee, Author, MessageKind, Requester, Ticket
from voxpop.tickets.ratings import mark_panel_shown, may_rate
from voxpop.workspaces import service as workspaces


async def counts(owner: Owner) -> dict[tuple[str, Any], list[int]]:
    """Score counts of days, by series."""
    rows = await owner.fetch("SELECT series_kind, series_id, counts FROM score_count WHERE grain = 'day'")
    return {(row[0], row[1]): row[2] for row in rows}


async def funnel(owner: Owner) -> dict[str, int]:
    row = await owner.fetchrow("SELECT opened, shown, completed, withdrawn FROM survey_count WHERE grain = 'day'")
    return dict(row) if row else {}


async def recounted(owner: Owner) -> dict[tuple[str, Any], int]:
    """The number of feedback rows for each series."""
    rows = await owner.fetch(
        "SELECT kind, s.id, count(*) FROM feedback, unnest(series_kinds, series_ids) AS s (kind, id) GROUP BY 1, 2"
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def may(tickets: TicketFactory, ticket: Ticket) -> bool:
    async with tickets.database.transaction(tickets.workspace) as tx:
        return may_rate(await workspaces.get_workspace(tx, tickets.workspace), ticket)


async def test_one_transaction_stores_the_rating_and_its_counts(
    client: Client, tickets: TicketFactory, owner: Owner
) -> None:  # T8, T9, T17
    bob = await member(owner, client.workspace, "bob")
    ticket = await tickets.open(assignee_id=bob, tags=("billing", "export"))
    await tickets.set_status(Status.RESOLVED, ticket.ref)
    survey = (await tickets.get(ticket.ref)).open_survey_id
    rated = await tickets.rate(ticket.ref, 4, "Fine", now=NOW + timedelta(hours=1))
    assert (rated.csat_rating, rated.csat_comment, rated.csat_agent_id) == (4, "Fine", bob)
    assert rated == await tickets.get(ticket.ref)
    assert rated.csat_rated_at == rated.updated_at == NOW + timedelta(hours=1)
    row = await owner.fetchrow("SELECT origin, origin_id, survey_id, score, comment, source FROM feedback")
    assert tuple(row) == ("ticket", ticket.id, survey, 4, "Fine", "prompted")
    kind = await owner.fetchrow("SELECT survey_type_code, user_email FROM feedback")
    assert tuple(kind) == ("CSAT", ticket.requester_email)
    assert await owner.fetchval("SELECT status FROM survey") == "COMPLETED"
    found = await counts(owner)
    tags = await owner.fetch("SELECT id FROM tag")
    whole = {("workspace", client.workspace), ("tickets", client.workspace)}
    assert set(found) == {*whole, ("agent", bob), *(("tag", tag["id"]) for tag in tags)}
    assert all(given == [0, 0, 0, 1] for given in found.values())
    assert await funnel(owner) == {"opened": 1, "shown": 0, "completed": 1, "withdrawn": 0}
    stamp = await owner.fetch("SELECT csat_rating, csat_rated_at, status, updated_at FROM ticket_tag")
    assert {tuple(row) for row in stamp} == {(4, rated.csat_rated_at, "Resolved", rated.updated_at)}


async def test_a_second_rating_gets_the_first_response(tickets: TicketFactory, owner: Owner) -> None:  # T6
    ticket = await tickets.rated(5)
    again = await tickets.rate(ticket.ref, 1, "Changed my mind", now=NOW + timedelta(days=1))
    assert again == ticket
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 1
    assert set(map(tuple, (await counts(owner)).values())) == {(0, 0, 0, 0, 1)}


async def test_of_concurrent_ratings_one_is_stored(tickets: TicketFactory, owner: Owner) -> None:  # T6
    ticket = await tickets.open()
    await tickets.set_status(Status.RESOLVED, ticket.ref)
    both = await asyncio.gather(*(tickets.rate(ticket.ref, stars) for stars in (1, 2, 3, 4, 5)))
    assert len({one.csat_rating for one in both}) == 1
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 1
    assert [sum(given) for given in (await counts(owner)).values()] == [
        1,
        1,
    ]  # of the workspace, of its tickets


@pytest.mark.parametrize("status", [Status.OPEN, Status.IN_PROGRESS])
async def test_an_unfinished_ticket_cannot_be_rated(
    tickets: TicketFactory, owner: Owner, status: Status
) -> None:  # T7, T1
    ticket = await tickets.open()
    await tickets.set_status(status, ticket.ref)
    assert not await may(tickets, await tickets.get(ticket.ref))
    with pytest.raises(TicketNotRateable):
        await tickets.rate(ticket.ref, 5)
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 0


async def test_only_the_requester_can_rate(
    tickets: TicketFactory, other_client: Client, make: Factory
) -> None:  # T8, T26
    ticket = await tickets.open()
    await tickets.set_status(Status.CLOSED, ticket.ref)
    for by in ("eve@example.com", ""):
        with pytest.raises(NotFound):
            await tickets.rate(ticket.ref, 1, by=by)
    with pytest.raises(NotFound):
        await TicketFactory(make, other_client.workspace).rate(ticket.ref, 1)
    assert (await tickets.rate(ticket.ref.lower(), 5)).csat_rating == 5


@pytest.mark.parametrize("switch", ["portal_enabled", "csat_enabled"])
async def test_without_portal_or_ratings_customers_are_not_asked(
    tickets: TicketFactory, owner: Owner, switch: str
) -> None:  # T10, T27
    await owner.execute(f"UPDATE workspace SET {switch} = false")
    ticket = await tickets.open()
    await tickets.set_status(Status.RESOLVED, ticket.ref)
    assert not await may(tickets, await tickets.get(ticket.ref))
    assert await owner.fetchval("SELECT count(*) FROM survey") == 0
    with pytest.raises(NotFound):
        await tickets.rate(ticket.ref, 5)


async def test_a_rating_stays_after_reopening(tickets: TicketFactory, owner: Owner) -> None:  # T9, T6
    ticket = await tickets.rated(2)
    await tickets.set_status(Status.OPEN, ticket.ref)
    assert (await tickets.get(ticket.ref)).csat_rating == 2
    assert (await tickets.rate(ticket.ref, 5)).csat_rating == 2
    await tickets.set_status(Status.RESOLVED, ticket.ref)
    assert not await may(tickets, await tickets.get(ticket.ref))
    assert await owner.fetchval("SELECT count(*) FROM survey") == 1


async def test_a_ticket_reopened_unrated_gets_a_new_survey_when_resolved(
    tickets: TicketFactory, owner: Owner
) -> None:  # T9, T4
    ticket = await tickets.open()
    for status in (Status.RESOLVED, Status.CLOSED, Status.OPEN, Status.RESOLVED):
        await tickets.set_status(status, ticket.ref)
        assert await may(tickets, await tickets.get(ticket.ref)) is status.is_done
    assert [row[0] for row in await owner.fetch("SELECT status FROM survey ORDER BY id")] == ["WITHDRAWN", "PENDING"]
    await tickets.rate(ticket.ref, 3, now=NOW + timedelta(days=400))
    assert [row[0] for row in await owner.fetch("SELECT status FROM survey ORDER BY id")] == ["WITHDRAWN", "COMPLETED"]


async def test_showing_the_panel_is_counted_once(tickets: TicketFactory, owner: Owner) -> None:
    ticket = await tickets.open()
    await tickets.set_status(Status.RESOLVED, ticket.ref)
    for _ in range(2):
        async with tickets.database.transaction(tickets.workspace) as tx:
            place = await workspaces.get_workspace(tx, tickets.workspace)
            await mark_panel_shown(tx, place, await tickets.get(ticket.ref), NOW)
    assert await funnel(owner) == {"opened": 1, "shown": 1, "completed": 0, "withdrawn": 0}


async def test_the_rating_counts_for_the_assignee_or_else_the_last_replier(
    client: Client, tickets: TicketFactory, owner: Owner
) -> None:
    bob, eve = [await member(owner, client.workspace, name) for name in ("bob", "eve")]
    ticket = await tickets.open()
    async with tickets.database.transaction(tickets.workspace) as tx:
        for who, name in ((bob, "bob"), (eve, "eve")):
            await service.reply(tx, tickets.workspace, ticket.ref, "Hi", Author(name, who), "http://x", NOW)
    await tickets.set_status(Status.RESOLVED, ticket.ref)
    assert (await tickets.rate(ticket.ref, 5)).csat_agent_id == eve
    assert ("agent", eve) in await counts(owner)
    assert (await tickets.rated(1, assignee_id=bob)).csat_agent_id == bob


async def test_a_later_assignee_does_not_get_an_earlier_rating(
    client: Client, tickets: TicketFactory, owner: Owner
) -> None:  # T9
    bob, eve = [await member(owner, client.workspace, name) for name in ("bob", "eve")]
    ticket = await tickets.rated(5, assignee_id=bob)
    before = await counts(owner), await owner.fetch("TABLE feedback")
    assert ("agent", bob) in before[0]
    for assignee in (Assignee(eve, "eve"), None):
        async with tickets.database.transaction(tickets.workspace) as tx:
            await service.assign(tx, tickets.workspace, [ticket.ref], assignee, Author("Bob"), NOW + timedelta(days=1))
            await service.reply(tx, tickets.workspace, ticket.ref, "Hi", Author("eve", eve), "http://x", NOW)
        await tickets.rate(ticket.ref, 1)
        assert (await tickets.get(ticket.ref)).csat_agent_id == bob
    assert (await counts(owner), await owner.fetch("TABLE feedback")) == before


async def test_survey_and_feedback_store_the_requesters_guid_and_address(tickets: TicketFactory, owner: Owner) -> None:
    for requester in (Requester("Ann", "Ann@Example.com", "cust_123"), ANN):
        await tickets.rated(5, requester=requester)
    for table in ("survey", "feedback"):
        rows = await owner.fetch(f"SELECT guid, user_email FROM {table} ORDER BY id")
        assert [tuple(row) for row in rows] == [("cust_123", "Ann@Example.com"), (None, "Ann@Example.com")], table


async def test_the_average_excludes_campaign_answers(
    client: Client, tickets: TicketFactory, owner: Owner
) -> None:  # T15
    campaign = {
        "name": "After",
        "survey_type_code": "CSAT",
        "trigger_type": "TICKET_CLOSED",
        "start_date": "2020-01-01",
    }
    assert (await client.post("/api/v1/campaigns", json=campaign)).status_code == 201
    ticket = await tickets.rated(2)
    await tickets.set_status(Status.CLOSED, ticket.ref)
    survey = str(await owner.fetchval("SELECT id FROM survey WHERE origin = 'campaign'"))
    await owner.execute("UPDATE survey SET scheduled_at = now() - interval '1 hour' WHERE origin = 'campaign'")
    answer = await client.post("/api/v1/feedback/submit", json={"survey_id": survey, "score": 5})
    assert answer.status_code == 200, answer.text
    async with tickets.database.transaction(tickets.workspace) as tx:
        average = await low_ratings.all_time_average(tx, client.workspace)
    assert (average.value, average.count) == (2.0, 1)


async def test_counts_agree_with_the_stored_feedback(client: Client, tickets: TicketFactory, owner: Owner) -> None:
    bob = await member(owner, client.workspace, "bob")
    for number, stars in enumerate((1, 5, 5, 3, 4)):
        tags = ("a", "b")[: number % 3]
        await tickets.rated(stars, tags=tags, assignee_id=bob if number % 2 else None, now=NOW)
    assert {series: sum(given) for series, given in (await counts(owner)).items()} == await recounted(owner)
    asked = await owner.fetchrow("SELECT count(*), count(*) FILTER (WHERE status = 'COMPLETED') FROM survey")
    moved = await funnel(owner)
    assert (moved["opened"], moved["completed"]) == tuple(asked) == (5, 5)


@pytest.mark.parametrize(("stars", "value"), [((), None), ((4,), 4.0), ((4, 5, 5), 4.7), ((1, 2, 2, 2), 1.8)])
async def test_the_average_has_one_decimal_and_the_number_of_ratings(
    client: Client, tickets: TicketFactory, stars: tuple[int, ...], value: float | None
) -> None:  # T15
    await tickets.open()
    for one in stars:
        await tickets.rated(one)
    async with tickets.database.transaction(tickets.workspace) as tx:
        average = await low_ratings.all_time_average(tx, client.workspace)
    assert (average.value, average.count) == (value, len(stars))


async def test_customers_see_no_notes(tickets: TicketFactory) -> None:  # T21
    ticket = await tickets.open()
    async with tickets.database.transaction(tickets.workspace) as tx:
        await service.note(tx, tickets.workspace, ticket.ref, "secret", Author("Bob"), NOW)
        await service.customer_reply(tx, tickets.workspace, ticket.ref, "hello", Author("Ann"), NOW)
        shown = await store.list_messages(tx, tickets.workspace, ticket.id, (MessageKind.CUSTOMER, MessageKind.REPLY))
    assert [message.body for message in shown] == ["hello"]
