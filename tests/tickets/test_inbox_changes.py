"""Changes of tickets in the inbox: of one or several, what is logged, and how they are undone."""

import re

import pytest
from tests.support.inbox import AGENT, OWNER, InboxSite, Priority, Status


async def test_changes_are_stored_and_logged(inbox: InboxSite) -> None:
    await inbox.open()
    boss = await inbox.account(OWNER)
    around = "?in=status%3DOpen&at=0"
    answer = await inbox.agent.submit(f"/inbox/TK-1/priority{around}", priority="Urgent")
    assert answer.headers["location"].startswith("/inbox/TK-1?in=status%3DOpen&at=0&done=changed&undo=")
    await inbox.agent.submit("/inbox/TK-1/assignee", assignee=str(boss))
    await inbox.agent.submit("/inbox/TK-1/tags", tags="Wheels, brakes,")
    ticket = await inbox.get("TK-1")
    assert (ticket.priority, ticket.assignee_id) == ("Urgent", boss)
    assert await inbox.tags("TK-1") == ["brakes", "Wheels"]
    page = (await inbox.agent.get("/inbox/TK-1")).text
    assert '<b dir="auto">agent</b> set the priority to <b dir="auto">Urgent</b>' in page
    assert '<b dir="auto">agent</b> assigned the ticket to <b dir="auto">Owner</b>' in page
    assert '<b dir="auto">agent</b> set the tags to <b dir="auto">brakes, Wheels</b>' in page
    await inbox.agent.submit("/inbox/TK-1/assignee", assignee="none")
    await inbox.agent.submit("/inbox/TK-1/tags", tags="")
    page = (await inbox.agent.get("/inbox/TK-1")).text
    assert '<b dir="auto">agent</b> unassigned the ticket' in page
    assert '<b dir="auto">agent</b> removed the tags' in page


async def test_a_status_change_can_be_undone(inbox: InboxSite) -> None:
    await inbox.open()
    answer = await inbox.agent.submit("/inbox/TK-1/status", status="Resolved")
    page = (await inbox.agent.get(answer.headers["location"])).text
    button = re.search(
        r'action="(/inbox/undo/[^"]+)">.*TK-1: Resolved\.</span> <button class="link">Undo', page, re.DOTALL
    )
    assert button is not None
    assert page.count('class="toast"') == 1
    for _ in range(2):
        undone = await inbox.agent.submit(button[1])
        assert undone.headers["location"] == "/inbox/TK-1?done=undone"
        assert (await inbox.get("TK-1")).status == Status.OPEN
    assert [each.kind for each in await inbox.activities("TK-1")] == ["status", "status"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("status", {"status": "Burnt"}),
        ("priority", {"priority": ""}),
        ("assignee", {"assignee": "stranger@example.com"}),
        ("tags", {}),
        ("tags", {"tags": "fine," + "x" * 201}),
    ],
)
async def test_invalid_changes_are_rejected(inbox: InboxSite, path: str, form: dict[str, str]) -> None:
    await inbox.open()
    assert (await inbox.agent.submit(f"/inbox/TK-1/{path}", **form)).status_code == 400
    assert await inbox.activities("TK-1") == []


async def test_several_tickets_are_resolved_or_assigned_together(inbox: InboxSite) -> None:
    await inbox.open()
    await inbox.open()
    answer = await inbox.agent.submit("/inbox/bulk?status=unresolved", ref=["TK-1", "TK-2"], do="resolve")
    assert answer.headers["location"].startswith("/inbox?status=unresolved&done=changed&undo=")
    assert {(await inbox.get(ref)).status for ref in ("TK-1", "TK-2")} == {Status.RESOLVED}
    boss = await inbox.account(OWNER)
    await inbox.agent.submit("/inbox/bulk", ref=["TK-1", "TK-2"], do=f"assign:{boss}")
    assert {(await inbox.get(ref)).assignee_id for ref in ("TK-1", "TK-2")} == {boss}
    await inbox.agent.submit("/inbox/bulk", ref="TK-1", do="assign:none")
    assert (await inbox.get("TK-1")).assignee_id is None


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"ref": ["TK-1", "TK-99"], "do": "resolve"}, "so nothing was changed"),
        ({"do": "resolve"}, "Select at least one ticket."),
        ({"ref": "TK-1"}, "Choose what to do"),
        ({"ref": "TK-1", "do": "dance"}, "Choose what to do"),
        ({"ref": "TK-1", "do": "assign:stranger@example.com"}, "Choose what to do"),
    ],
)
async def test_a_rejected_bulk_form_changes_no_ticket(inbox: InboxSite, form: dict[str, str], words: str) -> None:
    await inbox.open()
    answer = await inbox.agent.submit("/inbox/bulk?status=", **form)
    assert answer.status_code == 400
    assert words in answer.text
    assert 'role="alert"' in answer.text
    assert '<tr id="TK-1"' in answer.text
    assert (await inbox.get("TK-1")).status == Status.OPEN


@pytest.mark.parametrize(
    ("action", "value", "toast"),
    [
        ("resolve", {"status": "Resolved"}, "2 tickets resolved."),
        ("close", {"status": "Closed"}, "2 tickets closed."),
        ("priority:Urgent", {"priority": "Urgent"}, "2 tickets changed."),
        ("assign:", {}, "2 tickets assigned."),
        ("tag", {}, "2 tickets changed."),
    ],
)
async def test_a_change_of_several_tickets_says_how_many_and_is_undone(
    inbox: InboxSite, action: str, value: dict[str, str], toast: str
) -> None:
    boss = await inbox.account(OWNER)
    await inbox.open(tags=("new",))
    await inbox.open(priority=Priority.LOW, assignee_id=boss, tags=("vip",))
    await inbox.open(priority=Priority.URGENT, tags=("vip", "new"))
    await inbox.agent.submit("/inbox/TK-2/status", status="In progress")
    await inbox.agent.submit("/inbox/TK-3/status", status="Closed")
    await inbox.agent.submit("/inbox/TK-3/assignee", assignee=str(await inbox.account(AGENT)))
    before = [await inbox.get(f"TK-{number}") for number in (1, 2, 3)]
    do = f"assign:{await inbox.account(AGENT)}" if action == "assign:" else action
    refs = ["TK-1", "TK-2"] if action == "resolve" else ["TK-1", "TK-2", "TK-3"]
    answer = await inbox.agent.submit("/inbox/bulk?status=", ref=refs, do=do, tags="VIP, new")
    page = (await inbox.agent.get(answer.headers["location"])).text
    assert toast in page
    for ref in refs:
        assert {name: getattr(await inbox.get(ref), name) for name in value} == value
    if action == "tag":
        assert [await inbox.tags(ref) for ref in refs] == [["new", "vip"]] * 3
    button = re.search(r'action="(/inbox/undo/[^"]+)"', page)
    assert button is not None
    undone = await inbox.agent.submit(button[1])
    assert undone.headers["location"] == "/inbox?status=&done=undone"
    after = [await inbox.get(f"TK-{number}") for number in (1, 2, 3)]
    for name in ("status", "priority", "assignee_id"):
        assert [getattr(each, name) for each in after] == [getattr(each, name) for each in before]
    assert [await inbox.tags(f"TK-{number}") for number in (1, 2, 3)] == [["new"], ["vip"], ["new", "vip"]]


async def test_undo_leaves_tickets_that_were_changed_again(inbox: InboxSite) -> None:
    await inbox.open()
    await inbox.open()
    answer = await inbox.agent.submit("/inbox/bulk?status=", ref=["TK-1", "TK-2"], do="resolve")
    await inbox.owner_browser.submit("/inbox/TK-2/status", status="Closed")
    undo = f"/inbox/undo/{answer.headers['location'].rpartition('undo=')[2]}"
    assert (await inbox.owner_browser.submit(undo)).status_code == 404  # it is the change of another member
    assert (await inbox.agent.submit(undo)).status_code == 303
    assert [(await inbox.get(ref)).status for ref in ("TK-1", "TK-2")] == [Status.OPEN, Status.CLOSED]


async def test_a_change_that_changes_nothing_says_so(inbox: InboxSite) -> None:
    await inbox.open()
    for path, form in (
        ("bulk?status=", {"ref": "TK-1", "do": "assign:none"}),
        ("TK-1/priority", {"priority": "Medium"}),
    ):
        answer = await inbox.agent.submit(f"/inbox/{path}", **form)
        page = (await inbox.agent.get(answer.headers["location"])).text
        assert ("Nothing to change." in page, "/inbox/undo/" in page) == (True, False)
    assert await inbox.activities("TK-1") == []


async def test_tags_are_removed_from_several_tickets(inbox: InboxSite) -> None:
    await inbox.open(tags=("a", "b"))
    await inbox.open(tags=("b",))
    await inbox.agent.submit("/inbox/bulk?status=", ref=["TK-1", "TK-2"], do="untag", tags="B")
    assert [await inbox.tags(ref) for ref in ("TK-1", "TK-2")] == [["a"], []]
    answer = await inbox.agent.submit("/inbox/bulk?status=", ref=["TK-1"], do="tag", tags=" , ")
    assert (answer.status_code, "Enter at least one tag." in answer.text) == (400, True)
