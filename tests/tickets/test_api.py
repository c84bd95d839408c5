"""The tickets API: opening, reading, replying, changing; idempotency keys, scopes and other workspaces."""

import asyncio
from typing import Any

import asyncpg
import pytest
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.tickets import NEW, TICKETS, Status, TicketFactory, member

from voxpop.types import Scope

CHANGE = {"status": "Resolved", "priority": "Urgent", "tags": ["Billing ", "billing", "export"]}


async def opened(client: Client, **fields: Any) -> dict[str, Any]:
    answer = await client.post(TICKETS, json=NEW | fields)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_ticket_is_opened_and_shown(client: Client) -> None:  # T22
    ticket = await opened(client, tags=["Billing"], priority="High")
    assert ticket["ref"] == "TK-1"
    assert (ticket["status"], ticket["priority"], ticket["tags"]) == ("Open", "High", ["Billing"])
    assert ticket["requester"] == {"name": "Ann", "email": "Ann@Example.com", "guid": None}
    assert ticket["messages"] == []
    assert ticket["csat_rating"] is ticket["first_response_at"] is ticket["assignee"] is None
    assert (await client.get(f"{TICKETS}/tk-1")).json() == ticket
    assert (await opened(client))["ref"] == "TK-2"


async def test_each_workspace_numbers_its_own_tickets(client: Client, other_client: Client) -> None:  # T22, T26
    assert (await opened(client))["ref"] == (await opened(other_client, subject="Theirs"))["ref"] == "TK-1"
    assert (await client.get(f"{TICKETS}/TK-1")).json()["subject"] == NEW["subject"]
    await opened(other_client)
    theirs, none = await client.get(f"{TICKETS}/TK-2"), await client.get(f"{TICKETS}/TK-9")
    assert theirs.status_code == none.status_code == 404
    assert theirs.json()["message"].replace("TK-2", "TK-9") == none.json()["message"]


@pytest.mark.parametrize(
    "fault",
    [{"subject": " "}, {"subject": "x" * 201}, {"description": ""}, {"description": "x" * 50_001}, {"priority": "Odd"},
     {"requester": {"name": "Ann", "email": "ann"}}, {"requester": {"email": "a@b.de"}}, {"tags": ["x" * 201]},
     {"tags": [" "]}, {"assignee": "unknown@example.com"}, {"subject": "\x00"}],
)  # fmt: skip
async def test_an_invalid_body_is_rejected_and_stores_nothing(client: Client, fault: dict[str, Any]) -> None:
    answer = await client.post(TICKETS, json=NEW | fault)
    assert (answer.status_code, answer.json()["type"]) == (400, "VALIDATION_ERROR")
    assert (await client.get(TICKETS)).json()["data"] == []


async def test_a_reply_sets_the_first_response_time_and_a_note_does_not(client: Client) -> None:  # T20, T21
    await opened(client)
    note = await client.post(f"{TICKETS}/TK-1/replies", json={"body": "Look at this", "internal": True})
    assert (note.status_code, note.json()["kind"]) == (201, "note")
    ticket = (await client.get(f"{TICKETS}/TK-1")).json()
    assert (ticket["status"], ticket["first_response_at"]) == ("Open", None)
    await client.post(f"{TICKETS}/TK-1/replies", json={"body": "Fixed"})
    ticket = (await client.get(f"{TICKETS}/TK-1")).json()
    first = ticket["first_response_at"]
    assert (ticket["status"], first) == ("In progress", ticket["updated_at"])
    await client.post(f"{TICKETS}/TK-1/replies", json={"body": "Really"})
    ticket = (await client.get(f"{TICKETS}/TK-1")).json()
    assert ticket["first_response_at"] == first < ticket["updated_at"]
    assert [(said["kind"], said["body"]) for said in ticket["messages"]] == [
        ("note", "Look at this"), ("reply", "Fixed"), ("reply", "Really"),
    ]  # fmt: skip


async def test_the_author_of_a_reply_is_the_named_member_or_the_workspace(
    client: Client, owner: "asyncpg.Connection[Any]"
) -> None:
    await member(owner, client.workspace, "bob")
    await opened(client)
    replies = f"{TICKETS}/TK-1/replies"
    assert (await client.post(replies, json={"body": "Hi", "author": "BOB@example.com"})).json()["author"] == "bob"
    assert (await client.post(replies, json={"body": "Hi"})).json()["author"] == "ours"
    refused = await client.post(replies, json={"body": "Hi", "author": "eve@example.com"})
    assert (refused.status_code, refused.json()["details"][0]["field"]) == (400, "author")


async def test_several_fields_change_in_one_request(client: Client, owner: "asyncpg.Connection[Any]") -> None:  # T20
    bob = await member(owner, client.workspace, "bob")
    await opened(client)
    answer = await client.patch(f"{TICKETS}/TK-1", json=CHANGE | {"assignee": "bob@example.com"})
    assert answer.status_code == 200
    ticket = answer.json()
    assert (ticket["status"], ticket["priority"], ticket["tags"]) == ("Resolved", "Urgent", ["Billing", "export"])
    assert ticket["assignee"] == {"id": str(bob), "name": "bob"}
    assert ticket["resolved_at"] == ticket["updated_at"]
    cleared = (await client.patch(f"{TICKETS}/TK-1", json={"assignee": None, "tags": []})).json()
    assert (cleared["assignee"], cleared["tags"], cleared["status"]) == (None, [], "Resolved")
    log = await owner.fetch("SELECT kind, new_value FROM ticket_activity ORDER BY id")
    assert ("status", "Resolved") in [tuple(row) for row in log]
    assert len(log) == 7


@pytest.mark.parametrize("change", [{}, {"other": 1}, {"status": "Odd"}, {"priority": None}, {"tags": None}])
async def test_an_invalid_change_is_rejected(client: Client, change: dict[str, Any]) -> None:
    await opened(client)
    assert (await client.patch(f"{TICKETS}/TK-1", json=change)).status_code == 400


async def test_a_rejected_change_changes_nothing(client: Client) -> None:
    await opened(client)
    answer = await client.patch(f"{TICKETS}/TK-1", json=CHANGE | {"assignee": "unknown@example.com"})
    assert answer.status_code == 400
    ticket = (await client.get(f"{TICKETS}/TK-1")).json()
    assert (ticket["status"], ticket["priority"], ticket["tags"]) == ("Open", "Medium", [])


async def test_changing_an_unknown_ticket_is_not_found(client: Client) -> None:
    for call in (
        client.patch(f"{TICKETS}/TK-9", json={"status": "Closed"}),
        client.post(f"{TICKETS}/TK-9/replies", json={"body": "Hi"}),
    ):
        assert (await call).status_code == 404


async def test_reading_and_changing_tickets_need_their_scopes(make: Factory, client: Client) -> None:  # G1
    await opened(client)
    reader = await make.client(client.workspace, Scope.READ)
    writer = await make.client(client.workspace, Scope.MANAGE)
    reads = [TICKETS, f"{TICKETS}/TK-1", f"{TICKETS}.csv"]
    assert [(await reader.get(path)).status_code for path in reads] == [200] * 3
    assert [(await writer.get(path)).status_code for path in reads] == [403] * 3
    assert (await reader.post(TICKETS, json=NEW)).status_code == 403
    assert (await reader.post(f"{TICKETS}/TK-1/replies", json={"body": "Hi"})).status_code == 403
    assert (await reader.patch(f"{TICKETS}/TK-1", json={"status": "Closed"})).status_code == 403
    assert (await make.anonymous().get(TICKETS)).status_code == 401


async def test_a_repeated_request_takes_effect_once(client: Client) -> None:
    key = {"idempotency-key": "order-1"}
    first = await client.post(TICKETS, json=NEW, headers=key)
    again = await client.post(TICKETS, json=dict(reversed(NEW.items())), headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = await client.post(TICKETS, json=NEW | {"subject": "Other"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    reply = await client.post(f"{TICKETS}/TK-1/replies", json={"body": "Hi"}, headers=key)
    assert reply.status_code == 409
    assert len((await client.get(TICKETS)).json()["data"]) == 1


async def test_two_requests_at_once_with_one_key_take_effect_once(client: Client) -> None:
    await opened(client)
    key = {"idempotency-key": "reply-1"}
    calls = [client.post(f"{TICKETS}/TK-1/replies", json={"body": "Hi"}, headers=key) for _ in range(6)]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await client.get(f"{TICKETS}/TK-1")).json()["messages"]) == 1


async def test_the_key_of_a_failed_request_can_be_used_again(client: Client) -> None:
    key = {"idempotency-key": "k"}
    failed = await client.post(TICKETS, json=NEW | {"assignee": "unknown@example.com"}, headers=key)
    assert failed.status_code == 400
    assert (await client.post(TICKETS, json=NEW, headers=key)).json()["ref"] == "TK-1"


async def test_idempotency_keys_belong_to_a_workspace_and_are_kept_for_days(
    client: Client, other_client: Client, owner: "asyncpg.Connection[Any]"
) -> None:
    key = {"idempotency-key": "k"}
    for caller in (client, other_client):
        assert (await caller.post(TICKETS, json=NEW, headers=key)).json()["ref"] == "TK-1"
    await owner.execute("UPDATE idempotency_key SET create_time = now() - interval '2 days'")
    assert (await client.post(TICKETS, json=NEW, headers=key)).json()["ref"] == "TK-1"
    await owner.execute("UPDATE idempotency_key SET create_time = now() - interval '4 days'")
    assert (await client.post(TICKETS, json=NEW, headers=key)).json()["ref"] == "TK-2"


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_an_invalid_idempotency_key_is_rejected(client: Client, key: str) -> None:
    assert (await client.post(TICKETS, json=NEW, headers={"idempotency-key": key})).status_code == 400


async def test_resolving_through_the_api_opens_a_survey(
    client: Client, make: Factory, owner: "asyncpg.Connection[Any]"
) -> None:
    await opened(client)
    await client.patch(f"{TICKETS}/TK-1", json={"status": "Closed"})
    assert await owner.fetchval("SELECT status FROM survey WHERE origin = 'ticket'") == "PENDING"
    await TicketFactory(make, client.workspace).rate("TK-1", 4, "Fine")
    ticket = (await client.get(f"{TICKETS}/TK-1")).json()
    assert (ticket["csat_rating"], ticket["csat_comment"], ticket["status"]) == (4, "Fine", Status.CLOSED)
