"""Long conversations: the pages show 50 entries at a time, and the API returns all messages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from tests.support.inbox import InboxSite
from tests.support.portal import PortalSite
from tests.support.sites import Browser

from voxpop.cursors import Position
from voxpop.tickets import conversations, service
from voxpop.tickets.conversations import ConversationPage, Entry
from voxpop.tickets.models import Activity, Author, Message, MessageKind, Status
from voxpop.types import utcnow, uuid7

ENTRY = re.compile(r'<article class="message|<span class="(change)">')
NUMBER = re.compile(r"\bEntry (\d+)\b")
EARLIER = re.compile(r'<a class="button more-entries" href="([^"]+)">Show earlier</a>')
LATEST = re.compile(r'<a class="button more-entries" href="([^"]+)">Show latest</a>')


async def walk(browser: Browser, path: str) -> list[str]:
    """The conversation of each page, from the latest page to the first one."""
    pages: list[str] = []
    while True:
        page = (await browser.get(path)).text
        thread = page[page.index('class="thread"') : page.index("<textarea")]
        pages.append(thread)
        assert (LATEST.search(thread) is not None) is (len(pages) > 1)
        earlier = EARLIER.search(thread)
        if earlier is None:
            return pages
        path = earlier[1].replace("&amp;", "&")


@pytest.mark.parametrize("count", [49, 50, 99, 130])
async def test_the_portal_shows_50_messages_at_a_time(portal: PortalSite, count: int) -> None:
    ref, ann = await portal.open(description="Entry 0"), await portal.customer()
    for number in range(1, count + 1):
        await portal.answer(ref, f"Entry {number}")
        await portal.note(ref, "Entry of agents")
    numbers = [str(number) for number in range(count + 1)]
    expected = [numbers[max(end - 50, 0) : end] for end in range(len(numbers), 0, -50)]
    assert [NUMBER.findall(page) for page in await walk(ann, f"/tickets/{ref}")] == expected


async def test_the_inbox_shows_50_messages_and_changes_at_a_time(inbox: InboxSite) -> None:
    """Several entries have the same time, also at the ends of pages."""
    await inbox.open()
    now, bob, workspace = utcnow() - timedelta(hours=1), Author("Bob"), inbox.workspace_id()
    async with inbox.database.transaction(workspace) as tx:
        for number in range(60):
            at = now + timedelta(seconds=number // 7)
            await service.note(tx, workspace, "TK-1", f"Entry {number}", bob, at)
            status = Status.RESOLVED if number % 2 else Status.OPEN
            await service.set_status(tx, workspace, ["TK-1"], status, bob, at)
    pages = await walk(inbox.agent, "/inbox/TK-1?in=status%3D&at=0")
    assert [len(ENTRY.findall(page)) for page in pages] == [50, 50, 20]  # with the description
    assert NUMBER.findall("".join(reversed(pages))) == [str(number) for number in range(60)]
    async with inbox.database.transaction(workspace) as tx:
        ticket = await service.get_ticket(tx, workspace, "TK-1")
        page, found = await conversations.load_page(tx, workspace, ticket, None), []
        while True:
            found = [*page.entries, *found]
            if page.earlier is None:
                break
            page = await conversations.load_page(tx, workspace, ticket, page.earlier)
    positions = [(entry.at, entry.position.group, entry.position.id) for entry in found]
    assert positions == sorted(set(positions))
    assert found[0].message == ticket.opening_message


async def test_a_change_caused_by_a_message_follows_it(inbox: InboxSite) -> None:
    ticket = await inbox.open()
    await inbox.agent.submit("/inbox/TK-1/reply", body="Hello", kind="public")
    async with inbox.database.transaction(inbox.workspace_id()) as tx:
        entries = (await conversations.load_page(tx, inbox.workspace_id(), ticket, None)).entries
    told = [entry.message.body if entry.message else entry.activity and entry.activity.kind for entry in entries]
    assert told == ["It stops.\n\nWhy?", "Hello", "status"]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "ÿ" * 9])
async def test_an_invalid_cursor_gives_the_latest_entries(inbox: InboxSite, cursor: str) -> None:
    await inbox.open()
    page = await inbox.agent.get("/inbox/TK-1", params={"before": cursor})
    assert (page.status_code, "It stops." in page.text, "Show latest" in page.text) == (200, True, False)


async def test_the_api_returns_the_whole_conversation(inbox: InboxSite, owner: Any) -> None:
    ticket = await inbox.open()
    await owner.execute(
        "INSERT INTO ticket_message (workspace_id, id, ticket_id, kind, author_name, body, create_time, search_part) "
        "SELECT $1, gen_random_uuid(), $2, $3, 'Ann', 'Entry ' || n, now() + n * interval '1 second', 0 "
        "FROM generate_series(1, 300) n",
        inbox.workspace_id(), ticket.id, MessageKind.CUSTOMER,
    )  # fmt: skip
    body = (await inbox.agent.get("/api/v1/tickets/TK-1")).json()
    assert [message["body"] for message in body["messages"]] == [f"Entry {number}" for number in range(1, 301)]


def test_changes_of_one_person_at_one_moment_are_one_line() -> None:
    def entry(kind: str, actor: str, seconds: float) -> Entry:
        at = utcnow().replace(microsecond=0) + timedelta(seconds=seconds)
        return Entry(Position(at, uuid7()), None, Activity(uuid7(), kind, actor, None, None, at))

    reply = Message(uuid7(), "reply", None, "Bob", "Hello", utcnow())
    entries = [
        *(entry("status", "Bob", 10), entry("priority", "Bob", 10.4), entry("tags", "Eve", 10.5)),
        *(entry("tags", "Bob", 10.6), Entry(Position(utcnow(), reply.id), reply), entry("status", "Bob", 11)),
        entry("status", "Bob", 13),
    ]
    lines = ConversationPage(entries, None, is_latest=True).lines
    kinds = [[each.kind for each in line.activities] for line in lines]
    assert kinds == [["status", "priority"], ["tags"], ["tags"], [], ["status"], ["status"]]


async def test_changes_of_one_request_share_a_line_and_its_time(inbox: InboxSite) -> None:
    await inbox.open()
    await inbox.agent.submit("/inbox/TK-1/reply", body="Done", kind="public", then="Resolved")
    page = (await inbox.agent.get("/inbox/TK-1")).text
    line = page[page.index('class="activity"') :].partition("</div>")[0]
    who, old, new = (f'<b dir="auto">{text}</b>' for text in ("agent", "Open", "In progress"))
    assert re.sub("</?span[^>]*>", "", line).find(f"{who}: status from {old} to {new}; {who} resolved the ticket") > 0
    assert page.count('class="activity"') == 1
