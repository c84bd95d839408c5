"""What the inbox rejects: invalid addresses and forms, too many views, members and tickets of other workspaces."""

import re
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import pytest
from tests.support.inbox import AGENT, OWNER, InboxSite, Priority
from tests.support.sites import member_id

from voxpop.tickets.lists import saved_views
from voxpop.tickets.lists.saved_views import NewView
from voxpop.types import Audit, utcnow

OTHER = "other@example.com"
LONG = "ж" * 200  # six times as long in an address


async def state(owner: Any) -> list[Any]:
    """All rows about tickets, in all workspaces."""
    tables = ("ticket", "ticket_message", "ticket_activity", "ticket_tag", "outbox", "survey")
    return [await owner.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


@pytest.mark.parametrize("at", ["9" * 5000, "-1", "1e3", "٣", "", "1000", "9999"])
async def test_an_invalid_list_position_is_ignored(inbox: InboxSite, at: str) -> None:
    await inbox.open()
    assert (await inbox.agent.get("/inbox/TK-1", params={"at": at, "in": "status="})).status_code == 200


@pytest.mark.parametrize("form", [{"kind": "Note"}, {"kind": ""}, {"then": "Banana"}, {"kind": "note", "then": "open"}])
async def test_a_reply_with_unknown_values_is_rejected(inbox: InboxSite, owner: Any, form: dict[str, str]) -> None:
    await inbox.open()
    before = await state(owner)
    answer = await inbox.agent.submit("/inbox/TK-1/reply", **({"body": "What I wrote", "kind": "public"} | form))
    assert (answer.status_code, "What I wrote" in answer.text) == (400, True)
    assert await state(owner) == before


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("text=a%00b", "Search and filter for at most 200 characters."),
        (f"text={'x' * 201}", "Search and filter for at most 200 characters."),
        (f"tag={'x' * 201}", "Search and filter for at most 200 characters."),
        (f"requester={'x' * 201}", "Search and filter for at most 200 characters."),
        (f"text={LONG}&tag={LONG}", "This view has too many filters to be saved."),
        ("x" * 2001, "Please check your input"),
        ("text=\0", "Please check your input"),
    ],
)
async def test_an_invalid_view_is_rejected_with_a_message(inbox: InboxSite, owner: Any, query: str, words: str) -> None:
    answer = await inbox.agent.submit("/inbox/views", name="Mine", query=query)
    assert (answer.status_code, words in answer.text) == (400, True)
    assert await owner.fetchval("SELECT count(*) FROM saved_view") == 0
    assert (await inbox.agent.get("/inbox")).status_code == 200


@pytest.mark.parametrize("query", [f"text={'x' * 201}", f"requester={'x' * 201}"])
async def test_an_invalid_search_is_rejected_with_a_message(inbox: InboxSite, query: str) -> None:
    answer = await inbox.agent.get(f"/inbox?{query}")
    assert (answer.status_code, "Search and filter for at most 200 characters." in answer.text) == (400, True)


async def test_a_workspace_and_each_member_have_at_most_thirty_views(inbox: InboxSite, owner: Any) -> None:
    mine = await inbox.account(AGENT)
    for number in range(29):
        for account in (mine, None):
            async with inbox.database.transaction(inbox.workspace_id()) as tx:
                await saved_views.save_view(
                    tx, inbox.workspace_id(), NewView(f"V{number}", f"tag=t{number}", account), Audit(utcnow(), "test")
                )
    for shared in ("", "yes"):
        answers = [
            await inbox.agent.submit("/inbox/views", name=name, query=f"tag={name}", shared=shared)
            for name in ("V29", "V30")
        ]
        assert [answer.status_code for answer in answers] == [303, 400]
        assert "There are 30 views already. Delete one first." in answers[1].text
    assert await owner.fetchval("SELECT count(*) FROM saved_view") == 60
    assert (await inbox.agent.get("/inbox")).status_code == 200
    assert (await inbox.owner_browser.submit("/inbox/views", name="V30", query="tag=a")).status_code == 303


async def test_views_of_others_cannot_be_deleted(inbox: InboxSite, owner: Any) -> None:  # T26
    other = await inbox.owner("acme", OTHER)
    await inbox.owner_browser.submit("/inbox/views", name="Own", query="tag=x")
    for shared in ("", "yes"):
        await other.submit("/inbox/views", name=f"Theirs{shared}", query="tag=x", shared=shared)
    for row in await owner.fetch("SELECT id FROM saved_view"):
        assert (await inbox.agent.submit(f"/inbox/views/{row['id']}/delete")).status_code == 404
    assert (await inbox.agent.submit(f"/inbox/views/{uuid4()}/delete")).status_code == 404
    assert await owner.fetchval("SELECT count(*) FROM saved_view") == 3


DEEDS = [
    ("reply", {"body": "x", "kind": "public"}),
    ("reply", {"body": "x", "kind": "note"}),
    ("status", {"status": "Closed"}),
    ("priority", {"priority": "Urgent"}),
    ("assignee", {"assignee": "none"}),
    ("assignee", {"assignee": AGENT}),
    ("tags", {"tags": "x"}),
]


@pytest.mark.parametrize(("path", "form"), DEEDS)
async def test_no_form_changes_another_workspaces_ticket(
    inbox: InboxSite, owner: Any, path: str, form: dict[str, str]
) -> None:  # T26
    await inbox.open("Theirs", slug="acme", tags=("theirs",))
    before = await state(owner)
    assert (await inbox.agent.submit(f"/inbox/TK-1/{path}", **form)).status_code == 404
    assert await state(owner) == before
    await inbox.open("Ours")
    assert (await inbox.agent.submit(f"/inbox/TK-1/{path}", **form)).status_code == 303


@pytest.mark.parametrize("form", [{"do": "resolve"}, {"do": f"assign:{AGENT}"}, {"do": "assign:none"}])
async def test_a_bulk_form_does_not_change_another_workspaces_tickets(
    inbox: InboxSite, owner: Any, form: dict[str, str]
) -> None:  # T26
    for slug in ("default", "acme", "acme"):
        await inbox.open(slug=slug)
    before = await state(owner)
    answer = await inbox.agent.submit("/inbox/bulk", ref=["TK-1", "TK-2"], **form)
    assert (answer.status_code, "so nothing was changed" in answer.text) == (400, True)
    assert await state(owner) == before


async def test_a_bulk_form_has_at_most_200_tickets(inbox: InboxSite, owner: Any) -> None:
    await inbox.open()
    before = await state(owner)
    answer = await inbox.agent.submit("/inbox/bulk", ref=["TK-1"] * 201, do="resolve")
    assert answer.status_code == 400
    assert await state(owner) == before
    assert (await inbox.agent.submit("/inbox/bulk", ref=["TK-1"] * 200, do="resolve")).status_code == 303


@pytest.mark.parametrize("who", [OTHER, "gone@example.com"])
async def test_only_members_can_be_assigned(inbox: InboxSite, owner: Any, who: str) -> None:  # T26
    if who == OTHER:
        await inbox.owner("acme", OTHER)
    else:
        await inbox.accept_invitation(inbox.owner_browser, who, "agent")
        await inbox.owner_browser.submit(f"/settings/members/{await member_id(inbox.owner_browser, who)}/remove")
    account = str(await owner.fetchval("SELECT id FROM account WHERE email = $1", who))
    await inbox.open()
    before = await state(owner)
    new = {"name": "Ann", "email": "ann@example.com", "subject": "Called us", "description": "Broken"}
    for named in (who, account):
        for path, form in (
            ("TK-1/assignee", {}),
            ("bulk", {"ref": "TK-1", "do": f"assign:{named}"}),
            ("new", new),
        ):
            answer = await inbox.agent.submit(f"/inbox/{path}", **form, assignee=named)
            assert answer.status_code == 400, path
    assert await state(owner) == before


async def test_the_export_link_has_every_filter_of_the_list(inbox: InboxSite) -> None:  # T13
    boss = str(await inbox.account(OWNER))
    query = (
        f"status=unresolved&assignee={boss}&priority=Urgent&tag=a%26b&rating=unrated&updated=7"
        "&requester=Ann%40Example.com&text=two+words&sort=-priority"
    )
    await inbox.open(
        "two words", priority=Priority.URGENT, tags=("a&b",), assignee_id=await inbox.account(OWNER), now=utcnow()
    )
    await inbox.open("two words", now=utcnow())
    page = (await inbox.agent.get(f"/inbox?{query}")).text
    link = re.search(r'href="/api/v1/tickets\.csv\?([^"]+)"', page)
    assert link is not None
    asked = parse_qs(link[1].replace("&amp;", "&"))
    assert asked.pop("updated_since")[0].endswith("Z")
    assert asked == {
        "status": ["Open", "In progress"], "assignee": [boss], "priority": ["Urgent"], "tag": ["a&b"],
        "rating": ["unrated"], "requester": ["ann@example.com"], "q": ["two words"], "bom": ["true"],
        "delimiter": [","],
    }  # fmt: skip
    csv = await inbox.agent.get(f"/api/v1/tickets.csv?{link[1].replace('&amp;', '&')}")
    assert [line.partition(",")[0] for line in csv.text.lstrip("\ufeff").splitlines()] == ["ref", "TK-1"]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("status=Closed", {"status": ["Closed"]}),
        ("assignee=none", {"assignee": ["none"]}),
        ("rating=1-2", {"rating": ["1-2"]}),
        ("status=", {}),
    ],
)
async def test_the_export_link_uses_the_parameters_of_the_api(
    inbox: InboxSite, query: str, asked: dict[str, list[str]]
) -> None:  # T13
    page = (await inbox.agent.get(f"/inbox?{query}")).text
    link = re.search(r'href="/api/v1/tickets\.csv\?([^"]+)"', page)
    assert link is not None
    assert parse_qs(link[1].replace("&amp;", "&")) == asked | {"bom": ["true"], "delimiter": [","]}
