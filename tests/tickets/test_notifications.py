"""The email about a reply: a link to the portal at the workspace's host, or the text where there is no portal."""

import re

import pytest
from tests.support.inbox import ANN, HOUR, Browser, InboxSite

from voxpop.mail import OutgoingMail
from voxpop.types import utcnow
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import WorkspaceChange

BODY = "Turn the valve.\n\nThen write to us."
KEY = re.compile(r"vxp_\w{32}_[\w-]{43}")


async def replied(inbox: InboxSite, slug: str = "default", kind: str = "public") -> list[OutgoingMail]:
    """The emails to the requester of TK-1 after the workspace's owner replies."""
    owner = inbox.owner_browser if slug == "default" else await inbox.owner(slug, "boss@example.com")
    answer = await owner.submit("/inbox/TK-1/reply", body=BODY, kind=kind)
    assert answer.status_code == 303, answer.text
    return [letter for letter in await inbox.emails(slug) if letter.to == ANN.email]


async def api_client(inbox: InboxSite, boss: Browser) -> Browser:
    """An API client at the bare host, with a key of the owner's workspace."""
    made = KEY.search((await boss.submit("/settings/keys", name="k", scopes="manage")).text)
    assert made is not None
    return inbox.browser(accept="application/json", authorization=f"Bearer {made[0]}")


@pytest.mark.parametrize(("slug", "host"), [("default", "voxpop.test"), ("acme", "acme.voxpop.test")])
async def test_the_email_links_to_the_portal_without_the_reply(inbox: InboxSite, slug: str, host: str) -> None:  # T26
    await inbox.open("Pump {leaks}", slug=slug)
    (letter,) = await replied(inbox, slug)
    name = "Owner" if slug == "default" else "Boss"
    assert (letter.sender, letter.subject) == (slug, "[TK-1] Pump {leaks}")
    assert letter.text == (
        f"Hello Ann Smith,\n\n{name} has replied to your request “Pump {{leaks}}”.\n\n"
        f"Read the reply and answer here:\nhttp://{host}/tickets/TK-1\n\n"
        f"Replies to this email are not added to your request.\n\n{slug}\n"
    )


async def test_the_emails_about_a_ticket_are_one_thread(inbox: InboxSite) -> None:
    ticket, theirs = await inbox.open("Pump"), await inbox.open("Pump", slug="acme")
    first, second, third = [(await replied(inbox))[-1] for _ in range(3)]
    assert [each.subject for each in (first, second, third)] == ["[TK-1] Pump", "Re: [TK-1] Pump", "Re: [TK-1] Pump"]
    assert {each.thread for each in (first, second, third)} == {f"ticket.{ticket.id}"}
    (other,) = await replied(inbox, "acme")
    assert (other.subject, other.thread) == ("[TK-1] Pump", f"ticket.{theirs.id}")


async def test_an_email_after_a_note_is_still_the_first(inbox: InboxSite) -> None:
    await inbox.open("Pump")
    await replied(inbox, kind="note")
    assert [each.subject for each in await replied(inbox)] == ["[TK-1] Pump"]


async def test_without_a_portal_the_email_contains_the_reply(inbox: InboxSite) -> None:  # T10
    await inbox.open("Pump leaks")
    async with inbox.database.transaction(inbox.workspace_id()) as tx:
        change = WorkspaceChange(portal_enabled=False)
        await workspaces.change_workspace(tx, inbox.workspace_id(), change, utcnow(), "test")
    (letter,) = await replied(inbox)
    assert letter.text == f"Hello Ann Smith,\n\n{BODY}\n\nOwner, default\n"
    assert "http" not in letter.text


@pytest.mark.parametrize("asked", [{"subject": "Насос"}, {"description": "Он течёт, ÄÖ"}, {"description": "Ёж"}])
@pytest.mark.parametrize("portal", [True, False])
async def test_the_email_for_a_russian_ticket_is_in_russian(
    inbox: InboxSite, asked: dict[str, str], portal: bool
) -> None:
    api = await api_client(inbox, inbox.owner_browser)
    form = {"subject": "Pump", "description": "Leaks"} | asked | {"requester": {"name": "Ann", "email": ANN.email}}
    assert (await api.post("/api/v1/tickets", json=form)).status_code == 201
    assert (await api.patch("/api/v1/workspace", json={"portal_enabled": portal})).status_code == 200
    (letter,) = await replied(inbox)
    assert letter.text.startswith("Здравствуйте, Ann!")
    assert ("Прочитать ответ" in letter.text, BODY in letter.text) == (portal, not portal)


async def test_a_note_sends_no_email(inbox: InboxSite) -> None:  # T21
    await inbox.open(now=utcnow() - HOUR)
    assert await replied(inbox, kind="note") == []
    assert len(await replied(inbox)) == 1


async def test_an_api_reply_links_to_the_workspaces_host(inbox: InboxSite) -> None:  # T26
    await inbox.open(slug="acme")
    api = await api_client(inbox, await inbox.owner("acme", "boss@example.com"))
    assert (await api.post("/api/v1/tickets/TK-1/replies", json={"body": BODY})).status_code == 201
    (letter,) = [each for each in await inbox.emails("acme") if each.to == ANN.email]
    assert "http://acme.voxpop.test/tickets/TK-1\n" in letter.text
    assert BODY not in letter.text
