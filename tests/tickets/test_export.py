"""The CSV export of tickets."""

import csv
import io
import re
import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from tests.support.clients import Client, invalid_fields
from tests.support.factories import Factory
from tests.support.inbox import InboxSite
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
    file = io.StringIO(answer.content.decode("utf-8"), newline="")
    return list(csv.DictReader(file, strict=True, delimiter=query.get("delimiter", ",")))


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


@pytest.mark.parametrize(
    ("text", "exported"),
    [
        ("hi;=1+1;x", "hi;'=1+1;x"),
        ("  =1", "  '=1"),
        ("\u3000\u00a0@x", "\u3000\u00a0'@x"),
        ("＝1 ＋2", "'＝1 ＋2"),
        ("a;\t=1", "a;'\t'=1"),
        ("\t\t\t=1", "'\t'\t'\t'=1"),
        ("a\n-1\r\n+2\u2028@3", "a\n'-1\r\n'+2\u2028'@3"),
        ('x"; "＠1', 'x"; "\'＠1'),
        ("1-1=0; 2 + 2; a@b", "1-1=0; 2 + 2; a@b"),
        ('a\tb; c, d "e"', 'a\tb; c, d "e"'),
    ],
)
async def test_a_formula_within_a_cell_is_escaped(  # T13
    client: Client, tickets: TicketFactory, text: str, exported: str
) -> None:
    await tickets.open(text, requester=Requester(text, "ann@example.com"))
    for delimiter in (",", ";", "\t"):
        (row,) = await rows(client, delimiter=delimiter)
        assert (row["subject"], row["requester_name"]) == (exported, exported)
        (raw,) = await rows(client, delimiter=delimiter, raw="true")
        assert (raw["subject"], raw["requester_name"]) == (text, text)


# Also in full width, small and raised, because some programs take them for the plain ones.
SIGNS = [chr(code) for code in range(0x10000) if unicodedata.normalize("NFKC", chr(code)) in ("=", "+", "-", "@")]
FORMULAS = [
    f"{before}{sign}1" for sign in ["\t", *SIGNS] for before in ("", " ", "a;", "a\n", "a\t", "a; ", 'a;"', "\t")
]


async def test_no_spreadsheet_finds_a_formula_whatever_separates_its_columns(  # T13
    client: Client, tickets: TicketFactory
) -> None:
    await tickets.open()
    await tickets.set_status(Status.RESOLVED, "TK-1")
    await tickets.rate("TK-1", 1, ";".join(FORMULAS) + "\t" + "\n".join(FORMULAS))
    assert {"﹦", "﹢", "﹣", "﹫", "＝"} <= set(SIGNS)
    for delimiter in (",", ";", "\t"):
        text = (await client.get(f"{TICKETS}.csv", params={"delimiter": delimiter})).text
        for splits_at in ";\t":
            cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=splits_at) for cell in row]
            assert [cell for cell in cells if cell.strip(' "')[:1] in SIGNS] == []


async def test_a_comma_separates_nothing_in_a_file_of_commas(client: Client, tickets: TicketFactory) -> None:
    await tickets.open("Yes, -5 degrees")
    assert (await rows(client))[0]["subject"] == "Yes, -5 degrees"
    assert (await rows(client, delimiter=";"))[0]["subject"] == "Yes, '-5 degrees"


async def test_every_text_is_quoted(client: Client, tickets: TicketFactory) -> None:  # T13
    await tickets.open("Plain", tags=("vip",))
    for delimiter in (",", ";", "\t"):
        line = (await client.get(f"{TICKETS}.csv", params={"delimiter": delimiter})).text.split("\r\n")[1]
        assert line.startswith(f'TK-1{delimiter}"Plain"{delimiter}"Ann"{delimiter}"Ann@Example.com"{delimiter}Open')
        assert f'{delimiter}"vip"{delimiter}' in line


@pytest.mark.parametrize("delimiter", ["", "|", ",,", ";;", "tab", "\n"])
async def test_another_delimiter_is_refused(client: Client, delimiter: str) -> None:  # T13
    answer = await client.get(f"{TICKETS}.csv", params={"delimiter": delimiter})
    assert invalid_fields(answer) == ["delimiter"]


async def test_every_formula_of_a_long_text_is_escaped(client: Client, tickets: TicketFactory) -> None:
    for count in (100, 800):
        ticket = await tickets.open()
        await tickets.set_status(Status.RESOLVED, ticket.ref)
        await tickets.rate(ticket.ref, 1, (";=" * count))
    rated = [row["csat_comment"] for row in await rows(client)]
    assert [comment.count("'=") for comment in rated] == [100, 800]


@pytest.mark.parametrize(
    ("language", "delimiter"),
    [
        ("en-US,en", "%2C"),
        ("ru", "%3B"),
        ("de-DE,de;q=0.9,en;q=0.8", "%3B"),
        ("fr", "%3B"),
        ("zz-Odd, ja", "%2C"),
        ("", "%2C"),
    ],
)
async def test_the_export_has_the_separator_of_the_readers_language(
    inbox: InboxSite, language: str, delimiter: str
) -> None:  # T13
    page = (await inbox.agent.get("/inbox", headers={"accept-language": language})).text
    export = re.search(r'href="(/api/v1/tickets.csv[^"]+)"', page)
    assert export is not None
    assert export[1].endswith(f"&amp;delimiter={delimiter}")
    assert (await inbox.agent.get(export[1].replace("&amp;", "&"))).status_code == 200
