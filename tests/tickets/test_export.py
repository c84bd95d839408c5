"""The CSV export of tickets."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.tickets import NOW, TICKETS, Status, TicketFactory, member

from voxpop.tickets.lists import export
from voxpop.tickets.models import Requester

HEADER = [
    "ref", "subject", "requester_name", "requester_email", "status", "priority", "tags", "assignee", "created_at",
    "first_response_at", "resolved_at", "updated_at", "csat_rating", "csat_comment", "csat_rated_at",
]  # fmt: skip


async def rows(client: Client, **query: Any) -> list[dict[str, str]]:
    answer = await client.get(f"{TICKETS}.csv", params=query)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"), newline=""), strict=True))


async def test_the_columns_end_with_the_rating(client: Client, tickets: TicketFactory) -> None:  # T13
    await tickets.open()
    answer = await client.get(f"{TICKETS}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="tickets.csv"'
    lines = answer.text.split("\r\n")
    assert lines[0].split(",") == HEADER
    assert lines[1].endswith(",,,")
    assert len(lines) == 3


async def test_a_rated_ticket(client: Client, tickets: TicketFactory, owner: Any) -> None:  # T13
    bob = await member(owner, client.workspace, "bob")
    ticket = await tickets.open("Привет", tags=("b", "a"), assignee_id=bob, requester=Requester("Ann", "Ann@x.com"))
    await tickets.set_status(Status.RESOLVED, ticket.ref)
    await tickets.rate(ticket.ref, 4, 'They said "no",\r\nthen; yes', by="ann@x.com", now=NOW + timedelta(hours=1))
    at, later = "2026-11-24T12:00:00.000Z", "2026-11-24T13:00:00.000Z"
    expected = [
        "TK-1", "Привет", "Ann", "Ann@x.com", "Resolved", "Medium", "a, b", "bob", at, "", at, later, "4",
        'They said "no",\r\nthen; yes', later,
    ]  # fmt: skip
    assert list((await rows(client))[0].values()) == expected


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
async def test_a_cell_that_looks_like_a_formula_is_escaped(
    client: Client, tickets: TicketFactory, start: str
) -> None:  # T13
    cell = f'{start}HYPERLINK("x")'
    await tickets.open(cell, requester=Requester(cell, "Ann@Example.com"), tags=(f"={start}t",))
    await tickets.set_status(Status.RESOLVED, "TK-1")
    await tickets.rate("TK-1", 1, cell)
    row, raw = (await rows(client))[0], (await rows(client, raw="true"))[0]
    assert row["subject"] == row["requester_name"] == row["csat_comment"] == "'" + cell
    assert row["tags"].startswith("'=")
    assert raw["subject"] == raw["requester_name"] == raw["csat_comment"] == cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
async def test_no_column_with_text_of_users_is_read_as_a_formula(  # T13
    client: Client, tickets: TicketFactory, owner: Any, start: str
) -> None:
    cell = f"{start}1+1"
    agent = await member(owner, client.workspace, cell)
    requester = Requester(cell, f"{cell}@example.com")
    ticket = await tickets.open(cell, requester=requester, tags=(cell,), assignee_id=agent)
    await tickets.set_status(Status.RESOLVED, ticket.ref)
    await tickets.rate(ticket.ref, 5, cell, by=requester.email_folded)
    (row,), (raw,) = await rows(client), await rows(client, raw="true")
    written = ("subject", "requester_name", "requester_email", "tags", "assignee", "csat_comment")
    assert {name: row[name] for name in written} == {name: "'" + raw[name] for name in written}
    assert {raw[name].partition("@example")[0] for name in written} == {cell}
    assert [name for name, value in row.items() if value[:1] in ("=", "+", "-", "@", "\t", "\r")] == []


async def test_a_byte_order_mark_is_optional(client: Client, tickets: TicketFactory) -> None:
    await tickets.open()
    assert (await client.get(f"{TICKETS}.csv", params={"bom": "true"})).content.startswith(b"\xef\xbb\xbfref,")
    assert (await client.get(f"{TICKETS}.csv")).content.startswith(b"ref,")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
async def test_chunks_export_every_ticket_once(
    client: Client, tickets: TicketFactory, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(export, "CHUNK_SIZE", 2)
    for _ in range(count):
        await tickets.open()
    assert [row["ref"] for row in await rows(client)] == [f"TK-{n}" for n in range(1, count + 1)]


async def test_an_export_takes_the_filters_of_lists(client: Client, tickets: TicketFactory) -> None:
    await tickets.open("one", tags=("x",))
    await tickets.rated(1, tags=("x",))
    await tickets.rated(5)
    assert [row["ref"] for row in await rows(client, tag="x")] == ["TK-1", "TK-2"]
    assert [row["ref"] for row in await rows(client, rating="4-5", status="Resolved")] == ["TK-3"]
    assert [row["ref"] for row in await rows(client, q="one")] == ["TK-1"]
    assert await rows(client, tag="unknown") == []
    assert (await client.get(f"{TICKETS}.csv", params={"rating": "6"})).status_code == 400


async def test_an_export_has_no_tickets_of_another_workspace(
    client: Client, tickets: TicketFactory, other_client: Client, make: Factory
) -> None:  # T26
    await tickets.open("ours")
    await TicketFactory(make, other_client.workspace).open("theirs")
    assert [row["subject"] for row in await rows(client)] == ["ours"]
