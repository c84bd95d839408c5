"""People's texts in Chromium: each has its own direction, and keeps its white space, wherever it is shown or typed."""

import pytest
from playwright.async_api import Browser, expect
from tests.support.agents import TOO_WIDE, Agent, each_look, first_look, in_all_looks, picture_of_failure, window
from tests.support.direction import NAME, SUBJECT, TAG, YAML, wrong_parts
from tests.support.inbox import AGENT, HOUR, InboxSite, Requester

from voxpop.types import utcnow

pytestmark = pytest.mark.browser

PAGES = ["/inbox", "/inbox?text=التصدير", "/inbox/TK-7", "/inbox/new", "/low-ratings"]
SETTINGS = ["/settings", "/settings/profile", "/settings/keys", "/settings/workspace"]


async def fill(inbox: InboxSite) -> None:
    """TK-7 has texts in Arabic and Hebrew everywhere, TK-8 a low rating; names of members and the workspace too."""
    await inbox.agent.submit("/settings/profile", name=NAME)
    await inbox.owner_browser.submit("/settings/profile", name=NAME)
    requester = Requester(NAME, "salma@example.com")
    agent = await inbox.account(AGENT)
    ticket = await inbox.open(SUBJECT, requester=requester, tags=(TAG,), assignee_id=agent, now=utcnow() - HOUR)
    for kind in ("public", "note"):
        await inbox.agent.submit(f"/inbox/{ticket.ref}/reply", body=YAML, kind=kind)
    await inbox.agent.submit(f"/inbox/{ticket.ref}/tags", tags=f"{TAG}, ثان")
    await inbox.rated(1, YAML, SUBJECT, requester=requester, tags=(TAG,), assignee_id=agent)
    await inbox.agent.submit("/inbox/views", name=NAME, query="tag=x")
    await inbox.owner_browser.submit("/settings/keys", name=NAME, scopes="read")
    form = {"name": NAME, "time_zone": "UTC", "cool_down_days": "90", "portal": "on", "csat": "on"}
    await inbox.owner_browser.submit("/settings/workspace", **form)


async def test_texts_of_agents_pages_have_their_own_direction(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    await fill(inbox)
    owner = await window(chromium, inbox, origin, member="owner_browser")
    found = {path: await wrong_parts(await owner.go(path)) for path in (*PAGES, "/inbox?tag=x", *SETTINGS)}
    assert {path: parts for path, parts in found.items() if parts} == {}
    await owner.context.close()


async def test_a_message_keeps_its_white_space(agent: Agent, inbox: InboxSite) -> None:
    await fill(inbox)
    page = await agent.go("/inbox/TK-7")
    shown = page.locator(".message .text")
    assert await shown.nth(1).evaluate("(element) => element.textContent") == YAML
    assert (await shown.nth(1).inner_text()).split("\n")[1].startswith("        -")


@in_all_looks
async def test_the_pages_look_right_with_texts_from_right_to_left(
    chromium: Browser, inbox: InboxSite, origin: str, locale: str
) -> None:
    await fill(inbox)
    made = await window(chromium, inbox, origin, **first_look(locale))
    for name, path in {"list": "/inbox", "ticket": "/inbox/TK-7", "low-ratings": "/low-ratings"}.items():
        page = await made.go(path)
        async for look in each_look(page, locale):
            async with picture_of_failure(page, f"text/{name}-{look}"):
                await expect(page.locator("body")).to_be_visible()
                assert (name, look, await page.evaluate(TOO_WIDE)) == (name, look, [])
    await made.context.close()
